"""A range of rows of a load that is to be read again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class Span:
    """Rows whose `column` lies between two values as somebody wrote them, both included; None: no bound.

    A bound that is a day means all of that day.
    """

    column: str
    start: str | None = None
    end: str | None = None

    @property
    def are_days(self) -> bool:
        """Whether the bounds are days."""
        return all(_DAY.fullmatch(bound) for bound in (self.start, self.end) if bound is not None)

    @property
    def is_backwards(self) -> bool:
        """Whether the bounds are days or numbers, and the last is before the first."""
        if self.start is None or self.end is None:
            return False
        if self.are_days:
            return self.end < self.start
        try:
            return Decimal(self.end) < Decimal(self.start)
        except InvalidOperation:
            return False

    @property
    def wide(self) -> tuple[str | None, str | None]:
        """Days that surely lie before the first row and after the last, in whichever time zone and form a source writes
        them; None where a bound is no date: a source may push down what lies between, the rest is sorted out later."""
        return _day(self.start, -2), _day(self.end, 3)

    def __str__(self) -> str:
        return f"{self.column} from {self.start or 'the first'} to {self.end or 'the last'}"


def _day(bound: str | None, days: int) -> str | None:
    found = _DAY.match(bound or "")
    try:
        return (date.fromisoformat(found[0]) + timedelta(days)).isoformat() if found else None
    except (ValueError, OverflowError):
        return None


@dataclass(frozen=True, slots=True)
class Again:
    """What is read again on purpose of one dataset: the rows of a span, or all of it (None)."""

    dataset: str
    span: Span | None = None
    allow_deletes: bool = False

    def __str__(self) -> str:
        return f"backfill of {self.span}" if self.span else "backfill of everything"
