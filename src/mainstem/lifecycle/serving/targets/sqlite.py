"""Rows into a table of a SQLite database: each batch in one transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote as percent_quoted

from mainstem.core.dataset import Source
from mainstem.core.delivery import Destination, Row, RowsRefusedError
from mainstem.core.problem import Problem, WorldError, nearest
from mainstem.core.secret import shown
from mainstem.sql.quote import literal, quote

WAIT_S = 5.0
"""How long another program's transaction is waited for, in seconds."""

_REFUSALS = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.InterfaceError, OverflowError)
_COMPLAINTS = (
    ("is locked", "is locked by another program", "deliver again when that program is done"),
    ("readonly", "may not be written", "make the file and its folder writable"),
    ("is full", "cannot grow: the disk is full", "make room on its disk, then deliver again"),
    ("is not a database", "is not a sound SQLite database", "correct `path` of the source, or restore the database"),
    ("malformed", "is not a sound SQLite database", "restore the database"),
    ("unable to open", "cannot be opened", "make the file and its folder readable and writable"),
)


def open(source: Source, destination: Destination, root: Path, *, writes: bool) -> SqliteTable:
    """The table in the database of the source, after it was checked; see `TargetKind.open`."""
    file = (root / source.options.file).resolve()
    name = shown(source.options.file)
    if not file.is_file():
        mend = f'correct `path` of source "{source.name}", or bring the database back'
        raise WorldError(Problem("V036", f'database "{name}" does not exist', mend, destination.place))
    with _complaints(destination, name):
        address = f"file:{percent_quoted(str(file))}?mode={'rw' if writes else 'ro'}"
        connection = sqlite3.connect(address, uri=True, timeout=WAIT_S, isolation_level=None)
        try:
            connection.execute("pragma foreign_keys = on")
            _check(connection, source, destination)
        except BaseException:
            connection.close()
            raise
    return SqliteTable(connection, destination, name, str.__str__(source.options.file))


@dataclass(frozen=True, slots=True)
class SqliteTable:
    """A table that fits its destination; `name` is the database in messages."""

    connection: sqlite3.Connection
    destination: Destination
    name: str
    address: str

    def values(self, row: Row) -> Row:
        return tuple(_value(value) for value in row)

    def stored(self, keys: Sequence[Row]) -> list[Row]:
        to, names = self.destination, [f"k{number}" for number in range(len(self.destination.key))]
        columns = ", ".join(f"{quote(key)} as {quote(name)}" for key, name in zip(to.key, names, strict=True))
        with self._complaints():
            # A table made from a SELECT takes the affinity of its columns: values change as they would in the table.
            self.connection.execute("drop table if exists temp.sent")
            self.connection.execute(f"create temp table sent as select {columns} from main.{quote(to.table)} where 0")
            self.connection.execute("begin")
            try:
                self.connection.executemany(f"insert into temp.sent values ({_places(names)})", keys)
                return self.connection.execute("select * from temp.sent order by rowid").fetchall()
            except _REFUSALS as error:
                what = f'a key cannot be kept by "{self.name}": {error}'
                raise WorldError(Problem("V034", what, "choose another key", to.place)) from error
            finally:
                self.connection.execute("rollback")

    def keys_there(self) -> list[Row]:
        columns = ", ".join(map(quote, self.destination.key))
        with self._complaints():
            return self.connection.execute(f"select {columns} from main.{quote(self.destination.table)}").fetchall()

    def write(self, rows: Sequence[Row]) -> None:
        if any(value != value for row in rows for value in row):  # noqa: PLR0124 - only NaN is unlike itself
            raise RowsRefusedError("a number is NaN, which the database would keep as NULL")
        self._all_or_none(lambda: self.connection.executemany(_upsert(self.destination), rows))

    def delete(self, keys: Sequence[Row]) -> None:
        to = self.destination
        where = " and ".join(f"{quote(name)} = ?" for name in to.key)
        statement = f"delete from main.{quote(to.table)} where {where}"
        self._all_or_none(lambda: self.connection.executemany(statement, keys))

    def close(self) -> None:
        self.connection.close()

    def _all_or_none(self, write: Callable[[], object]) -> None:
        with self._complaints():
            self.connection.execute("begin immediate")
            try:
                write()
                self.connection.execute("commit")
            except _REFUSALS as error:
                self._undo()
                raise RowsRefusedError(str(error)) from error
            except BaseException:
                self._undo()
                raise

    def _undo(self) -> None:
        with suppress(sqlite3.Error):  # a full disk has ended the transaction already
            self.connection.execute("rollback")

    def _complaints(self) -> Any:
        return _complaints(self.destination, self.name)


