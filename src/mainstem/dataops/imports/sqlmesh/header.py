"""The headers of SQLMesh: `MODEL (key value, ...)` and `AUDIT (...)`, and the statements below them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from mainstem.dataops.imports.refusal import NotCarriedError

_BLOCK = re.compile(r"\b(MODEL|AUDIT)\s*\(", re.IGNORECASE)
_PIECE = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/ | \$\$.*?\$\$ | [()\[\],;] | [^'"()\[\],;/$-]+ | .""",
    re.VERBOSE | re.DOTALL,
)
_NAMED = re.compile(r"\s*\"?(\w+)\"?\s*(?::=|=(?!=)|\s)\s*(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """A header with what follows it up to the next one. `kind` is "model" or "audit"; `before` is the comment above."""

    kind: str
    keys: Mapping[str, str]
    line: int
    statements: tuple[str, ...] = ()
    before: str = ""
    lines: tuple[int, ...] = field(default=())


def read_blocks(text: str) -> Iterator[Block]:
    """The headers of a file, each with its statements; `NotCarriedError` where one is never closed."""
    starts = list(_BLOCK.finditer(_blanked(text)))
    for number, found in enumerate(starts):
        until = starts[number + 1].start() if number + 1 < len(starts) else len(text)
        line = text.count("\n", 0, found.start()) + 1
        end = _closing(text, found.end() - 1, line)
        parts = list(_statements(text, end + 1, until))
        comment = re.search(r"/\*(.*?)\*/\s*$", text[: found.start()], re.DOTALL) if number == 0 else None
        yield Block(
            found[1].lower(),
            entries(text[found.end() : end]),
            line,
            tuple(statement for statement, _ in parts),
            " ".join(comment[1].split()) if comment else "",
            tuple(at for _, at in parts),
        )


def _blanked(text: str) -> str:
    """The text with quotes and comments blanked out, so that a word found is one of the language."""
    pieces = (piece.group() for piece in _PIECE.finditer(text))
    return "".join(
        re.sub(r"[^\n]", " ", piece) if piece[:2] in ("--", "/*", "$$") or piece[0] in "'\"" else piece
        for piece in pieces
    )


def _closing(text: str, start: int, line: int) -> int:
    depth = 0
    for piece in _PIECE.finditer(text, start):
        depth += (piece.group() in ("(", "[")) - (piece.group() in (")", "]"))
        if not depth:
            return piece.start()
    raise NotCarriedError("its header is never closed", line)


def _statements(text: str, start: int, until: int) -> Iterator[tuple[str, int]]:
    """Each statement, with the line on which it begins."""
    at = start
    for piece in [*_PIECE.finditer(text, start, until), None]:
        if piece is None or piece.group() == ";":
            statement = text[at : until if piece is None else piece.start()]
            if statement.strip():
                before = len(statement) - len(statement.lstrip())
                yield statement.strip(), text.count("\n", 0, at + before) + 1
            at = until if piece is None else piece.end()


def entries(text: str) -> dict[str, str]:
    """`key value, key value` as a mapping, keys in small letters; values stay text. `=` or `:=` may stand between."""
    found: dict[str, str] = {}
    for item in items(text):
        named = _NAMED.fullmatch(item)
        if named:
            found[named[1].lower()] = named[2].strip()
    return found


def items(text: str) -> list[str]:
    """The items of a list, with or without its brackets; commas inside brackets and quotes part nothing."""
    inner = text.strip()
    if inner[:1] in ("(", "[") and _wraps(inner):
        inner = inner[1:-1]
    found, depth, now = list[str](), 0, ""
    for piece in (each.group() for each in _PIECE.finditer(inner)):
        if piece.startswith(("--", "/*")):
            continue
        depth += (piece in ("(", "[")) - (piece in (")", "]"))
        if piece == "," and not depth:
            found.append(now.strip())
            now = ""
        else:
            now += piece
    return [item for item in (*found, now.strip()) if item]


def _wraps(text: str) -> bool:
    """Whether the first bracket is closed by the last sign."""
    depth = 0
    for piece in _PIECE.finditer(text):
        depth += (piece.group() in ("(", "[")) - (piece.group() in (")", "]"))
        if not depth:
            return piece.end() == len(text)
    return False


def called(text: str) -> tuple[str, str]:
    """`name (arguments)` as name in small letters and arguments; arguments are "" where there are none.

    >>> called("INCREMENTAL_BY_TIME_RANGE (time_column ds)")
    ('incremental_by_time_range', 'time_column ds')
    """
    name, bracket, rest = text.strip().partition("(")
    return name.strip().lower(), rest.rpartition(")")[0].strip() if bracket else ""


def plain(text: str) -> str:
    """A value without its quotes.

    >>> plain("'it''s'")
    "it's"
    """
    value = text.strip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1].replace(value[0] * 2, value[0])
    return value
