"""Rows in which none of the columns is NULL."""

from __future__ import annotations

from dataclasses import dataclass

from mainstem.core.ports import CheckSql
from mainstem.governance.checks.rows import OfColumns, column_sql, passes, reads, row_level

__all__ = ["BY_PARTITION", "SHORTHAND", "Options", "passes", "reads", "sql"]

SHORTHAND = "columns"
BY_PARTITION = True


@dataclass(frozen=True, slots=True)
class Options(OfColumns):
    """`at_least` is the share of rows that must have a value in every column."""


def sql(options: Options, relation: str, label: str | None) -> CheckSql:
    """Count the rows in which no column is NULL.

    >>> print(sql(Options(("id",)), '"raw"."orders"', None).failing)
    select checked.* from "raw"."orders" as checked
    where not (checked."id" is not null)
    """
    condition = " and ".join(f"{column_sql(column)} is not null" for column in options.columns)
    return row_level(f"({condition})", relation, label)
