"""The table of a PostgreSQL database that a sync writes to, held against what the sync wants of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from mainstem.core.delivery import Destination
from mainstem.core.problem import Problem, WorldError, nearest
from mainstem.sql.quote import literal, quote

Ask = Callable[[str], Sequence[tuple[Any, ...]]]

_TABLES = """
select case when pg_table_is_visible(c.oid) then relname else nspname || '.' || relname end
from pg_class c join pg_namespace n on n.oid = relnamespace
where relkind in ('r', 'p') and not relispartition
  and nspname not in ('pg_catalog', 'information_schema') and nspname not like 'pg\\_t%' order by 1
"""
_COLUMNS = """
select attname::text, format_type(atttypid, atttypmod), coalesce(b.typname, t.typname)::text,
  case when t.typtype = 'd' then t.typtypmod else atttypmod end, t.typcategory = 'A',
  attgenerated <> '' or attidentity = 'a', attnotnull and not atthasdef and attidentity = ''
from pg_attribute join pg_type t on t.oid = atttypid left join pg_type b on b.oid = t.typbasetype
where attrelid = {oid} and attnum > 0 and not attisdropped order by attnum
"""
_KEYS = """
select array_agg(attname::text) from pg_index join pg_attribute on attrelid = indrelid
  and attnum = any((indkey::int2[])[0:indnkeyatts - 1])
where indrelid = {oid} and indisunique and indisvalid and indimmediate and indpred is null and indexprs is null
group by indexrelid
"""


@dataclass(frozen=True, slots=True)
class Column:
    """A column there. `shown` is its type in words, `base` the type's name behind a domain, `modifier` its digits."""

    name: str
    shown: str
    base: str
    modifier: int = -1
    is_array: bool = False
    is_made: bool = False
    is_needed: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether it holds whole numbers alone."""
        return self.base in ("int2", "int4", "int8")

    def loss(self, text: str | bytes) -> str | None:
        """What the server would drop of a value without a word; None where it keeps or refuses it as a whole."""
        if not isinstance(text, str):
            return None
        if self.base == "date" and text.partition(" ")[2] not in ("", "00:00:00", "00:00:00+00:00"):
            return "the time of day would be lost; cast it to a date in the SELECT"
        if self.base == "numeric" and self.modifier >= 0 and _decimals(text) > self._scale:
            return "digits would be lost; cast it to a decimal in the SELECT"
        return None

    @property
    def _scale(self) -> int:
        return ((self.modifier - 4) & 0x7FF ^ 0x400) - 0x400


@dataclass(frozen=True, slots=True)
class Table:
    """`relation` is the name with its schema, quoted."""

    relation: str
    columns: Mapping[str, Column]


def find_table(ask: Ask, to: Destination, source: str, schema: str | None) -> Table:
    """The table, after everything about it was checked. WorldError V033, V034, V036."""
    parts = to.table.split(".", 1) if "." in to.table else [part for part in (schema, to.table) if part]
    named = f"to_regclass({literal('.'.join(map(quote, parts)))})"
    found = ask(
        "select c.oid::bigint, nspname::text, relname::text, current_user::text, "
        f"{_rights(to)} from pg_class c join pg_namespace n on n.oid = relnamespace "
        f"where c.oid = {named} and relkind in ('r', 'p')"
    )
    if not found:
        mend = nearest(to.table, [name for (name,) in ask(_TABLES)], kind="tables")
        raise WorldError(Problem("V033", f'table "{to.table}" is not in "{source}"', mend, to.place))
    oid, nsp, name, role, may_write = found[0]
    relation = f"{quote(nsp)}.{quote(name)}"
    columns = {row[0]: Column(*row) for row in ask(_COLUMNS.format(oid=oid))}
    problems = list(_unfit(to, columns, source))
    if problems:
        raise WorldError(*problems)
    if not any(set(names) == set(to.key) for (names,) in ask(_KEYS.format(oid=oid))):
        raise WorldError(_no_key(to, relation, source))
    if not may_write:
        what = f'role "{role}" may not write to table "{to.table}" of "{source}"'
        mend = f"let the owner run: grant {', '.join(_wanted(to))} on {relation} to {quote(role)}"
        raise WorldError(Problem("V036", what, mend, to.place))
    return Table(relation, columns)


def _wanted(to: Destination) -> list[str]:
    return [
        "select",
        "insert",
        *(["update"] if to.mode != "insert" else []),
        *(["delete"] if to.mode == "mirror" else []),
    ]


def _rights(to: Destination) -> str:
    """Whether the role has every right on the table, or on its columns, that the sync needs."""
    asked = [
        f"has_table_privilege(c.oid, '{right}')"
        + ("" if right == "delete" else f" or has_any_column_privilege(c.oid, '{right}')")
        for right in _wanted(to)
    ]
    return " and ".join(f"({each})" for each in asked)


def _unfit(to: Destination, columns: Mapping[str, Column], source: str) -> Iterator[Problem]:
    table = f'table "{to.table}" of "{source}"'
    for name in to.columns:
        if name not in columns:
            near = nearest(name, list(columns), kind="columns")
            mend = f"{near}; name one below `columns`, or leave it out of the SELECT"
            yield Problem("V033", f'{table} has no column "{name}" to write to', mend, to.place)
        elif columns[name].is_made:
            what = f'column "{name}" of {table} is filled by the database itself'
            yield Problem("V033", what, "leave it out of the SELECT, or name another below `columns`", to.place)
    for column in columns.values():
        if column.is_needed and column.name not in to.columns:
            what = f'column "{column.name}" of {table} must hold a value, and the sync has none for it'
            yield Problem("V033", what, "add it to the SELECT, or give it a default there", to.place)


def _no_key(to: Destination, relation: str, source: str) -> Problem:
    key = ", ".join(to.key)
    what = f'nothing in table "{to.table}" of "{source}" keeps ({key}) from being there twice'
    unique = f"`create unique index on {relation} ({', '.join(map(quote, to.key))})`"
    mend = f"make it the primary key there, or {unique}; or name another `key`"
    return Problem("V034", what, mend, to.place)


def _decimals(text: str) -> int:
    """Digits behind the point but for zeros at the end; 0 for what is no number."""
    try:
        return len(format(Decimal(text), "f").partition(".")[2].rstrip("0"))
    except InvalidOperation:
        return 0
