"""Expressions to the base columns whose values reach them."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import expressions as exp

from mainstem.sql.lookup import column_named
from mainstem.sql.matching import matching, relation_named, shown_by
from mainstem.sql.scope import Column, Scope, Walk, union

_NO_VALUE = Column("")


def trace(node: exp.Expr, scope: Scope, walk: Walk) -> Column:
    """The value of an expression: every base column that reaches it, through subqueries too; a column keeps its name.

    Columns that decide rows or their order only (window partitions, the ORDER BY of an aggregate, conditions of
    subqueries) become influences of the whole. Reports what `column_named` reports.
    """
    own_rule = _RULES.get(type(node))
    if own_rule is not None:
        return own_rule(node, scope, walk)
    bases: set[str] = set()
    is_traced = True
    waiting = [node]
    while waiting:
        part = waiting.pop()
        rule = _RULES.get(type(part))
        if rule is None:
            waiting.extend(part.iter_expressions())
            continue
        value = rule(part, scope, walk)
        bases |= value.bases
        is_traced = is_traced and value.is_traced
    return Column("", frozenset(bases), is_traced)


def influence(node: exp.Expr, scope: Scope, walk: Walk) -> None:
    """Trace an expression that decides rows or their order."""
    walk.influences |= trace(node, scope, walk).bases


def _nothing(_node: exp.Expr, _scope: Scope, _walk: Walk) -> Column:
    return _NO_VALUE


def _column(node: exp.Expr, scope: Scope, walk: Walk) -> Column:
    if isinstance(node.this, exp.Star):
        assert isinstance(node, exp.Column)
        found = relation_named(node, scope)
        return shown_by(found, scope).everything if found else Column("", is_traced=False)
    return column_named(parts_of(node), scope, walk)


def parts_of(node: exp.Expr) -> list[exp.Identifier]:
    """The identifiers of a column reference, outermost first."""
    names = [node.args.get(key) for key in ("catalog", "db", "table", "this")]
    return [name for name in names if isinstance(name, exp.Identifier)]


def path_of(node: exp.Expr) -> list[exp.Identifier] | None:
    """The identifiers of a dotted path that begins with a name, None for any other expression before a dot."""
    if isinstance(node, exp.Identifier):
        return [node]
    if isinstance(node, exp.Column) and isinstance(node.this, exp.Identifier):
        return parts_of(node)
    if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Identifier):
        before = path_of(node.this)
        return None if before is None else [*before, node.expression]
    return None


def _dot(node: exp.Expr, scope: Scope, walk: Walk) -> Column:
    """`a.b.c.d.e`, `(expression).field`, and functions called behind a dot: `a.b.upper()`, `main.today()`."""
    path = path_of(node)
    if path:
        return column_named(path, scope, walk)
    after = _NO_VALUE if isinstance(node.expression, exp.Identifier) else trace(node.expression, scope, walk)
    before = path_of(node.this)
    if before is None:
        return union("", (trace(node.this, scope, walk), after))
    if len(before) == 1 and before[0].name.lower() in ("main", "system", "pg_catalog"):
        return after
    return union("", (column_named(before, scope, walk), after))


def _subquery(node: exp.Expr, scope: Scope, walk: Walk) -> Column:
    return walk.query(node, scope.inner()).everything


def _exists(node: exp.Expr, scope: Scope, walk: Walk) -> Column:
    """Whether rows exist is decided by what the subquery's conditions read."""
    walk.query(node.this, scope.inner())
    return _NO_VALUE


def _window(node: exp.Expr, scope: Scope, walk: Walk) -> Column:
    for part in node.args.get("partition_by") or ():
        influence(part, scope, walk)
    for name in ("order", "spec"):
        if node.args.get(name) is not None:
            influence(node.args[name], scope, walk)
    return _NO_VALUE if isinstance(node.this, exp.Identifier) else trace(node.this, scope, walk)


def _order(node: exp.Expr, scope: Scope, walk: Walk) -> Column:
    """ORDER BY inside an aggregate."""
    for part in node.expressions:
        influence(part, scope, walk)
    return trace(node.this, scope, walk) if node.this is not None else _NO_VALUE


