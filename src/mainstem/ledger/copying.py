"""The copy that a ledger keeps of itself in the lake: which rows it misses, and up to where it goes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mainstem.core.copy import Batch, Kept, Rows
from mainstem.ledger.releases import next_number
from mainstem.ledger.rows import EVIDENCE

if TYPE_CHECKING:
    from sqlite3 import Connection

MOST = 20_000
"""Rows of one table in one batch: others wait for the ledger while it is copied."""

COLUMNS = {
    "evidence": ("id", *EVIDENCE.split(", ")),
    "audit": ("id", "at", "body", "previous", "digest"),
    "seen": ("digest", "content", "at"),
    "run": ("sequence", "run", "env", "started_at", "finished_at", "status", "summary", "holder"),
}
"""What is copied of each table. `run.env` is the environment's name."""

_NUMBERED = ("evidence", "audit")
_SELECT = {
    "evidence": "from evidence where id > :after order by id limit :most",
    "audit": "from audit where id > :after order by id limit :most",
    "seen": "from seen where copied = 0",
    "run": "from run where copied = 0 order by sequence",
}
_IS_BEHIND = """select exists (select 1 from evidence where id > (select evidence from copied))
    or exists (select 1 from audit where id > (select audit from copied))
    or exists (select 1 from seen where copied = 0) or exists (select 1 from run where copied = 0)"""


def is_behind(connection: Connection) -> bool:
    """Whether there is anything that was not copied."""
    return bool(connection.execute(_IS_BEHIND).fetchone()[0])


def copy(
    connection: Connection, id: str, keep: Callable[[Kept, Batch], Kept | None], at: datetime, *, most: int = MOST
) -> bool:
    """One batch of what was not copied yet; whether more is left. See the port for `keep`."""
    part, size_bytes, *after = connection.execute("select part, size_bytes, evidence, audit from copied").fetchone()
    batch = _batch(connection, id, dict(zip(_NUMBERED, after, strict=True)), at, most)
    kept = keep(Kept(part, size_bytes), batch)
    if kept is None:
        mark(connection, Kept(), 0, 0)
        connection.execute("update seen set copied = 0 where copied = 1")
        connection.execute("update run set copied = 0 where copied = 1")
        return True
    ends = [rows.rows[-1][0] if rows.rows else rows.after for rows in map(batch.tables.__getitem__, _NUMBERED)]
    mark(connection, kept, *ends)
    connection.execute("update seen set copied = 1 where copied = 0")
    connection.execute("update run set copied = 1 where copied = 0")
    return any(len(batch.tables[name].rows) == most for name in _NUMBERED)


def mark(connection: Connection, kept: Kept, evidence: int, audit: int) -> None:
    """The copy ends there, and goes up to these ids."""
    connection.execute(
        "update copied set part = ?, size_bytes = ?, evidence = ?, audit = ?",
        (kept.part, kept.size_bytes, evidence, audit),
    )


def _batch(connection: Connection, id: str, after: dict[str, int], at: datetime, most: int) -> Batch:
    standing = connection.execute(
        "select name, release.id from environment left join release on release.sequence = environment.release"
    ).fetchall()
    tables = {name: _rows(connection, name, after.get(name, 0), most) for name in COLUMNS}
    return Batch(id, at, dict(standing), next_number(connection) - 1, tables)


def _rows(connection: Connection, table: str, after: int, most: int) -> Rows:
    columns = ", ".join(COLUMNS[table])
    if table == "run":
        columns = columns.replace("env", "(select name from environment where id = env)")
    found: list[tuple[Any, ...]] = connection.execute(
        f"select {columns} {_SELECT[table]}", {"after": after, "most": most}
    ).fetchall()
    return Rows(COLUMNS[table], found, after)
