"""SQLite's side of a read: what its declared types are worth, and SQL that gives every value as exact text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mainstem.sql.quote import literal, quote

_DECIMAL = re.compile(r"(?:DECIMAL|NUMERIC)\s*\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)")
_PLAIN = {
    "BLOB": "BLOB",
    "BOOL": "BOOLEAN",
    "BOOLEAN": "BOOLEAN",
    "DATE": "DATE",
    "DATETIME": "TIMESTAMP",
    "TIMESTAMP": "TIMESTAMP",
    "TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMP WITH TIME ZONE",
}
_NUMBERS = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT|INTEGER|UINTEGER|LONG|SHORT|SIGNED|DEC|NUMERIC|DOUBLE|FLOAT|REAL")
_MOST_DIGITS = 38
_ISO = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*"


@dataclass(frozen=True, slots=True)
class SourceColumn:
    """A column of a table in SQLite. `declared` is its type as written there, "" for none; `wanted` the type of the
    contract, None where no contract gives one. `is_row_id`: another name for the table's rowid, always an integer."""

    name: str
    declared: str
    wanted: str | None = None
    is_row_id: bool = False

    @property
    def affinity(self) -> str:
        """INTEGER, TEXT, BLOB, REAL or NUMERIC (SQLite, "Datatypes", section 3.1)."""
        declared = self.declared.upper()
        if "INT" in declared:
            return "INTEGER"
        if any(word in declared for word in ("CHAR", "CLOB", "TEXT")):
            return "TEXT"
        if "BLOB" in declared or not declared:
            return "BLOB"
        return "REAL" if any(word in declared for word in ("REAL", "FLOA", "DOUB")) else "NUMERIC"

    @property
    def suggested(self) -> str:
        """The engine's type for the declared one; VARCHAR where it says too little. Values need not agree with it."""
        declared = " ".join(self.declared.upper().split())
        digits = _DECIMAL.fullmatch(declared)
        if digits and int(digits[2] or 0) <= int(digits[1]) <= _MOST_DIGITS:
            return f"DECIMAL({int(digits[1])},{int(digits[2] or 0)})"
        if declared in _PLAIN:
            return _PLAIN[declared]
        return {"INTEGER": "BIGINT", "REAL": "DOUBLE"}.get(self.affinity, "VARCHAR")

    @property
    def is_bytes(self) -> bool:
        return (self.wanted or self.suggested).upper() in {"BLOB", "BYTEA", "BINARY", "VARBINARY"}

    @property
    def is_number(self) -> bool:
        return _NUMBERS.match((self.wanted or self.suggested).upper()) is not None


def value_text(column: SourceColumn) -> str:
    """SQL of SQLite that gives a value as text, or NULL.

    SQLite writes a REAL with 15 digits, which loses some: where these do not give the same number back, 17 do.
    For a DECIMAL 15 digits are right: more are noise of the binary fraction. Bytes come in hexadecimal.
    """
    name = quote(column.name)
    if column.is_bytes:
        return f"case when {name} is null then null else hex({name}) end"
    if column.affinity == "TEXT" or column.is_row_id:
        return name
    if (column.wanted or "").upper().startswith(("DEC", "NUMERIC")):
        return f"case typeof({name}) when 'blob' then hex({name}) else {name} end"
    exact = f"iif(cast(cast({name} as text) as real) = {name}, cast({name} as text), printf('%!.17g', {name}))"
    odd = f"case typeof({name}) when 'real' then {exact} else hex({name}) end"
    return f"case when typeof({name}) in ('real', 'blob') then {odd} else {name} end"


def careful_text(column: SourceColumn) -> str:
    """Like `value_text`, behind a letter: `t` and the bytes of a text in hexadecimal, or `v` and any other value."""
    name = quote(column.name)
    return f"case typeof({name}) when 'text' then 't' || hex({name}) else 'v' || {value_text(column)} end"


def greatest_text(column: SourceColumn) -> str:
    """SQL of SQLite for the greatest cursor, as text."""
    name = quote(column.name)
    return f"cast(max({f'cast({name} as numeric)' if _is_cast(column) else name}) as text)"


def newer(column: SourceColumn, position: str) -> str:
    """The condition for rows at or after a position, and for those whose cursor is missing or no number.

    Numbers are compared as numbers, whatever the column is declared as, and texts as texts. A column whose declared
    type is that of its values needs no cast, so that its index serves.
    """
    name, text = quote(column.name), literal(position)
    condition = f"{name} >= {text}"
    if _is_cast(column):
        condition = f"cast({name} as numeric) >= cast({text} as numeric) or {name} glob '*[^-+.0-9eE]*'"
    if column.affinity == "BLOB":
        number = f"{name} >= cast({text} as numeric)"
        condition = f"case when typeof({name}) in ('integer', 'real') then {number} else {condition} end"
    return f"({condition} or {name} is null)"


def within_days(column: SourceColumn, start: str | None, end: str | None) -> str:
    """The condition for texts of dates and instants between two days, and for all that is written otherwise; "" for
    no bound."""
    name = quote(column.name)
    parts = [f"{name} >= {literal(start)}"] if start else []
    parts += [f"{name} < {literal(end)}"] if end else []
    return f"({' and '.join(parts)} or {name} not glob {literal(_ISO)})" if parts else ""


def _is_cast(column: SourceColumn) -> bool:
    """Whether numbers may be stored as texts."""
    return column.is_number and column.affinity in {"TEXT", "BLOB"}


def row_text(columns: Sequence[SourceColumn]) -> str:
    """SQL of SQLite for a whole row as one text."""
    return " || ',' || ".join(f"quote({quote(column.name)})" for column in columns)


def origin_text(key: Sequence[str], row_id: str | None) -> str:
    """SQL of SQLite that says which row it is: by its key, else by its rowid, else by its place in the read."""
    if key:
        shown = " || ',' || ".join(f"coalesce({quote(name)}, 'NULL')" for name in key)
        return f"'key=' || {shown}"
    return f"'rowid=' || {row_id}" if row_id else "'row=' || row_number() over ()"
