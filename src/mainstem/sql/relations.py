"""FROM: tables, subqueries, table functions, and the joins between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlglot import expressions as exp

from mainstem.core.problem import nearest
from mainstem.sql.ctes import cte_query
from mainstem.sql.scope import NOTHING, Column, Cte, Query, Relation, Scope, Walk, union
from mainstem.sql.tables import dataset_name, function_name, is_file
from mainstem.sql.trace import influence, trace
from mainstem.sql.words import TABLE_FUNCTIONS


def from_scope(select: exp.Expr, scope: Scope, walk: Walk) -> Scope:
    """`scope` with the relations of a SELECT's FROM and joins; join conditions become influences."""
    from_ = select.args.get("from_")
    if from_ is not None:
        scope = item_scope(from_.this, scope, walk)
    for join in select.args.get("joins") or ():
        scope = _join(join, scope, walk)
    return scope


def item_scope(node: exp.Expr, scope: Scope, walk: Walk) -> Scope:
    """`scope` with one item of FROM, and the joins that the parser hung below it."""
    inner = node.this if isinstance(node, exp.Subquery) else None
    if isinstance(inner, exp.Table) or (isinstance(inner, exp.Subquery) and inner.args.get("joins")):
        scope = item_scope(inner, scope, walk)
    else:
        scope = replace(scope, relations=(*scope.relations, _relation(node, scope, walk)))
    for join in node.args.get("joins") or ():
        scope = _join(join, scope, walk)
    return scope


def _relation(node: exp.Expr, scope: Scope, walk: Walk) -> Relation:
    found = _plain_relation(node, scope, walk)
    pivots = node.args.get("pivots")
    if not pivots:
        return found
    pivoted = pivots[-1].alias or found.name
    walk.influences |= found.row("").bases
    return Relation(pivoted.lower(), "the pivot", {}, rest=found.row("").bases)


def _plain_relation(node: exp.Expr, scope: Scope, walk: Walk) -> Relation:
    if isinstance(node, exp.Table):
        return _table(node, scope, walk)
    if isinstance(node, exp.Unnest):
        return _unnest(node, scope, walk)
    if isinstance(node, exp.Lateral):
        return _lateral(node, scope, walk)
    query = walk.query(node.this if isinstance(node, exp.Subquery) else node, scope.inner())
    alias = node.alias
    if not alias:
        name = "" if isinstance(node, exp.Values) else "unnamed_subquery"
        return relation_of(query, name, "the subquery", _alias_columns(node))
    return relation_of(query, alias, f'"{alias}"', _alias_columns(node))


def _lateral(node: exp.Lateral, scope: Scope, walk: Walk) -> Relation:
    body, alias = node.this, node.alias
    if isinstance(body, exp.Query):
        query = walk.query(body, scope.inner())
    elif isinstance(body, exp.Unnest):
        query = _unnested(body, scope, walk)
    else:
        query = _called(body, scope, walk)
    return relation_of(query, alias, f'"{alias}"' if alias else "the subquery", _alias_columns(node))


def _alias_columns(node: exp.Expr) -> tuple[str, ...]:
    alias = node.args.get("alias")
    return tuple(column.name for column in alias.args.get("columns") or ()) if isinstance(alias, exp.TableAlias) else ()


def relation_of(query: Query, name: str, label: str, aliases: Sequence[str] = ()) -> Relation:
    """A query as something to select from: the first columns renamed to `aliases`, repeated names numbered."""
    columns: dict[str, Column] = {}
    for index, column in enumerate(query.columns):
        wanted = aliases[index] if index < len(aliases) else column.name
        unique, number = wanted, 0
        while unique.lower() in columns:
            number += 1
            unique = f"{wanted}_{number}"
        columns[unique.lower()] = column.called(unique)
    return Relation(name.lower(), label, columns, query.rest)


def _table(node: exp.Table, scope: Scope, walk: Walk) -> Relation:
    if not isinstance(node.this, exp.Identifier):
        return _function(node, scope, walk)
    alias, db = node.alias, node.db.lower()
    name = node.name
    cte = scope.ctes.get(name.lower()) if db in ("", "recurring") else None
    if cte is not None:
        query = cte_query(cte, walk) if isinstance(cte, Cte) else cte
        return relation_of(query, alias or name, f'"{name}"', _alias_columns(node))
    if node.args.get("catalog") or (not db and is_file(node, walk.text)):
        return Relation((alias or name).lower(), f'"{name}"', {}, rest=NOTHING)
    return _dataset(node, walk)


def _dataset(node: exp.Table, walk: Walk) -> Relation:
    dataset = dataset_name(node)
    known = walk.known.get(dataset)
    label = f'dataset "{dataset}"'
    name = (node.alias or node.name).lower()
    schema = "" if node.alias else dataset.partition(".")[0]
    if known is None:
        return Relation(name, label, {}, NOTHING, schema, dataset)
    columns = walk.relations.get(dataset)
    if columns is None:
        columns = {column.lower(): Column(column, frozenset((f"{dataset}.{column}",))) for column in known}
        walk.relations[dataset] = columns
    renamed = _alias_columns(node)
    if renamed:
        columns = relation_of(Query(tuple(columns.values())), name, label, renamed).columns
    return Relation(name, label, columns, None, schema)


