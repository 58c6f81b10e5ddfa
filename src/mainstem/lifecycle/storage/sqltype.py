"""A SQL type, taken apart: from the text that the engine or a contract gives, and back to one text for one type."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from mainstem.sql.quote import quote

INSTANT = "TIMESTAMP WITH TIME ZONE"

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
    STRUCT, `item` of a LIST, `key` and `value` of a MAP; `digits` are precision and scale of a DECIMAL."""

    name: str
    parts: tuple[tuple[str, Type], ...] = ()
    digits: tuple[int, int] | None = None

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


@lru_cache(maxsize=4096)
def parse_type(text: str) -> Type:
    """A SQL type in the DuckDB dialect, from its text; aliases (`int`, `text`, `numeric`) become the plain name."""
    tokens = [found.groups() for found in _TOKEN.finditer(text)]
    kind, rest = _parse(tokens, 0)
    return kind if rest == len(tokens) else Type(text.strip())


_Tokens = list[tuple[str | None, ...]]


def _parse(tokens: _Tokens, at: int) -> tuple[Type, int]:
    """The type that begins at token `at`, and where it ends."""
    word = (tokens[at][3] or tokens[at][0] or "") if at < len(tokens) else ""
    name = _ALIASES.get(word.upper(), word.upper())
    at += 1
    if name in {"STRUCT", "ROW", "UNION"} and _sign(tokens, at) == "(":
        kind, at = _parse_parts("STRUCT" if name == "ROW" else name, tokens, at + 1)
    elif name == "MAP" and _sign(tokens, at) == "(":
        key, at = _parse(tokens, at + 1)
        value, at = _parse(tokens, at + 1)
        kind, at = Type("MAP", (("key", key), ("value", value))), at + 1
    elif _sign(tokens, at) == "(":
        end = next((i for i in range(at, len(tokens)) if _sign(tokens, i) == ")"), len(tokens))
        kind, at = _with_arguments(name, tokens[at + 1 : end]), end + 1
    else:
        kind = Type(name, digits=(18, 3) if name == "DECIMAL" else None)
    while _sign(tokens, at) == "[":
        at += 2 if _sign(tokens, at + 1) == "]" else 3
        kind = Type("LIST", (("item", kind),))
    return kind, at


def _sign(tokens: _Tokens, at: int) -> str | None:
    return tokens[at][4] if at < len(tokens) else None


def _parse_parts(name: str, tokens: _Tokens, at: int) -> tuple[Type, int]:
    """Named parts up to the closing bracket. Parts without names, as `row(1, 2)` has them, get the name ""."""
    parts: list[tuple[str, Type]] = []
    while at < len(tokens):
        label, at = _label(tokens, at)
        kind, at = _parse(tokens, at)
        parts.append((label, kind))
        at += 1
        if _sign(tokens, at - 1) != ",":
            break
    return Type(name, tuple(parts)), at


def _label(tokens: _Tokens, at: int) -> tuple[str, int]:
    """The name of a part and where its type begins; an unquoted name and a plain type come as one run of words."""
    quoted, words = tokens[at][0], tokens[at][3]
    if quoted is not None:
        return quoted.replace('""', '"'), at + 1
    first, _, rest = (words or "").partition(" ")
    if rest and not _is_type(words or ""):
        tokens[at] = (None, None, None, rest, None)
        return first, at
    return "", at


def _is_type(words: str) -> bool:
    return words.upper() in _WORDS or words.upper() in _ALIASES


def _with_arguments(name: str, arguments: _Tokens) -> Type:
    numbers = [int(token[2]) for token in arguments if token[2]]
    if name == "DECIMAL" and numbers:
        return Type(name, digits=(numbers[0], numbers[1] if len(numbers) > 1 else 0))
    return Type(name)
