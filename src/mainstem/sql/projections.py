"""The SELECT list: stars expanded, aliases given, COLUMNS(...) repeated for each column it stands for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlglot import expressions as exp

from mainstem.core.problem import nearest
from mainstem.sql.lookup import column_named
from mainstem.sql.matching import filtered, kept, matching, name_test, relation_named, shown_by
from mainstem.sql.naming import shown_name
from mainstem.sql.scope import NOTHING, Column, Query, Scope, Walk
from mainstem.sql.text import start_of
from mainstem.sql.trace import parts_of, trace

_FILTERS = (exp.Not, exp.Like, exp.ILike, exp.Glob, exp.SimilarTo, exp.RegexpLike, exp.Escape, exp.Paren)
_REFERENCE = re.compile(r"\\([\d\\])")


def projected(select: exp.Select, scope: Scope, walk: Walk) -> tuple[Query, Mapping[str, Column]]:
    """The output columns of a SELECT, and the names that its other clauses may use for them."""
    columns: list[Column] = []
    # Later items see the names of earlier ones: this mapping grows while they are worked out.
    aliases: dict[str, Column] = {}
    scope = replace(scope, aliases=aliases)
    rest: frozenset[str] | None = None
    for item in select.expressions:
        listed = _item(item, scope, walk)
        columns += [column.named_by(item) for column in listed.columns]
        if listed.rest is not None:
            rest = listed.rest | (rest or NOTHING)
        if isinstance(item, exp.Alias) and len(listed.columns) == 1:
            aliases.setdefault(item.alias.lower(), listed.columns[0])
    return Query(tuple(columns), rest), aliases


def _item(item: exp.Expr, scope: Scope, walk: Walk) -> Query:
    value = item.this if isinstance(item, exp.Alias) else item
    if _is_star(value):
        return _star(value, scope, walk)
    subject = _subject(value)
    if subject is not None:
        return kept(_star(subject, scope, walk), name_test(value))
    columns = _columns_in(value)
    if columns is not None:
        return _repeated(item, value, columns, scope, walk)
    if isinstance(value, exp.Explode):
        return _unnested(item, value, scope, walk)
    value = value.unnest()
    found = trace(value, scope, walk)
    name = item.alias if isinstance(item, exp.Alias) else shown_name(value, found, walk)
    return Query((found.called(name),))


def _columns_in(value: exp.Expr) -> exp.Columns | None:
    """The COLUMNS(...) of an item that repeats it; one in a subquery, or unpacked into arguments, does not."""
    for part in value.walk(prune=lambda part: isinstance(part, exp.Query)):
        if isinstance(part, exp.Columns) and not part.args.get("unpack"):
            return part
    return None


def _is_star(node: exp.Expr) -> bool:
    return isinstance(node, exp.Star) or (isinstance(node, exp.Column) and isinstance(node.this, exp.Star))


def _subject(node: exp.Expr) -> exp.Expr | None:
    """The star of `* LIKE 'x%'`, `t.* NOT LIKE 'x%'` and their like."""
    inner = node.this
    while isinstance(inner, exp.Expr) and isinstance(node, _FILTERS):
        if _is_star(inner):
            return inner
        node, inner = inner, inner.this
    return None


def _unnested(item: exp.Expr, value: exp.Explode, scope: Scope, walk: Walk) -> Query:
    """`unnest(...)` in a SELECT list: one column for a list, but one for each field of a struct."""
    found = trace(value, scope, walk)
    is_list = (
        isinstance(value.this, exp.Array | exp.GenerateSeries | exp.Split | exp.ArrayAgg) and not value.expressions
    )
    rest = None if is_list else found.bases
    if isinstance(item, exp.Alias):
        return Query((found.called(item.alias),), rest)
    return Query((found.called(shown_name(value, found, walk)),) if is_list else (), rest)


def _repeated(item: exp.Expr, value: exp.Expr, node: exp.Columns, scope: Scope, walk: Walk) -> Query:
    """One output column for each column that COLUMNS(...) stands for."""
    listed = matching(node, scope)
    alias = item.alias if isinstance(item, exp.Alias) else ""
    pattern = node.this.name if isinstance(node.this, exp.Literal) and node.this.is_string else ""
    return Query(
        tuple(
            trace(value, replace(scope, star=column), walk).called(
                _filled(alias, pattern, column.name) if alias else column.name
            )
            for column in listed.columns
        ),
        listed.rest,
    )


def _filled(alias: str, pattern: str, name: str) -> str:
    """An alias with `\\0` for the column's name and `\\1` to `\\9` for groups of the pattern."""
    match = re.search(pattern, name) if pattern and "\\" in alias else None

    def part(reference: re.Match[str]) -> str:
        if reference.group(1) in ("0", "\\"):
            return name if reference.group(1) == "0" else "\\"
        number = int(reference.group(1))
        return (match.group(number) or "") if match is not None and number <= match.re.groups else ""

    return _REFERENCE.sub(part, alias)


def _star(node: exp.Expr, scope: Scope, walk: Walk) -> Query:
    """`*` and `t.*`, with EXCLUDE, REPLACE and RENAME."""
    star = node if isinstance(node, exp.Star) else node.this
    listed = filtered(_listed(node, scope, walk), star)
    changes = [star.args.get(key) or () for key in ("except_", "replace", "rename")]
    if not any(changes):
        return listed
    excluded, replaced, renamed = changes
    dropped = [_excluded(part, listed, scope, walk) for part in excluded]
    _known(replaced, listed, walk)
    values = {part.alias.lower(): trace(part.this, scope, walk).called(part.alias) for part in replaced}
    _known([part.this for part in renamed], listed, walk)
    names = {part.this.name.lower(): part.alias for part in renamed}
    columns = []
    for column in listed.columns:
        if any(column is gone for group in dropped for gone in group):
            continue
        key = column.name.lower()
        value = values.get(key, column)
        columns.append(value.called(names.get(key, value.name)))
    return Query(tuple(columns), listed.rest)


def _listed(node: exp.Expr, scope: Scope, walk: Walk) -> Query:
    if not isinstance(node, exp.Column):
        return scope.shown()
    relation = relation_named(node, scope)
    if relation is not None:
        return shown_by(relation, scope)
    # `s.*` of a struct column: its fields are not known here.
    return Query((), column_named(parts_of(node), scope, walk).bases)


def _excluded(part: exp.Expr, listed: Query, scope: Scope, walk: Walk) -> list[Column]:
    """The columns that one entry of EXCLUDE takes away: of one table if it names one."""
    key = part.name.lower()
    relation = relation_named(part, scope) if isinstance(part, exp.Column) and part.table else None
    gone = [column for column in listed.columns if column.name.lower() == key]
    if relation is not None:
        gone = [column for column in gone if column is relation.columns.get(key)]
    _known([part], listed, walk)
    return gone


def _known(parts: Sequence[exp.Expr], listed: Query, walk: Walk) -> None:
    names = [column.name for column in listed.columns]
    for part in parts:
        name = part.alias_or_name
        if listed.rest is None and name.lower() not in {known.lower() for known in names}:
            what = f'column "{name}" is not among those of the "*"'
            walk.report("Q010", what, nearest(name, names, kind="columns"), start_of(part))
