"""The audit log: rows that each carry the digest of the one before, so that a change or a removal shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from mainstem.ledger.rows import from_json, instant_of, text_of, to_json

if TYPE_CHECKING:
    from sqlite3 import Connection


def _digest(number: int, at: str, body: str, previous: str) -> str:
    return sha256("\n".join((str(number), at, body, previous)).encode()).hexdigest()


def append(connection: Connection, rows: Iterable[tuple[Mapping[str, Any], datetime]]) -> None:
    """Append rows, each with its instant. The chain begins with the ledger's id; its end is kept apart, so that a cut
    shows too."""
    number, previous = connection.execute("select audit_rows, audit_digest from ledger").fetchone()
    made = []
    for row, at in rows:
        number += 1
        body, instant = to_json(row), text_of(at)
        digest = _digest(number, instant, body, previous)
        made.append((number, instant, body, previous, digest))
        previous = digest
    connection.executemany("insert into audit (id, at, body, previous, digest) values (?, ?, ?, ?, ?)", made)
    connection.execute("update ledger set audit_rows = ?, audit_digest = ?", (number, previous))


def listed(connection: Connection, after: int, limit: int) -> list[Mapping[str, Any]]:
    """Rows after that id in order of writing, each with its `id` and `at`, and what was written under `row`."""
    return [
        {"id": id, "at": instant_of(at), "row": from_json(body)}
        for id, at, body in connection.execute(
            "select id, at, body from audit where id > ? order by id limit ?", (after, limit)
        )
    ]


def first_broken(connection: Connection) -> int | None:
    """The id of the first row that was changed, removed, or does not follow the one before; None if all is well."""
    rows, end, previous = connection.execute("select audit_rows, audit_digest, id from ledger").fetchone()
    expected = 0
    for id, at, body, before, digest in connection.execute(
        "select id, at, body, previous, digest from audit order by id"
    ):
        expected += 1
        if id != expected:
            return expected
        if before != previous or digest != _digest(id, at, body, before):
            return expected
        previous = digest
    if expected < rows:
        return expected + 1
    return None if expected == rows and previous == end else max(expected, 1)
