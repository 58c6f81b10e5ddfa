"""When the world of the demo does what: pure, and the same on every machine."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from mainstem.cli.demo.archive import YEAR
from mainstem.core.problem import Problem, ProjectError

ZONE = ZoneInfo("America/New_York")
FIRST, LAST = date(YEAR, 12, 4), date(YEAR, 12, 31)
LATE = date(YEAR, 12, 17)
"""The operating day whose rows come too late for the morning after it."""
LEFT_DRAFT = frozenset({"crew-early-feed"})
"""Requirements that nobody has agreed to yet: for the reader to try with `backtest` and `agree`."""
SEED = 319216
"""Any number would do; this one is kept, since texts name the minutes that it gives."""


@dataclass(frozen=True, slots=True)
class Night:
    """What happens between one operating day and the meeting of the next morning; instants in New York's zone.

    `day` is the operating day that closes. At `fills_at` its last row is in the operations database, at `run_at`
    the run begins, at `publishes_at` readers see it.
    """

    day: date
    fills_at: datetime
    run_at: datetime
    publishes_at: datetime


def nights(first: date = FIRST, last: date = LAST) -> tuple[Night, ...]:
    """One night for each operating day from `first` to `last`, both included.

    ProjectError C014 for days outside 2013, C015 if `last` is before `first`.
    """
    for day in (first, last):
        if day.year != YEAR:
            mend = f"choose days from {YEAR}-01-01 to {YEAR}-12-31"
            raise ProjectError(Problem("C014", f"the demo has no flights of {day.isoformat()}", mend))
    if last < first:
        what = f"the replay ends on {last.isoformat()}, before it begins on {first.isoformat()}"
        raise ProjectError(Problem("C015", what, "give the earlier day to --from and the later one to --to"))
    return tuple(_night(first + timedelta(days=n)) for n in range((last - first).days + 1))


def agreed_at(first: date = FIRST) -> datetime:
    """When the stakeholders agree: two days before the first operating day, at nine in the morning."""
    return datetime.combine(first - timedelta(days=2), time(9), ZONE)


def judged_at(last: Night) -> datetime:
    """When the scoreboard is first looked at: 05:20, when the deadlines of the last morning are over."""
    return max(_morning(last.day, 5, 20), last.publishes_at)


def draw(what: str, below: int) -> int:
    """A number from 0 to `below` - 1 that depends on `what` alone."""
    drawn = hashlib.blake2b(f"{SEED} {what}".encode(), digest_size=4).digest()
    return int.from_bytes(drawn, "big") % below


def _night(day: date) -> Night:
    if day == LATE:
        return Night(day, _morning(day, 5, 20), _morning(day, 5, 22), _morning(day, 5, 26, 10))
    fills_at = _morning(day, 4, 40) + timedelta(seconds=draw(f"filled {day}", 18 * 60))
    publishes_at = _morning(day, 5, 7, 30) + timedelta(seconds=draw(f"ready {day}", 181))
    return Night(day, fills_at, _morning(day, 5, 5), publishes_at)


def _morning(day: date, hour: int, minute: int, second: int = 0) -> datetime:
    """An instant of the morning after an operating day."""
    return datetime.combine(day + timedelta(days=1), time(hour, minute, second), ZONE)
