"""Values as Python programs hold them: the exact text of each, and the type that all values of a column have."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

_MOST_DIGITS = 38
_EXACT_INTEGER = 2**53
"""A DOUBLE holds every whole number up to this."""

_LEAST_BIGINT, _MOST_BIGINT = -(2**63), 2**63 - 1
_PLAIN = frozenset({str, int, float, bool, Decimal, datetime, date, dict, list})
_NOTHING = frozenset({"NAType", "NaTType"})
"""What pandas writes for no value."""

_TYPES = {
    "boolean": "BOOLEAN",
    "blob": "BLOB",
    "date": "DATE",
    "double": "DOUBLE",
    "instant": "TIMESTAMP WITH TIME ZONE",
    "time": "TIME",
    "timestamp": "TIMESTAMP",
}
_NOUNS = {
    "boolean": "truth values",
    "blob": "bytes",
    "date": "dates",
    "double": "floats",
    "instant": "instants",
    "time": "times of day",
    "timestamp": "times without a zone",
    "text": "texts",
    "nested": "lists or dictionaries",
    "integer": "whole numbers",
    "decimal": "decimals",
}


@dataclass
class Seen:
    """What the values of one column were so far: sorts, the digits that decimals need, the greatest whole number."""

    sorts: set[str] = field(default_factory=set)
    whole_digits: int = 0
    scale: int = 0
    greatest: int = 0

    def text(self, value: Any) -> str | None:
        """The exact text of a value, from which a cast to its type makes the value again; None for no value.

        TypeError for a value of a type that has none.
        """
        if value is None:
            return None
        if type(value) not in _PLAIN:
            value = _unwrapped(value)
            if value is None:
                return None
        sort, text = _written(value)
        self.sorts.add(sort)
        if sort == "integer":
            self.greatest = max(self.greatest, abs(value))
        elif sort == "decimal":
            self._measure(value)
        return text

    def _measure(self, value: Decimal) -> None:
        _, digits, exponent = value.as_tuple()
        assert isinstance(exponent, int)
        self.scale = max(self.scale, -exponent)
        self.whole_digits = max(self.whole_digits, len(digits) + exponent)

    @property
    def type(self) -> str:
        """The type that holds every value exactly: VARCHAR if there is no other."""
        if self.sorts == {"integer"} and self.greatest <= _MOST_BIGINT:
            return "BIGINT"
        if self.sorts and self.sorts <= {"integer", "decimal"}:
            digits = max(self.whole_digits, len(str(self.greatest)), 1) + self.scale
            return f"DECIMAL({digits},{self.scale})" if digits <= _MOST_DIGITS else "VARCHAR"
        if self.sorts == {"integer", "double"} and self.greatest <= _EXACT_INTEGER:
            return "DOUBLE"
        return _TYPES.get(next(iter(self.sorts)), "VARCHAR") if len(self.sorts) == 1 else "VARCHAR"

    @property
    def mixture(self) -> str | None:
        """Words for a column that is text because its values are of several sorts."""
        if len(self.sorts) < 2 or self.type != "VARCHAR":
            return None
        return " and ".join(sorted(_NOUNS[sort] for sort in self.sorts))


def _unwrapped(value: Any) -> Any:
    """The value inside of an Enum or of a scalar of numpy's; None for what pandas writes for no value."""
    if isinstance(value, Enum):
        value = value.value
    if type(value).__name__ in _NOTHING:
        return None
    return value.item() if type(value).__module__ == "numpy" and hasattr(value, "item") else value


def _written(value: Any) -> tuple[str, str]:
    """The sort of a value, and its text."""
    if isinstance(value, str):
        return "text", str.__str__(value)
    if isinstance(value, bool):
        return "boolean", "true" if value else "false"
    if isinstance(value, int | float):
        return ("integer", int.__repr__(value)) if isinstance(value, int) else ("double", float.__repr__(value))
    if isinstance(value, Decimal):
        return ("decimal", format(value, "f")) if value.is_finite() else ("text", str(value))
    if isinstance(value, date | time):
        return _written_time(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return "blob", "".join(f"\\x{byte:02X}" for byte in bytes(value))
    if isinstance(value, Mapping | list | tuple):
        return "nested", nested(value)
    if not isinstance(value, UUID):
        raise TypeError(type(value).__name__)
    return "text", str(value)


def _written_time(value: date | time) -> tuple[str, str]:
    if isinstance(value, datetime):
        return ("timestamp", value.isoformat()) if value.tzinfo is None else ("instant", _instant(value))
    if isinstance(value, time):
        return "time" if value.tzinfo is None else "text", value.isoformat()
    return "date", value.isoformat()


def _instant(value: datetime) -> str:
    try:
        return value.astimezone(UTC).isoformat()
    except OverflowError:  # within a day of year 1 or 9999
        return value.isoformat()


def nested(value: Any) -> str:
    """JSON text of a nested value, with every digit; what JSON does not have is a text in it."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_quoted(str(key))}: {nested(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(nested, value)) + "]"
    text = Seen().text(value)
    if text is None:
        return "null"
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    return text if isinstance(value, bool) or (is_number and math.isfinite(value)) else _quoted(text)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
