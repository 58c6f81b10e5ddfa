"""MySQL's and MariaDB's types: as what each is read so that no value changes, and which values cannot be kept."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mainstem.lifecycle.generation.server import ServerColumn, Unfit
from mainstem.sql.quote import literal

_MOST_DIGITS = 38
_INTEGERS = {"tinyint": "TINYINT", "smallint": "SMALLINT", "mediumint": "INTEGER", "int": "INTEGER", "bigint": "BIGINT"}
_TEXTS = frozenset({"char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set"})
_BYTES = frozenset({"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"})
_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?")


@dataclass(frozen=True, slots=True)
class Declared:
    """A column as the information schema has it. `base` is the plain name of its type, `shown` all of it. `digits` and
    `scale` are those of a number, `wanted` is the type of the contract; None where there is none."""

    name: str
    base: str
    shown: str
    digits: int | None = None
    scale: int | None = None
    wanted: str | None = None


def quote_name(name: str) -> str:
    """A name as MySQL reads it, whatever `sql_mode` says."""
    return "`" + name.replace("`", "``") + "`"


def column_of(declared: Declared) -> ServerColumn:
    """How a column is read."""
    name, base = quote_name(declared.name), declared.base
    text = f"cast({name} as char)"
    unsigned = "U" if "unsigned" in declared.shown else ""
    if base in _INTEGERS:
        return _column(declared, name, f"{unsigned}{_INTEGERS[base]}", text)
    if base in ("float", "double"):
        return _column(declared, name, base.upper(), text)
    if base == "decimal":
        return _decimal(declared, name, text)
    if base == "year":
        return _column(declared, f"cast({name} as signed)", "BIGINT", text)
    if base == "bit":
        return _column(declared, f"cast({name} + 0 as unsigned)", "UBIGINT", f"cast({name} + 0 as char)")
    if base in _BYTES:
        return _column(declared, name, "BLOB", f"hex({name})")
    if base in ("date", "datetime", "timestamp"):
        return _time(declared, name, text)
    value = f"convert({text if base not in _TEXTS else name} using utf8mb4)"
    order = f"cast({value} as binary)" if base in _TEXTS or base == "uuid" else None
    return ServerColumn(declared.name, declared.shown, value, "VARCHAR", value, order=order, is_text=order is not None)


def _column(declared: Declared, value: str, type_: str, text: str) -> ServerColumn:
    return ServerColumn(declared.name, declared.shown, value, type_, text)


def _decimal(declared: Declared, name: str, text: str) -> ServerColumn:
    digits, scale = declared.digits or 0, declared.scale or 0
    if digits <= _MOST_DIGITS:
        return _column(declared, name, f"DECIMAL({digits},{scale})", text)
    note = None
    if declared.wanted is None:
        note = f'"{declared.name}" is {declared.shown}, kept as text: give it a type, such as decimal(38, 9)'
    return ServerColumn(declared.name, declared.shown, text, "VARCHAR", text, order=name, note=note)


def _time(declared: Declared, name: str, text: str) -> ServerColumn:
    """Dates may have a month or day 0 here. A TIMESTAMP is an instant, which the session's time zone (UTC) shows."""
    zero = Unfit(f"month({name}) = 0 or dayofmonth({name}) = 0", "is no day of the calendar: its month or day is 0")
    if declared.base == "date":
        return ServerColumn(declared.name, declared.shown, name, "DATE", text, (zero,))
    short = f"trim(trailing '.' from trim(trailing '0' from {text}))"
    text = f"case when locate('.', {text}) > 0 then {short} else {text} end"
    if declared.base == "datetime":
        return ServerColumn(declared.name, declared.shown, name, "TIMESTAMP", text, (zero,))
    return ServerColumn(
        declared.name,
        declared.shown,
        name,
        "TIMESTAMP WITH TIME ZONE",
        f"concat({text}, '+00')",
        (zero,),
        wrap="timezone('UTC', {})",
    )


def query(alias: str, sql: str) -> str:
    """The result of a SELECT that the attached server runs."""
    return f"mysql_query({literal(alias)}, {literal(sql)})"


def constant(column: ServerColumn, text: str) -> str:
    """A text as a value of the column's type; bytes and texts in hexadecimal, whatever `sql_mode` says of quotes."""
    if column.family == "number" and _NUMBER.fullmatch(text):
        return text
    value = f"convert(x'{text.removesuffix('+00').encode().hex()}' using utf8mb4)"
    if column.is_text:
        return f"cast({value} as binary)"
    return f"cast({value} as {'date' if column.type == 'DATE' else 'datetime(6)'})"


def digest(columns: Sequence[ServerColumn], rows: str) -> str:
    """A SELECT of how many rows there are, and of a sum of their digests."""
    row = ", ".join(f"coalesce(hex({column.text}), 'N')" for column in columns)
    part = f"cast(conv(substr(md5(concat_ws('|', {row})), 1, 15), 16, 10) as decimal(65, 0))"
    return f"select count(*), cast(coalesce(sum({part}), 0) as char) from ({rows}) as each_row"
