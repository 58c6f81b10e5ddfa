"""Where the operations database of the demo lies: a SQLite file in its folder, or a schema of a PostgreSQL server."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from mainstem.core.problem import Problem, ProjectError

FILE = "operations.db"
SCHEMA = "mainstem_demo"
MARK = "The demo of mainstem: its operations database. `mainstem demo --force` removes it."
"""The comment of the schema: what has another one is somebody else's."""

Values = Sequence[Any]


class Statements(Protocol):
    """A transaction under way; `?` stands for a value."""

    def execute(self, statement: str, values: Values = ()) -> Iterable[tuple[Any, ...]]: ...

    def executemany(self, statement: str, rows: Iterable[Values]) -> object: ...


class Operations(Protocol):
    """A database of somebody else's, which the night fills."""

    @property
    def day(self) -> str:
        """Its type for dates."""
        ...

    @property
    def instant(self) -> str:
        """Its type for instants."""
        ...

    @property
    def tables(self) -> str:
        """A SELECT of the names of its tables."""
        ...

    def transaction(self) -> AbstractContextManager[Statements]:
        """All that is done in it is there at its end, or nothing."""
        ...


@dataclass(frozen=True, slots=True)
class SqliteFile:
    """Dates and instants are texts, as SQLite has them."""

    path: Path
    day: str = "text"
    instant: str = "text"
    tables: str = "select name from sqlite_master where type = 'table'"

    @contextmanager
    def transaction(self) -> Iterator[Statements]:
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            connection.execute("begin immediate")
            yield connection
            connection.execute("commit")


@dataclass(frozen=True, slots=True)
class PostgresSchema:
    """A schema that the demo makes for itself. WorldError G080, G081 where the server cannot be used."""

    url: str
    day: str = "date"
    instant: str = "timestamptz"
    tables: str = f"select relname from pg_class where relkind = 'r' and relnamespace = '{SCHEMA}'::regnamespace"

    def require_room(self, *, force: bool) -> None:
        """ProjectError C017 where a demo is there already (without `force`), C018 where anything else is."""
        with self.transaction() as there:
            marks = list(there.execute("select obj_description(oid) from pg_namespace where nspname = ?", (SCHEMA,)))
        if marks and marks[0][0] != MARK:
            what = f'schema "{SCHEMA}" of the database holds something else than a demo, which --force does not remove'
            raise ProjectError(Problem("C018", what, "name another database"))
        if marks and not force:
            mend = "name another database, or add --force to replace the demo in it"
            raise ProjectError(Problem("C017", f'schema "{SCHEMA}" of the database holds a demo already', mend))

    def make(self) -> None:
        """The schema, empty, in place of an earlier demo's."""
        with self.transaction() as there:
            there.execute(f"drop schema if exists {SCHEMA} cascade")
            there.execute(f"create schema {SCHEMA}")
            there.execute(f"comment on schema {SCHEMA} is '{MARK}'")

    @contextmanager
    def transaction(self) -> Iterator[Statements]:
        from mainstem.lifecycle.generation.postgres_catalog import complaints
        from mainstem.lifecycle.postgres import address, driver

        psycopg, keywords = driver(None), address(self.url, None)
        options = f"{keywords['options']} -c search_path={SCHEMA} -c client_min_messages=warning"
        with complaints(keywords, None), psycopg.connect(**{**keywords, "options": options}) as connection:
            yield _Postgres(connection)


@dataclass(frozen=True, slots=True)
class _Postgres:
    """Statements with `?`, as psycopg takes them."""

    connection: Any

    def execute(self, statement: str, values: Values = ()) -> Iterable[tuple[Any, ...]]:
        found: Iterable[tuple[Any, ...]] = self.connection.execute(_percent(statement), values or None)
        return found

    def executemany(self, statement: str, rows: Iterable[Values]) -> None:
        with self.connection.cursor() as cursor:
            cursor.executemany(_percent(statement), rows)


def _percent(statement: str) -> bytes:
    return statement.replace("?", "%s").encode()
