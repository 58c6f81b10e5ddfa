"""Rows for which a boolean expression over their columns is true."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from mainstem.core.place import Place
from mainstem.core.ports import CheckSql
from mainstem.governance.checks.rows import NOWHERE, passes, require_share, row_level

__all__ = ["BY_PARTITION", "SHORTHAND", "SQL", "Options", "passes", "reads", "sql"]

SHORTHAND = "expression"
BY_PARTITION = True
SQL = "expression"


@dataclass(frozen=True, slots=True)
class Options:
    """`expression` is SQL over the columns of one row. `nulls` says what an unknown answer counts as."""

    expression: str
    nulls: Literal["pass", "fail"] = "pass"
    at_least: Decimal = Decimal(1)
    place: Place = NOWHERE

    def __post_init__(self) -> None:
        require_share(self)


def sql(options: Options, relation: str, label: str | None) -> CheckSql:
    """Count the rows for which the expression is true.

    ProjectError (Q0..) where the text is anything but one expression.
    """
    from mainstem.sql.expression import expression_columns

    expression_columns(options.expression, options.place)
    otherwise = "true" if options.nulls == "pass" else "false"
    # The line breaks end a comment that the text may end with.
    condition = f"coalesce(cast((\n{options.expression}\n) as boolean), {otherwise})"
    return row_level(condition, relation, label)


def reads(options: Options) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The columns of the expression; no other dataset."""
    from mainstem.sql.expression import expression_columns

    return expression_columns(options.expression, options.place), ()
