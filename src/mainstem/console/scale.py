"""Scales of pictures: from values to places, and the round values at which lines are drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Scale:
    """Values from `low` to `high` lie between `start` and `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Where a value lies; the middle where all values are one."""
        if self.high == self.low:
            return (self.start + self.end) / 2
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def ticks(low: float, high: float, about: int = 5, steps: Sequence[float] = (1, 2, 2.5, 5, 10)) -> list[float]:
    """Round values from at or below `low` to at or above `high`, about so many.

    >>> ticks(3, 97)
    [0, 20, 40, 60, 80, 100]
    >>> ticks(0.2, 0.31, about=3)
    [0.2, 0.25, 0.3, 0.35]
    """
    if high <= low:
        high = low + (abs(low) or 1)
    rough = (high - low) / about
    unit = 10 ** math.floor(math.log10(rough))
    step = next(each * unit for each in (*steps, 10 * steps[-1]) if each * unit >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    digits = max(0, 2 - math.floor(math.log10(step)))
    return [_whole(round(number * step, digits)) for number in range(first, last + 1)]


def clock_ticks(low: float, high: float, about: int = 4) -> list[float]:
    """Minutes of a day at which a clock is read: every 1, 5, 10, 15, 30 minutes, or so many hours."""
    steps = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440)
    step = next((each for each in steps if (high - low) / each <= about + 1), steps[-1])
    return [float(number * step) for number in range(math.floor(low / step), math.ceil(high / step) + 1)]


def time_ticks(low: datetime, high: datetime, about: int = 6, *, by_day: bool = False) -> list[datetime]:
    """Starts of hours, days or months between two moments, about so many; `by_day`: no hours."""
    span = high - low
    if span > timedelta(days=120):
        return _months(low, high, max(1, round(span.days / 30.4 / about)))
    steps = [timedelta(hours=hours) for hours in (1, 3, 6, 12, 24, 48, 72, 168, 336, 672)]
    steps = steps[4:] if by_day else steps
    step = next((each for each in steps if span / each <= about), steps[-1])
    start = low.replace(minute=0, second=0, microsecond=0)
    if step >= timedelta(days=1):
        start = start.replace(hour=0)
    found: list[datetime] = []
    while start <= high:
        if start >= low:
            found.append(start)
        start += step
    return found


def _months(low: datetime, high: datetime, every: int) -> list[datetime]:
    found: list[datetime] = []
    number = low.year * 12 + low.month - 1
    while True:
        number += 1
        year, month = divmod(number, 12)
        at = low.replace(year=year, month=month + 1, day=1, hour=0, minute=0, second=0, microsecond=0)
        if at > high:
            return found
        if month % every == 0:
            found.append(at)


def _whole(value: float) -> float:
    return int(value) if value == int(value) else value
