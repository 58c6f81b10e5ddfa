"""Names to columns, by the rules of the engine: tables before aliases, inner levels before outer ones."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot.expressions import Identifier

from mainstem.core.problem import nearest
from mainstem.sql.scope import Column, Relation, Scope, Walk, union
from mainstem.sql.words import CLOCK_WORDS, HIDDEN_COLUMNS, SESSION_WORDS


def column_named(parts: Sequence[Identifier], scope: Scope, walk: Walk) -> Column:
    """The column that `a`, `t.a`, `s.t.a` or `a.field` means.

    Reports Q010 where nothing that is visible can be meant, Q011 where two columns can.
    """
    found = _bare(parts[0], scope, walk) if len(parts) == 1 else _dotted(parts, scope, walk)
    return found or Column(parts[-1].name, is_traced=False)


def _bare(part: Identifier, scope: Scope, walk: Walk) -> Column | None:
    key = part.name.lower()
    levels = list(scope.levels())
    for depth, level in enumerate(levels):
        if key in level.locals:
            return Column(part.name)
        found = _at_level(part, level, walk, is_outermost=not any(outer.relations for outer in levels[depth + 1 :]))
        if found:
            return found
    if key in SESSION_WORDS:
        return Column(part.name)
    if key in CLOCK_WORDS:
        walk.unbound.add(key)
        return Column(part.name)
    if key not in HIDDEN_COLUMNS and not any(level.is_vague for level in levels):
        _report_bare(part, scope, walk)
    return None


def _at_level(part: Identifier, level: Scope, walk: Walk, *, is_outermost: bool) -> Column | None:
    key = part.name.lower()
    listed, alias = level.listed(key), level.aliases.get(key)
    if alias and level.prefer == "alias":
        return alias
    if listed:
        if len(listed) > 1 and not level.is_vague:
            _report_ambiguous(part, level, walk)
        meant = listed if alias is None or level.prefer == "column" else [*listed, alias]
        return meant[0] if len(meant) == 1 else union(listed[0].name, meant)
    further = [relation.further(part.name) for relation in level.relations if relation.rest is not None]
    whole = next((relation for relation in level.relations if relation.name == key), None)
    if further:
        sure = len(further) == 1 and is_outermost and whole is None
        rows = [whole.row(part.name)] if whole else []
        return union(part.name, [*further, *rows, *([alias] if alias else [])], is_traced=sure or alias is not None)
    return alias or (whole.row(part.name) if whole else None)


def _dotted(parts: Sequence[Identifier], scope: Scope, walk: Walk) -> Column | None:
    keys = [part.name.lower() for part in parts]
    near: tuple[Identifier, Relation] | None = None
    for level in scope.levels():
        if keys[0] in level.locals:
            return Column(parts[-1].name)
        for relation in level.relations:
            at = _names_relation(keys, relation)
            if not at:
                continue
            found = relation.columns.get(keys[at])
            if found is None and relation.rest is not None:
                found = relation.further(parts[at].name)
            if found is not None:
                return _field(found, parts[at + 1 :])
            near = near or (parts[at], relation)
        listed = level.listed(keys[0]) or [alias for alias in (level.aliases.get(keys[0]),) if alias]
        if listed:
            return _field(union(parts[0].name, listed), parts[1:])
    return _unlisted(parts, scope, walk, near)


def _names_relation(keys: Sequence[str], relation: Relation) -> int:
    """How many of the parts name the relation: `t`, `schema.t` or `database.schema.t`; 0 if they do not."""
    if keys[0] == relation.name:
        return 1
    path = [relation.schema, relation.name]
    for at in (2, 3):
        if len(keys) > at and list(keys[at - 2 : at]) == path and relation.schema:
            return at
    return 0


def _field(column: Column, rest: Sequence[Identifier]) -> Column:
    return Column(rest[-1].name, column.bases, column.is_traced) if rest else column


def _unlisted(
    parts: Sequence[Identifier], scope: Scope, walk: Walk, near: tuple[Identifier, Relation] | None
) -> Column | None:
    open_ones = [relation for level in scope.levels() for relation in level.relations if relation.rest is not None]
    is_unsure = any(level.is_vague or any(not r.name for r in level.relations) for level in scope.levels())
    if open_ones and near is None:
        further = [relation.further(parts[0].name) for relation in open_ones]
        return union(parts[-1].name, further, is_traced=len(further) == 1)
    if near is not None and near[0].name.lower() not in HIDDEN_COLUMNS:
        part, relation = near
        _report(part, f"is not in {relation.label}", [column.name for column in relation.columns.values()], walk)
    elif near is None and not is_unsure:
        names = [relation.name for level in scope.levels() for relation in level.relations if relation.name]
        start = parts[0].meta_get("start", 0)
        mend = nearest(parts[0].name, list(dict.fromkeys(names)), kind="tables of this FROM")
        walk.report("Q010", f'"{parts[0].name}" is neither a table nor a column here', mend, start)
    return None


def _report_bare(part: Identifier, scope: Scope, walk: Walk) -> None:
    relations = [relation for level in scope.levels() for relation in level.relations]
    labels = list(dict.fromkeys(relation.label for relation in relations))
    names = [column.name for relation in relations for column in relation.columns.values()]
    where = {0: "does not exist: there is no FROM"}.get(len(labels), f"is not in {' or '.join(labels)}")
    _report(part, where, list(dict.fromkeys(names)), walk)


def _report(part: Identifier, where: str, names: Sequence[str], walk: Walk) -> None:
    mend = nearest(part.name, names, kind="columns") if names else "name the dataset in a FROM"
    walk.report("Q010", f'column "{part.name}" {where}', mend, part.meta_get("start", 0))


def _report_ambiguous(part: Identifier, level: Scope, walk: Walk) -> None:
    key = part.name.lower()
    tables = [relation.name or relation.label for relation in level.relations if key in relation.columns]
    mend = "write " + " or ".join(f'"{table}.{part.name}"' for table in tables)
    walk.report("Q011", f'column "{part.name}" is in more than one table of the FROM', mend, part.meta_get("start", 0))
