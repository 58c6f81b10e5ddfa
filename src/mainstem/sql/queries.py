"""SELECT, set operations and everything else that yields rows: output columns, and what decides which rows appear."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sqlglot import expressions as exp

from mainstem.sql.ctes import joined, with_ctes
from mainstem.sql.projections import projected
from mainstem.sql.relations import from_scope, item_scope
from mainstem.sql.scope import NOTHING, Query, Scope, Walk, union
from mainstem.sql.trace import influence, trace
from mainstem.sql.words import AGGREGATES


def resolve(node: exp.Expr, scope: Scope, walk: Walk) -> Query:
    """The columns that a query yields; influences and problems go to `walk`.

    `scope` is an empty level of the query's own, inside whatever is around it.
    """
    scope = with_ctes(node, scope)
    if isinstance(node, exp.Select):
        return _select(node, scope, walk)
    if isinstance(node, exp.SetOperation):
        return _set_operation(node, scope, walk)
    if isinstance(node, exp.Values):
        return _values(node, scope, walk)
    if isinstance(node, exp.Subquery):
        return _parenthesised(node, scope, walk)
    return _opaque(node, scope, walk)


def _select(select: exp.Select, scope: Scope, walk: Walk) -> Query:
    scope = from_scope(select, scope, walk)
    query, aliases = projected(select, scope, walk)
    named = replace(scope, aliases=aliases)
    if select.args.get("where") is not None:
        influence(select.args["where"], named, walk)
    for window in select.args.get("windows") or ():
        trace(window, named, walk)
    _group(select, query, named, walk)
    either = replace(named, prefer="both")
    for clause in ("having", "qualify"):
        if select.args.get(clause) is not None:
            influence(select.args[clause], either, walk)
    _distinct(select, query, named, walk)
    _order_and_limit(select, query, replace(named, prefer="alias"), walk)
    return query


def _group(select: exp.Select, query: Query, scope: Scope, walk: Walk) -> None:
    group = select.args.get("group")
    if group is None:
        return
    if group.args.get("all"):
        keys = [column for column in query.columns if column.node is None or not _aggregates(column.node)]
        walk.influences |= union("", keys, more=query.rest or NOTHING).bases
    for part in group.iter_expressions():
        _by(part, query, scope, walk)


def _by(part: exp.Expr, query: Query, scope: Scope, walk: Walk) -> None:
    """A key of GROUP BY or ORDER BY: an expression, or the number of an output column."""
    if isinstance(part, exp.Literal) and not part.is_string:
        index = int(part.name) - 1 if part.name.isdigit() else -1
        at = query.columns[index : index + 1] if index >= 0 and query.rest is None else ()
        walk.influences |= at[0].bases if at else query.everything.bases
    else:
        influence(part, scope, walk)


def _aggregates(node: exp.Expr) -> bool:
    return any(
        isinstance(part, exp.AggFunc) or (isinstance(part, exp.Anonymous) and part.name.lower() in AGGREGATES)
        for part in node.walk(prune=lambda part: isinstance(part, exp.Query))
    )


def _distinct(select: exp.Select, query: Query, scope: Scope, walk: Walk) -> None:
    distinct = select.args.get("distinct")
    if distinct is None:
        return
    on = distinct.args.get("on")
    if on is None:
        walk.influences |= query.everything.bases
        return
    for part in on.expressions if isinstance(on, exp.Tuple) else [on]:
        _by(part, query, scope, walk)


def _order_and_limit(node: exp.Expr, query: Query, scope: Scope, walk: Walk) -> None:
    order = node.args.get("order")
    for part in order.expressions if order is not None else ():
        key = part.this if isinstance(part, exp.Ordered) else part
        if isinstance(key, exp.Var) and key.name.upper() == "ALL":
            walk.influences |= query.everything.bases
        else:
            _by(key, query, scope, walk)
    for clause in ("limit", "offset"):
        if node.args.get(clause) is not None:
            influence(node.args[clause], scope.inner(), walk)


def _set_operation(node: exp.SetOperation, scope: Scope, walk: Walk) -> Query:
    """Set operations lean to the left: the chain is walked, not recursed into, so that it may be long."""
    chain: list[exp.SetOperation] = [node]
    while isinstance(chain[-1].this, exp.SetOperation) and not chain[-1].this.args.get("with_"):
        chain.append(chain[-1].this)
    query = walk.query(chain[-1].this, scope.inner())
    for operation in reversed(chain):
        query = _combined(operation, query, walk.query(operation.expression, scope.inner()), walk)
        _order_set(operation, query, scope, walk)
    return query


def _combined(operation: exp.SetOperation, upper: Query, lower: Query, walk: Walk) -> Query:
    if operation.args.get("distinct") or not isinstance(operation, exp.Union):
        walk.influences |= union("", (upper.everything, lower.everything)).bases
    if isinstance(operation, exp.Except):
        return upper
    if operation.args.get("by_name"):
        return _by_name(upper, lower)
    return joined(upper, lower)


def _by_name(upper: Query, lower: Query) -> Query:
    columns = {column.name.lower(): column for column in upper.columns}
    for column in lower.columns:
        key = column.name.lower()
        mine = columns.get(key)
        columns[key] = union(mine.name, (mine, column)).named_by(mine.node) if mine else column
    rests = [query.rest for query in (upper, lower) if query.rest is not None]
    return Query(tuple(columns.values()), NOTHING.union(*rests) if rests else None)


def _order_set(node: exp.SetOperation, query: Query, scope: Scope, walk: Walk) -> None:
    """ORDER BY behind a set operation names output columns, or columns of its parts: then all may decide."""
    outputs = replace(scope, aliases={column.name.lower(): column for column in query.columns}, prefer="alias")
    order = node.args.get("order")
    plain = [part.this for part in order.expressions] if order is not None else []
    if all(_is_output(key, outputs.aliases) for key in plain):
        _order_and_limit(node, query, outputs, walk)
    else:
        walk.influences |= query.everything.bases


def _is_output(key: exp.Expr, aliases: Iterable[str]) -> bool:
    if isinstance(key, exp.Column):
        return not key.table and key.name.lower() in aliases
    return isinstance(key, exp.Literal | exp.Var)


def _values(node: exp.Values, scope: Scope, walk: Walk) -> Query:
    rows = [row.expressions if isinstance(row, exp.Tuple) else [row] for row in node.expressions]
    width = max((len(row) for row in rows), default=0)
    return Query(
        tuple(
            union(f"col{index}", (trace(row[index], scope, walk) for row in rows if index < len(row)))
            for index in range(width)
        )
    )


def _parenthesised(node: exp.Subquery, scope: Scope, walk: Walk) -> Query:
    if node.args.get("joins") or node.args.get("pivots") or isinstance(node.this, exp.Table):
        return item_scope(node, scope, walk).shown()
    query = walk.query(node.this, scope.inner())
    aliases = {column.name.lower(): column for column in query.columns}
    _order_and_limit(node, query, replace(scope, aliases=aliases, prefer="alias"), walk)
    return query


def _opaque(node: exp.Expr, scope: Scope, walk: Walk) -> Query:
    """PIVOT and its like: which columns there are depends on data, so that any of them may hold anything."""
    source = node.this
    if isinstance(node, exp.Pivot) and isinstance(source, exp.Table | exp.Subquery):
        bases = item_scope(source, scope, walk).shown().everything.bases
        walk.influences |= bases
        return Query((), bases)
    return Query((), NOTHING)
