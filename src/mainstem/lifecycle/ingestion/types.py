"""The engine's own names of types, taken apart."""

from __future__ import annotations

import re
from dataclasses import dataclass

SIGNED = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
"""Whole numbers, each type with room for all of the one before."""

INTEGERS = frozenset({*SIGNED, "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"})
INSTANT = "TIMESTAMP WITH TIME ZONE"
SECOND_DIGITS = {"TIMESTAMP_S": 0, "TIMESTAMP_MS": 3, "TIMESTAMP": 6, "TIMESTAMP_NS": 9, INSTANT: 6}
"""Points in time, with the digits that they keep of a second."""

_TOKEN = re.compile(r"""\s*("(?:[^"]|"")*"|'(?:[^']|'')*'|[A-Za-z_][A-Za-z0-9_]*|\d+|[(),\[\]])""")
_WORDS = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True)
class Type:
    """A type of the engine. `name` is LIST, STRUCT, MAP, DECIMAL or the plain name.

    `parts` are the named parts of a STRUCT; `item` of a LIST, `key` and `value` of a MAP. `digits` are width and
    scale of a DECIMAL. `text` is the whole type, as the engine writes it.
    """

    name: str
    text: str
    parts: tuple[tuple[str, Type], ...] = ()
    digits: tuple[int, int] | None = None

    @property
    def is_nested(self) -> bool:
        return bool(self.parts)

    @property
    def is_number(self) -> bool:
        return self.name in INTEGERS or self.name in {"FLOAT", "DOUBLE"} or self.name == "DECIMAL"


def read_type(text: str) -> Type:
    """A type from the text that the engine's DESCRIBE gives.

    >>> read_type('STRUCT(a INTEGER, "b c" DECIMAL(10,2)[])').parts[1][1].name
    'LIST'
    """
    tokens = [(found[1], found.start(1), found.end(1)) for found in _TOKEN.finditer(text)]
    return _Reader(text, tokens).type()


class _Reader:
    """Reads types from tokens (word, start, end); `at` is the index of the next one."""

    def __init__(self, text: str, tokens: list[tuple[str, int, int]]) -> None:
        self.text, self.tokens, self.at = text, tokens, 0

    def peek(self) -> str:
        return self.tokens[self.at][0] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1][0]

    def since(self, start: int) -> str:
        return self.text[self.tokens[start][1] : self.tokens[self.at - 1][2]]

    def type(self) -> Type:
        start = self.at
        name = self.take()
        parts: list[tuple[str, Type]] = []
        digits: list[int] = []
        while _WORDS.fullmatch(self.peek()):
            name += " " + self.take()
        if self.peek() == "(":
            while self.take() in {"(", ","}:
                if name == "STRUCT":
                    parts.append((_label(self.take()), self.type()))
                elif name == "MAP":
                    parts.append(("value" if parts else "key", self.type()))
                else:
                    digits += [int(word) for word in [self.take()] if word.isdigit()]
        found = Type(name, self.since(start), tuple(parts), (digits[0], digits[1]) if name == "DECIMAL" else None)
        while self.peek() == "[":
            while self.take() != "]":
                pass
            found = Type("LIST", self.since(start), (("item", found),))
        return found


def _label(word: str) -> str:
    return word[1:-1].replace('""', '"') if word.startswith('"') else word
