"""Whether the rows of a SELECT follow from the columns that it reads by name, in whatever order rows come."""

from __future__ import annotations

from sqlglot import expressions as exp

from mainstem.sql.words import AGGREGATES

_AGGREGATES = frozenset(
    {
        *("Avg", "BitwiseAndAgg", "BitwiseOrAgg", "BitwiseXorAgg", "Corr", "Count", "CountIf", "CovarPop"),
        *("CovarSamp", "Kurtosis", "LogicalAnd", "LogicalOr", "Max", "Median", "Min", "PercentileCont"),
        *("PercentileDisc", "Quantile", "RegrAvgx", "RegrAvgy", "RegrCount", "RegrIntercept", "RegrR2", "RegrSlope"),
        *("RegrSxx", "RegrSxy", "RegrSyy", "Skewness", "Stddev", "StddevPop", "StddevSamp", "Sum", "Variance"),
        "VariancePop",
    }
)
"""Aggregates that no order of rows changes, the rounding of floating sums apart; the parser's names of them."""

_RANKS = frozenset({"Rank", "DenseRank", "PercentRank", "CumeDist"})
"""Window functions that give peers one value."""

_NAMED = AGGREGATES | frozenset(
    {"fill", "generate_subscripts", "geomean", "rank_dense", "regexp_split_to_table", "wavg", "weighted_avg"}
)
"""Functions that the parser does not know, and that are no plain functions of one row."""

_REFUSED = (
    *(exp.Columns, exp.Explode, exp.IgnoreNulls, exp.Lateral, exp.MatchRecognize, exp.Pivot, exp.PositionalColumn),
    *(exp.RespectNulls, exp.RowNumber, exp.TableSample, exp.Unnest),
)
_CLAUSES = frozenset(
    {
        *("expressions", "from_", "joins", "where", "group", "having", "qualify", "windows", "distinct", "order"),
        "with_",
    }
)


def is_settled(tree: exp.Expr) -> bool:
    """Equal columns in, equal rows out, if those are all columns that lineage and influences name.

    False wherever that is in doubt: what takes some of several rows, goes by positions, makes rows of values, or calls
    what nobody knows. Floating sums may differ in their last digits, as between any two runs.
    """
    nodes = list(tree.walk())
    names = {each.alias_or_name.lower() for each in nodes if isinstance(each, exp.Table | exp.Subquery)}
    if any(isinstance(node, exp.SetOperation) for node in nodes) and any(is_star(node) for node in nodes):
        return False
    return all(_is_settled(node, names) for node in nodes)


def is_star(node: exp.Expr) -> bool:
    """`*`, but not that of `count(*)`."""
    return isinstance(node, exp.Star) and not isinstance(node.parent, exp.Count)


def is_aggregated(node: exp.Expr) -> bool:
    """Whether an expression of a settled SELECT makes one value of many rows."""
    over = {id(_placed(each)) for each in node.walk() if isinstance(each, exp.Window)}
    found = node.walk(prune=lambda part: isinstance(part, exp.Query))
    return any(isinstance(part, exp.AggFunc) and id(part) not in over for part in found)


def _placed(window: exp.Window) -> exp.Expr:
    """The function that a window is laid over, without its FILTER or its order within a group."""
    inner = window.this
    while isinstance(inner, exp.Filter | exp.WithinGroup):
        inner = inner.this
    found: exp.Expr = inner
    return found


def _is_settled(node: exp.Expr, names: set[str]) -> bool:
    if isinstance(node, _REFUSED):
        return False
    if isinstance(node, exp.Select):
        return _is_plain(node)
    if isinstance(node, exp.SetOperation):
        return not any(node.args.get(name) for name in ("limit", "offset"))
    if isinstance(node, exp.With):
        return not node.recursive
    if isinstance(node, exp.Window):
        return _is_ranked(node)
    if isinstance(node, exp.Func):
        return _is_known(node)
    if isinstance(node, exp.Star):
        return _is_item(node)
    return _is_named(node, names)


def _is_plain(select: exp.Select) -> bool:
    """Only clauses that are looked at, and none that goes by the order of rows."""
    if any(value for name, value in select.args.items() if name not in _CLAUSES):
        return False
    distinct, group = select.args.get("distinct"), select.args.get("group")
    if distinct is not None and distinct.args.get("on"):
        return False
    if group is None:
        return True
    if any(group.args.get(name) for name in ("rollup", "cube", "grouping_sets")):
        return False
    return not (any(positions(select)) and any(is_star(node) for item in select.expressions for node in item.walk()))


def positions(select: exp.Select) -> list[int]:
    """The numbers of output columns by which a SELECT groups."""
    group = select.args.get("group")
    keys = group.expressions if group is not None else []
    return [int(key.name) for key in keys if isinstance(key, exp.Literal) and key.name.isdigit()]


def _is_ranked(window: exp.Window) -> bool:
    spec = window.args.get("spec")
    return spec is None or str(spec.args.get("kind")).upper() != "ROWS"


def _is_known(node: exp.Func) -> bool:
    name = type(node).__name__
    if isinstance(node, exp.Anonymous):
        return node.name.lower() not in _NAMED
    if isinstance(node, exp.AnonymousAggFunc):
        return False
    if name in _RANKS:
        return isinstance(node.parent, exp.Window)
    return not isinstance(node, exp.AggFunc) or name in _AGGREGATES


def _is_item(star: exp.Star) -> bool:
    """Whether a star stands for columns of a SELECT list, or for rows that are counted."""
    column = star.parent if isinstance(star.parent, exp.Column) else star
    return isinstance(column.parent, exp.Select) or (isinstance(star.parent, exp.Count) and column is star)


def _is_named(node: exp.Expr, names: set[str]) -> bool:
    """Nothing is called by its position, and no row as a whole by the name of its table."""
    if isinstance(node, exp.Join):
        return not node.method
    if isinstance(node, exp.Table) and not isinstance(node.this, exp.Identifier):
        return isinstance(node.this, exp.GenerateSeries) and node.find(exp.Column) is None
    if isinstance(node, exp.TableAlias):
        return not node.args.get("columns") or isinstance(node.parent, exp.Values)
    if isinstance(node, exp.Column):
        return bool(node.table) or node.name.lower() not in names
    return True
