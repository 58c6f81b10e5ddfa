"""Texts as typed values: the only place where a written `no` becomes a truth value or `05:15` a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class Scalar:
    """A type that a text can be read as. `read` raises ValueError. `noun` and `example` ("" if none) are for messages.

    `pattern` and `json_type` describe the same values in a JSON Schema.
    """

    read: Callable[[str], Any]
    noun: str
    example: str
    pattern: str
    json_type: str | None = None


_TRUTH = {"true": True, "yes": True, "false": False, "no": False}


def _bool(text: str) -> bool:
    try:
        return _TRUTH[text.lower()]
    except KeyError:
        raise ValueError(text) from None


def _matching(pattern: str, read: Callable[[str], Any]) -> Callable[[str], Any]:
    matches = re.compile(pattern).fullmatch

    def strict(text: str) -> Any:
        if not matches(text):
            raise ValueError(text)
        return read(text)

    return strict


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(text)
    return at


_INTEGER = "-?[0-9]{1,18}"
_NUMBER = "-?[0-9]+(\\.[0-9]+)?"
_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = "[0-9]{2}:[0-9]{2}(:[0-9]{2})?"
_INSTANT = _DATE + "[T ]" + _TIME + "(\\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})"

SCALARS: Mapping[Any, Scalar] = {
    str: Scalar(lambda text: text, "a text", "", "", "string"),
    bool: Scalar(_bool, "true or false", "", "^(true|false|yes|no)$", "boolean"),
    int: Scalar(_matching(_INTEGER, int), "a whole number", "3", f"^{_INTEGER}$", "integer"),
    float: Scalar(_matching(_NUMBER, float), "a number", "0.95", f"^{_NUMBER}$", "number"),
    Decimal: Scalar(_matching(_NUMBER, Decimal), "a number", "0.95", f"^{_NUMBER}$", "number"),
    date: Scalar(_matching(_DATE, date.fromisoformat), "a date", "2014-06-30", f"^{_DATE}$"),
    time: Scalar(_matching(_TIME, time.fromisoformat), "a time of day", "05:15", f"^{_TIME}$"),
    datetime: Scalar(
        _matching(_INSTANT, _instant), "an instant with its offset", "2013-12-02T09:00:00-05:00", f"^{_INSTANT}$"
    ),
}
"""Every type that a scalar of the project's text can have."""

DURATION = re.compile(r"([1-9][0-9]{0,5})\s*(s|min|m|h|d|w|mo)")
"""A length of time as it is written: `28d`, `30h`, `15m` or `15min` (minutes), `1w`, `1mo` (a calendar month)."""
