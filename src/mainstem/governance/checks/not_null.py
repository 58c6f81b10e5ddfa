"""Rows in which none of the columns is NULL."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from mainstem.core.ports import CheckSql
from mainstem.governance.checks.rows import column_sql, passes, require_columns, require_share, row_level

__all__ = ["BY_PARTITION", "SHORTHAND", "Options", "passes", "reads", "sql"]

SHORTHAND = "columns"
BY_PARTITION = True


@dataclass(frozen=True, slots=True)
class Options:
    """`at_least` is the share of rows that must have a value in every column."""

    columns: tuple[str, ...]
    at_least: Decimal = Decimal(1)

    def __post_init__(self) -> None:
        require_columns(self.columns)
        require_share(self)


def sql(options: Options, relation: str, label: str | None) -> CheckSql:
    """Count the rows in which no column is NULL.

    >>> print(sql(Options(("id",)), '"raw"."orders"', None).failing)
    select checked.* from "raw"."orders" as checked
    where not (checked."id" is not null)
    """
    condition = " and ".join(f"{column_sql(column)} is not null" for column in options.columns)
    return row_level(f"({condition})", relation, label)


def reads(options: Options) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The columns; no other dataset."""
    return options.columns, ()
