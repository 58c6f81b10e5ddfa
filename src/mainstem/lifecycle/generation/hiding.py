"""Words of other systems without the project's secrets in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any
from urllib.parse import quote, quote_plus

from mainstem.core.secret import Secret

_VARIABLE = re.compile(r"\$\{[^}]*\}")
_LEAST = 4
"""Characters; less is no secret, and would be found in every word."""


def secrets_of(*options: Any) -> dict[str, str]:
    """Every secret in options, and every part of it that stands for a `${NAME}`, with how it is written."""
    return {value: written for each in options for value, written in _secrets(each) if len(value.strip()) >= _LEAST}


def hidden(text: str, secrets: Mapping[str, str]) -> str:
    """A text in which each secret, also as addresses spell it, is as it is written in the project.

    >>> hidden("GET /items?key=a+b%21", {"a b!": "${KEY}"})
    'GET /items?key=${KEY}'
    """
    for value, written in sorted(secrets.items(), key=lambda pair: -len(pair[0])):
        for form in (value, value.strip(), quote_plus(value), quote(value, safe=""), repr(value)[1:-1]):
            text = text.replace(form, written)
    return text


def _secrets(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Secret):
        yield from _parts(str.__str__(value), value.written)
    elif is_dataclass(value):
        for each in fields(value):
            yield from _secrets(getattr(value, each.name))
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _secrets(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _secrets(each)


def _parts(value: str, written: str) -> Iterator[tuple[str, str]]:
    """A secret, and what stands in it for each `${NAME}`."""
    yield value, written
    pattern = "(.*)".join(map(re.escape, _VARIABLE.split(written)))
    found = re.fullmatch(pattern, value, re.DOTALL)
    if found:
        yield from zip(found.groups(), _VARIABLE.findall(written), strict=True)
