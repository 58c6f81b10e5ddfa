"""The CTEs of a SELECT by name, and the SELECT of one of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mainstem.core.place import Place
from mainstem.sql.clock import closing_of
from mainstem.sql.quote import quote


def cte_names(sql: str) -> tuple[str, ...]:
    """The names that the WITH at the top of a SELECT gives, in order, as they are spelled; () where there is none.

    The text must be one SELECT. CTEs of subqueries are not among them.
    """
    return tuple(name for name, _ in _ctes(sql))


def cte_select(sql: str, name: str) -> str:
    """The SELECT of one of `cte_names`, with the WITH as it stands: its lines and columns are those of `sql`.

    >>> print(cte_select("with a as (select 1 as x), b as (select 2 as y) select * from a, b", "a"))
    with a as (select 1 as x), b as (select 2 as y)
    select * from "a"
    """
    ctes = _ctes(sql)
    known = {each.lower(): each for each, _ in ctes}
    return f"{sql[: ctes[-1][1]]}\nselect * from {quote(known[name.lower()])}"


def _ctes(sql: str) -> list[tuple[str, int]]:
    """Each name of the WITH with the index behind its body."""
    from mainstem.sql.parse import parse_fragment

    tokens = parse_fragment(sql, Place("sql"))[0].tokens
    if _kind(tokens, 0) != "WITH":
        return []
    at = 2 if _kind(tokens, 1) == "RECURSIVE" else 1
    found = []
    while at < len(tokens):
        name, body = tokens[at].text, _body(tokens, at)
        at = closing_of(tokens, body) + 1
        found.append((name, tokens[at - 1].end + 1))
        if _kind(tokens, at) != "COMMA":
            break
        at += 1
    return found


def _kind(tokens: Sequence[Any], index: int) -> str:
    return str(tokens[index].token_type.name) if index < len(tokens) else ""


def _body(tokens: Sequence[Any], at: int) -> int:
    """The parenthesis that opens the body of the CTE whose name is token `at`: the first one behind AS."""
    while _kind(tokens, at) not in ("ALIAS", ""):
        at = closing_of(tokens, at) + 1 if _kind(tokens, at) == "L_PAREN" else at + 1
    while _kind(tokens, at) not in ("L_PAREN", ""):
        at += 1
    return at
