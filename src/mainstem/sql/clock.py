"""Binds what reads the clock to one instant, by positions in the text: the rest of it stays as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from mainstem.core.place import Place
from mainstem.core.problem import ProjectError
from mainstem.sql.quote import quote
from mainstem.sql.words import AGES, CLOCK_TYPES, CLOCK_WORDS, VOLATILE

_MAY_READ = re.compile(
    rf"""\b(?:{"|".join(sorted(CLOCK_TYPES))})\b | \b(?:{"|".join(sorted(AGES))})"?\s*[(/-]""",
    re.IGNORECASE | re.VERBOSE,
)
_MAY_VARY = re.compile(rf"\b(?:{'|'.join(sorted(VOLATILE))})\b", re.IGNORECASE)
_SCHEMAS = ("main", "system", "pg_catalog")
_LIST_BEGINS = ("SELECT", "DISTINCT", "ALL", "COMMA")
_LIST_ENDS = frozenset(
    {
        *("FROM", "WHERE", "GROUP_BY", "HAVING", "QUALIFY", "WINDOW", "ORDER_BY", "LIMIT", "OFFSET", "FETCH"),
        *("UNION", "EXCEPT", "INTERSECT", "SEMICOLON", "R_PAREN", "TABLE_SAMPLE", "USING"),
    }
)


@dataclass(frozen=True, slots=True)
class ClockCall:
    """A reading of the clock in a text: tokens `first` to `last`.

    `word` is the function in lower case. `is_item` tells that it is a whole item of a SELECT list, without a name.
    """

    word: str
    first: int
    last: int
    is_item: bool = False


def bind_clock(sql: str, now: datetime, zone: str) -> str:
    """The same text with each reading of the clock replaced by a literal of `now`.

    Dates and local times are those of `zone` (an IANA name); `now()` and its like are instants. A column keeps the
    name that it would have had. Names in strings, comments and quotes, and columns that are called alike, stay.
    ProjectError Q001 if the text is no SQL. SQLGlot is loaded only if a word for the clock occurs.
    """
    if not _MAY_READ.search(sql):
        return sql
    from mainstem.sql.parse import parse_fragment

    parsed, trees = parse_fragment(sql, Place("sql"))
    if parsed.problems:
        raise ProjectError(*parsed.problems)
    from mainstem.sql.text import names_in

    names = names_in(node for tree in trees for node in tree.walk())
    pieces: list[str] = []
    done = 0
    for start, end, piece in sorted(_edits(sql, parsed.tokens, clock_calls(sql, parsed.tokens, names), now, zone)):
        pieces += [sql[done:start], piece]
        done = end
    return "".join([*pieces, sql[done:]])


def clock_calls(sql: str, tokens: Sequence[Any], names: AbstractSet[int]) -> list[ClockCall]:
    """Every reading of the clock, in order. `names` are the indices at which identifiers begin."""
    return list(_calls(tokens, names)) if _MAY_READ.search(sql) else []


def volatile_calls(sql: str, tokens: Sequence[Any], names: AbstractSet[int]) -> tuple[str, ...]:
    """Names of the functions called that no clock can be bound to, in order of first mention."""
    if not _MAY_VARY.search(sql):
        return ()
    called = (
        token.text.lower()
        for index, token in enumerate(tokens)
        if _kind(tokens, index + 1) == "L_PAREN" and token.text.lower() in VOLATILE and token.start not in names
    )
    return tuple(dict.fromkeys(called))


def _calls(tokens: Sequence[Any], names: AbstractSet[int]) -> Iterator[ClockCall]:
    items = _item_starts(tokens)
    for index, token in enumerate(tokens):
        word = token.text.lower()
        if token.start in names or token.token_type.name.endswith("STRING"):
            continue
        first = _with_schema(tokens, index)
        if _kind(tokens, index + 1) == "L_PAREN":
            last = closing_of(tokens, index + 1)
            if word in CLOCK_TYPES and last == index + 2:
                yield ClockCall(word, first, last, first in items and _ends_item(tokens, last))
            elif word in AGES and _has_one_argument(tokens, index + 1, last):
                yield ClockCall(word, first, last)
        elif word in CLOCK_WORDS and first == index and _is_bare(tokens, index):
            yield ClockCall(word, index, index, index in items and _ends_item(tokens, index))


