"""WITH: common table expressions, recursive ones included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest

from sqlglot import expressions as exp

from mainstem.sql.scope import Column, Cte, Query, Scope, Walk, union
from mainstem.sql.tables import is_recursive_body


def with_ctes(query: exp.Expr, scope: Scope) -> Scope:
    """`scope` with the CTEs that the WITH of a query adds, each seeing those before it."""
    with_ = query.args.get("with_")
    if with_ is None:
        return scope
    for node in with_.expressions:
        scope = replace(scope, ctes={**scope.ctes, node.alias.lower(): Cte(node, scope, bool(with_.recursive))})
    return scope


def cte_query(cte: Cte, walk: Walk) -> Query:
    """The columns of a CTE, worked out when something first refers to it.

    Those that it mentions come first, so that a long chain of CTEs needs no deep recursion.
    """
    waiting = [cte]
    while waiting:
        needed = [other for other in _mentioned(waiting[-1]) if other not in walk.ctes]
        if needed and waiting[-1] not in walk.ctes:
            waiting += needed
            continue
        last = waiting.pop()
        if last not in walk.ctes:
            walk.ctes[last] = _resolved(last, walk)
    return walk.ctes[cte]


def _mentioned(cte: Cte) -> list[Cte]:
    """Earlier CTEs that a CTE may refer to."""
    if not cte.scope.ctes:
        return []
    names = {table.name.lower() for table in cte.node.find_all(exp.Table) if not table.args.get("db")}
    found = (cte.scope.ctes.get(name) for name in names)
    return [other for other in found if isinstance(other, Cte)]


def _resolved(cte: Cte, walk: Walk) -> Query:
    body = cte.node.this
    names = [column.name for column in cte.node.args["alias"].args.get("columns") or ()]
    scope = cte.scope.inner()
    if cte.is_recursive and is_recursive_body(body):
        return _recursive(cte.node.alias.lower(), body, names, scope, walk)
    return _renamed(walk.query(body, scope), names)


def _renamed(query: Query, names: Sequence[str]) -> Query:
    columns = tuple(
        column.called(names[index]) if index < len(names) else column for index, column in enumerate(query.columns)
    )
    return replace(query, columns=columns)


def _recursive(name: str, body: exp.Expr, names: Sequence[str], scope: Scope, walk: Walk) -> Query:
    """The least set of bases that the recursion reaches: grown until another round adds nothing."""
    if isinstance(body, exp.Subquery):
        body = body.unnest()
    scope = with_ctes(body, scope)
    found = _renamed(walk.query(body.this, scope), names)
    while True:
        again = replace(scope, ctes={**scope.ctes, name: found})
        step = walk.query(body.expression, again.inner())
        grown = joined(found, step)
        if grown == found:
            break
        found = grown
    if body.args.get("distinct"):
        walk.influences |= found.everything.bases
    return found


def joined(upper: Query, lower: Query) -> Query:
    """Two queries, one on top of the other, by position: names of the upper one."""
    if upper.rest is not None or lower.rest is not None:
        everything = union("", (upper.everything, lower.everything)).bases
        columns = tuple(Column(column.name, everything, is_traced=False, node=column.node) for column in upper.columns)
        return Query(columns, everything)
    pairs = zip_longest(upper.columns, lower.columns[: len(upper.columns)])
    return Query(
        tuple(
            union(mine.name, (mine, theirs) if theirs else (mine,)).named_by(mine.node)
            for mine, theirs in pairs
            if mine
        )
    )
