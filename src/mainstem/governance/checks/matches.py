"""Rows whose column matches a pattern from its first to its last character; NULL passes."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from mainstem.core.ports import CheckSql
from mainstem.governance.checks.rows import column_sql, passes, require_share, row_level
from mainstem.sql.quote import literal

__all__ = ["BY_PARTITION", "SHORTHAND", "Options", "passes", "reads", "sql"]

SHORTHAND = None
BY_PARTITION = True


@dataclass(frozen=True, slots=True)
class Options:
    """`pattern` is a regular expression of RE2 (github.com/google/re2/wiki/Syntax)."""

    column: str
    pattern: str
    at_least: Decimal = Decimal(1)

    def __post_init__(self) -> None:
        require_share(self)


def sql(options: Options, relation: str, label: str | None) -> CheckSql:
    """Count the rows whose value, as text, matches the whole pattern."""
    match = f"regexp_full_match(cast({column_sql(options.column)} as varchar), {literal(options.pattern)})"
    return row_level(f"coalesce({match}, true)", relation, label)


def reads(options: Options) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The column; no other dataset."""
    return (options.column,), ()