def _is_bare(tokens: Sequence[Any], index: int) -> bool:
    """Whether a word stands for a value: not in quotes, not as the key of a struct or the name of an argument."""
    return _kind(tokens, index) != "IDENTIFIER" and _kind(tokens, index + 1) not in ("COLON", "COLON_EQ")


def _kind(tokens: Sequence[Any], index: int) -> str:
    return str(tokens[index].token_type.name) if 0 <= index < len(tokens) else ""


def _with_schema(tokens: Sequence[Any], index: int) -> int:
    """Where `main.now()` begins: at its schema."""
    while _kind(tokens, index - 1) == "DOT" and index >= 2 and tokens[index - 2].text.lower() in _SCHEMAS:
        index -= 2
    return index


def closing_of(tokens: Sequence[Any], opening: int) -> int:
    """The token that closes the parenthesis at `opening`; the last one where none does."""
    depth = 0
    for index in range(opening, len(tokens)):
        depth += {"L_PAREN": 1, "R_PAREN": -1}.get(_kind(tokens, index), 0)
        if not depth:
            return index
    return len(tokens) - 1


def _has_one_argument(tokens: Sequence[Any], opening: int, closing: int) -> bool:
    depth = 0
    for index in range(opening + 1, closing):
        kind = _kind(tokens, index)
        depth += {"L": 1, "R": -1}.get(kind[0], 0) if kind[2:] in ("PAREN", "BRACKET", "BRACE") else 0
        if kind == "COMMA" and not depth:
            return False
    return closing > opening + 1


def _item_starts(tokens: Sequence[Any]) -> set[int]:
    """Tokens with which an item of a SELECT list begins."""
    starts: set[int] = set()
    lists = [False]
    for index, token in enumerate(tokens):
        kind = token.token_type.name
        if lists[-1] and _kind(tokens, index - 1) in _LIST_BEGINS:
            starts.add(index)
        if kind in ("L_PAREN", "L_BRACKET", "L_BRACE"):
            if [_kind(tokens, index - 2), _kind(tokens, index - 1)] == ["DISTINCT", "ON"]:
                starts.add(closing_of(tokens, index) + 1)
            lists.append(False)
        elif kind in ("R_PAREN", "R_BRACKET", "R_BRACE") and len(lists) > 1:
            lists.pop()
        elif kind == "SELECT":
            lists[-1] = True
        elif kind in _LIST_ENDS:
            lists[-1] = False
    return starts


def _ends_item(tokens: Sequence[Any], last: int) -> bool:
    return _kind(tokens, last + 1) in _LIST_ENDS | {"COMMA", ""}


def _edits(
    sql: str, tokens: Sequence[Any], calls: Sequence[ClockCall], now: datetime, zone: str
) -> Iterator[tuple[int, int, str]]:
    for call in calls:
        start, end = tokens[call.first].start, tokens[call.last].end + 1
        if call.word == "age":
            opening = _opening(tokens, call) + 1
            yield opening, opening, _value("today", now, zone) + "::TIMESTAMP, "
        elif call.word == "ago":
            opening = _opening(tokens, call) + 1
            yield start, opening, f"({_value('now', now, zone)} - CAST(("
            yield end - 1, end, ") AS INTERVAL))"
        else:
            name = f" AS {quote(_shown_name(sql[start:end], call))}" if call.is_item else ""
            yield start, end, _value(call.word, now, zone) + name


def _opening(tokens: Sequence[Any], call: ClockCall) -> int:
    return next(int(tokens[index].start) for index in range(call.first, call.last) if _kind(tokens, index) == "L_PAREN")


def _shown_name(written: str, call: ClockCall) -> str:
    return written if call.first == call.last else f"{call.word}()"


def _value(word: str, now: datetime, zone: str) -> str:
    type_ = CLOCK_TYPES[word]
    local = now.astimezone(ZoneInfo(zone))
    shown = {
        "DATE": local.date().isoformat(),
        "TIME": local.time().isoformat(),
        "TIMETZ": local.isoformat(sep=" ").partition(" ")[2],
        "TIMESTAMP": local.replace(tzinfo=None).isoformat(sep=" "),
        "TIMESTAMPTZ": now.astimezone(UTC).isoformat(sep=" "),
    }[type_]
    return f"CAST('{shown}' AS {type_})"
