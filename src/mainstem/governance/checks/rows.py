"""The shape that row-level checks share: every row is good or bad, and a share of good rows is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from mainstem.core.place import Place
from mainstem.core.ports import CheckSql
from mainstem.core.problem import Problem, ProjectError
from mainstem.sql.quote import quote

NOWHERE = Place("")
"""The place of options that no file holds."""


class Shared(Protocol):
    """What the options of every row-level check have."""

    @property
    def at_least(self) -> Decimal: ...


def row_level(condition: str, relation: str, label: str | None) -> CheckSql:
    """A check over rows: `condition` is true for a good row, false for a bad one, and never NULL.

    The rows of `relation` go by the name `checked` inside `condition`. Rows whose label is NULL are counted under
    the label NULL, so that the labels always sum to the whole.
    """
    judged = f"select {label_sql(label)} as label, {condition} as good from {relation} as checked"
    return CheckSql(counted(judged, label), f"select checked.* from {relation} as checked\nwhere not {condition}")


def counted(judged: str, label: str | None) -> str:
    """The measure over `judged`, a SELECT of (label, good): by label, or as one row, there even for no rows."""
    shown, grouped = ("cast(null as varchar)", "") if label is None else ("judged.label", "\ngroup by judged.label")
    return (
        f"select {shown} as label, count(*) filter (where judged.good) as value, count(*) as total\n"
        f"from ({judged}) as judged{grouped}"
    )


def label_sql(label: str | None) -> str:
    """The label column of a measure: text, NULL where rows have no partition."""
    return f"cast({'null' if label is None else f'({label})'} as varchar)"


def passes(options: Shared, value: Decimal, total: Decimal | None) -> bool:
    """Enough rows are good: `value` of `total` is at least the share `at_least`. Nothing at all is good enough."""
    return value >= options.at_least * (total or Decimal(0))


def column_sql(column: str) -> str:
    """A column of the checked relation."""
    return f"checked.{quote(column)}"


def wrong(code: str, what: str, mend: str) -> ProjectError:
    """The error for options that cannot be meant; whoever read them knows the place."""
    return ProjectError(Problem(code, what, mend))


def require_share(options: Shared) -> None:
    """ProjectError M002 unless `at_least` lies between 0 and 1."""
    if not 0 <= options.at_least <= 1:
        what = f'"at_least" is {options.at_least}, but a share of rows lies between 0 and 1'
        raise wrong("M002", what, "write 0.99 for 99 of 100 rows")


@dataclass(frozen=True, slots=True)
class OfColumns:
    """The options of a check over one or more columns; ProjectError M001 if it names none, M002 as `require_share`."""

    columns: tuple[str, ...]
    at_least: Decimal = Decimal(1)

    def __post_init__(self) -> None:
        if not self.columns:
            raise wrong("M001", "the check names no column", "list at least one column")
        require_share(self)


def reads(options: OfColumns) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The columns; no other dataset."""
    return options.columns, ()
