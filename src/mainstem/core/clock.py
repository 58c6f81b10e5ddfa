"""Time, passed in: nothing else in mainstem reads the wall clock."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """`now()` is the time of facts (aware, UTC); `elapsed()` is real time in seconds, for leases and durations.

    `elapsed()` is comparable between processes of one machine.
    """

    def now(self) -> datetime: ...

    def elapsed(self) -> float: ...


@dataclass(frozen=True, slots=True)
class WallClock:
    """The time that it is."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def elapsed(self) -> float:
        return time.time()


@dataclass(slots=True)
class SetClock:
    """A clock that stands at `at` until somebody moves it: replays, backtests, tests."""

    at: datetime

    def now(self) -> datetime:
        return self.at.astimezone(UTC)

    def elapsed(self) -> float:
        return time.time()


def instant_text(at: datetime) -> str:
    """An instant as it is stored: UTC, microseconds, sorts as text (`2013-12-17T10:09:00.000000Z`)."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def parse_instant(text: str) -> datetime:
    """The inverse of `instant_text`; takes any ISO 8601 instant with an offset."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f'"{text}" has no time zone')
    return at.astimezone(UTC)
