"""JSON whose numbers keep their digits: through a DOUBLE long fractions would change."""

from __future__ import annotations

import json
from typing import Any


class Digits(str):
    """A number as it is written."""

    __slots__ = ()


def loads(text: str) -> Any:
    """The value of a JSON text, its numbers as Digits. ValueError for anything else.

    >>> loads('{"a": 1.10}')
    {'a': '1.10'}
    """
    return json.loads(text, parse_int=Digits, parse_float=Digits, parse_constant=Digits)


def dumps(value: Any) -> str:
    """The JSON text of what `loads` gave.

    >>> dumps(loads('{"a": 1.10, "b": "1.10", "c": [null, true]}'))
    '{"a": 1.10, "b": "1.10", "c": [null, true]}'
    """
    if isinstance(value, dict):
        return "{" + ", ".join(f"{dumps(str(key))}: {dumps(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(dumps, value)) + "]"
    return str(value) if isinstance(value, Digits) else json.dumps(value, ensure_ascii=False)
