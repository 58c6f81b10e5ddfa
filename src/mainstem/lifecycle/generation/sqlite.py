"""Sources of kind `sqlite`: tables and views of one database file."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from mainstem.core.dataset import Dataset, Source
from mainstem.core.found import FoundTable
from mainstem.core.place import Place
from mainstem.core.ports import Reading, Session
from mainstem.core.problem import Problem, ProjectError, WorldError, nearest
from mainstem.core.release import Field
from mainstem.core.run import Look
from mainstem.core.secret import Secret, shown
from mainstem.core.span import Span
from mainstem.lifecycle.generation import sqlite_glance as glance
from mainstem.lifecycle.generation.loads import continued, load_of, name_at_source
from mainstem.lifecycle.generation.lookback import begin
from mainstem.lifecycle.generation.nulls import with_nulls
from mainstem.lifecycle.generation.sqlite_found import found_tables
from mainstem.lifecycle.generation.sqlite_text import (
    SourceColumn,
    careful_text,
    newer,
    origin_text,
    value_text,
    within_days,
)
from mainstem.project.pairing import at_source, pair
from mainstem.sql.quote import literal, quote

EXTENSIONS = ("sqlite_scanner",)

_ALIASES = itertools.count(1)
_ROW_IDS = ("rowid", "_rowid_", "oid")


@dataclass(frozen=True, slots=True)
class Options:
    """A database file: `path`, relative to the project's folder, or `url` (`sqlite:///path`)."""

    path: str | None = None
    url: str | None = None

    def __post_init__(self) -> None:
        if (self.path is None) == (self.url is None):
            what = "the source names no database" if self.path is None else "the source names its database twice"
            raise ProjectError(Problem("G001", what, "add `path:`, the database file, or `url: sqlite:///FILE`"))

    @property
    def file(self) -> str:
        """The path of the file, as text; a Secret if it was written as one."""
        text = self.path if self.path is not None else self.url or ""
        plain = text.removeprefix("sqlite:///")
        return Secret(plain, text.written) if isinstance(text, Secret) else plain


@dataclass(frozen=True, slots=True)
class TableOptions:
    """`table` is the name at the source where it differs; `null` the texts that mean NULL."""

    table: str | None = None
    null: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Table:
    """A table at the source, attached to the engine as `alias`; `shown` names it in messages."""

    dataset: Dataset
    alias: str
    name: str
    columns: tuple[SourceColumn, ...]
    key: tuple[str, ...]
    cursor: SourceColumn | None
    row_id: str | None

    @property
    def nulls(self) -> tuple[str, ...]:
        options: TableOptions = load_of(self.dataset).options
        return options.null


def look(source: Source, dataset: Dataset, position: Any, root: Path) -> Look:
    """A glance: the file's size and times, and only if they moved the greatest cursor and the rows at it.

    `nothing` is said only when it is certain. WorldError G002 to G008.
    """
    load = load_of(dataset)
    with glance.complaints(dataset.place, shown(source.options.file)):
        file, before = _file(source, root), continued(dataset, position)
        if before is None:
            return Look(dataset.name, "new", "all of it")
        is_as_far = before.get("lookback") == load.lookback
        if is_as_far and before.get("state") is not None and glance.state(file) == before["state"]:
            return Look(dataset.name, "nothing", "the database has not changed")
        looks = load.load == "incremental" and is_as_far
        moved = glance.moved(file, dataset, name_at_source(dataset), before) if looks else None
    if moved is None:
        return Look(dataset.name, "new", "the database has changed")
    return Look(dataset.name, "new", moved) if moved else Look(dataset.name, "nothing", "the cursor has not moved")


def read(source: Source, dataset: Dataset, position: Any, root: Path, session: Session) -> Reading:
    """Rows at or after the position's cursor, those without a cursor, or all; each value as exact text.

    The database is attached read-only; one transaction of the session sees one state of it. Rows at the position
    come again, so that a row that arrived late at the same cursor is not lost; those of the look-back, too. WorldError
    G002 to G009, I025.
    """
    return _read(source, dataset, position, root, session)


def read_span(source: Source, dataset: Dataset, span: Span, root: Path, session: Session) -> Reading:
    """The rows of a span, and perhaps some more. WorldError as for `read`."""
    return _read(source, dataset, None, root, session, span)


