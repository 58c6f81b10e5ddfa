"""Whether the rows that an output shows are those that were promised. Pure; speaks of rows without quoting any."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from typing import Any

from mainstem.lifecycle.serving.request import Answer
from mainstem.security.redact import REDACTED

_DIGITS = ".12g"
"""Floating point numbers are compared by twelve digits: their last ones depend on the order of a sum."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a `returns` proof expects of rows: how many there are, and which columns have a value in each."""

    rows: int | None = None
    not_null: tuple[str, ...] = ()

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Expected:
        """From the proof's options as they were written."""
        rows, columns = options.get("rows"), options.get("not_null") or ()
        named = (columns,) if isinstance(columns, str) else tuple(columns)
        return cls(None if rows is None else int(rows), named)


def shortfall(expected: Expected, answer: Answer, other: Answer | None = None) -> str:
    """Why the answer is not what is expected, as the end of a sentence; "" if it is.

    `other` is the answer to an independent query, whose columns must have the same rows here, in any order.
    """
    if expected.rows is not None and (len(answer.rows) != expected.rows or answer.truncated):
        return f"it returns {len(answer.rows)}{' and more' if answer.truncated else ''} rows, not {expected.rows}"
    empty = _empty(expected.not_null, answer)
    if empty or other is None:
        return empty
    return _differing(answer, other)


def _empty(columns: Sequence[str], answer: Answer) -> str:
    if columns and not answer.rows:
        return "it returns no row"
    places = _places(answer)
    for name in columns:
        if name.lower() not in places:
            return f'it has no column "{name}"'
        hidden = sum(_is_hidden(row[places[name.lower()]]) for row in answer.rows)
        if hidden:
            return f'"{name}" is empty, or hidden from this reader, in {hidden} of {len(answer.rows)} rows'
    return ""


def _is_hidden(value: Any) -> bool:
    """NULL, or what the gate puts in the place of a value, even where the query made something of it."""
    return value is None or (isinstance(value, str) and REDACTED in value.lower())


def _differing(answer: Answer, other: Answer) -> str:
    places = _places(answer)
    missing = [column.name for column in other.columns if column.name.lower() not in places]
    if missing:
        return f'it has no column "{missing[0]}", which the other query has'
    if answer.truncated or other.truncated:
        return f"there are more rows than can be compared ({len(answer.rows)})"
    chosen = [places[column.name.lower()] for column in other.columns]
    own = Counter(tuple(_comparable(row[place]) for place in chosen) for row in answer.rows)
    theirs = Counter(tuple(_comparable(value) for value in row) for row in other.rows)
    more, fewer = (own - theirs).total(), (theirs - own).total()
    if not more and not fewer:
        return ""
    return f"{more} of its rows are not in the other query, {fewer} of that one are not in it"


def _places(answer: Answer) -> dict[str, int]:
    return {column.name.lower(): place for place, column in enumerate(answer.columns)}


def _comparable(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, float):
        return _number(format(value, _DIGITS)) if isfinite(value) else str(value)
    if isinstance(value, int | Decimal):
        return _number(str(value))
    return value if isinstance(value, str) else repr(value)


def _number(text: str) -> tuple[str, str]:
    """A number as such, however many digits it was written with; never equal to a text."""
    number = Decimal(text)
    return "number", format(number.normalize(), "f") if number else "0"
