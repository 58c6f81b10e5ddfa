"""A SQL type, taken apart: from the text that the engine or a contract gives, and back to one text for one type."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from mainstem.sql.quote import quote

SIGNED = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
"""Whole numbers, each type with room for all of the one before."""

INTEGERS = frozenset({*SIGNED, "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"})
INSTANT = "TIMESTAMP WITH TIME ZONE"
SECOND_DIGITS = {"TIMESTAMP_S": 0, "TIMESTAMP_MS": 3, "TIMESTAMP": 6, "TIMESTAMP_NS": 9, INSTANT: 6}
"""Points in time, with the digits that they keep of a second."""

_ALIASES: Mapping[str, str] = {
    "BINARY": "BLOB",
    "BOOL": "BOOLEAN",
    "BPCHAR": "VARCHAR",
    "BYTEA": "BLOB",
    "CHAR": "VARCHAR",
    "DATETIME": "TIMESTAMP",
    "DEC": "DECIMAL",
    "FLOAT4": "FLOAT",
    "FLOAT8": "DOUBLE",
    "INT": "INTEGER",
    "INT1": "TINYINT",
    "INT128": "HUGEINT",
    "INT2": "SMALLINT",
    "INT4": "INTEGER",
    "INT8": "BIGINT",
    "LOGICAL": "BOOLEAN",
    "LONG": "BIGINT",
    "NUMERIC": "DECIMAL",
    "REAL": "FLOAT",
    "SHORT": "SMALLINT",
    "SIGNED": "INTEGER",
    "STRING": "VARCHAR",
    "TEXT": "VARCHAR",
    "TIMESTAMP WITHOUT TIME ZONE": "TIMESTAMP",
    "TIMESTAMPTZ": INSTANT,
    "TIMESTAMP_US": "TIMESTAMP",
    "TIMETZ": "TIME WITH TIME ZONE",
    "VARBINARY": "BLOB",
    "VARINT": "BIGNUM",
}

_WORDS = frozenset({INSTANT, "TIME WITH TIME ZONE"})
"""Plain types of several words."""

_TOKEN = re.compile(r"""\s*(?:"((?:[^"]|"")*)"|'((?:[^']|'')*)'|(\d+)|([A-Za-z_][\w ]*\w|\w)|([()\[\],]))""")


@dataclass(frozen=True, slots=True)
class Type:
    """A SQL type, taken apart. `name` is LIST, STRUCT, MAP, DECIMAL or a plain type; `parts` are the named parts of a
    STRUCT, `item` of a LIST, `key` and `value` of a MAP; `digits` are precision and scale of a DECIMAL. `text` is the
    type as it was written, "" where nobody wrote it; it may say more (the values of an ENUM, the length of an ARRAY),
    and types that differ in it alone are equal. `str()` gives the one text of a type."""

    name: str
    parts: tuple[tuple[str, Type], ...] = ()
    digits: tuple[int, int] | None = None
    text: str = field(default="", compare=False)

    @property
    def is_nested(self) -> bool:
        return self.name in {"LIST", "STRUCT", "MAP"}

    @property
    def is_number(self) -> bool:
        return self.name in INTEGERS or self.name in {"FLOAT", "DOUBLE", "DECIMAL"}

    def __str__(self) -> str:
        if self.name == "LIST":
            return f"{self.parts[0][1]}[]"
        if self.name == "STRUCT":
            return f"STRUCT({', '.join(f'{quote(name)} {part}' for name, part in self.parts)})"
        if self.name == "MAP":
            return f"MAP({self.parts[0][1]}, {self.parts[1][1]})"
        return f"DECIMAL({self.digits[0]},{self.digits[1]})" if self.digits else self.name

    def walk(self) -> Iterator[Type]:
        """This type and every type within it."""
        yield self
        for _, part in self.parts:
            yield from part.walk()


def widens(old: Type, new: Type) -> bool:
    """Whether the new type has room for every value of the old one, exactly, and for more.

    >>> widens(parse_type("integer"), parse_type("bigint")), widens(parse_type("bigint"), parse_type("double"))
    (True, False)
    """
    if old.name in SIGNED and new.name in SIGNED:
        return SIGNED.index(old.name) < SIGNED.index(new.name)
    if new.digits is None:
        return (old.name, new.name) == ("FLOAT", "DOUBLE")
    digits = (_WHOLE_DIGITS[old.name], 0) if old.name in _WHOLE_DIGITS else old.digits
    if digits is None or digits == new.digits:
        return False
    return new.digits[1] >= digits[1] and new.digits[0] - new.digits[1] >= digits[0] - digits[1]


