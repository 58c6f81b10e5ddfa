"""A value as the text that PostgreSQL reads it from."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from mainstem.lifecycle.serving.targets.postgres_table import Column


def text_of(value: Any, column: Column) -> str | bytes | None:
    """The text of a value for a column; bytes stay bytes, None is NULL.

    Whole numbers lose their point for a column of integers, lists become arrays or JSON as the column is, instants
    are in UTC.
    """
    if value is None or isinstance(value, bytes):
        return value
    if isinstance(value, bytearray | memoryview):
        return bytes(value)
    if column.is_whole and _is_whole(value):
        return str(int(value))
    if isinstance(value, list | tuple) and column.is_array:
        return _array(value)
    if isinstance(value, list | tuple | dict):
        return json.dumps(value, ensure_ascii=False, default=_plain)
    return _plain(value)


def _is_whole(value: Any) -> bool:
    if isinstance(value, Decimal):
        return value.is_finite() and value == value.to_integral_value()
    return isinstance(value, float) and value.is_integer()


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return (value.astimezone(UTC) if value.tzinfo else value).isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.hex() if isinstance(value, bytes) else str(value)


def _array(values: Any) -> str:
    return "{" + ",".join(_element(value) for value in values) + "}"


def _element(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, list | tuple):
        return _array(value)
    text = f"\\x{value.hex()}" if isinstance(value, bytes) else _plain(value)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
