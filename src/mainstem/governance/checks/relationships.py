"""Rows whose column refers to a row of another dataset; NULL refers to nothing and passes."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from mainstem.core.ports import CheckSql
from mainstem.governance.checks.rows import column_sql, counted, label_sql, passes, require_share, wrong
from mainstem.sql.quote import qualified, quote

__all__ = ["BY_PARTITION", "SHORTHAND", "Options", "passes", "reads", "reads_of_others", "sql"]

SHORTHAND = None
BY_PARTITION = True


@dataclass(frozen=True, slots=True)
class Options:
    """`to` is the dataset referred to (`schema.table`), `field` its column; None means the same name."""

    column: str
    to: str
    field: str | None = None
    at_least: Decimal = Decimal(1)

    def __post_init__(self) -> None:
        require_share(self)
        schema, dot, table = self.to.partition(".")
        if not (dot and schema and table) or "." in table:
            raise wrong("M003", f'"{self.to}" is not the name of a dataset', 'write it as "schema.table"')


def sql(options: Options, relation: str, label: str | None) -> CheckSql:
    """Count the rows whose value is NULL or occurs in the other dataset."""
    column = column_sql(options.column)
    field = quote(options.field or options.column)
    known = f"(select distinct target.{field} as known from {qualified(options.to)} as target) as target"
    # The label is computed below the join: there its columns could be ambiguous.
    checked = f"(select {label_sql(label)} as label, {column} as reference from {relation} as checked) as checked"
    judged = (
        "select checked.label, checked.reference is null or target.known is not null as good "
        f"from {checked} left join {known} on target.known = checked.reference"
    )
    failing = (
        f"select checked.* from {relation} as checked left join {known} on target.known = {column}\n"
        f"where {column} is not null and target.known is null"
    )
    return CheckSql(counted(judged, label), failing)


def reads(options: Options) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The column, and the dataset referred to."""
    return (options.column,), (options.to,)


def reads_of_others(options: Options) -> dict[str, tuple[str, ...]]:
    """The column referred to."""
    return {options.to: (options.field or options.column,)}
