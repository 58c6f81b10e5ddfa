"""Owns the way back from plain data to frozen classes: what an agreement's text is rebuilt with."""

from __future__ import annotations

import hashlib
import json
import types
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from mainstem.core.canonical import canonical
from mainstem.core.place import Place

T = TypeVar("T")


def plain(value: Any) -> Any:
    """`value` as text, lists and mappings only, one form for one meaning; what is empty is left out.

    It is `canonical`, made to survive being written as YAML and read back, and not to change when an option with an
    empty default is added to a class later.
    """
    if isinstance(value, str):
        return value if value.isascii() and value.isalnum() else canonical(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, time):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        value = {each.name: getattr(value, each.name) for each in fields(value)}
    if isinstance(value, Mapping):
        made = {str(key): plain(value[key]) for key in sorted(value) if not isinstance(value[key], Place)}
        return {key: each for key, each in made.items() if each not in (None, "", [], {})}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return canonical(value)


def plain_digest(value: Any) -> str:
    """The digest of what `plain` makes of a value; equal to `core.canonical.digest` of it."""
    text = json.dumps(plain(value), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def restore(cls: type[T], data: Mapping[str, Any], place: Place | None = None) -> T:
    """An instance of a frozen dataclass from what `plain` made of one; ValueError if the data does not fit.

    A field of type Place gets `place`; keys that the class does not have are ignored.
    """
    hints = get_type_hints(cls)
    values: dict[str, Any] = {}
    for each in fields(cls):  # type: ignore[arg-type]
        if hints[each.name] is Place:
            values[each.name] = place
        elif each.name in data:
            values[each.name] = _value(hints[each.name], data[each.name], place)
        elif each.default is MISSING and each.default_factory is MISSING:
            values[each.name] = _value(hints[each.name], _nothing(hints[each.name]), place)
    return cls(**values)


def _nothing(wanted: Any) -> Any:
    """What was left out because it was empty."""
    if _is_optional(wanted):
        return None
    return "" if wanted is str else []


def _is_optional(wanted: Any) -> bool:
    return get_origin(wanted) in (Union, types.UnionType) and type(None) in get_args(wanted)


def _value(wanted: Any, data: Any, place: Place | None) -> Any:
    origin, arguments = get_origin(wanted), get_args(wanted)
    if origin in (Union, types.UnionType):
        return None if data is None else _one_of([each for each in arguments if each is not type(None)], data, place)
    if wanted is Any or origin is Literal:
        return data
    if origin in (tuple, list, frozenset, set):
        inner = arguments[:-1] if arguments[-1] is Ellipsis else arguments
        each_of = [inner[min(number, len(inner) - 1)] for number in range(len(data))]
        return origin(_value(one, each, place) for one, each in zip(each_of, data, strict=True))
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return {str(key): _value(arguments[1], each, place) for key, each in dict(data).items()}
    if origin is not None and isinstance(origin, type) and issubclass(origin, Sequence):
        return tuple(_value(arguments[0], each, place) for each in data)
    if is_dataclass(wanted) and isinstance(wanted, type):
        return restore(wanted, data, place)
    return _scalar(wanted, data)


def _one_of(choices: Sequence[Any], data: Any, place: Place | None) -> Any:
    for choice in choices:
        try:
            return _value(choice, data, place)
        except (ValueError, TypeError, InvalidOperation):
            continue
    raise ValueError(f'"{data}" fits none of the types wanted')


def _scalar(wanted: Any, data: Any) -> Any:
    if wanted is bool:
        return str(data).lower() == "true"
    if wanted is datetime:
        return datetime.fromisoformat(str(data))
    if wanted is int or wanted is Decimal or wanted is float:
        return wanted(str(data))
    if wanted is date or wanted is time:
        return wanted.fromisoformat(str(data))
    if isinstance(wanted, type) and issubclass(wanted, Enum):
        return wanted(str(data))
    return str(data)
