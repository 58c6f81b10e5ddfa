"""Texts that are certainly a value of a type, so that the engine need not be asked whether they are."""

from __future__ import annotations

import re
from datetime import datetime

from mainstem.sql.types import Type

_DIGITS = {"TINYINT": 2, "SMALLINT": 4, "INTEGER": 9, "BIGINT": 18}
_DOUBLE = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIMES = {"DATE": re.compile(_DAY), "TIMESTAMP": re.compile(_DAY + r"[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{6})?)?")}


def is_plainly(text: str, kind: Type) -> bool:
    """Whether a text is written in the plainest way of its type: the engine's own cast takes it, and changes nothing.

    False for whatever is in doubt.

    >>> from mainstem.sql.types import parse_type
    >>> [is_plainly(text, parse_type("DECIMAL(4,2)")) for text in ("12.5", "12.505", "123", "1e1")]
    [True, False, False, False]
    """
    if kind.name == "VARCHAR":
        return True
    if kind.name == "BOOLEAN":
        return text in ("true", "false")
    if kind.name in _DIGITS:
        return _is_number(text, _DIGITS[kind.name], 0)
    if kind.name == "DECIMAL" and kind.digits:
        width, scale = kind.digits
        return width > scale and _is_number(text, width - scale, scale)
    if kind.name == "DOUBLE":
        return _DOUBLE.fullmatch(text) is not None
    return kind.name in _TIMES and _is_time(text, _TIMES[kind.name])


def _is_number(text: str, whole: int, fraction: int) -> bool:
    before, dot, after = text.removeprefix("-").partition(".")
    if not (before.isascii() and before.isdigit() and len(before) <= whole):
        return False
    return not dot or (after.isascii() and after.isdigit() and len(after) <= fraction)


def _is_time(text: str, form: re.Pattern[str]) -> bool:
    if not form.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
