"""Whether the rows of a SELECT follow from its inputs alone, whatever the order in which they are read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from sqlglot import expressions as exp

from mainstem.sql.words import AGGREGATES

_STEADY = frozenset(
    {
        *("Avg", "BitwiseAndAgg", "BitwiseOrAgg", "BitwiseXorAgg", "Corr", "Count", "CountIf", "CovarPop"),
        *("CovarSamp", "Kurtosis", "LogicalAnd", "LogicalOr", "Max", "Median", "Min", "PercentileCont"),
        *("PercentileDisc", "Quantile", "RegrSlope", "RegrIntercept", "RegrR2", "Skewness", "Stddev", "StddevPop"),
        *("StddevSamp", "Sum", "Variance", "VariancePop"),
    }
)
"""Aggregates that no order of rows changes, the rounding of floating sums apart; the parser's names of them."""

_STEADY_NAMES = frozenset(
    {
        *("count_star", "entropy", "favg", "fsum", "kahan_sum", "kurtosis_pop", "mad", "mean", "product", "sem"),
        *("sum_no_overflow", "sumkahan"),
    }
)
_RANKS = frozenset({"Rank", "DenseRank", "PercentRank", "CumeDist"})
"""Window functions that give peers one value."""


def unsteady(tree: exp.Expr, scalars: Callable[[], Collection[str]]) -> str | None:
    """Why the rows of a SELECT may differ between two runs over the same rows; None where they cannot.

    `scalars` tells the functions that the engine knows to depend on their arguments alone, in lower case: others that
    the parser does not know are not trusted. It is asked only where one occurs.
    """
    return next(_reasons(tree, scalars), None)


def _reasons(tree: exp.Expr, scalars: Callable[[], Collection[str]]) -> Iterator[str]:
    for node in tree.walk():
        if isinstance(node, exp.Select | exp.SetOperation):
            yield from _of_query(node)
        elif isinstance(node, exp.With) and node.recursive:
            yield "it is recursive"
        elif isinstance(node, exp.Pivot | exp.TableSample | exp.MatchRecognize):
            yield f"it has a {type(node).__name__.upper()}"
        elif isinstance(node, exp.Window):
            yield from _of_window(node)
        elif isinstance(node, exp.Func):
            yield from _of_function(node, scalars)


def _of_query(node: exp.Expr) -> Iterator[str]:
    if any(node.args.get(name) for name in ("limit", "offset", "fetch")):
        yield "a LIMIT takes rows by their order"
    distinct = node.args.get("distinct")
    if isinstance(distinct, exp.Distinct) and distinct.args.get("on"):
        yield "DISTINCT ON takes one of several rows"
    group = node.args.get("group")
    if group is not None and any(group.args.get(name) for name in ("rollup", "cube", "grouping_sets")):
        yield "it groups in several ways at once"


def _of_window(window: exp.Window) -> Iterator[str]:
    if window.args.get("alias") or not isinstance(window.parent, exp.Expr):
        yield "a window is named elsewhere"
    spec = window.args.get("spec")
    if spec is not None and str(spec.args.get("kind")).upper() == "ROWS":
        yield "a window counts ROWS, whose order ties leave open"


def _of_function(node: exp.Func, scalars: Callable[[], Collection[str]]) -> Iterator[str]:
    name = type(node).__name__
    if isinstance(node, exp.Anonymous | exp.AnonymousAggFunc):
        called = node.name.lower()
        if called not in _STEADY_NAMES and called not in scalars():
            yield f"nobody knows that {called}() depends on its arguments alone"
    elif name in _RANKS:
        return
    elif (isinstance(node, exp.AggFunc) or _is_placed(node)) and name not in _STEADY:
        yield f"{node.sql_name().lower()}() depends on the order of rows"


def _is_placed(node: exp.Func) -> bool:
    """Whether a function is that of a window."""
    return isinstance(node.parent, exp.Window) and node.parent.this is node


def is_aggregate(node: exp.Expr) -> bool:
    """Whether a function makes one value of many rows."""
    if isinstance(node, exp.Anonymous):
        return node.name.lower() in AGGREGATES
    return isinstance(node, exp.AggFunc | exp.AnonymousAggFunc)
