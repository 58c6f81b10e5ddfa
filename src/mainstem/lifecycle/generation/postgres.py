"""Sources of kind `postgres`: tables and views of a PostgreSQL database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from mainstem.core.dataset import Condition, Dataset, Source
from mainstem.core.found import FoundTable
from mainstem.core.place import Places
from mainstem.core.ports import Reading, Session
from mainstem.core.problem import Problem, ProjectError
from mainstem.core.run import Look
from mainstem.core.span import Span
from mainstem.lifecycle.generation import postgres_catalog as catalog
from mainstem.lifecycle.generation import postgres_types as dialect
from mainstem.lifecycle.generation import server
from mainstem.lifecycle.generation.attached import attach, detach
from mainstem.lifecycle.generation.loads import continued, filter_of, load_of
from mainstem.lifecycle.generation.postgres_copied import CopiedRows
from mainstem.lifecycle.generation.server import Ask, ServerTable
from mainstem.lifecycle.postgres import address
from mainstem.sql.quote import literal

EXTENSIONS = ("postgres_scanner",)

_PART_PAGES = 12_800
"""A table of more pages (100 MB) is read in parts, at the same time."""

_MOST_PARTS = 4
_IN_SECRET = {"host": "host", "port": "port", "dbname": "database", "user": "user", "password": "password"}
"""Keywords of libpq, as the engine calls them."""


@dataclass(frozen=True, slots=True)
class Options:
    """A database: `url`, such as `postgresql://USER:PASSWORD@HOST:PORT/DATABASE`. `schema` is where tables are looked
    for that are named without one; None: along the role's search path."""

    url: str
    schema: str | None = None


@dataclass(frozen=True, slots=True)
class TableOptions:
    """`table` is the name at the source where it differs, with its schema if need be. `where` is a condition in SQL
    of the server: other rows are not read. `exclude` are columns that are not read. `null` are texts that mean NULL.
    `parts` is how many connections read the table at once; None: as many as its size is worth.
    """

    table: str | None = None
    where: str | None = None
    exclude: tuple[str, ...] = ()
    null: tuple[str, ...] = ()
    parts: int | None = None
    places: Places = field(default_factory=Places, repr=False)

    def __post_init__(self) -> None:
        if self.parts is not None and not 1 <= self.parts <= 32:
            what = f"`parts` is {self.parts}, which is no sensible number of connections"
            raise ProjectError(Problem("G082", what, "write a number from 1 to 32, or leave it away"))


def condition(source: Source, dataset: Dataset) -> Condition | None:
    """The filter of a table, in SQL of the server."""
    del source
    return filter_of(dataset, "postgres")


def look(source: Source, dataset: Dataset, position: Any, root: Path) -> Look:
    """A glance: the greatest cursor and the rows at it. A full load is always worth reading: no server says what has
    changed. WorldError G005, G006, G008, G009, G080, G081, G084."""
    del root
    before = continued(dataset, position)
    with _connected(source, dataset) as connection:
        ask = catalog.asking(connection)
        table = catalog.table(ask, dataset, source.options.schema)
        return server.glance(dialect, ask, table, before)


def read(source: Source, dataset: Dataset, position: Any, root: Path, session: Session) -> Reading:
    """Rows at or after the position's cursor, those without a cursor, or all; each value without change.

    A transaction of our own tells the state that is read; the engine's connections join it by its snapshot, several
    of them for a large table. WorldError as of `look`, and G085 for a cursor whose order is not that of the engine.
    """
    del root
    return _read(source, dataset, continued(dataset, position), session)


def read_span(source: Source, dataset: Dataset, span: Span, root: Path, session: Session) -> Reading:
    """The rows of a span, and perhaps some more. WorldError as of `read`."""
    del root
    return _read(source, dataset, None, session, span)


def _read(
    source: Source, dataset: Dataset, before: Mapping[str, Any] | None, session: Session, span: Span | None = None
) -> Reading:
    with ExitStack() as stack:
        connection = stack.enter_context(_connected(source, dataset))
        snapshot = _snapshot(connection)
        ask = catalog.asking(connection)
        table = catalog.table(ask, dataset, source.options.schema)
        after = server.position(dialect, ask, table, before)
        parts = _parts(ask, table, snapshot, is_part=span is not None or bool(before and table.cursor))
        keywords = address(source.options.url, source.place)
        name = f"{keywords['application_name']} {snapshot or ''}".strip()
        counting = stack.enter_context(closing(CopiedRows(connection, name))) if snapshot else None
        aliases = [(f"postgres_{next(server.ALIASES)}", part) for part in parts]
        for alias, _ in aliases:
            stack.callback(detach, session, alias)
            _attach(session, alias, {**keywords, "application_name": name}, dataset)
        reading = server.reading(dialect, table, aliases, before, after, span)
        held = stack.pop_all()
    join = f"set transaction snapshot {literal(snapshot)}" if snapshot else None
    return replace(
        reading,
        begin=tuple(f"call postgres_execute({literal(alias)}, {literal(join)})" for alias, _ in aliases)
        if join
        else (),
        extensions=EXTENSIONS,
        finish=held.close,
        count=counting.count if counting else None,
    )


def discover(options: Options, root: Path, only: frozenset[str]) -> list[FoundTable]:
    """The tables that may be read. WorldError G080, G081."""
    del root
    with catalog.connected(address(options.url, None), None) as connection:
        return catalog.found_tables(catalog.asking(connection), only)


@contextmanager
def _connected(source: Source, dataset: Dataset) -> Iterator[Any]:
    with catalog.connected(address(source.options.url, source.place), dataset.place, source.name) as connection:
        yield connection


def _snapshot(connection: Any) -> str | None:
    """The name of the transaction's snapshot, which begins with it: no savepoint can give one. None where the server
    gives none, as a standby does."""
    import psycopg

    try:
        (name,) = connection.execute("select pg_export_snapshot()").fetchone()
    except psycopg.Error:
        connection.rollback()
        return None
    return str(name)


def _parts(ask: Ask, table: ServerTable, snapshot: str | None, *, is_part: bool) -> Sequence[str | None]:
    """Conditions that divide the table by the place of its rows; one part where it is small, or not all is read."""
    wanted = load_of(table.dataset).options.parts
    if snapshot is None or is_part or table.row_id is None or wanted == 1:
        return [None]
    size = f"pg_relation_size({literal(table.relation)}::regclass) / current_setting('block_size')::int"
    pages = int(ask(f"select {size}")[0][0])
    number = wanted or min(_MOST_PARTS, pages // _PART_PAGES)
    if number < 2:
        return [None]
    cuts = [f"'({pages * i // number},0)'::tid" for i in range(1, number)]
    middle = [f"ctid >= {low} and ctid < {high}" for low, high in pairwise(cuts)]
    return [f"ctid < {cuts[0]}", *middle, f"ctid >= {cuts[-1]}"]


def _attach(session: Session, alias: str, keywords: Mapping[str, Any], dataset: Dataset) -> None:
    secret = {name: keywords.get(key) for key, name in _IN_SECRET.items()}
    rest = " ".join(f"{key}={_escaped(value)}" for key, value in keywords.items() if key not in _IN_SECRET)
    mend = "raise the server's or the role's limit of connections, or write `parts: 1`; then run again"
    attach(session, alias, "postgres", secret, dataset, rest=rest, mend=mend)


def _escaped(value: Any) -> str:
    """A value of libpq's connection string."""
    return "'" + str(value).replace("\\", "\\\\").replace("'", "\\'") + "'"
