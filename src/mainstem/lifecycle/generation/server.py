"""What all kinds of database servers share: reading a table by queries of the server's own, and where to go on."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from mainstem.core.dataset import Dataset
from mainstem.core.ports import Reading
from mainstem.core.problem import Problem, WorldError, nearest
from mainstem.core.release import Field
from mainstem.core.run import Look
from mainstem.core.span import Span
from mainstem.lifecycle.generation.loads import load_of, name_at_source
from mainstem.lifecycle.generation.lookback import begin
from mainstem.lifecycle.generation.nulls import with_nulls
from mainstem.project.pairing import at_source
from mainstem.sql.quote import literal, quote

Ask = Callable[[str], Sequence[tuple[Any, ...]]]
"""Runs one SELECT at the server, all values as Python gives them."""

MOST_TIES = 1000
"""More rows than these at the position are not looked at before a read."""

ALIASES = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Unfit:
    """Values that no type of the lake holds: a condition at the server, and words for people."""

    condition: str
    words: str


@dataclass(frozen=True, slots=True)
class ServerColumn:
    """A column at the server. `declared` is its type there.

    `value` is SQL of the server whose result the engine reads as `type` without changing it; `text` the same value as
    text. `unfit` are the values of which that is not true. `order` is what its values are compared by, where that is
    not the column itself; `is_text`: that is the value as text, by its bytes. `wrap` is SQL of the engine around
    what it reads. `note` says what is worth knowing of the mapping.
    """

    name: str
    declared: str
    value: str
    type: str
    text: str
    unfit: tuple[Unfit, ...] = ()
    order: str | None = None
    is_text: bool = False
    wrap: str = "{}"
    note: str | None = None

    @property
    def family(self) -> str:
        """What its values are compared as: number, time, text (by their bytes), or other, in an order of the server's.
        Only where the engine compares alike can a column be a cursor."""
        if self.order is not None:
            return "text" if self.is_text else "number"
        family = family_of(self.type)
        return "other" if family == "text" else family


@dataclass(frozen=True, slots=True)
class ServerTable:
    """A table or view at the server, as one dataset reads it.

    `relation` is its name in SQL of the server, `shown` in words. `key` are the columns that name a row, `row_id` is
    SQL of what else does; None if nothing does. `where` is the filter that the project's text gives. `about` is how
    many rows the server thinks there are, 0 where it does not say.
    """

    dataset: Dataset
    shown: str
    relation: str
    columns: tuple[ServerColumn, ...]
    key: tuple[str, ...] = ()
    row_id: str | None = None
    cursor: ServerColumn | None = None
    where: str | None = None
    about: int = 0


class Dialect(Protocol):
    """What differs from server to server."""

    def query(self, alias: str, sql: str) -> str:
        """SQL of the engine, usable in FROM: the result of a SELECT that the attached server runs."""
        ...

    def quote_name(self, name: str) -> str: ...

    def constant(self, column: ServerColumn, text: str) -> str:
        """A text as a value of the column's type."""
        ...

    def digest(self, columns: Sequence[ServerColumn], rows: str) -> str:
        """A SELECT of how many rows a subselect has, and of a digest over all of them, whatever their order."""
        ...


def table_of(
    dataset: Dataset, shown: str, relation: str, columns: Sequence[ServerColumn], key: Sequence[str], row_id: str | None
) -> ServerTable:
    """The table as the dataset's text wants it. WorldError G006 and G009 for columns that do not fit it.

    `key` is the primary key at the server, which names a row where the text has no key.
    """
    options = load_of(dataset).options
    names = [column.name for column in columns]
    for name in options.exclude:
        if name not in names:
            what = f'`exclude` names "{name}", which is no column of "{shown}"'
            raise WorldError(Problem("G006", what, nearest(name, names, kind="columns"), dataset.place))
    if "_origin" in names:
        mend = "rename it at the source, or read a view that does"
        raise WorldError(Problem("G009", f'table "{shown}" has a column "_origin"', mend, dataset.place))
    kept = tuple(column for column in columns if column.name not in options.exclude)
    wanted = [name for name in at_source(dataset.key, [c.name for c in kept], dataset.columns) if name is not None]
    here = {column.name for column in kept}
    named = tuple(wanted) if wanted and len(wanted) == len(dataset.key) else tuple(n for n in key if n in here)
    table = ServerTable(dataset, shown, relation, kept, named, row_id, where=options.where)
    return replace(table, cursor=_cursor(table)) if load_of(dataset).load == "incremental" else table


