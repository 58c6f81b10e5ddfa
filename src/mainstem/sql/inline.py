"""One SELECT without WITH: each mention of a common table expression, or of a view, as a subquery in its place."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import expressions as exp

from mainstem.sql.tables import dataset_name


def inlined(tree: exp.Expr, views: Mapping[str, exp.Expr]) -> exp.Expr:
    """A copy of a SELECT that reads tables only. `views` are the trees of those views that it reads, by dataset, which
    may read each other. There must be no recursive WITH."""
    made = _without_with(tree.copy())
    while found := [each for each in made.find_all(exp.Table) if dataset_name(each) in views]:
        for table in found:
            _put(table, _without_with(views[dataset_name(table)].copy()), None)
    return made


def _without_with(tree: exp.Expr) -> exp.Expr:
    """Inner ones first, and of one WITH the last first: what it reads is replaced after it stands in its place."""
    for with_ in reversed(list(tree.find_all(exp.With))):
        query, bodies = with_.parent, list(with_.expressions)
        assert query is not None
        query.set("with_", None)
        for cte in reversed(bodies):
            name = cte.alias.lower()
            for table in list(query.find_all(exp.Table)):
                if not table.db and table.name.lower() == name:
                    _put(table, cte.this.copy(), cte.args.get("alias"))
    return tree


def _put(table: exp.Table, body: exp.Expr, names: exp.Expr | None) -> None:
    """A subquery in place of a table, under the name by which its columns are called."""
    query = body.unnest() if isinstance(body, exp.Subquery) else body
    alias = table.args.get("alias")
    called = exp.TableAlias(this=exp.to_identifier(table.alias_or_name, quoted=True))
    given = alias if alias is not None and alias.args.get("columns") else names
    if given is not None and given.args.get("columns"):
        called.set("columns", [each.copy() for each in given.args["columns"]])
    made = exp.Subquery(this=query, alias=called)
    joins = table.args.get("joins")
    if joins:
        made.set("joins", joins)
    table.replace(made)
