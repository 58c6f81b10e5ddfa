"""What makes each output column of a SELECT, apart from what decides its rows: digests of the words of the text."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlglot import expressions as exp

from mainstem.sql.scope import Query, Walk
from mainstem.sql.settled import is_aggregated, is_settled, is_star, positions

_OPEN, _CLOSED = frozenset({"L_PAREN", "L_BRACKET", "L_BRACE"}), frozenset({"R_PAREN", "R_BRACKET", "R_BRACE"})
_CLAUSES = ("where", "group", "having", "qualify", "windows", "order")


@dataclass(frozen=True, slots=True)
class Making:
    """`frame`: digest of all that decides which rows there are; "" where it cannot be told from the columns.

    `columns`: by output column (lower case), the digest of what makes it of one such row. `is_settled` as in `settled`.
    """

    is_settled: bool = False
    frame: str = ""
    columns: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class _Listed:
    """A SELECT and its list: the tokens of each item, as the first and the one behind the last."""

    select: exp.Select
    spans: Sequence[tuple[int, int]]


def making(tree: exp.Expr, words: Sequence[str], kinds: Sequence[str], query: Query, walk: Walk) -> Making:
    """`words` and `kinds` are the tokens of the text, as the fingerprint has them; `query` what the tree yields."""
    if not is_settled(tree):
        return Making()
    listed = _outermost(tree, kinds)
    if listed is None:
        return Making(is_settled=True)
    shown = query if listed.select is tree else _inner(listed.select, walk)
    if shown is None or shown.rest is not None:
        return Making(is_settled=True)
    items = [" ".join(words[first:end]) for first, end in listed.spans]
    frame = _frame(listed, items, words)
    if frame is None:
        return Making(is_settled=True)
    meant = _with_aliases(listed.select, items)
    made: dict[str, str] = {}
    for column in shown.columns:
        at = next((n for n, item in enumerate(listed.select.expressions) if item is column.node), None)
        if at is None or column.name.lower() in made:
            return Making(is_settled=True)
        made[column.name.lower()] = _digest([column.name, *meant[at]])
    return Making(is_settled=True, frame=frame, columns=made)


def _digest(parts: Iterable[str]) -> str:
    return hashlib.blake2b("\x00".join(parts).encode(), digest_size=12).hexdigest()


def _outermost(tree: exp.Expr, kinds: Sequence[str]) -> _Listed | None:
    """The SELECT that lists the output columns: the outermost, or the last CTE where that only shows all of it."""
    if not isinstance(tree, exp.Select):
        return None
    end = len(kinds) - (1 if kinds and kinds[-1] == "SEMICOLON" else 0)
    with_, from_ = tree.args.get("with_"), tree.args.get("from_")
    others = {name for name, value in tree.args.items() if value} - {"expressions", "from_", "with_"}
    if with_ is None or from_ is None or others or len(tree.expressions) != 1 or not _is_bare(tree.expressions[0]):
        return _listed(tree, kinds, 0, end)
    last = with_.expressions[-1]
    table = from_.this
    is_last = isinstance(table, exp.Table) and table.name.lower() == last.alias.lower()
    is_last = is_last and not {name for name, value in table.args.items() if value} - {"this", "alias"}
    if not is_last or not isinstance(last.this, exp.Select):
        return _listed(tree, kinds, 0, end)
    begin = _begin(kinds, 0, end)
    if begin is None or begin == 0 or kinds[begin - 1] != "R_PAREN":
        return None
    opening = _opening(kinds, begin - 1)
    return _listed(last.this, kinds, opening + 1, begin - 1)


def _is_bare(item: exp.Expr) -> bool:
    return isinstance(item, exp.Star) and not any(item.args.values())


def _opening(kinds: Sequence[str], closing: int) -> int:
    depth = 0
    for index in range(closing, -1, -1):
        depth += (kinds[index] in _CLOSED) - (kinds[index] in _OPEN)
        if depth == 0:
            return index
    return 0


def _begin(kinds: Sequence[str], begin: int, end: int) -> int | None:
    """The SELECT that stands in no parentheses; None where a FROM stands before it."""
    depth = 0
    for index in range(begin, end):
        kind = kinds[index]
        depth += (kind in _OPEN) - (kind in _CLOSED)
        if depth == 0 and kind in ("SELECT", "FROM"):
            return index if kind == "SELECT" else None
    return None


def _listed(select: exp.Select, kinds: Sequence[str], begin: int, end: int) -> _Listed | None:
    """The items of a SELECT list by tokens; None where they are not those that the tree has."""
    at = _begin(kinds, begin, end)
    if at is None:
        return None
    first = at + 1 + (kinds[at + 1 : at + 2] in (["DISTINCT"], ["ALL"]))
    spans: list[tuple[int, int]] = []
    depth, index = 0, first
    while index < end:
        kind = kinds[index]
        depth += (kind in _OPEN) - (kind in _CLOSED)
        if depth == 0 and kind == "FROM" and kinds[index - 1] != "DISTINCT":
            break
        if depth == 0 and kind == "COMMA":
            spans.append((first, index))
            first = index + 1
        index += 1
    if first < index:
        spans.append((first, index))
    clauses = {name for name, value in select.args.items() if value} - {"expressions", "with_", "distinct"}
    is_whole = bool(select.args.get("from_")) == (index < end) and (index < end or not clauses)
    return _Listed(select, spans) if is_whole and len(spans) == len(select.expressions) else None


def _inner(select: exp.Select, walk: Walk) -> Query | None:
    return next((query for cte, query in walk.ctes.items() if cte.node.this is select), None)


def _frame(listed: _Listed, items: Sequence[str], words: Sequence[str]) -> str | None:
    """Everything beside the list, and the items of it by which rows are told apart."""
    select = listed.select
    begin, end = listed.spans[0][0], listed.spans[-1][1]
    parts = [" ".join(words[:begin]), " ".join(words[end:])]
    chosen = {number - 1 for number in positions(select)}
    if not chosen <= set(range(len(items))):
        return None
    group = select.args.get("group")
    if select.args.get("distinct") is not None:
        chosen |= set(range(len(items)))
    if group is not None and group.args.get("all"):
        if any(item.find(exp.Window) for item in select.expressions):
            return None
        chosen |= {n for n, item in enumerate(select.expressions) if not is_aggregated(item)}
    meant = _with_aliases(select, items)
    aliases = _aliases(select)
    for clause in _CLAUSES:
        value = select.args.get(clause)
        for node in value if isinstance(value, list) else [value] if value is not None else []:
            chosen |= {at for name in _names(node) for at in aliases.get(name, ())}
    parts += [word for n in sorted(chosen) for word in (str(n) if is_star_item(select, n) else "", *meant[n])]
    parts.append(str(group is None and any(is_aggregated(item) for item in select.expressions)))
    return _digest(parts)


def is_star_item(select: exp.Select, number: int) -> bool:
    """Whether an item stands for several columns."""
    return any(is_star(node) for node in select.expressions[number].walk())


def _aliases(select: exp.Select) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for number, item in enumerate(select.expressions):
        if isinstance(item, exp.Alias):
            found.setdefault(item.alias.lower(), []).append(number)
    return found


def _names(node: exp.Expr) -> set[str]:
    """Names without a table before them: columns, or items of the list."""
    return {part.name.lower() for part in node.walk() if isinstance(part, exp.Column) and not part.table} | {
        part.parts[0].name.lower() for part in node.walk() if isinstance(part, exp.Column)
    }


def _with_aliases(select: exp.Select, items: Sequence[str]) -> list[list[str]]:
    """The words of each item, with those of the items that it may mean by their names."""
    aliases = _aliases(select)
    next_to = [
        {at for name in _names(item) for at in aliases.get(name, ()) if at != number}
        for number, item in enumerate(select.expressions)
    ]
    found: list[list[str]] = []
    for number in range(len(items)):
        seen, waiting = {number}, [number]
        while waiting:
            more = next_to[waiting.pop()] - seen
            seen |= more
            waiting += more
        found.append([items[number], *(items[at] for at in sorted(seen - {number}))])
    return found


def kinds_of(tokens: Sequence[Any]) -> list[str]:
    """The sorts of tokens by name."""
    return [str(token.token_type.name) for token in tokens]
