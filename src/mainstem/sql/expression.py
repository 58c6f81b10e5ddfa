"""Expressions that stand alone: conditions over a row, aggregates over many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mainstem.core.place import Place
from mainstem.core.problem import Problem, ProjectError

if TYPE_CHECKING:
    from sqlglot.expressions import Expr

_ROW = "row"
_MEND_ONE = "write one condition over the columns of a row, such as amount >= 0"
_MEND_AGGREGATE = "write one aggregate over the rows of a group, such as sum(amount) or count(*)"
_MEND_ROW = "write the condition for one row; what compares rows or tables is a check of kind sql"


def expression_columns(text: str, place: Place) -> tuple[str, ...]:
    """The columns that a scalar expression reads, in lower case, sorted; fields of structs count as their column.

    `place` is where the text begins. ProjectError: Q001 no SQL, Q004 not one expression, Q005 an expression that looks
    beyond its row (a subquery, an aggregate, a window, `*`).
    """
    from mainstem.sql.parse import parse_fragment

    parsed, trees = parse_fragment(text, place)
    if parsed.problems:
        raise ProjectError(*(_moved(problem, place) for problem in parsed.problems))
    if len(trees) != 1 or not _is_expression(trees[0]):
        raise ProjectError(Problem("Q004", f'"{_short(text)}" is not one expression', _MEND_ONE, place))
    beyond = _beyond_row(trees[0])
    if beyond:
        raise ProjectError(Problem("Q005", f'"{_short(text)}" has {beyond}', _MEND_ROW, place))
    return _columns(trees[0], text, place)


def aggregate_columns(text: str, place: Place) -> tuple[str, ...]:
    """The columns that an aggregate such as `sum(amount)` reads, in lower case, sorted; none for `count(*)`.

    Errors as `expression_columns`; Q005 also for an expression without an aggregate.
    """
    from sqlglot import expressions as exp

    from mainstem.sql.parse import parse_fragment

    parsed, trees = parse_fragment(text, place)
    if parsed.problems:
        raise ProjectError(*(_moved(problem, place) for problem in parsed.problems))
    if len(trees) != 1 or not (_is_expression(trees[0]) or isinstance(trees[0], exp.AggFunc | exp.Filter)):
        raise ProjectError(Problem("Q004", f'"{_short(text)}" is not one expression', _MEND_AGGREGATE, place))
    stars = [star for star in trees[0].find_all(exp.Star) if isinstance(star.parent, exp.Count)]
    for star in stars:
        star.replace(exp.Literal.number(1))
    aggregates = [node for node in trees[0].walk() if _is_aggregate(node)]
    beyond = "no aggregate" if not aggregates else _beyond_row(trees[0], aggregates=True)
    if beyond:
        raise ProjectError(Problem("Q005", f'"{_short(text)}" has {beyond}', _MEND_AGGREGATE, place))
    return _columns(trees[0], text, place)


def _is_aggregate(node: Expr) -> bool:
    from sqlglot import expressions as exp

    from mainstem.sql.words import AGGREGATES

    return isinstance(node, exp.AggFunc) or (isinstance(node, exp.Anonymous) and node.name.lower() in AGGREGATES)


def _is_expression(tree: Expr) -> bool:
    from sqlglot import expressions as exp

    kinds = (exp.Condition, exp.Paren, exp.Between, exp.In, exp.Is, exp.Case, exp.Interval, exp.Bracket, exp.Dot)
    return isinstance(tree, kinds) and not isinstance(tree, exp.Query)


def _beyond_row(tree: Expr, *, aggregates: bool = False) -> str:
    from sqlglot import expressions as exp

    for node in tree.walk():
        if isinstance(node, exp.Query | exp.Exists):
            return "a subquery"
        if isinstance(node, exp.Window):
            return "a window function"
        if not aggregates and _is_aggregate(node):
            return "an aggregate"
        if isinstance(node, exp.Star | exp.Columns):
            return "all columns at once"
    return ""


def _columns(tree: Expr, text: str, place: Place) -> tuple[str, ...]:
    from mainstem.sql.queries import resolve
    from mainstem.sql.scope import NOTHING, Relation, Scope, Walk
    from mainstem.sql.text import Text
    from mainstem.sql.trace import trace

    walk = Walk(Text(text, place.file), {}, lambda node, scope: resolve(node, scope, walk))
    row = Relation(_ROW, "the row", {}, NOTHING, dataset=_ROW)
    found = trace(tree, Scope(relations=(row,)), walk)
    return tuple(sorted(base.removeprefix(f"{_ROW}.") for base in found.bases))


def _moved(problem: Problem, place: Place) -> Problem:
    """The place within the file: exact on the line where the text begins, else that line."""
    at = problem.place
    column = place.column + at.column - 1 if at is not None and at.line == 1 and place.column else place.column
    return Problem(problem.code, problem.what, problem.mend, Place(place.file, place.line, column))


def _short(text: str) -> str:
    folded = " ".join(text.split())
    return folded if len(folded) <= 60 else folded[:57] + "..."