def _upsert(to: Destination) -> str:
    columns, key = ", ".join(map(quote, to.columns)), ", ".join(map(quote, to.key))
    rest = [name for name in to.columns if name not in to.key]
    sets = ", ".join(f"{quote(name)} = excluded.{quote(name)}" for name in rest)
    act = f"update set {sets}" if rest and to.mode != "insert" else "nothing"
    return f"insert into main.{quote(to.table)} ({columns}) values ({_places(to.columns)}) on conflict ({key}) do {act}"


def _places(of: Sequence[str]) -> str:
    return ", ".join("?" * len(of))


def _value(value: Any) -> Any:
    """A value as SQLite keeps it: truth as a number, dates, instants and exact decimals as text."""
    if isinstance(value, bool):
        return int(value)
    if value is None or isinstance(value, int | float | str | bytes):
        return value
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, list | tuple | dict):
        return json.dumps(value, ensure_ascii=False, default=_text)
    return bytes(value) if isinstance(value, bytearray | memoryview) else str(value)


def _text(value: Any) -> Any:
    plain = _value(value)
    return plain.hex() if isinstance(plain, bytes) else plain if value is not plain else str(value)


def _check(connection: sqlite3.Connection, source: Source, to: Destination) -> None:
    """WorldError with everything about the table that does not fit."""
    database = f'"{source.name}"'
    tables = [name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")]
    if to.table.lower() not in {name.lower() for name in tables}:
        what = f'table "{to.table}" is not in {database}'
        raise WorldError(Problem("V033", what, nearest(to.table, tables, kind="tables"), to.place))
    rows = connection.execute(
        f'select name, "notnull", dflt_value, pk, hidden from pragma_table_xinfo({literal(to.table)})'
    )
    columns = {row[0].lower(): row for row in rows.fetchall() if row[4] == 0}
    problems = list(_unfit(to, columns, database))
    if problems:
        raise WorldError(*problems)
    if not _names_one_row(connection, to, columns):
        key = ", ".join(to.key)
        what = f'nothing in table "{to.table}" of {database} keeps ({key}) from being there twice'
        unique = f"`create unique index {to.table}_key on {to.table} ({key})`"
        mend = f"make it the primary key there, or {unique}; or name another `key`"
        raise WorldError(Problem("V034", what, mend, to.place))


def _unfit(to: Destination, columns: dict[str, tuple[Any, ...]], database: str) -> Iterator[Problem]:
    names = [row[0] for row in columns.values()]
    for name in to.columns:
        if name.lower() not in columns:
            mend = f"{nearest(name, names, kind='columns')}; name one below `columns`, or leave it out of the SELECT"
            yield Problem(
                "V033", f'table "{to.table}" of {database} has no column "{name}" to write to', mend, to.place
            )
    sent = {name.lower() for name in to.columns}
    is_row_id = sum(1 for row in columns.values() if row[3]) == 1
    for name, (shown_name, is_required, default, pk, _) in columns.items():
        if is_required and default is None and name not in sent and not (pk and is_row_id):
            where = f'column "{shown_name}" of table "{to.table}" of {database}'
            what = f"{where} must hold a value, and the sync has none for it"
            yield Problem("V033", what, "add it to the SELECT, or give it a default there", to.place)


def _names_one_row(connection: sqlite3.Connection, to: Destination, columns: dict[str, tuple[Any, ...]]) -> bool:
    key = {name.lower() for name in to.key}
    if {name for name, row in columns.items() if row[3]} == key:
        return True
    indexes = connection.execute(
        f'select name from pragma_index_list({literal(to.table)}) where "unique" = 1 and partial = 0'
    ).fetchall()
    for (index,) in indexes:
        found = connection.execute(f"select name from pragma_index_info({literal(index)})").fetchall()
        if {str(name).lower() for (name,) in found} == key:
            return True
    return False


@contextmanager
def _complaints(to: Destination, name: str) -> Iterator[None]:
    """What SQLite says of the whole database leaves as WorldError V036."""
    try:
        yield
    except sqlite3.Error as error:
        said = str(error)
        for sign, words, mend in _COMPLAINTS:
            if sign in said:
                raise WorldError(Problem("V036", f'database "{name}" {words}', mend, to.place)) from error
        what = f'database "{name}" refuses: {said}'
        raise WorldError(Problem("V036", what, "mend what it says there, then deliver again", to.place)) from error
