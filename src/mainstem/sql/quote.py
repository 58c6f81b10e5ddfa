"""Names and values as SQL text; every other room builds its SQL with these."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

_EXACT_DIGITS = 38


def quote(identifier: str) -> str:
    """An identifier as SQL text that means exactly this name, whatever characters it holds.

    >>> quote('my "best" column')
    '"my ""best"" column"'
    """
    return '"' + identifier.replace('"', '""') + '"'


def qualified(name: str) -> str:
    """A dataset's name as SQL text: schema and table quoted apart. The first dot divides them.

    >>> qualified("raw.orders")
    '"raw"."orders"'
    """
    schema, dot, table = name.partition(".")
    return f"{quote(schema)}.{quote(table)}" if dot else quote(schema)


def literal(value: str | int | Decimal | bool | date | datetime | None) -> str:
    """A value as a SQL literal of the same type and exactly the same value.

    Aware instants become TIMESTAMPTZ in UTC, naive ones TIMESTAMP. ValueError for a number that the engine would
    round (more than 38 digits, NaN, infinity); TypeError for any other type.

    >>> literal("it's"), literal(Decimal("1.50")), literal(date(2013, 12, 17)), literal(None)
    ("'it''s'", '1.50', "DATE '2013-12-17'", 'NULL')
    """
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, int | Decimal):
        return _number(Decimal(value))
    if isinstance(value, datetime):
        return _instant(value)
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    raise TypeError(f"no SQL literal for {type(value).__name__}")


def _number(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError(f"{value} is no exact number")
    text = format(value, "f")
    if sum(character.isdigit() for character in text) > _EXACT_DIGITS:
        raise ValueError(f"{text} has more than {_EXACT_DIGITS} digits")
    return text


def _instant(value: datetime) -> str:
    if value.tzinfo is None:
        return f"TIMESTAMP '{value.isoformat(sep=' ')}'"
    return f"TIMESTAMPTZ '{value.astimezone(UTC).isoformat(sep=' ')}'"