def _read(
    source: Source, dataset: Dataset, position: Any, root: Path, session: Session, span: Span | None = None
) -> Reading:
    shown_file = shown(source.options.file)
    with glance.complaints(dataset.place, shown_file):
        file, before = _file(source, root), continued(dataset, position)
    finish = glance.reading(file)
    alias = f"sqlite_{next(_ALIASES)}"
    try:
        with glance.complaints(dataset.place, shown_file):
            state = glance.state(file)
            session.execute("set sqlite_all_varchar = true")
            session.execute(f"attach {literal(str(file))} as {alias} (type sqlite, read_only)")
            table = _table(session, alias, dataset)
            after = _position(session, table, before, state)
        meant = partial(glance.meant, place=dataset.place, file=shown_file)
        return replace(_reading(table, _where(table, before, span), after), meant=meant, finish=finish)
    except BaseException:
        session.execute(f"detach database if exists {alias}")
        finish()
        raise


def discover(options: Options, root: Path, only: frozenset[str]) -> list[FoundTable]:
    """The tables of the database. WorldError G002 to G007."""
    source = Source("", "sqlite", options, Place(""))
    with glance.complaints(source.place, shown(options.file)):
        return found_tables(_file(source, root), only)


def _file(source: Source, root: Path) -> Path:
    options: Options = source.options
    file = (root / options.file).resolve()
    if not file.is_file():
        what = f'database "{shown(options.file)}" ' + ("is a folder" if file.is_dir() else "does not exist")
        mend = "correct `path` in the source's file, or bring the database back"
        raise WorldError(Problem("G002", what, mend, source.place))
    return file


def _table(session: Session, alias: str, dataset: Dataset) -> _Table:
    name, load = name_at_source(dataset), load_of(dataset)
    kinds = _ask(session, alias, f"select type, wr from pragma_table_list where name = {literal(name)} collate nocase")
    if not kinds:
        raise _no_table(session, alias, dataset)
    rows = _ask(session, alias, f"select name, type, pk, hidden from pragma_table_xinfo({literal(name)})")
    rows = [row for row in rows if row[3] != "1"]
    keys = sum(row[2] != "0" for row in rows)
    has_row_id = kinds[0] == ("table", "0")
    names = [row[0] for row in rows]
    if "_origin" in names:
        mend = "rename it at the source, or read a view that does"
        raise WorldError(Problem("G009", f'table "{name}" has a column "_origin"', mend, dataset.place))
    columns = tuple(
        SourceColumn(
            row[0],
            row[1] or "",
            column.type if column else None,
            is_row_id=has_row_id and keys == 1 and row[2] == "1" and (row[1] or "").upper() == "INTEGER",
        )
        for row, (_, column) in zip(rows, pair(names, dataset.columns), strict=True)
    )
    key = tuple(found for found in at_source(dataset.key, names, dataset.columns) if found is not None)
    taken = {column.name.lower() for column in columns}
    row_id = next((word for word in _ROW_IDS if word not in taken), None) if has_row_id else None
    whole_key = key if len(key) == len(dataset.key) else ()
    cursor = _cursor(dataset, columns) if load.load == "incremental" else None
    return _Table(dataset, alias, name, columns, whole_key, cursor, row_id)


def _cursor(dataset: Dataset, columns: Sequence[SourceColumn]) -> SourceColumn:
    wanted, names = load_of(dataset).cursor or "", [column.name for column in columns]
    (found,) = at_source([wanted], names, dataset.columns)
    if found is None:
        what = f'cursor "{wanted}" is not a column of "{name_at_source(dataset)}"'
        raise WorldError(Problem("G006", what, nearest(wanted, names, kind="columns"), dataset.place))
    return next(column for column in columns if column.name == found)


def _no_table(session: Session, alias: str, dataset: Dataset) -> WorldError:
    there = _ask(session, alias, "select name from sqlite_master where type in ('table', 'view')")
    mend = nearest(name_at_source(dataset), [name for (name,) in there], kind="tables")
    return WorldError(Problem("G005", f'table "{name_at_source(dataset)}" is not in the database', mend, dataset.place))


def _ask(session: Session, alias: str, query: str) -> list[tuple[Any, ...]]:
    return session.rows(f"select * from {_query(alias, query)}")


def _query(alias: str, query: str) -> str:
    return f"sqlite_query({literal(alias)}, {literal(query)})"


def _position(
    session: Session, table: _Table, before: Mapping[str, Any] | None, state: list[int] | None
) -> dict[str, Any]:
    """The position after the read, but for the cursor; taken before the rows, so that it never promises too much."""
    load = load_of(table.dataset)
    kept = {"set_aside": (before or {}).get("set_aside", [])}
    found: dict[str, Any] = {"of": name_at_source(table.dataset), "by": None, "state": state, **kept}
    if table.cursor is None:
        return found
    found |= {"by": load.cursor, "cursor": (before or {}).get("cursor")}

    def ask(query: str) -> list[tuple[Any, ...]]:
        return _ask(session, table.alias, query)

    ties = glance.ties(ask, table.dataset, table.name, table.cursor, table.columns)
    if load.lookback is not None:
        found |= {"lookback": load.lookback}
    return found | {"at": [table.cursor.name, table.cursor.declared, table.cursor.wanted], "ties": list(ties)}


