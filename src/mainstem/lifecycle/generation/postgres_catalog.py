"""A PostgreSQL server as the catalogue describes it, seen through a connection of our own; reads no rows of tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

from mainstem.core.dataset import Dataset
from mainstem.core.found import FoundColumn, FoundTable
from mainstem.core.place import Place
from mainstem.core.problem import Problem, WorldError, nearest
from mainstem.lifecycle.generation import postgres_types as dialect
from mainstem.lifecycle.generation.loads import name_at_source, refused_filter
from mainstem.lifecycle.generation.postgres_types import Declared, quote_name
from mainstem.lifecycle.generation.server import Ask, ServerColumn, ServerTable, filtered, table_of
from mainstem.lifecycle.postgres import driver, refusal, said
from mainstem.project.pairing import pair
from mainstem.sql.quote import literal

_COLUMNS = """
with recursive found as (
  select attnum, attname, atttypid as type, atttypmod as modifier, format_type(atttypid, atttypmod) as shown
  from pg_attribute where attrelid = {oid} and attnum > 0 and not attisdropped
  union all
  select attnum, attname, typbasetype, case when modifier = -1 then typtypmod else modifier end, shown
  from found join pg_type on oid = type where typtype = 'd'
)
select attname, shown, typname, typtype, modifier from found join pg_type on oid = type
where typtype <> 'd' order by attnum
"""
_KEY = """
select attname from pg_index join pg_attribute on attrelid = indrelid and attnum = any(indkey)
where indrelid = {oid} and indisprimary order by array_position(indkey::int2[], attnum)
"""
_TABLES = """
select case when pg_table_is_visible(c.oid) then relname else nspname || '.' || relname end
from pg_class c join pg_namespace n on n.oid = relnamespace
where relkind in ('r', 'v', 'm', 'f', 'p') and not relispartition
  and nspname not in ('pg_catalog', 'information_schema') and nspname not like 'pg\\_t%' order by 1
"""


@contextmanager
def connected(keywords: Mapping[str, Any], place: Place | None, source: str | None = None) -> Iterator[Any]:
    """A connection in one read-only transaction that sees one state; `source` is whose. WorldError G081 where the
    server refuses, or breaks off."""
    psycopg = driver(place)
    with complaints(keywords, place, source):
        connection = psycopg.connect(**keywords)
    try:
        with complaints(keywords, place, source):
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            yield connection
    finally:
        with suppress(psycopg.Error):  # nothing was written: how it ends does not matter
            connection.close()


@contextmanager
def complaints(keywords: Mapping[str, Any], place: Place | None, source: str | None = None) -> Iterator[None]:
    """Complaints of the server leave as WorldError G081, in its own words."""
    psycopg = driver(place)
    try:
        yield
    except psycopg.Error as error:
        raise WorldError(Problem("G081", *refusal(error, keywords, source), place)) from None


def asking(connection: Any) -> Ask:
    """Runs SELECTs of ours."""

    def ask(query: str) -> Sequence[tuple[Any, ...]]:
        rows: Sequence[tuple[Any, ...]] = connection.execute(query.encode()).fetchall()
        return rows

    return ask


def table(ask: Ask, dataset: Dataset, schema: str | None) -> ServerTable:
    """The table that a dataset is loaded from. WorldError G005, G006, G009, G084, G087."""
    shown = name_at_source(dataset)
    parts = shown.split(".", 1) if "." in shown else [part for part in (schema, shown) if part]
    relation = ".".join(map(quote_name, parts))
    oid, sort, about = _found(ask, dataset, relation)
    rows = ask(_COLUMNS.format(oid=oid))
    money_scale = ask("select scale('1'::money::numeric)")[0][0] if any(row[2] == "money" for row in rows) else 0
    contract = [column.type if column else None for _, column in pair([row[0] for row in rows], dataset.columns)]
    columns = [
        dialect.column_of(Declared(name, words, base, kind, modifier, wanted), money_scale)
        for (name, words, base, kind, modifier), wanted in zip(rows, contract, strict=True)
    ]
    key = [name for (name,) in ask(_KEY.format(oid=oid))]
    found = table_of(dataset, shown, relation, columns, key, "ctid::text" if sort == "r" else None)
    _try_filter(ask, found)
    return replace(found, about=max(about, 0))


def _try_filter(ask: Ask, table: ServerTable) -> None:
    """WorldError G087 where the server refuses the filter."""
    psycopg, query = driver(table.dataset.place), filtered(table)
    try:
        if query is not None:
            ask(query)
    except (psycopg.ProgrammingError, psycopg.DataError) as error:
        raise refused_filter(table.dataset, said(error)) from None


def _found(ask: Ask, dataset: Dataset, relation: str) -> tuple[int, str, int]:
    """The table's oid, its kind, and about how many rows it has."""
    shown, named = name_at_source(dataset), f"to_regclass({literal(relation)})"
    found = ask(
        "select c.oid::bigint, relkind::text, reltuples::bigint, has_table_privilege(c.oid, 'select'), "
        f"current_user::text from pg_class c where c.oid = {named} and relkind in ('r', 'v', 'm', 'f', 'p')"
    )
    if not found:
        mend = nearest(shown, [name for (name,) in ask(_TABLES)], kind="tables")
        raise WorldError(Problem("G005", f'table "{shown}" is not in the database', mend, dataset.place))
    oid, kind, about, may_read, role = found[0]
    if not may_read:
        mend = f"let the owner run: grant select on {relation} to {quote_name(role)}"
        raise WorldError(Problem("G084", f'role "{role}" may not read table "{shown}"', mend, dataset.place))
    return oid, kind, about


