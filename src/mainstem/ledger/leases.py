"""Leases: who may write a dataset of an environment, and which attempts are left to be looked after."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from mainstem.core.problem import Problem, WorldError
from mainstem.core.release import Lease
from mainstem.ledger.environments import enter
from mainstem.ledger.holder import is_alive, parse
from mainstem.ledger.rows import to_json

if TYPE_CHECKING:
    from sqlite3 import Connection

_UNFIT = re.compile(r"[^A-Za-z0-9_.-]")

_NEWEST = """select attempt.dataset, fence, run, holder, taken_s, until_s, hold
    from json_each(:datasets) as wanted join attempt on attempt.env = :env and attempt.dataset = wanted.value
    where fence = (select max(fence) from attempt as other
        where other.env = :env and other.dataset = wanted.value)"""

_OWNERS = """select path, coalesce(name, ''), fence from physical left join environment on environment.id = physical.env
    where path in (select value from json_each(?))"""

_OPEN = """select dataset, attempt.run, fence, physical, prefix, attempt.holder, until_s, hold, run.finished_at
    from attempt left join run on run.run = attempt.run
    where attempt.env = (select id from environment where name = ?) and state = 'open'
    order by dataset, fence"""


def acquire(
    connection: Connection, env: str, targets: Mapping[str, str], run: str, holder: str, now_s: float, until_s: float
) -> dict[str, Lease]:
    """Leases on all datasets of `targets` (dataset -> physical table), or none of them.

    A fence is one more than the greatest of its dataset and of its table, so that a table that has come from
    another environment goes on counting upwards. WorldError L001 names who holds a lease, L009 whose table it is.
    """
    number = enter(connection, env)
    newest = {
        row[0]: row[1:] for row in connection.execute(_NEWEST, {"env": number, "datasets": to_json(list(targets))})
    }
    tables = to_json([table for table in targets.values() if table])
    owners = {path: (owner, fence) for path, owner, fence in connection.execute(_OWNERS, (tables,))}
    problems = [*_held(newest, run, holder, now_s), *_owned(env, targets, owners)]
    if problems:
        raise WorldError(*problems)
    leases = {}
    for dataset, table in targets.items():
        fence = 1 + max(newest.get(dataset, (0,))[0], owners.get(table, (env, 0))[1])
        prefix = f"{fence:05d}-{_UNFIT.sub('-', run)}-"
        leases[dataset] = Lease(env, dataset, run, fence, table, prefix, holder, until_s)
    _let_go(connection, number, run, newest)
    _take(connection, number, leases.values(), now_s)
    return leases


def _held(newest: Mapping[str, tuple[Any, ...]], run: str, holder: str, now_s: float) -> list[Problem]:
    """One problem for each run that holds a lease which may not be taken."""
    lives: dict[str, bool] = {}
    held: dict[tuple[str, str], list[tuple[str, float, float]]] = {}
    for dataset, (_, other, process, taken_s, until_s, hold) in newest.items():
        if hold != "held" or (other, process) == (run, holder) or until_s <= now_s:
            continue
        if process not in lives:
            lives[process] = is_alive(process)
        if lives[process]:
            held.setdefault((other, process), []).append((dataset, now_s - taken_s, until_s - now_s))
    return [_busy(other, process, leases) for (other, process), leases in held.items()]


def _busy(run: str, holder: str, leases: list[tuple[str, float, float]]) -> Problem:
    names = ", ".join(f'"{dataset}"' for dataset, _, _ in leases[:3])
    more = f" and {len(leases) - 3} more" if len(leases) > 3 else ""
    since_s = max(0.0, *(since for _, since, _ in leases))
    left_s = max(left for _, _, left in leases)
    process = parse(holder)
    who = f'process {process.pid} on "{process.host}"' if process else f'"{holder}"'
    end = f"`kill {process.pid}` on {process.host}" if process else "end that process"
    return Problem(
        "L001",
        f'run "{run}" ({who}) has been writing {names}{more} for {since_s:.0f} s',
        f"wait until it ends, as `mainstem run --wait` does, or end it ({end}); "
        f"unless renewed, its lease runs out in {left_s:.0f} s",
    )


def _owned(env: str, targets: Mapping[str, str], owners: Mapping[str, tuple[str, int]]) -> list[Problem]:
    return [
        Problem(
            "L009",
            f'physical table "{table}" of "{dataset}" {_whose(owners[table][0], env)}',
            f'run again: "{env}" then goes on in a table of its own',
        )
        for dataset, table in targets.items()
        if table in owners and owners[table][0] != env
    ]


def _whose(owner: str, env: str) -> str:
    return f'is written by environment "{owner}", not by "{env}"' if owner else "was cleaned away"


def _let_go(connection: Connection, env: int, run: str, newest: Mapping[str, tuple[Any, ...]]) -> None:
    """The attempts before ours hold nothing any more; another run's is lost, and its `renew` will say so."""
    connection.executemany(
        "update attempt set hold = ? where env = ? and dataset = ? and fence = ?",
        [
            ("released" if other == run else "lost", env, dataset, fence)
            for dataset, (fence, other, _, _, _, hold) in newest.items()
            if hold == "held"
        ],
    )


