"""Text to syntax tree, with every way a text can fail to be one SELECT."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import Any

from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import ParseError, TokenError
from sqlglot.expressions import Expr, Pivot, Query, Values
from sqlglot.tokenizer_core import Token, TokenType

from mainstem.core.place import Place
from mainstem.core.problem import Problem
from mainstem.sql.text import Text, start_of

# A statement that the parser does not know is reported here, not on the terminal.
logging.getLogger("sqlglot").setLevel(logging.ERROR)

_DIALECT = DuckDB()
_CLOSED = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/ | \$(\w*)\$.*?\$\1\$ | [^'"$/-]+ | .""",
    re.VERBOSE | re.DOTALL,
)
_SHORT = re.compile(r"\b(?:apply|reduce)\s*\(", re.IGNORECASE)
_OPENERS = {"'": "text", '"': "quoted name", "$": "text", "/": "comment"}
_MEND = "correct the SQL at this place (DuckDB dialect); a name that is also a word of SQL goes in double quotes"


@dataclass(frozen=True, slots=True)
class Parsed:
    """`tree` is None exactly if there are problems. `tokens` are those of the tokenizer, comments left out."""

    tree: Expr | None
    tokens: tuple[Any, ...]
    problems: tuple[Problem, ...] = ()


def parse_select(sql: str, place: Place) -> Parsed:
    """The one SELECT of a text; Q001 where it is no SQL, Q002 where it is anything but one SELECT."""
    text = Text(sql, place.file)
    parsed, statements = _statements(text)
    if parsed.problems:
        return parsed
    problem = _not_one_select(text, parsed.tokens, statements)
    if problem:
        return Parsed(None, parsed.tokens, (problem,))
    return Parsed(statements[0], parsed.tokens)


def parse_fragment(sql: str, place: Place) -> tuple[Parsed, list[Expr]]:
    """Whatever a text holds: its tokens, and a tree for each of its statements or expressions; Q001 for no SQL."""
    return _statements(Text(sql, place.file))


def _statements(text: Text) -> tuple[Parsed, list[Expr]]:
    tokens: tuple[Any, ...] = ()
    try:
        tokens = tuple(_DIALECT.tokenize(text.sql))
        parsed = _DIALECT.parser().parse(_understood(text.sql, tokens), text.sql)
        trees = [tree for tree in parsed if tree is not None]
    except TokenError:
        return Parsed(None, tokens, (_unclosed(text),)), []
    except ParseError as error:
        return Parsed(None, tokens, (_syntax(text, error),)), []
    except RecursionError:
        return Parsed(None, tokens, (too_deep(text),)), []
    return Parsed(trees[0] if len(trees) == 1 else None, tokens), trees


def _understood(sql: str, tokens: tuple[Any, ...]) -> list[Any]:
    """The tokens with two functions under their longer names: the parser takes the short ones for other syntax."""
    if not _SHORT.search(sql):
        return list(tokens)
    return [
        Token(TokenType.VAR, f"list_{token.text}", token.line, token.col, token.start, token.end, token.comments)
        if token.text.lower() in ("apply", "reduce")
        and _SHORT.match(sql, token.start)
        and token.token_type.name != "IDENTIFIER"
        else token
        for token in tokens
    ]


def too_deep(text: Text) -> Problem:
    """The problem of a text whose parentheses or subqueries go deeper than can be followed."""
    what = "the SQL is nested too deeply to be read"
    return Problem("Q001", what, "split it into several CTEs", text.place(text.first()))


def _syntax(text: Text, error: ParseError) -> Problem:
    found = error.errors[0]
    word = found.get("highlight") or ""
    line, column = found.get("line") or 1, max((found.get("col") or 1) - len(word) + 1, 1)
    return Problem("Q001", _in_words(str(found.get("description") or ""), word), _MEND, Place(text.file, line, column))


def _in_words(description: str, word: str) -> str:
    near = f'"{word}"' if word else "the end"
    if description.startswith("Expecting "):
        return f'"{description.removeprefix("Expecting ")}" is missing before {near}'
    if description.startswith("Required keyword"):
        return f"something is missing at {near}"
    if description.startswith("Expected table name"):
        return f"the name of a dataset is missing before {near}"
    return f"{near} is not expected here"


def _unclosed(text: Text) -> Problem:
    for match in _CLOSED.finditer(text.sql):
        kind = _OPENERS.get(match.group())
        start = match.start()
        if kind and (kind != "comment" or text.sql.startswith("/*", start)):
            return Problem("Q001", f"the {kind} that begins here has no end", f"close the {kind}", text.place(start))
    return Problem("Q001", "the text is no SQL", _MEND, text.place(text.first()))


def _not_one_select(text: Text, tokens: tuple[Any, ...], statements: list[Expr]) -> Problem | None:
    if not statements:
        return Problem("Q002", "there is no SELECT in the text", "write one SELECT", text.place(text.first()))
    if not isinstance(statements[0], Query | Values | Pivot):
        word = text.sql[tokens[0].start : tokens[0].end + 1]
        return Problem(
            "Q002",
            f'the text begins with "{word}" and is no SELECT',
            "write one SELECT; tables are made by mainstem itself",
            text.place(tokens[0].start),
        )
    if len(statements) > 1:
        return Problem(
            "Q002",
            f"there are {len(statements)} statements where one SELECT is expected",
            "keep one SELECT and move the others into models of their own",
            text.place(_second(tokens, statements)),
        )
    return None


def _second(tokens: tuple[Any, ...], statements: list[Expr]) -> int:
    ends = [index for index, token in enumerate(tokens) if token.token_type.name == "SEMICOLON"]
    after = [tokens[index + 1].start for index in ends if index + 1 < len(tokens)]
    return next((start for start in after if start > start_of(statements[0])), 0)