def _star(node: exp.Expr, scope: Scope, _walk: Walk) -> Column:
    """`*` as an argument: every column, but `count(*)` reads none."""
    return _NO_VALUE if isinstance(node.parent, exp.Count) else scope.shown().everything


def _columns(node: exp.Expr, scope: Scope, _walk: Walk) -> Column:
    for level in scope.levels():
        if level.star is not None and not node.args.get("unpack"):
            return level.star
        if level.relations:
            assert isinstance(node, exp.Columns)
            return matching(node, level).everything
    return Column("", is_traced=False)


def _lambda(node: exp.Expr, scope: Scope, walk: Walk) -> Column:
    names = frozenset(name.name.lower() for name in node.expressions)
    return trace(node.this, _with_locals(scope, names), walk)


def _comprehension(node: exp.Expr, scope: Scope, walk: Walk) -> Column:
    names = [node.args.get("expression"), node.args.get("position")]
    inner = _with_locals(scope, frozenset(name.name.lower() for name in names if name is not None))
    parts = [trace(node.args["iterator"], scope, walk), trace(node.this, inner, walk)]
    if node.args.get("condition") is not None:
        parts.append(trace(node.args["condition"], inner, walk))
    return union("", parts)


def _with_locals(scope: Scope, names: frozenset[str]) -> Scope:
    return Scope(ctes=scope.ctes, locals=names, parent=scope)


def _named_argument(node: exp.Expr, scope: Scope, walk: Walk) -> Column:
    return trace(node.expression, scope, walk)


def _first_only(node: exp.Expr, scope: Scope, walk: Walk) -> Column:
    return trace(node.this, scope, walk)


def _position(node: exp.Expr, scope: Scope, _walk: Walk) -> Column:
    """`#2`, the second column of the FROM."""
    shown = scope.shown()
    index = int(node.name) - 1 if node.name.isdigit() else -1
    if shown.rest is None and 0 <= index < len(shown.columns):
        return shown.columns[index]
    return Column("", shown.everything.bases, is_traced=False)


def _clock_word(node: exp.Expr, scope: Scope, walk: Walk) -> Column:
    """`current_date` without parentheses is a column to the engine if there is one of that name, else the clock."""
    word = _CLOCK_NODES[type(node)]
    level = next((level for level in scope.levels() if level.listed(word)), None)
    if level is None or node.meta_get("start") is not None:
        return _NO_VALUE
    start = walk.text.sql.lower().find(word)
    what = f'"{word}" is the clock, and a column of the FROM'
    walk.report("Q011", what, f'write "{word}" in double quotes for the column, {word}() for the clock', max(start, 0))
    return union("", level.listed(word))


Rule = Callable[[exp.Expr, Scope, Walk], Column]

_CLOCK_NODES: dict[type[exp.Expr], str] = {
    exp.CurrentDate: "current_date",
    exp.CurrentTime: "current_time",
    exp.CurrentTimestamp: "current_timestamp",
    exp.Localtime: "localtime",
    exp.Localtimestamp: "localtimestamp",
}

_RULES: dict[type[exp.Expr], Rule] = {
    **dict.fromkeys(_CLOCK_NODES, _clock_word),
    **dict.fromkeys(
        (exp.Literal, exp.Identifier, exp.Var, exp.DataType, exp.Boolean, exp.Null, exp.Placeholder, exp.JSONPath),
        _nothing,
    ),
    **dict.fromkeys((exp.Select, exp.Subquery, exp.Union, exp.Except, exp.Intersect, exp.Pivot), _subquery),
    exp.Collate: _first_only,
    exp.Column: _column,
    exp.Columns: _columns,
    exp.Comprehension: _comprehension,
    exp.Dot: _dot,
    exp.Exists: _exists,
    exp.Kwarg: _named_argument,
    exp.Lambda: _lambda,
    exp.Order: _order,
    exp.PositionalColumn: _position,
    exp.PropertyEQ: _named_argument,
    exp.Star: _star,
    exp.Window: _window,
}
