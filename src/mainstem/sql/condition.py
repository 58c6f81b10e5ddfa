"""Conditions that another database evaluates: whether a text is one, so that it can stand between parentheses."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

# A statement that the parser does not know is reported here, not on the terminal.
logging.getLogger("sqlglot").setLevel(logging.ERROR)


def condition_problem(text: str, dialect: str | None) -> tuple[str, str] | None:
    """What and mend where a text is not one condition of the SQL of `dialect` (a name that SQLGlot knows): comments,
    parentheses that do not close, further statements, no expression. Of an unknown dialect (None) only that it closes
    what it opens is looked at.

    >>> condition_problem("1 = 1) or (1 = 1", "postgres")
    ('closes a parenthesis that it does not open', 'write one condition, such as amount > 0')
    """
    from sqlglot.dialects import Dialect
    from sqlglot.errors import ParseError, TokenError

    known = Dialect.get_or_raise(dialect)
    try:
        tokens = known.tokenize(text)
    except TokenError:
        return "has a quote or a comment without an end", "close it"
    if wrong := _loose(tokens):
        return wrong
    if dialect is None:
        return None
    try:
        trees = known.parser().parse(tokens, text)
    except (ParseError, RecursionError):
        return "is no condition", _MEND
    return None if len(trees) == 1 and _is_condition(trees[0]) else ("is not one condition", _MEND)


_MEND = "write one condition, such as amount > 0"


def _loose(tokens: Sequence[Any]) -> tuple[str, str] | None:
    """What would reach beyond the parentheses around the text."""
    if not tokens:
        return "is empty", _MEND
    if any(token.comments for token in tokens):
        return "has a comment", "move it into a comment of the file"
    depth = 0
    for token in tokens:
        kind = token.token_type.name
        if kind == "SEMICOLON":
            return "has a semicolon", _MEND
        depth += (kind == "L_PAREN") - (kind == "R_PAREN")
        if depth < 0:
            return "closes a parenthesis that it does not open", _MEND
    return ("opens a parenthesis that it does not close", "close it") if depth else None


def _is_condition(tree: Any) -> bool:
    from sqlglot import expressions as exp

    kinds = (exp.Condition, exp.Paren, exp.Between, exp.In, exp.Is, exp.Case, exp.Bracket, exp.Dot)
    return isinstance(tree, kinds) and not isinstance(tree, exp.Query)
