"""Which texts are column types: DuckDB's names, with what they may carry, as far as a table can store them."""

from __future__ import annotations

import re
from difflib import get_close_matches

_INTEGERS = "tinyint smallint integer bigint hugeint utinyint usmallint uinteger ubigint uhugeint bignum varint"
_ALIASES = (
    "int1 int2 int4 int8 int128 int short long signed float4 float8 real bool logical string text char bpchar bytea"
)
_REST = "boolean float double decimal numeric dec varchar blob binary varbinary uuid json date time timestamp"
_STAMPS = "timetz timestamptz timestamp_s timestamp_ms timestamp_us timestamp_ns time_ns datetime"
_SIMPLE = frozenset(f"{_INTEGERS} {_ALIASES} {_REST} {_STAMPS}".split())
_LONG_NAMES = ("timestamp with time zone", "timestamp without time zone", "time with time zone")
_NESTED = ("struct", "row", "map", "enum")
_REFUSED = {
    "interval": "store a number of seconds as BIGINT, or two instants",
    "bit": "store it as VARCHAR or BLOB",
    "bitstring": "store it as VARCHAR or BLOB",
    "union": "give each member a column of its own",
}
_KNOWN = tuple(sorted(name.upper() for name in (*_SIMPLE, *_NESTED)))
_COMMON = ("BIGINT", "BOOLEAN", "DATE", "DECIMAL(18,2)", "DOUBLE", "INTEGER", "TIMESTAMP", "TIMESTAMPTZ", "VARCHAR")

_TOKEN = re.compile(r'\s*("(?:[^"]|"")*"|\'(?:[^\']|\'\')*\'|[A-Za-z_][A-Za-z0-9_]*|[0-9]+|[(),\[\]])')


class _WrongTypeError(Exception):
    """A type text that cannot stand: code, what, mend."""

    def __init__(self, code: str, what: str, mend: str) -> None:
        super().__init__(code, what, mend)
        self.code, self.what, self.mend = code, what, mend


def type_problem(text: str) -> tuple[str, str, str] | None:
    """Code, what and mend for a text that is no column type, or one that no table can store; None if it is fine.

    >>> type_problem("decimal(12, 2)[]") is None
    True
    """
    try:
        reader = _Reader(_tokens(text), text)
        reader.type()
        reader.end()
    except _WrongTypeError as wrong:
        return wrong.code, wrong.what, wrong.mend
    return None


def _mend(name: str) -> str:
    close = get_close_matches(name.upper(), _KNOWN, n=1)
    return (f'did you mean "{close[0]}"? ' if close else "") + f"common types are: {', '.join(_COMMON)}"


def _unreadable(text: str) -> _WrongTypeError:
    return _WrongTypeError("P032", f'"{text}" is no SQL type', f"write one such as {', '.join(_COMMON)}")


def _tokens(text: str) -> list[str]:
    tokens, end = [], 0
    stripped = text.rstrip()
    while end < len(stripped):
        found = _TOKEN.match(stripped, end)
        if found is None:
            raise _unreadable(text)
        tokens.append(found[1])
        end = found.end()
    return tokens


class _Reader:
    """Reads one type from its tokens; `at` is the index of the next one."""

    def __init__(self, tokens: list[str], text: str) -> None:
        self.tokens, self.text, self.at = tokens, text, 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, *wanted: str) -> str:
        token = self.peek()
        if not token or (wanted and token.lower() not in wanted):
            raise _unreadable(self.text)
        self.at += 1
        return token

    def end(self) -> None:
        if self.peek():
            raise _unreadable(self.text)

    def type(self) -> None:
        name = self.name()
        if name in ("struct", "row"):
            self.members(named=True)
        elif name == "map":
            self.members(named=False, count=2)
        elif name == "enum":
            self.arguments()
        elif name in ("decimal", "numeric", "dec"):
            self.decimal()
        elif self.peek() == "(" and name in ("varchar", "char", "bpchar", "text", "string"):
            self.arguments()
        while self.peek() == "[":
            self.take("[")
            if self.peek() != "]":
                self.number()
            self.take("]")

    def name(self) -> str:
        name = self.take().lower()
        for words in _LONG_NAMES:
            rest = words.split()[1:]
            ahead = [token.lower() for token in self.tokens[self.at : self.at + len(rest)]]
            if words.split()[0] == name and ahead == rest:
                self.at += len(rest)
                return words
        if name in _REFUSED:
            raise _WrongTypeError("P033", f'type "{name.upper()}" cannot be stored in a table', _REFUSED[name])
        if name not in _SIMPLE and name not in _NESTED:
            raise _WrongTypeError("P032", f'"{self.text}" is no SQL type', _mend(name))
        return name

    def number(self) -> int:
        token = self.take()
        if not token.isdigit():
            raise _unreadable(self.text)
        return int(token)

    def decimal(self) -> None:
        if self.peek() != "(":
            return
        self.take("(")
        width, scale = self.number(), 0
        if self.peek() == ",":
            self.take(",")
            scale = self.number()
        self.take(")")
        if not 1 <= width <= 38 or scale > width:
            mend = "write DECIMAL(width, scale) with a width of 1 to 38 and a scale up to the width"
            raise _WrongTypeError("P032", f'"{self.text}" is no SQL type', mend)

    def arguments(self) -> None:
        self.take("(")
        self.take()
        while self.peek() == ",":
            self.take(",")
            self.take()
        self.take(")")

    def members(self, *, named: bool, count: int = 0) -> None:
        self.take("(")
        found = 0
        while True:
            if named:
                self.take()
            self.type()
            found += 1
            if self.peek() != ",":
                break
            self.take(",")
        self.take(")")
        if count and found != count:
            raise _unreadable(self.text)
