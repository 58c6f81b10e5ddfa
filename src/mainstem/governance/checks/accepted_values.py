"""Rows whose column holds one of the accepted values."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from mainstem.core.ports import CheckSql
from mainstem.governance.checks.rows import column_sql, passes, require_share, row_level, wrong
from mainstem.sql.quote import literal

__all__ = ["BY_PARTITION", "SHORTHAND", "Options", "passes", "reads", "sql"]

SHORTHAND = None
BY_PARTITION = True


@dataclass(frozen=True, slots=True)
class Options:
    """`values` are written as text and compared in the column's own type. `nulls` says whether NULL is accepted."""

    column: str
    values: tuple[str, ...]
    nulls: Literal["pass", "fail"] = "pass"
    at_least: Decimal = Decimal(1)

    def __post_init__(self) -> None:
        require_share(self)
        if not self.values:
            raise wrong("M001", "the check accepts no value at all", 'list the accepted values under "values"')


def sql(options: Options, relation: str, label: str | None) -> CheckSql:
    """Count the rows whose value is among the accepted ones."""
    values = ", ".join(literal(value) for value in options.values)
    otherwise = "true" if options.nulls == "pass" else "false"
    return row_level(f"coalesce({column_sql(options.column)} in ({values}), {otherwise})", relation, label)


def reads(options: Options) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The column; no other dataset."""
    return (options.column,), ()
