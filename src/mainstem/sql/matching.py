"""Which columns `*`, `* LIKE 'x%'` and `COLUMNS(...)` stand for."""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import translate

from sqlglot import expressions as exp

from mainstem.sql.scope import NOTHING, Query, Relation, Scope

Test = Callable[[str], bool]


def matching(node: exp.Columns, scope: Scope) -> Query:
    """The columns that COLUMNS(...) stands for; what cannot be worked out is the rest."""
    what = node.this
    if isinstance(what, exp.Star) or (isinstance(what, exp.Column) and isinstance(what.this, exp.Star)):
        star = what if isinstance(what, exp.Star) else what.this
        listed = _without(_qualified(what, scope), star)
        return Query(listed.columns, listed.everything.bases) if star.args.get("replace") else listed
    return kept(scope.shown(), _columns_test(what))


def kept(listed: Query, test: Test | None) -> Query:
    """The columns whose name passes; where the test is not understood, any of them may be there."""
    if test is None:
        return Query((), listed.everything.bases)
    return Query(tuple(column for column in listed.columns if test(column.name)), listed.rest)


def _qualified(what: exp.Expr, scope: Scope) -> Query:
    if isinstance(what, exp.Column):
        found = relation_named(what, scope)
        return shown_by(found, scope) if found else Query((), NOTHING)
    return scope.shown()


def relation_named(column: exp.Column, scope: Scope) -> Relation | None:
    """The relation that `t.*` names, at the innermost level that has it; None if there is none."""
    schema, name = column.db.lower(), column.table.lower()
    for level in scope.levels():
        for relation in level.relations:
            if relation.name == name and schema in ("", relation.schema):
                return relation
    return None


def shown_by(relation: Relation, scope: Scope) -> Query:
    """What `t.*` stands for: every column of the relation, those that USING merged included."""
    merged = {}
    for level in scope.levels():
        for index, candidate in enumerate(level.relations):
            if candidate is relation:
                merged = {key: column for (at, key), column in level.merged.items() if at == index}
    return Query(tuple(merged.get(key, column) for key, column in relation.columns.items()), relation.rest)


def _without(listed: Query, star: exp.Star) -> Query:
    excluded = {column.name.lower() for column in star.args.get("except_") or ()}
    return filtered(kept(listed, lambda name: name.lower() not in excluded), star)


def filtered(listed: Query, star: exp.Star) -> Query:
    """`* ILIKE 'x%'`, which the parser keeps in the star itself."""
    pattern = star.args.get("ilike")
    return listed if pattern is None else kept(listed, _comparison(exp.ILike(), pattern.name))


def _columns_test(what: exp.Expr) -> Test | None:
    if isinstance(what, exp.Literal) and what.is_string:
        return _search(what.name)
    if isinstance(what, exp.Lambda) and len(what.expressions) == 1:
        return name_test(what.this, what.expressions[0].name)
    if isinstance(what, exp.Array) and all(isinstance(item, exp.Literal) for item in what.expressions):
        names = {item.name.lower() for item in what.expressions}
        return lambda name: name.lower() in names
    return name_test(what)


def _search(pattern: str, flags: int = 0) -> Test | None:
    """The engine's regular expressions are RE2; what Python does not read the same way is given up."""
    if "\\p" in pattern or "[[:" in pattern or "\\C" in pattern:
        return None
    try:
        compiled = re.compile(pattern, flags)
    except re.error:
        return None
    return lambda name: compiled.search(name) is not None


def name_test(node: exp.Expr, of: str | None = None) -> Test | None:
    """A predicate over a column's name: over the lambda's parameter `of`, or over `*` where that is None."""
    match node:
        case exp.Paren():
            return name_test(node.this, of)
        case exp.Not():
            return _inverted(name_test(node.this, of))
        case exp.And() | exp.Or():
            left, right = name_test(node.this, of), name_test(node.expression, of)
            if left is None or right is None:
                return None
            both = isinstance(node, exp.And)
            return lambda name: left(name) and right(name) if both else left(name) or right(name)
    if not _is_subject(node.this, of) or node.args.get("flag"):
        return None
    if isinstance(node, exp.In) and node.expressions and all(_is_text(item) for item in node.expressions):
        names = {item.name for item in node.expressions}
        return lambda name: name in names
    if not _is_text(node.args.get("expression")):
        return None
    test = _comparison(node, node.expression.name, whole=of is not None)
    return _inverted(test) if node.args.get("negate") else test


def _inverted(test: Test | None) -> Test | None:
    return None if test is None else lambda name: not test(name)


def _is_text(node: object) -> bool:
    return isinstance(node, exp.Literal) and node.is_string


def _is_subject(node: object, of: str | None) -> bool:
    if of is None:
        return isinstance(node, exp.Star) or (isinstance(node, exp.Column) and isinstance(node.this, exp.Star))
    return isinstance(node, exp.Identifier | exp.Column) and node.name == of


def _comparison(node: exp.Expr, text: str, *, whole: bool = False) -> Test | None:
    """`whole`: SIMILAR TO must match all of the name, as it does everywhere but behind a star."""
    if whole and isinstance(node, exp.SimilarTo):
        return _search(rf"^(?:{text})\Z")
    builder = _TESTS.get(type(node))
    return builder(text) if builder else None


def _like(pattern: str) -> str:
    parts = {"%": ".*", "_": "."}
    return "^" + "".join(parts.get(character) or re.escape(character) for character in pattern) + r"\Z"


_TESTS: dict[type[exp.Expr], Callable[[str], Test | None]] = {
    exp.Like: lambda text: _search(_like(text), re.DOTALL),
    exp.ILike: lambda text: _search(_like(text), re.DOTALL | re.IGNORECASE),
    exp.Glob: lambda text: _search(translate(text)),
    exp.SimilarTo: _search,
    exp.RegexpLike: _search,
    exp.StartsWith: lambda text: lambda name: name.startswith(text),
    exp.EndsWith: lambda text: lambda name: name.endswith(text),
    exp.EQ: lambda text: lambda name: name == text,
    exp.NEQ: lambda text: lambda name: name != text,
}
