"""PostgreSQL's types: as what each is read so that no value changes, and which values cannot be kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mainstem.lifecycle.generation.server import ServerColumn, Unfit
from mainstem.sql.quote import literal

_PLAIN = {
    "bool": "BOOLEAN",
    "int2": "SMALLINT",
    "int4": "INTEGER",
    "int8": "BIGINT",
    "float4": "FLOAT",
    "float8": "DOUBLE",
    "text": "VARCHAR",
    "varchar": "VARCHAR",
    "bytea": "BLOB",
}
"""Types whose values the engine reads as they are."""

_LISTS = {"_bool": "BOOLEAN", "_int2": "SMALLINT", "_int4": "INTEGER", "_int8": "BIGINT", "_float8": "DOUBLE"}
_MOST_DIGITS = 38
_ENDLESS = "is infinite, which no date of the lake is"


@dataclass(frozen=True, slots=True)
class Declared:
    """A column as the catalogue has it. `base` is the name of its type, behind domains; `kind` b(ase), e(num),
    c(omposite), r(ange) ...; `modifier` holds digits and scale (pg_attribute.atttypmod), -1 for none. `shown` is the
    type in words. `wanted` is the type of the contract, None where there is none."""

    name: str
    shown: str
    base: str
    kind: str
    modifier: int
    wanted: str | None = None


def quote_name(name: str) -> str:
    """A name as PostgreSQL reads it."""
    return '"' + name.replace('"', '""') + '"'


def column_of(declared: Declared, money_scale: int) -> ServerColumn:
    """How a column is read. `money_scale` is the number of digits behind the point of type `money`, a setting of the
    database."""
    name, base = quote_name(declared.name), declared.base
    text = f"{name}::text"
    if base in _PLAIN:
        is_text = base in ("text", "varchar")
        order = f'{name} collate "C"' if is_text else None
        return ServerColumn(declared.name, declared.shown, name, _PLAIN[base], text, order=order, is_text=is_text)
    if base == "numeric":
        return _numeric(declared, name, text)
    if base == "money":
        return ServerColumn(
            declared.name, declared.shown, f"{name}::numeric(19,{money_scale})", f"DECIMAL(19,{money_scale})", text
        )
    if base == "oid":
        return ServerColumn(declared.name, declared.shown, f"{name}::bigint", "BIGINT", text)
    if base in ("date", "timestamp", "timestamptz"):
        return _time(declared, name, text)
    if base.startswith("_"):
        return _array(declared, name, text)
    is_text = base in ("bpchar", "citext", "name", "uuid") or declared.kind == "e"
    order = f'{text} collate "C"' if is_text else None
    return ServerColumn(declared.name, declared.shown, text, "VARCHAR", text, order=order, is_text=is_text)


def _numeric(declared: Declared, name: str, text: str) -> ServerColumn:
    """Digits and scale are exact in the engine; what has none is read as text, since DOUBLE would round it."""
    digits, scale = ((declared.modifier - 4) >> 16) & 0xFFFF, ((declared.modifier - 4) & 0x7FF ^ 0x400) - 0x400
    if (declared.wanted or "").upper() in ("DOUBLE", "FLOAT8", "DOUBLE PRECISION", "REAL", "FLOAT"):
        return ServerColumn(declared.name, declared.shown, f"{name}::float8", "DOUBLE", text)
    if declared.modifier < 0 or not 0 <= scale <= digits <= _MOST_DIGITS:
        note = None
        if declared.wanted is None:
            note = f'"{declared.name}" is {declared.shown}, kept as text: give it a type, such as decimal(38, 9)'
        return ServerColumn(declared.name, declared.shown, text, "VARCHAR", text, order=name, note=note)
    odd = Unfit(f"{name} = 'NaN'", "is NaN, which no decimal type holds")
    return ServerColumn(declared.name, declared.shown, name, f"DECIMAL({digits},{scale})", text, (odd,))


def _time(declared: Declared, name: str, text: str) -> ServerColumn:
    type_ = {"date": "DATE", "timestamp": "TIMESTAMP", "timestamptz": "TIMESTAMP WITH TIME ZONE"}[declared.base]
    endless = Unfit(f"not isfinite({name})", _ENDLESS)
    if declared.base == "date":
        return ServerColumn(declared.name, declared.shown, name, type_, text, (endless,))
    late = Unfit(f"isfinite({name}) and {name} > '294246-12-31'", "is later than any time that the engine knows")
    return ServerColumn(declared.name, declared.shown, name, type_, text, (endless, late))


def _array(declared: Declared, name: str, text: str) -> ServerColumn:
    """Lists of plain values; elements of other types as texts."""
    deep = Unfit(
        f"array_ndims({name}) > 1 or array_lower({name}, 1) <> 1", "is no plain list: several dimensions, or not from 1"
    )
    element = _LISTS.get(declared.base)
    if element is not None:
        return ServerColumn(declared.name, declared.shown, name, f"{element}[]", text, (deep,))
    return ServerColumn(declared.name, declared.shown, f"{name}::text[]", "VARCHAR[]", text, (deep,))


def query(alias: str, sql: str) -> str:
    """The result of a SELECT that the attached server runs."""
    return f"postgres_query({literal(alias)}, {literal(sql)})"


def constant(column: ServerColumn, text: str) -> str:
    """A text as a value of the column's type."""
    if column.is_text:
        return f'{_text(text)}::text collate "C"'
    return f"{_text(text)}::{column.declared}"


def digest(columns: Sequence[ServerColumn], rows: str) -> str:
    """A SELECT of how many rows there are, and of a digest over them."""
    del columns
    return (
        "select count(*), md5(coalesce(string_agg(one, ',' order by one), '')) "
        f"from (select md5(each::text) as one from ({rows}) as each) as digests"
    )


def _text(text: str) -> str:
    """A text as a constant, whatever `standard_conforming_strings` says."""
    plain = text.replace("'", "''")
    return f"'{plain}'" if "\\" not in plain else "E'" + plain.replace("\\", "\\\\") + "'"
