"""How many rows there are."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from mainstem.core.ports import CheckSql
from mainstem.governance.checks.rows import label_sql, wrong

SHORTHAND = None
BY_PARTITION = True


@dataclass(frozen=True, slots=True)
class Options:
    """Bounds of the number of rows, both included; None leaves that side open."""

    at_least: int | None = None
    at_most: int | None = None

    def __post_init__(self) -> None:
        if self.at_least is None and self.at_most is None:
            raise wrong("M001", "the number of rows has no bound", 'give "at_least", "at_most" or both')


def sql(options: Options, relation: str, label: str | None) -> CheckSql:
    """Count the rows. A partition without rows has no row here: its value is 0."""
    del options
    grouped = "" if label is None else "\ngroup by counted.label"
    shown = "cast(null as varchar)" if label is None else "counted.label"
    measure = (
        f"select {shown} as label, count(*) as value, cast(null as bigint) as total\n"
        f"from (select {label_sql(label)} as label from {relation} as checked) as counted{grouped}"
    )
    return CheckSql(measure, None)


def passes(options: Options, value: Decimal, total: Decimal | None) -> bool:
    """The number of rows lies between the bounds."""
    del total
    above = options.at_least is None or value >= options.at_least
    return above and (options.at_most is None or value <= options.at_most)


def reads(options: Options) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """No column, no other dataset."""
    del options
    return (), ()
