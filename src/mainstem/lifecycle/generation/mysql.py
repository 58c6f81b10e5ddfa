"""Sources of kind `mysql`: tables and views of a MySQL or MariaDB database."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mainstem.core.dataset import Condition, Dataset, Source
from mainstem.core.found import FoundTable
from mainstem.core.place import Place, Places
from mainstem.core.ports import Reading, Session
from mainstem.core.problem import WorldError
from mainstem.core.run import Look
from mainstem.core.span import Span
from mainstem.lifecycle.generation import mysql_catalog as catalog
from mainstem.lifecycle.generation import mysql_types as dialect
from mainstem.lifecycle.generation import server
from mainstem.lifecycle.generation.attached import attach, detach
from mainstem.lifecycle.generation.loads import continued, filter_of

EXTENSIONS = ("mysql_scanner",)

_SETTINGS = (
    "set mysql_tinyint1_as_boolean = false",
    "set mysql_session_time_zone = '+00:00'",
    "set mysql_query_timeout_enabled = false",
)


@dataclass(frozen=True, slots=True)
class Options:
    """A database: `url`, such as `mysql://USER:PASSWORD@HOST:PORT/DATABASE`; `mariadb://` is the same. Behind `?` may
    stand what the engine's reader takes: `ssl_mode=REQUIRED`, `ssl_ca=FILE`, ..."""

    url: str


@dataclass(frozen=True, slots=True)
class TableOptions:
    """`table` is the name at the source where it differs, with its database if need be. `where` is a condition in SQL
    of the server: other rows are not read. `exclude` are columns that are not read. `null` are texts that mean NULL.
    """

    table: str | None = None
    where: str | None = None
    exclude: tuple[str, ...] = ()
    null: tuple[str, ...] = ()
    places: Places = field(default_factory=Places, repr=False)


def condition(source: Source, dataset: Dataset) -> Condition | None:
    """The filter of a table, in SQL of the server."""
    del source
    return filter_of(dataset, "mysql")


def look(source: Source, dataset: Dataset, position: Any, root: Path) -> Look:
    """A glance: the greatest cursor and the rows at it. A full load is always worth reading: no server says what has
    changed. WorldError G005, G006, G008, G009, G080, G081."""
    del root
    before = continued(dataset, position)
    keywords = catalog.address(source.options.url, source.place)
    with catalog.connected(keywords, dataset.place, source.name) as connection:
        ask = catalog.asking(connection)
        return server.glance(dialect, ask, catalog.table(ask, dataset, keywords["database"]), before)


def read(source: Source, dataset: Dataset, position: Any, root: Path, session: Session) -> Reading:
    """Rows at or after the position's cursor, those without a cursor, or all; each value without change.

    They are read by one statement into a temporary table, and so of one state. WorldError as of `look`, and G085 for a
    cursor whose order is not that of the engine.
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
    keywords = catalog.address(source.options.url, source.place)
    with catalog.connected(keywords, dataset.place, source.name) as connection:
        ask = catalog.asking(connection)
        table = catalog.table(ask, dataset, keywords["database"])
        after = server.position(dialect, ask, table, before)
    alias = f"mysql_{next(server.ALIASES)}"
    try:
        _attach(session, alias, keywords, dataset)
    except BaseException:
        _release(session, alias)
        raise
    return replace(
        server.reading_once(dialect, table, alias, before, after, span),
        extensions=EXTENSIONS,
        finish=lambda: _release(session, alias),
    )


def discover(options: Options, root: Path, only: frozenset[str]) -> list[FoundTable]:
    """The tables of the database. WorldError G080, G081."""
    del root
    place = Place("")
    keywords = catalog.address(options.url, place)
    with catalog.connected(keywords, place) as connection:
        return catalog.found_tables(catalog.asking(connection), keywords["database"], only)


def _attach(session: Session, alias: str, keywords: Mapping[str, Any], dataset: Dataset) -> None:
    for statement in _SETTINGS:
        session.execute(statement)
    mend = "raise the server's or the user's limit of connections; then run again"
    attach(session, alias, "mysql", keywords, dataset, rest="", mend=mend)


def _release(session: Session, alias: str) -> None:
    with suppress(WorldError):
        session.execute(f"drop table if exists {alias}_rows")
    detach(session, alias)