def _where(table: _Table, before: Mapping[str, Any] | None, span: Span | None) -> str:
    position = (before or {}).get("cursor")
    if table.cursor is not None and position is not None:
        return f" where {newer(table.cursor, begin(table.dataset, position))}"
    if span is None:
        return ""
    names = [column.name for column in table.columns]
    (found,) = at_source([span.column], names, table.dataset.columns)
    column = next((column for column in table.columns if column.name == found), None)
    return f" where {condition}" if column and (condition := within_days(column, *span.wide)) else ""


def _reading(table: _Table, where: str, after: dict[str, Any]) -> Reading:
    plain = Reading(
        select=_select(table, where),
        columns=tuple(Field(column.name, column.suggested) for column in table.columns),
        position=after,
        teardown=(f"detach database if exists {table.alias}",),
        extensions=EXTENSIONS,
        whole=_whole(table),
        is_complete=not where,
    )
    careful = replace(plain, select=_careful_select(table, where), broken=_careful_broken(table, where))
    return replace(plain, careful=careful)


def _raw(table: _Table, texts: Sequence[str], where: str) -> str:
    values = "".join(f"{text} as c{i}, " for i, text in enumerate(texts))
    query = f"select {values}{origin_text(table.key, table.row_id)} as o from {quote(table.name)}{where}"
    return _query(table.alias, query)


def _shown(table: _Table, raw: Sequence[str]) -> str:
    """The select list: raw texts as values under the names at the source, with what means NULL as NULL."""
    return "".join(
        f"{f'unhex({text})' if column.is_bytes else with_nulls(text, table.nulls)} as {quote(column.name)}, "
        for column, text in zip(table.columns, raw, strict=True)
    )


def _select(table: _Table, where: str) -> str:
    raw = _raw(table, [value_text(column) for column in table.columns], where)
    return f"select {_shown(table, [f'c{i}' for i in range(len(table.columns))])}o as _origin from {raw}"


def _careful_rows(table: _Table, where: str) -> str:
    """Rows with a column `b<i>` that is true where text `i` is no UTF-8, and `v<i>`, its value if it is."""
    texts = [value_text(column) if column.is_bytes else careful_text(column) for column in table.columns]
    parts = []
    for i, column in enumerate(table.columns):
        if column.is_bytes:
            parts.append(f"c{i} as v{i}, false as b{i}, c{i} as r{i}")
            continue
        text = f"try(decode(unhex(substr(c{i}, 2))))"
        parts.append(
            f"case when c{i}[1] = 't' then {text} else substr(c{i}, 2) end as v{i}, "
            f"coalesce(c{i}[1] = 't' and {text} is null, false) as b{i}, "
            f"case when c{i}[1] = 't' then unhex(substr(c{i}, 2))::varchar else substr(c{i}, 2) end as r{i}"
        )
    return f"select {', '.join(parts)}, o from {_raw(table, texts, where)}"


def _careful_select(table: _Table, where: str) -> str:
    shown_columns = _shown(table, [f"v{i}" for i in range(len(table.columns))])
    good = " and ".join(f"not b{i}" for i in range(len(table.columns)))
    return f"select {shown_columns}o as _origin from ({_careful_rows(table, where)}) where {good}"


def _careful_broken(table: _Table, where: str) -> str:
    bad = " or ".join(f"b{i}" for i in range(len(table.columns)))
    raw = ", ".join(f"{literal(column.name)}, r{i}" for i, column in enumerate(table.columns))
    reasons = ", ".join(
        f"case when b{i} then {literal(f'{column.name}: is not UTF-8 text')} end"
        for i, column in enumerate(table.columns)
    )
    return (
        f"select o as _origin, json_object({raw})::varchar as raw, concat_ws('; ', {reasons}) as reason "
        f"from ({_careful_rows(table, where)}) where {bad}"
    )


def _whole(table: _Table) -> str:
    """All rows, by a scan that reads only the columns that are asked for."""
    values = "".join(
        f"{with_nulls(quote(column.name), table.nulls)} as {quote(column.name)}, " for column in table.columns
    )
    return f"select {values}cast(null as varchar) as _origin from {table.alias}.main.{quote(table.name)}"