def filtered(table: ServerTable) -> str | None:
    """At the server: a SELECT of no rows that fails if the filter is wrong; None without a filter."""
    return f"select 1 from {table.relation}{_where(table.where)} limit 0" if table.where else None


def _cursor(table: ServerTable) -> ServerColumn:
    wanted, names = load_of(table.dataset).cursor or "", [column.name for column in table.columns]
    (found,) = at_source([wanted], names, table.dataset.columns)
    if found is None:
        what = f'cursor "{wanted}" is not a column of "{table.shown}"'
        raise WorldError(Problem("G006", what, nearest(wanted, names, kind="columns"), table.dataset.place))
    cursor = next(column for column in table.columns if column.name == found)
    contract = next((c.type for c in table.dataset.columns if c.name == wanted), None)
    if family_of(contract or cursor.type) != cursor.family:
        what = f'cursor "{wanted}" is {cursor.declared} at the source, ordered otherwise there than in the lake'
        mend = "give it a type with an order of its own in the database or in a view: a number, a date or a time"
        raise WorldError(Problem("G085", what, mend, table.dataset.place))
    return cursor


def family_of(type_: str) -> str:
    """Types of one family are ordered alike."""
    name = type_.upper()
    if name.startswith(("DATE", "TIME")):
        return "time"
    return "number" if re.match(r"U?(TINY|SMALL|BIG|HUGE)?INT|INTEGER|DEC|NUMERIC|DOUBLE|FLOAT|REAL", name) else "text"


def glance(dialect: Dialect, ask: Ask, table: ServerTable, before: Mapping[str, Any] | None) -> Look:
    """Whether an incremental table has anything new; certain where it says that there is nothing."""
    name, cursor = table.dataset.name, table.cursor
    if before is None or cursor is None:
        return Look(name, "new", "all of it")
    greatest, digest = ties(dialect, ask, table)
    if greatest is None or greatest != before.get("cursor"):
        return Look(name, "new", "the cursor has moved" if greatest is None else f"the cursor is at {greatest}")
    if digest is None or [greatest, digest] != list(before.get("ties") or ()):
        return Look(name, "new", "rows at the cursor may have changed")
    return Look(name, "nothing", "the cursor has not moved")


def ties(dialect: Dialect, ask: Ask, table: ServerTable) -> tuple[str | None, str | None]:
    """The greatest cursor as text, and a digest of the rows that the next read would see if nothing changes; the
    digest is None where these are too many to be looked at."""
    cursor = table.cursor
    assert cursor is not None
    name = dialect.quote_name(cursor.name)
    where = _where(table.where, f"{name} is not null", *_fit([cursor]))
    newest = f"select {name} from {table.relation}{where} order by {cursor.order or name} desc limit 1"
    found = ask(f"select {cursor.text} from ({newest}) as newest")
    if not found:
        return None, None
    greatest = str(found[0][0])
    where = _where(table.where, newer(dialect, cursor, begin(table.dataset, greatest)))
    rows = f"select * from {table.relation}{where} limit {MOST_TIES + 1}"
    count, digest = ask(dialect.digest(table.columns, rows))[0]
    return greatest, None if count > MOST_TIES else f"{count}:{digest}"


def position(dialect: Dialect, ask: Ask, table: ServerTable, before: Mapping[str, Any] | None) -> dict[str, Any]:
    """The position after the read, but for the cursor."""
    load = load_of(table.dataset)
    kept = {"set_aside": (before or {}).get("set_aside", [])}
    found: dict[str, Any] = {"of": name_at_source(table.dataset), "by": None, **kept}
    if table.cursor is None:
        return found
    return found | {
        "by": load.cursor,
        "cursor": (before or {}).get("cursor"),
        "ties": list(ties(dialect, ask, table)),
    }


