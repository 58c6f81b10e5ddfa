"""Rows whose column lies between two bounds, both included; NULL passes, NaN counts as greater than any number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from mainstem.core.ports import CheckSql
from mainstem.governance.checks.rows import column_sql, passes, require_share, row_level, wrong
from mainstem.sql.quote import literal

__all__ = ["BY_PARTITION", "SHORTHAND", "Options", "passes", "reads", "sql"]

SHORTHAND = None
BY_PARTITION = True

_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Options:
    """`min` and `max` are written as text: a number, a date, an instant, a word; None leaves that side open."""

    column: str
    min: str | None = None
    max: str | None = None
    at_least: Decimal = Decimal(1)

    def __post_init__(self) -> None:
        require_share(self)
        if self.min is None and self.max is None:
            raise wrong("M001", "the range has no bound", 'give "min", "max" or both')


def sql(options: Options, relation: str, label: str | None) -> CheckSql:
    """Count the rows whose value lies between the bounds."""
    column = column_sql(options.column)
    bounds = [
        f"{column} {operator} {_bound(bound)}"
        for operator, bound in ((">=", options.min), ("<=", options.max))
        if bound is not None
    ]
    return row_level(f"coalesce({' and '.join(bounds)}, true)", relation, label)


def _bound(text: str) -> str:
    # A quoted 2.5 would be rounded to 3 against an integer column; a bare one is compared exactly.
    return text if _NUMBER.fullmatch(text) else literal(text)


def reads(options: Options) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The column; no other dataset."""
    return (options.column,), ()
