"""A new ledger from what the lake knows of a lost one: its rows, its releases, the numbers of its attempts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mainstem.core.copy import Batch, Kept, Past, Restored, Rows, Trace
from mainstem.core.release import Release, Version
from mainstem.ledger import latest, releases
from mainstem.ledger.copying import COLUMNS, mark
from mainstem.ledger.environments import enter
from mainstem.ledger.rows import text_of
from mainstem.ledger.versions import Versions, store

if TYPE_CHECKING:
    from sqlite3 import Connection


def restore(connection: Connection, past: Past) -> Restored:
    """Fill a new ledger. Rows keep their ids and instants; the copy goes on from where it ended.

    Nothing is pending afterwards: what was committed above a release lies in the gap, and its datasets go on from
    the release. Numbers of attempts only grow, since they are taken from the tables.
    """
    connection.execute("update ledger set id = :id, audit_digest = :id", {"id": past.ledger})
    kept = Kept()
    last: Batch | None = None
    holes: list[tuple[datetime | None, datetime]] = []
    for end, batch in past.batches:
        if _take(connection, batch):
            holes.append((last.at if last else None, batch.at))
        kept, last = end, batch
    _end_audit(connection)
    _mark_copied(connection, kept)
    _releases(connection, past.releases)
    _stand(connection, past.releases, last)
    _tables(connection, past)
    known = last.releases if last else 0
    counted = {name: connection.execute(f"select count(*) from {name}").fetchone()[0] for name in COLUMNS}
    uncopied = tuple(release for release in past.releases if release.number > known)
    return Restored(last.at if last else None, tuple(holes), uncopied, counted)


def _take(connection: Connection, batch: Batch) -> bool:
    """The rows of a batch; whether some are missing before them."""
    misses = False
    for table in ("evidence", "audit"):
        rows = batch.tables[table]
        misses |= rows.after > _end(connection, table)
        connection.execute(f"delete from {table} where id > ?", (rows.after,))
        _insert(connection, table, list(_known(table, rows)))
    _insert(connection, "seen", list(_known("seen", batch.tables["seen"])))
    runs = [(row[0], row[1], enter(connection, row[2]), *row[3:]) for row in _known("run", batch.tables["run"])]
    _insert(connection, "run", runs)
    latest.note(connection, batch.at)
    return misses


def _end(connection: Connection, table: str) -> int:
    return int(connection.execute(f"select coalesce(max(id), 0) from {table}").fetchone()[0])


def _known(table: str, rows: Rows) -> list[tuple[Any, ...]]:
    """The rows in our own columns: an older copy may lack some, a newer one may have more."""
    if tuple(rows.columns) == COLUMNS[table]:
        return [tuple(row) for row in rows.rows]
    places = {name: place for place, name in enumerate(rows.columns)}
    return [tuple(row[places[name]] if name in places else None for name in COLUMNS[table]) for row in rows.rows]


def _insert(connection: Connection, table: str, rows: Sequence[Sequence[Any]]) -> None:
    columns = COLUMNS[table]
    connection.executemany(
        f"insert or replace into {table} ({', '.join(columns)}) values ({', '.join('?' * len(columns))})", rows
    )


def _end_audit(connection: Connection) -> None:
    """The chain ends with its newest row; a break before it stays one."""
    end = connection.execute("select id, digest from audit order by id desc limit 1").fetchone()
    if end:
        connection.execute("update ledger set audit_rows = ?, audit_digest = ?", end)


def _mark_copied(connection: Connection, kept: Kept) -> None:
    ends = [
        connection.execute(f"select coalesce(max(id), 0) from {table}").fetchone()[0] for table in ("evidence", "audit")
    ]
    mark(connection, kept, *ends)
    connection.execute("update seen set copied = 1")
    connection.execute("update run set copied = 1")


def _releases(connection: Connection, found: Sequence[Release]) -> None:
    """The releases; a table belongs to the environment that released it first, until it was promoted."""
    known, owned = Versions(), set[str]()
    for release in found:
        new = {version.table for version in release.versions.values() if version.table} - owned
        env = enter(connection, release.env)
        connection.executemany("insert into physical (path, env, fence) values (?, ?, 0)", [(t, env) for t in new])
        owned |= new
        releases.restore(connection, known, release)
        latest.note(connection, release.at)


def _stand(connection: Connection, found: Sequence[Release], last: Batch | None) -> None:
    """Each environment stands where it stood at the newest copy, or at what it published since."""
    standing = {release.env: release.id for release in found}
    if last is not None:
        ids = {release.id for release in found}
        since = {release.env for release in found if release.number > last.releases}
        standing |= {
            env: id for env, id in last.environments.items() if id in ids and env not in since and id is not None
        }
    for env, id in standing.items():
        releases.stand_at(connection, enter(connection, env), id)


def _tables(connection: Connection, past: Past) -> None:
    """The numbers of the tables' attempts, and heads where a table has gone on past its environment's release."""
    owners = dict(
        connection.execute("select path, name from physical join environment on environment.id = physical.env")
    )
    runs = dict(connection.execute("select run, name from run join environment on environment.id = run.env"))
    of_datasets: dict[tuple[str, str], list[Trace]] = {}
    for trace in past.tables:
        env = owners.get(trace.table) or runs.get(trace.run, past.env)
        of_datasets.setdefault((env, trace.dataset), []).append(trace)
        connection.execute(
            """insert into physical (path, env, fence) values (?, ?, ?)
            on conflict (path) do update set fence = excluded.fence""",
            (trace.table, enter(connection, env), trace.attempt),
        )
    released = {env: _released(connection, env) for env, _ in of_datasets}
    for (env, dataset), traces in of_datasets.items():
        newest = max(traces, key=lambda trace: trace.attempt)
        _attempt(connection, env, newest)
        version = released[env].get(dataset)
        if version is None:
            _head(connection, env, newest)
        for trace in traces:
            if version is not None and trace.table == version.table and trace.number > version.number:
                _head(connection, env, trace)


def _released(connection: Connection, env: str) -> Mapping[str, Version]:
    release = releases.current(connection, Versions(), enter(connection, env))
    return release.versions if release else {}


def _attempt(connection: Connection, env: str, trace: Trace) -> None:
    connection.execute(
        """insert into attempt (env, dataset, fence, run, physical, prefix, holder, taken_s, until_s, state, hold)
        values (?, ?, ?, ?, ?, '', '', 0, 0, 'recorded', 'released')""",
        (enter(connection, env), trace.dataset, trace.attempt, trace.run, trace.table),
    )


def _head(connection: Connection, env: str, trace: Trace) -> None:
    """A version that no release of the environment has: nobody builds on it."""
    at = latest.latest(connection) or datetime(1970, 1, 1, tzinfo=UTC)
    version = Version(trace.dataset, trace.table, max(trace.number, 0), (), "", "", at, attempt=trace.attempt)
    connection.execute(
        "insert or replace into head (env, dataset, version, as_of, run_sequence) values (?, ?, ?, ?, 0)",
        (enter(connection, env), trace.dataset, store(connection, version), text_of(at)),
    )
