"""Rows into a table of a PostgreSQL database: each batch in one transaction."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mainstem.core.dataset import Source
from mainstem.core.delivery import Destination, Row, RowsRefusedError
from mainstem.core.problem import Problem, WorldError
from mainstem.lifecycle.postgres import address, driver, said
from mainstem.lifecycle.serving.targets.postgres_table import Column, find_table
from mainstem.lifecycle.serving.targets.postgres_texts import text_of
from mainstem.sql.quote import quote

_WAIT = "-c lock_timeout=5s"
"""How long another program's lock is waited for."""

_COMPLAINTS = (
    ("42501", "may not be written by this role", "let its owner grant what is missing, then deliver again"),
    ("55P03", "is locked by another program", "deliver again when that program is done"),
    ("53100", "cannot grow: the disk is full", "make room on its disk, then deliver again"),
    ("25006", "takes no changes: it is read-only", "name the primary server in the address of the source"),
)


def open(source: Source, destination: Destination, root: Path, *, writes: bool) -> PostgresTable:
    """The table in the database of the source, after it was checked; see `TargetKind.open`.

    WorldError G080, G081 too: the driver is not there, the source's `url` is no address.
    """
    del root
    psycopg, keywords = driver(source.place), address(source.options.url, source.place)
    options = f"{keywords['options']} {_WAIT} -c default_transaction_read_only={'off' if writes else 'on'}"
    with _complaints(psycopg, destination, source.name):
        connection = psycopg.connect(**{**keywords, "options": options}, autocommit=True)
        try:
            ask = lambda query: connection.execute(query.encode()).fetchall()  # noqa: E731
            found = find_table(ask, destination, source.name, source.options.schema)
        except BaseException:
            connection.close()
            raise
    columns = tuple(found.columns[name] for name in destination.columns)
    info = connection.info
    there = f"postgresql://{info.host}:{info.port}/{info.dbname} {found.relation}"
    return PostgresTable(psycopg, connection, destination, source.name, there, found.relation, columns)


@dataclass(frozen=True, slots=True)
class PostgresTable:
    """A table that fits its destination; `name` is the source in messages, `relation` the table with its schema.

    Values go out as texts, and the server reads each as the type of its column: strictly, so that 1.5 does not become
    2 in a column of integers. Keys are compared as the texts that the table gives back.
    """

    driver: Any
    connection: Any
    destination: Destination
    name: str
    address: str
    relation: str
    columns: tuple[Column, ...]

    def values(self, row: Row) -> Row:
        return tuple(text_of(value, column) for value, column in zip(row, self.columns, strict=True))

    def stored(self, keys: Sequence[Row]) -> list[Row]:
        """A key that the table cannot hold stays as it is: its row is refused when it is sent."""
        names = ", ".join(map(quote, self.destination.key))
        with self._complaints(), self._undone():
            self._run(f"create temp table sent on commit drop as select {names} from {self.relation} with no data")
            try:
                with self.connection.transaction():
                    return self._copied(keys)
            except self._refusals:
                return [self._one(key) for key in keys]

    def keys_there(self) -> list[Row]:
        with self._complaints():
            rows: list[Row] = self._run(f"select {self._key_texts} from {self.relation}").fetchall()
            return rows

    def write(self, rows: Sequence[Row]) -> None:
        for row in rows:
            for value, column in zip(row, self.columns, strict=True):
                if value is not None and (loss := column.loss(value)):
                    raise RowsRefusedError(f'column "{column.name}" is {column.shown}: {loss}')
        self._all_or_none(_upsert(self.destination, self.relation), rows)

    def delete(self, keys: Sequence[Row]) -> None:
        where = " and ".join(f"{quote(name)} = %s" for name in self.destination.key)
        self._all_or_none(f"delete from {self.relation} where {where}", keys)

    def close(self) -> None:
        self.connection.close()

    @property
    def _key_texts(self) -> str:
        return ", ".join(f"{quote(name)}::text" for name in self.destination.key)

    @property
    def _refusals(self) -> tuple[type[Exception], ...]:
        """Classes of errors that are about rows, those that a trigger raises included."""
        errors = self.driver.errors
        return (
            self.driver.DataError,
            self.driver.IntegrityError,
            errors.RaiseException,
            errors.WithCheckOptionViolation,
        )

    def _copied(self, keys: Sequence[Row]) -> list[Row]:
        with self.connection.cursor() as cursor:
            with cursor.copy(b"copy pg_temp.sent from stdin") as copy:
                for key in keys:
                    copy.write_row(key)
            rows: list[Row] = self._run(f"select {self._key_texts} from pg_temp.sent order by ctid").fetchall()
            return rows

    def _one(self, key: Row) -> Row:
        insert = f"insert into pg_temp.sent values ({_places(key)}) returning {self._key_texts}"
        try:
            with self.connection.transaction():
                row: Row = self._run(insert, key).fetchone()
                return row
        except self._refusals:
            return key

    def _run(self, statement: str, values: Row | None = None) -> Any:
        return self.connection.execute(statement.encode(), values)

    def _all_or_none(self, statement: str, rows: Sequence[Row]) -> None:
        with self._complaints():
            try:
                with self.connection.transaction(), self.connection.cursor() as cursor:
                    cursor.executemany(statement.encode(), rows)
            except self._refusals as error:
                raise RowsRefusedError(_without_values(self.driver, error)) from None

    @contextmanager
    def _undone(self) -> Iterator[None]:
        """A transaction that leaves nothing."""
        with self.connection.transaction(force_rollback=True):
            self._run("set transaction read write")
            yield

    def _complaints(self) -> Any:
        return _complaints(self.driver, self.destination, self.name)


def _upsert(to: Destination, relation: str) -> str:
    columns, key = ", ".join(map(quote, to.columns)), ", ".join(map(quote, to.key))
    rest = [name for name in to.columns if name not in to.key]
    sets = ", ".join(f"{quote(name)} = excluded.{quote(name)}" for name in rest)
    act = f"update set {sets}" if rest and to.mode != "insert" else "nothing"
    return f"insert into {relation} ({columns}) values ({_places(to.columns)}) on conflict ({key}) do {act}"


def _places(of: Sequence[Any]) -> str:
    return ", ".join(["%s"] * len(of))


def _without_values(psycopg: Any, error: Exception) -> str:
    """The server's words, so that rows of one fault count as one: what it quotes of a wrong value is left out."""
    words = said(error)
    return re.sub(r'".*"', "...", words) if isinstance(error, psycopg.DataError) else words


@contextmanager
def _complaints(psycopg: Any, to: Destination, name: str) -> Iterator[None]:
    """What the server says of more than a row leaves as WorldError V036."""
    try:
        yield
    except psycopg.Error as error:
        for state, words, mend in _COMPLAINTS:
            if error.sqlstate == state:
                what = f'table "{to.table}" of "{name}" {words}'
                raise WorldError(Problem("V036", what, mend, to.place)) from None
        mend = "mend what it says, then deliver again"
        raise WorldError(Problem("V036", f'database "{name}" refuses: {said(error)}', mend, to.place)) from None