_UNIQUE = """
select attname from pg_index join pg_attribute on attrelid = indrelid and attnum = indkey[0]
where indrelid = {oid} and indisunique and indnatts = 1 and indpred is null and indexprs is null
"""
_LABELS = "select enumtypid::bigint, array_agg(enumlabel::text order by enumsortorder) from pg_enum group by enumtypid"
_DESCRIBED = """
select attname, attnotnull, coalesce(col_description(attrelid, attnum), ''), atttypid::bigint
from pg_attribute where attrelid = {oid} and attnum > 0 and not attisdropped order by attnum
"""
_SAMPLED = 200
_MEASURED = 100_000


def found_tables(ask: Ask, only: frozenset[str]) -> list[FoundTable]:
    """The tables and views that the role may read, or those that are named, as the catalogue describes them."""
    names = [name for (name,) in ask(_TABLES) if not only or name in only]
    return [table for name in names if (table := _found_table(ask, name)) is not None]


def _found_table(ask: Ask, name: str) -> FoundTable | None:
    relation = ".".join(map(quote_name, name.split(".", 1)))
    ((oid, rows, may_read, words),) = ask(
        "select oid::bigint, reltuples::bigint, has_table_privilege(oid, 'select'), coalesce(obj_description(oid), '') "
        f"from pg_class where oid = to_regclass({literal(relation)})"
    )
    if not may_read:
        return None
    columns = ask(_COLUMNS.format(oid=oid))
    scale = ask("select scale('1'::money::numeric)")[0][0] if any(row[2] == "money" for row in columns) else 0
    described = {row[0]: row[1:] for row in ask(_DESCRIBED.format(oid=oid))}
    unique = {column for (column,) in ask(_UNIQUE.format(oid=oid))}
    labels: dict[int, Sequence[str]] = dict(ask(_LABELS))
    samples = _samples(ask, relation, [row[0] for row in columns if row[2] in ("text", "varchar", "bpchar", "citext")])
    key = tuple(column for (column,) in ask(_KEY.format(oid=oid)))
    found = [
        FoundColumn(
            column,
            _type_of(ask, relation, dialect.column_of(Declared(column, shown, base, kind, modifier), scale), base),
            required=described[column][0],
            unique=column in unique,
            accepted=tuple(labels[described[column][2]]) if kind == "e" and described[column][2] in labels else None,
            description=described[column][1],
            samples=samples.get(column, ()),
        )
        for column, shown, base, kind, modifier in columns
    ]
    return FoundTable(name, tuple(found), key, rows if rows >= 0 else None, words)


def _type_of(ask: Ask, relation: str, column: ServerColumn, base: str) -> str:
    """The type for the contract; that of a number without precision is measured on its first rows."""
    if base != "numeric" or column.type != "VARCHAR":
        return column.type
    name = quote_name(column.name)
    ((scale, digits),) = ask(
        f"select coalesce(max(scale({name})), 0), coalesce(max(length(trunc(abs({name}))::text)), 1) "
        f"from (select {name} from {relation} where {name} not in ('NaN') limit {_MEASURED}) as measured"
    )
    return f"DECIMAL(38,{scale})" if digits + scale <= 38 else column.type


def _samples(ask: Ask, relation: str, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    if not names:
        return {}
    rows = ask(f"select {', '.join(f'{quote_name(name)}::text' for name in names)} from {relation} limit {_SAMPLED}")
    return {name: tuple(row[i] for row in rows if row[i] is not None) for i, name in enumerate(names)}