_WHOLE_DIGITS = {"TINYINT": 3, "SMALLINT": 5, "INTEGER": 10, "BIGINT": 19}


@dataclass(frozen=True, slots=True)
class _Token:
    """A quoted name, a text, a number, a run of words or a sign; `start` and `end` are those of it in the text."""

    kind: str
    word: str
    start: int
    end: int


_KINDS = ("", "name", "text", "number", "words", "sign")
_END = _Token("", "", 0, 0)


@lru_cache(maxsize=4096)
def parse_type(text: str) -> Type:
    """A SQL type in the DuckDB dialect, from its text; aliases (`int`, `text`, `numeric`) become the plain name.

    >>> parse_type('STRUCT(a INT, "b c" DECIMAL(10,2)[])').parts[1][1].text
    'DECIMAL(10,2)[]'
    """
    tokens = [_token(found) for found in _TOKEN.finditer(text)]
    reader = _Reader(text, tokens)
    kind = reader.type()
    return kind if reader.at == len(tokens) else Type(text.strip(), text=text.strip())


def _token(found: re.Match[str]) -> _Token:
    number = found.lastindex or 0
    return _Token(_KINDS[number], found[number], found.end() - len(found[0].lstrip()), found.end())


class _Reader:
    """Reads types from tokens; `at` is the number of the next one."""

    def __init__(self, text: str, tokens: list[_Token]) -> None:
        self.text, self.tokens, self.at = text, tokens, 0

    def peek(self, ahead: int = 0) -> _Token:
        at = self.at + ahead
        return self.tokens[at] if at < len(self.tokens) else _END

    def is_at(self, sign: str, ahead: int = 0) -> bool:
        token = self.peek(ahead)
        return token.kind == "sign" and token.word == sign

    def type(self) -> Type:
        """The type that begins here."""
        first = self.peek()
        word = first.word.upper() if first.kind in {"words", "name"} else ""
        name = _ALIASES.get(word, word)
        self.at += 1
        if not self.is_at("("):
            kind = Type(name, digits=(18, 3) if name == "DECIMAL" else None)
        elif name in {"STRUCT", "ROW", "UNION"}:
            kind = Type("STRUCT" if name == "ROW" else name, self.parts())
        elif name == "MAP":
            kind = Type("MAP", self.pair())
        else:
            kind = Type(name, digits=self.digits(name))
        kind = replace(kind, text=self.since(first))
        while self.is_at("["):
            self.at += 2 if self.is_at("]", 1) else 3
            kind = Type("LIST", (("item", kind),), text=self.since(first))
        return kind

    def since(self, first: _Token) -> str:
        last = self.tokens[min(self.at, len(self.tokens)) - 1] if self.tokens else _END
        return self.text[first.start : last.end]

    def parts(self) -> tuple[tuple[str, Type], ...]:
        """Named parts up to the closing bracket. Parts without names, as `row(1, 2)` has them, get the name ""."""
        parts: list[tuple[str, Type]] = []
        self.at += 1
        while self.at < len(self.tokens):
            label = self.label()
            parts.append((label, self.type()))
            self.at += 1
            if not self.is_at(",", -1):
                break
        return tuple(parts)

    def label(self) -> str:
        """The name of a part; an unquoted name and a plain type come as one run of words."""
        token = self.peek()
        if token.kind == "name":
            self.at += 1
            return token.word.replace('""', '"')
        first, _, rest = token.word.partition(" ")
        if token.kind != "words" or not rest or _is_type(token.word):
            return ""
        rest = rest.lstrip()
        self.tokens[self.at] = _Token("words", rest, token.end - len(rest), token.end)
        return first

    def pair(self) -> tuple[tuple[str, Type], ...]:
        """Key and value of a MAP."""
        self.at += 1
        key = self.type()
        self.at += 1
        value = self.type()
        self.at += 1
        return (("key", key), ("value", value))

    def digits(self, name: str) -> tuple[int, int] | None:
        """What is in brackets behind a plain name: precision and scale of a DECIMAL."""
        numbers: list[int] = []
        while self.at < len(self.tokens) and not self.is_at(")"):
            numbers += [int(self.peek().word)] if self.peek().kind == "number" else []
            self.at += 1
        self.at += 1
        if name == "DECIMAL" and numbers:
            return numbers[0], numbers[1] if len(numbers) > 1 else 0
        return None


def _is_type(words: str) -> bool:
    return words.upper() in _WORDS or words.upper() in _ALIASES
