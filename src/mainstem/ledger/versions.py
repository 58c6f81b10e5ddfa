"""Versions as rows: each distinct one once, with the column lists and view texts that they share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import datetime
from hashlib import blake2b
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from mainstem.core.release import Field, Version
from mainstem.ledger.rows import fields_of, fields_text, from_json, inputs_of, inputs_text, instant_of, text_of, to_json

if TYPE_CHECKING:
    from sqlite3 import Connection

Entry = tuple[int, str]
"""A version's row, and the instant of its data as text: the one thing about a version that moves."""

_MOST = 50_000

_content = attrgetter(*(field.name for field in fields(Version) if field.name != "as_of"))

_STORE = """insert into version (digest, dataset, physical, number, fields, fingerprint, skip_key, rows, size_bytes,
    inputs, position, sql, quarantine, newest, attempt, run)
    values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (digest) do nothing"""

_LOAD = """select version.id, fields, (select body from text where id = fields), dataset, physical, number, fingerprint,
    skip_key, rows, size_bytes, inputs, position, (select body from text where id = sql), quarantine, newest, attempt,
    run from version where id in (select value from json_each(?))"""


def same_content(one: Version, other: Version) -> bool:
    """Whether two versions differ in nothing but the instant of their data."""
    return one is other or bool(_content(one) == _content(other))


def store(connection: Connection, version: Version) -> int:
    """The row of a version, made if there is none of that content."""
    row = (
        version.dataset,
        version.table,
        version.number,
        _text(connection, fields_text(version.fields)),
        version.fingerprint,
        version.skip_key,
        version.rows,
        version.size_bytes,
        inputs_text(version.inputs),
        None if version.position is None else to_json(version.position),
        None if version.sql is None else _text(connection, version.sql),
        version.quarantine,
        version.newest and text_of(version.newest),
        version.attempt,
        version.run,
    )
    digest = _digest(repr(row))
    connection.execute(_STORE, (digest, *row))
    return int(connection.execute("select id from version where digest = ?", (digest,)).fetchone()[0])


def _text(connection: Connection, body: str) -> int:
    digest = _digest(body)
    found = connection.execute("select id from text where digest = ?", (digest,)).fetchone()
    if found is None:
        return connection.execute("insert into text (digest, body) values (?, ?)", (digest, body)).lastrowid or 0
    return int(found[0])


def _digest(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


class Versions:
    """Versions read before, by row: rows never change, and one run reads the same ones many times.

    Only what is committed may be read through it: a row of a transaction that is taken back would be remembered.
    """

    __slots__ = ("_fields", "_known", "_rows")

    def __init__(self) -> None:
        self._known: dict[Entry, Version] = {}
        self._rows: dict[int, Version] = {}
        self._fields: dict[int, tuple[Field, ...]] = {}

    def load(self, connection: Connection, entries: Mapping[str, Entry]) -> dict[str, Version]:
        """The versions of these entries, by the names they were asked for; the same objects for the same entries."""
        if len(self._known) > _MOST:
            self._known, self._rows, self._fields = {}, {}, {}
        known, rows, columns = self._known, self._rows, self._fields
        missing = {entry[0]: entry for entry in entries.values() if entry not in known}
        unread = {row: as_of for row, as_of in missing.values() if row not in rows}
        for row in connection.execute(_LOAD, (to_json(list(unread)),)) if unread else ():
            if row[1] not in columns:
                columns[row[1]] = fields_of(row[2])
            rows[row[0]] = _version(row, columns[row[1]], instant_of(unread[row[0]]))
        for entry in missing.values():
            known[entry] = _at(rows[entry[0]], instant_of(entry[1]))
        return {name: known[entry] for name, entry in entries.items()}


def _version(row: tuple[Any, ...], columns: tuple[Field, ...], as_of: datetime) -> Version:
    dataset, table, number, fingerprint, skip_key, rows, size_bytes, inputs, position, sql = row[3:13]
    quarantine, newest, attempt, run = row[13:]
    return Version(
        dataset,
        table,
        number,
        columns,
        fingerprint,
        skip_key,
        as_of,
        rows,
        size_bytes,
        inputs_of(inputs),
        position and from_json(position),
        sql,
        quarantine,
        newest and instant_of(newest),
        attempt,
        run,
    )


def _at(version: Version, as_of: datetime) -> Version:
    return version if version.as_of == as_of else replace(version, as_of=as_of)