def _function(node: exp.Table, scope: Scope, walk: Walk) -> Relation:
    alias = node.alias or function_name(node.this, walk.text)
    return relation_of(_called(node.this, scope, walk), alias, f'"{alias}"', _alias_columns(node))


def _called(function: exp.Expr, scope: Scope, walk: Walk) -> Query:
    """The columns of a table function; every one of them may hold any of its arguments."""
    value = union("", (trace(part, scope, walk) for part in function.iter_expressions()))
    names = TABLE_FUNCTIONS.get(function_name(function, walk.text))
    if names is None:
        return Query((), value.bases)
    return Query(tuple(value.called(name) for name in names))


def _unnest(node: exp.Unnest, scope: Scope, walk: Walk) -> Relation:
    alias = node.alias or "unnest"
    aliases = list(_alias_columns(node))
    offset = node.args.get("offset")
    if aliases and isinstance(offset, exp.Identifier):
        aliases.append(offset.name)
    return relation_of(_unnested(node, scope, walk), alias, f'"{alias}"', aliases)


def _unnested(node: exp.Unnest, scope: Scope, walk: Walk) -> Query:
    value = union("unnest", (trace(part, scope, walk) for part in node.expressions))
    return Query((value, Column("ordinality")) if node.args.get("offset") else (value,))


def _join(join: exp.Join, scope: Scope, walk: Walk) -> Scope:
    before = len(scope.relations)
    joined = item_scope(join.this, scope, walk)
    names = [(name.name, name.meta_get("start", 0)) for name in join.args.get("using") or ()]
    if join.method == "NATURAL":
        names = [(name, 0) for name in _common(scope, joined.relations[before:])]
        joined = replace(joined, is_vague=joined.is_vague or any(r.rest is not None for r in joined.relations))
    if names:
        joined = _using(names, joined, before, join, walk)
    on = join.args.get("on")
    if on is not None:
        influence(on, joined, walk)
    return _left_only(joined, before) if join.kind in ("SEMI", "ANTI") else joined


def _left_only(joined: Scope, before: int) -> Scope:
    """The right side of a semi join is not visible behind it; what USING merged stays one column."""
    return replace(
        joined,
        relations=joined.relations[:before],
        merged={at: column for at, column in joined.merged.items() if at[0] < before},
        hidden=frozenset(at for at in joined.hidden if at[0] < before),
    )


def _common(left: Scope, right: Sequence[Relation]) -> list[str]:
    theirs = {key for relation in right for key in relation.columns}
    return list(dict.fromkeys(column.name for column in left.shown().columns if column.name.lower() in theirs))


def _using(names: list[tuple[str, int]], joined: Scope, before: int, join: exp.Join, walk: Walk) -> Scope:
    """The scope in which each name of USING is one column, shown where the left side has it."""
    merged: dict[tuple[int, str], Column] = dict(joined.merged)
    hidden = set(joined.hidden)
    for name, start in names:
        left = _holders(joined, name, range(before), merged, hidden)
        right = _holders(joined, name, range(before, len(joined.relations)), merged, hidden)
        for side, found in ((range(before), left), (range(before, len(joined.relations)), right)):
            if not found:
                _report_using(name, start, joined, side, walk)
        if not left or not right:
            continue
        (index, mine), (other, theirs) = left[0], right[0]
        walk.influences |= mine.bases | theirs.bases
        merged[index, name.lower()] = _merged(join.side, mine, theirs)
        merged.pop((other, name.lower()), None)
        hidden.add((other, name.lower()))
    return replace(joined, merged=merged, hidden=frozenset(hidden))


def _merged(side: str, mine: Column, theirs: Column) -> Column:
    """A right join shows the right value, a full join whichever there is, any other join the left one."""
    reached = {"RIGHT": (theirs,), "FULL": (mine, theirs)}.get(side, (mine,))
    return union(mine.name, reached)


def _holders(
    scope: Scope, name: str, at: range, merged: Mapping[tuple[int, str], Column], hidden: set[tuple[int, str]]
) -> list[tuple[int, Column]]:
    key = name.lower()
    listed = []
    for index in at:
        relation = scope.relations[index]
        if (index, key) in merged:
            return [(index, merged[index, key])]
        if key in relation.columns and (index, key) not in hidden:
            listed.append((index, relation.columns[key]))
    further = [(index, scope.relations[index].further(name)) for index in at if scope.relations[index].rest is not None]
    return listed or further


def _report_using(name: str, start: int, scope: Scope, at: range, walk: Walk) -> None:
    relations = [scope.relations[index] for index in at]
    labels = " or ".join(dict.fromkeys(relation.label for relation in relations))
    names = [column.name for relation in relations for column in relation.columns.values()]
    walk.report("Q010", f'column "{name}" is not in {labels}', nearest(name, names, kind="columns"), start)
