"""Plain data as YAML that a person would write."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_PLAIN = re.compile(r"[A-Za-z_/.$][A-Za-z0-9_./$%-]*( [A-Za-z0-9_./$%(-][A-Za-z0-9_./$%();'-]*)*|-?[0-9]+(\.[0-9]+)?")
_SENTENCE = re.compile(r"[A-Z][A-Za-z0-9,.;()/'$% -]*[A-Za-z0-9.)%]")


def lines_of(keys: Mapping[str, Any], indent: int = 0) -> Iterator[str]:
    """A mapping of texts, lists and mappings, a line each; None and what is empty is left out."""
    for key, value in keys.items():
        if value is not None and value not in ("", (), [], {}):
            yield from _entry(key, value, indent)


def _entry(key: str, value: Any, indent: int) -> Iterator[str]:
    pad = " " * indent
    if isinstance(value, str) and "\n" in value.strip("\n"):
        yield f"{pad}{key}: |"
        yield from (f"{pad}  {line}".rstrip() for line in value.strip("\n").split("\n"))
    elif isinstance(value, Mapping):
        yield f"{pad}{key}:"
        yield from lines_of(value, indent + 2)
    elif isinstance(value, Sequence) and not isinstance(value, str) and any(isinstance(x, Mapping) for x in value):
        yield f"{pad}{key}:"
        for each in value:
            first, *others = lines_of(each, indent + 4)
            yield f"{pad}  - {first.strip()}"
            yield from others
    else:
        is_plain = isinstance(value, str) and _SENTENCE.fullmatch(value) and len(value) > 20
        yield f"{pad}{key}: {value if is_plain else scalar(value)}"


def scalar(value: Any) -> str:
    """A text, or a list or mapping of texts on one line; None is null, a text of that word is quoted."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {scalar(each)}" for key, each in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(scalar(each) for each in value) + "]"
    if value is None:
        return "null"
    text = str(value)
    return text if _PLAIN.fullmatch(text) and text.lower() not in ("null", "~") else _quoted(text)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return '"' + escaped.replace("*/", "*\\/") + '"'