def _take(connection: Connection, env: int, leases: Iterable[Lease], now_s: float) -> None:
    leases = list(leases)
    connection.executemany(
        """insert into attempt (env, dataset, fence, run, physical, prefix, holder, taken_s, until_s, state, hold)
        values (?, ?, ?, ?, ?, ?, ?, ?, ?, 'open', 'held')""",
        [
            (env, lease.dataset, lease.fence, lease.run, lease.table, lease.prefix, lease.holder, now_s, lease.until_s)
            for lease in leases
        ],
    )
    connection.executemany(
        """insert into physical (path, env, fence) values (?, ?, ?)
        on conflict (path) do update set fence = excluded.fence""",
        [(lease.table, env, lease.fence) for lease in leases if lease.table],
    )


def renew(connection: Connection, run: str, until_s: float) -> bool:
    """Prolong what the run holds; False when another run has taken one of its leases."""
    connection.execute("update attempt set until_s = ? where run = ? and hold = 'held'", (until_s, run))
    return not connection.execute(
        "select exists (select 1 from attempt where run = ? and hold = 'lost')", (run,)
    ).fetchone()[0]


def release(connection: Connection, run: str) -> None:
    """The run holds nothing any more."""
    connection.execute("update attempt set hold = 'released' where run = ? and hold = 'held'", (run,))


def give_up(connection: Connection, lease: Lease) -> None:
    """The attempt left nothing behind and never will; an attempt that was recorded stays so."""
    connection.execute(
        """update attempt set state = 'given_up', hold = case hold when 'held' then 'released' else hold end
        where env = (select id from environment where name = ?) and dataset = ? and fence = ? and state = 'open'""",
        (lease.env, lease.dataset, lease.fence),
    )


def unfinished(connection: Connection, env: str, now_s: float | None) -> list[Lease]:
    """Open attempts of runs that no longer live; see the port."""
    lives: dict[str, bool] = {}
    left = []
    for dataset, run, fence, table, prefix, holder, until_s, hold, finished_at in connection.execute(_OPEN, (env,)):
        if holder not in lives:
            lives[holder] = is_alive(holder)
        has_run_out = now_s is not None and hold == "held" and until_s <= now_s
        if finished_at or hold == "lost" or has_run_out or not lives[holder]:
            left.append(Lease(env, dataset, run, fence, table, prefix, holder, until_s))
    return left


def owner(connection: Connection, table: str) -> str | None:
    """The one environment that may write to a physical table; None if nobody ever leased it, "" if it is gone."""
    found = connection.execute(
        """select coalesce(name, '') from physical left join environment on environment.id = physical.env
        where path = ?""",
        (table,),
    ).fetchone()
    return None if found is None else str(found[0])