def newer(dialect: Dialect, cursor: ServerColumn, position: str) -> str:
    """At the server: rows at or after a position, and those without a cursor."""
    name = dialect.quote_name(cursor.name)
    return f"({cursor.order or name} >= {dialect.constant(cursor, position)} or {name} is null)"


def _new(dialect: Dialect, table: ServerTable, before: Mapping[str, Any] | None, span: Span | None) -> str | None:
    """At the server: the rows after the position, and those of the look-back; or those of a span, perhaps with others;
    None for all."""
    if span is not None:
        return _within(dialect, table, span)
    position = (before or {}).get("cursor")
    if table.cursor is None or position is None:
        return None
    return newer(dialect, table.cursor, begin(table.dataset, position))


def _within(dialect: Dialect, table: ServerTable, span: Span) -> str | None:
    """At the server: rows on the days of a span; None where its column or its bounds are no days."""
    names = [column.name for column in table.columns]
    (found,) = at_source([span.column], names, table.dataset.columns)
    column = next((each for each in table.columns if each.name == found and each.family == "time"), None)
    if column is None:
        return None
    name, (start, end) = column.order or dialect.quote_name(column.name), span.wide
    parts = [f"{name} >= {dialect.constant(column, start)}"] if start else []
    parts += [f"{name} < {dialect.constant(column, end)}"] if end else []
    return " and ".join(parts) or None


def reading(
    dialect: Dialect,
    table: ServerTable,
    aliases: Sequence[tuple[str, str | None]],
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any],
    span: Span | None = None,
) -> Reading:
    """How the engine reads what is new, or the rows of a span. `aliases` are the attached connections, each with the
    condition of its part of the table (None: all of it); they share one snapshot."""
    new = _new(dialect, table, before, span)
    unfit = _unfit(table)
    return Reading(
        select=_select(dialect, table, aliases, new),
        columns=tuple(Field(column.name, column.type) for column in table.columns),
        position=dict(after),
        broken=_broken(dialect, table, aliases[0][0], new, unfit) if unfit else None,
        whole=_whole(dialect, table, aliases[0][0]),
        is_complete=new is None,
        about=table.about if new is None else 0,
        notes=tuple(column.note for column in table.columns if column.note),
    )


def reading_once(
    dialect: Dialect,
    table: ServerTable,
    alias: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any],
    span: Span | None = None,
) -> Reading:
    """`reading` for a server whose statements each see a state of their own: one statement reads all that is new into
    a temporary table, `<alias>_rows`, where rows that cannot be kept are told from the others."""
    new = _new(dialect, table, before, span)
    rows = f"{alias}_rows"
    shown = _shown(table, [f"c{i}" for i in range(len(table.columns))])
    unfit = _unfit(table)
    return Reading(
        select=f"select {shown}{_origin(table, 'c')} as _origin from {rows} where bad = 0",
        columns=tuple(Field(column.name, column.type) for column in table.columns),
        position=dict(after),
        setup=(f"create temp table {rows} as select * from {dialect.query(alias, _marked(table, new, unfit))}",),
        broken=_reasons(table, rows, unfit) if unfit else None,
        whole=_whole(dialect, table, alias),
        is_complete=new is None,
        notes=tuple(column.note for column in table.columns if column.note),
    )


def _marked(table: ServerTable, new: str | None, unfit: Sequence[tuple[int, Unfit]]) -> str:
    """At the server: what is new; of a row that cannot be kept its values as texts, and which of them are why."""
    bad = " or ".join(f"({each.condition})" for _, each in unfit)
    values = ", ".join(f"{_kept(column)} as c{i}" for i, column in enumerate(table.columns))
    if not unfit:
        return f"select {values}, 0 as bad from {table.relation}{_where(table.where, new)}"
    texts = ", ".join(f"case when {bad} then {column.text} end as t{i}" for i, column in enumerate(table.columns))
    return (
        f"select {values}, {texts}, {_signs(unfit)}, case when {bad} then 1 else 0 end as bad "
        f"from {table.relation}{_where(table.where, new)}"
    )


def _where(*conditions: str | None) -> str:
    given = [f"({each})" for each in conditions if each]
    return f" where {' and '.join(given)}" if given else ""


def _fit(columns: Sequence[ServerColumn]) -> list[str]:
    """At the server: every value of these columns is fit to be kept."""
    return [f"({each.condition}) is not true" for column in columns for each in column.unfit]


