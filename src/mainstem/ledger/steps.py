"""Steps: what an attempt committed, recorded once, by whoever still has the right to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mainstem.core.problem import Problem, WorldError
from mainstem.core.release import Lease, Version
from mainstem.ledger.environments import enter
from mainstem.ledger.holder import is_alive
from mainstem.ledger.rows import text_of
from mainstem.ledger.runs import sequence_of
from mainstem.ledger.versions import store

if TYPE_CHECKING:
    from sqlite3 import Connection

_AGAIN = "run again: what the attempt committed is found in the table, and the rest is redone"


def record(connection: Connection, lease: Lease, version: Version) -> bool:
    """The version is the new head of its dataset, and its attempt is done.

    The attempt is the version's own (`version.attempt`), so that a run can record under its own lease what a dead
    one committed. False if that was recorded before: then nothing is to be written. WorldError L002 if the lease
    is not ours any more.
    """
    env = enter(connection, lease.env)
    fence = version.attempt or lease.fence
    row = store(connection, version)
    own = _state(connection, env, lease)
    if own == "recorded" and fence == lease.fence and _is_head(connection, env, version.dataset, row):
        return False
    _require(connection, env, lease, own)
    connection.execute(
        "update attempt set state = 'recorded' where env = ? and dataset = ? and fence = ? and state = 'open'",
        (env, lease.dataset, fence),
    )
    connection.execute(
        "insert or replace into head (env, dataset, version, as_of, run_sequence) values (?, ?, ?, ?, ?)",
        (env, version.dataset, row, text_of(version.as_of), sequence_of(connection, version.run or lease.run)),
    )
    return True


def _state(connection: Connection, env: int, lease: Lease) -> str:
    """The state of the lease's attempt; "" if there is no such lease."""
    found = connection.execute(
        "select state from attempt where env = ? and dataset = ? and fence = ? and run = ?",
        (env, lease.dataset, lease.fence, lease.run),
    ).fetchone()
    return found[0] if found else ""


def _is_head(connection: Connection, env: int, dataset: str, version: int) -> bool:
    found = connection.execute("select version from head where env = ? and dataset = ?", (env, dataset)).fetchone()
    return bool(found == (version,))


def _require(connection: Connection, env: int, lease: Lease, own: str) -> None:
    """The lease was given and not given up, nobody came after it, and its table is still its environment's."""
    owner = connection.execute("select env from physical where path = ?", (lease.table,)).fetchone()
    after = _successor(connection, env, lease)
    if not own:
        why = "nobody ever gave it one"
    elif own == "given_up":
        why = "the attempt was given up"
    elif after:
        why = f'run "{after}" took it over'
    elif lease.table and owner != (env,):
        why = f'physical table "{lease.table}" has passed to another environment'
    else:
        return
    raise WorldError(Problem("L002", f'run "{lease.run}" has no lease on "{lease.dataset}": {why}', _AGAIN))


def _successor(connection: Connection, env: int, lease: Lease) -> str:
    """The run of a later attempt that was recorded, or still may be; "" if there is none.

    Later attempts that came to nothing do not count: else what an earlier one committed could never be recorded.
    """
    for run, state, hold, holder in connection.execute(
        "select run, state, hold, holder from attempt where env = ? and dataset = ? and fence > ? order by fence desc",
        (env, lease.dataset, lease.fence),
    ):
        if state == "recorded" or (state == "open" and hold == "held" and is_alive(holder)):
            return str(run)
    return ""
