"""Runs: when each began and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mainstem.core.problem import Problem, WorldError
from mainstem.ledger.environments import enter
from mainstem.ledger.rows import from_json, instant_of, text_of, to_json

if TYPE_CHECKING:
    from sqlite3 import Connection

_AGAIN = "run again, which begins a run of a new name"


def begin(connection: Connection, run: str, env: str, at: datetime, holder: str) -> int:
    """A run begins; returns its sequence number. WorldError L011 if one of that name began already."""
    known = connection.execute("select started_at from run where run = ?", (run,)).fetchone()
    if known is not None:
        raise WorldError(Problem("L011", f'run "{run}" began already at {known[0]}', _AGAIN))
    made = connection.execute(
        "insert into run (run, env, started_at, status, summary, holder) values (?, ?, ?, 'running', '{}', ?)",
        (run, enter(connection, env), text_of(at), holder),
    )
    return int(made.lastrowid or 0)


def end(connection: Connection, run: str, at: datetime, status: str, summary: Mapping[str, Any]) -> None:
    """A run ends. Saying the same again changes nothing; WorldError L011 if it never began, or ended otherwise."""
    known = connection.execute("select finished_at, status from run where run = ?", (run,)).fetchone()
    if known is None:
        raise WorldError(Problem("L011", f'run "{run}" never began', _AGAIN))
    finished_at, ended = known
    if finished_at is None:
        connection.execute(
            "update run set finished_at = ?, status = ?, summary = ?, copied = 0 where run = ?",
            (text_of(at), status, to_json(summary), run),
        )
    elif ended != status:
        raise WorldError(Problem("L011", f'run "{run}" ended already as "{ended}" at {finished_at}', _AGAIN))


def publishes(connection: Connection, run: str) -> int:
    """A run's release is made: its status says so even if the run dies before it ends.

    Returns the run's sequence; the greatest there is for a release that no run made.
    """
    connection.execute("update run set status = 'published', copied = 0 where run = ? and finished_at is null", (run,))
    return sequence_of(connection, run) or last_sequence(connection)


def last_sequence(connection: Connection) -> int:
    """The sequence number of the run that began last; 0 if there is none."""
    return int(connection.execute("select coalesce(max(sequence), 0) from run").fetchone()[0])


def sequence_of(connection: Connection, run: str) -> int:
    """The run's sequence number; 0 if it never began."""
    found = connection.execute("select sequence from run where run = ?", (run,)).fetchone()
    return int(found[0]) if found else 0


def listed(connection: Connection, env: str | None, limit: int) -> list[Mapping[str, Any]]:
    """Newest first. `status` is "running" until the run publishes or ends."""
    of = "" if env is None else "where run.env = (select id from environment where name = :env)"
    rows = connection.execute(
        f"""select run, sequence, environment.name, started_at, finished_at, status, summary, holder
        from run join environment on environment.id = run.env {of} order by sequence desc limit :limit""",
        {"env": env, "limit": limit},
    )
    return [
        {
            "run": run,
            "sequence": sequence,
            "env": name,
            "started_at": instant_of(started_at),
            "finished_at": finished_at and instant_of(finished_at),
            "status": status,
            "summary": from_json(summary),
            "holder": holder,
        }
        for run, sequence, name, started_at, finished_at, status, summary, holder in rows
    ]