def _select(dialect: Dialect, table: ServerTable, aliases: Sequence[tuple[str, str | None]], new: str | None) -> str:
    values = ", ".join(f"{column.value} as c{i}" for i, column in enumerate(table.columns))
    row_id = f", {table.row_id} as o" if not table.key and table.row_id else ""
    parts = []
    for alias, part in aliases:
        where = _where(table.where, new, part, *_fit(table.columns))
        parts.append(f"from {dialect.query(alias, f'select {values}{row_id} from {table.relation}{where}')}")
    shown = _shown(table, [f"c{i}" for i in range(len(table.columns))])
    return " union all ".join(f"select {shown}{_origin(table, 'c')} as _origin {part}" for part in parts)


def _shown(table: ServerTable, raw: Sequence[str]) -> str:
    nulls = load_of(table.dataset).options.null
    return "".join(
        f"{with_nulls(text, nulls) if column.type == 'VARCHAR' else column.wrap.format(text)} as {quote(column.name)}, "
        for column, text in zip(table.columns, raw, strict=True)
    )


def _origin(table: ServerTable, letter: str) -> str:
    """SQL of the engine that says which row it is."""
    if not table.key:
        return "'row=' || o" if table.row_id else "'row=' || row_number() over ()"
    numbers = {column.name: i for i, column in enumerate(table.columns)}
    parts = [f"coalesce(cast({letter}{numbers[name]} as varchar), 'NULL')" for name in table.key]
    return "'key=' || " + " || ',' || ".join(parts)


def _unfit(table: ServerTable) -> Sequence[tuple[int, Unfit]]:
    """Each sort of values that cannot be kept, with the number of its column."""
    return [(i, each) for i, column in enumerate(table.columns) for each in column.unfit]


def _signs(unfit: Sequence[tuple[int, Unfit]]) -> str:
    return ", ".join(f"case when {each.condition} then 1 else 0 end as b{n}" for n, (_, each) in enumerate(unfit))


def _broken(
    dialect: Dialect, table: ServerTable, alias: str, new: str | None, unfit: Sequence[tuple[int, Unfit]]
) -> str:
    """A SELECT of the rows with a value that no type of the lake holds, as texts."""
    texts = ", ".join(f"{column.text} as t{i}" for i, column in enumerate(table.columns))
    row_id = f", {table.row_id} as o" if not table.key and table.row_id else ""
    bad = " or ".join(f"({each.condition})" for _, each in unfit)
    rows = f"select {texts}, {_signs(unfit)}{row_id}, 1 as bad from {table.relation}{_where(table.where, new, bad)}"
    return _reasons(table, dialect.query(alias, rows), unfit)


def _reasons(table: ServerTable, rows: str, unfit: Sequence[tuple[int, Unfit]]) -> str:
    """What `Reading.broken` wants of rows with the columns t<i>, b<n>, bad."""
    raw = ", ".join(f"{literal(column.name)}, t{i}" for i, column in enumerate(table.columns))
    reasons = ", ".join(
        f"case when b{n} = 1 then {literal(f'{table.columns[i].name}: {each.words}')} end"
        for n, (i, each) in enumerate(unfit)
    )
    return (
        f"select {_origin(table, 't')} as _origin, json_object({raw})::varchar as raw, "
        f"concat_ws('; ', {reasons}) as reason from {rows} where bad = 1"
    )


def _kept(column: ServerColumn) -> str:
    """At the server: the value, NULL for one that cannot be kept."""
    bad = " or ".join(f"({each.condition})" for each in column.unfit)
    return f"case when {bad} then null else {column.value} end" if bad else column.value


def _whole(dialect: Dialect, table: ServerTable, alias: str) -> str:
    """All rows that the filter lets through; of the values that cannot be kept NULL is read."""
    values = ", ".join(f"{_kept(column)} as c{i}" for i, column in enumerate(table.columns))
    rows = f"select {values} from {table.relation}{_where(table.where)}"
    shown = _shown(table, [f"c{i}" for i in range(len(table.columns))])
    return f"select {shown}cast(null as varchar) as _origin from {dialect.query(alias, rows)}"
