"""Owns the calendar of objectives: slices and their labels, opening, closing, due time, windows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from mainstem.core.place import Place
from mainstem.core.problem import Problem, ProjectError
from mainstem.core.requirement import Objective

_AMOUNT = re.compile(r"(\d+)\s*(s|min|m|h|d|w|mo)")
_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}
_DEADLINE = re.compile(r"((?:\+\d+(?:d|w|mo)\s+)+)(\d{1,2}):(\d{2})(?::(\d{2}))?")
_STEP = re.compile(r"\+(\d+)(d|w|mo)")
_DATED = ("d", "w", "mo")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Deadline:
    """A clock time, some months and days after the first date of a label: `+1d 05:15`."""

    months: int
    days: int
    at: time


@dataclass(frozen=True, slots=True)
class Span:
    """One label and its instants (UTC).

    `partition` is the label of the partition that belongs to it (the ISO date of its opening), None for slices
    shorter than a day. `number` counts labels, so that neighbours differ by one.
    """

    number: int
    label: str
    opens: datetime
    closes: datetime
    due: datetime
    partition: str | None


@dataclass(frozen=True, slots=True)
class Calendar:
    """The slices of one objective.

    `unit`: d (local dates) | w (local weeks, from Monday) | mo (local months) | s (stretches of `length_s` seconds,
    counted in UTC). `window` is the number of consecutive labels looked at, regular or not; None without a window.
    `days` are the regular weekdays (0 = Monday), `hours` the regular local times at which a slice may open (first
    included, last excluded); empty and None mean all.
    """

    zone: str
    unit: str
    length_s: int
    window: int | None
    days: tuple[int, ...] = ()
    hours: tuple[time, time] | None = None
    deadline: Deadline | None = None

    def span(self, number: int) -> Span:
        """The label of that number."""
        return _span(self.zone, self.unit, self.length_s, self.deadline, number)

    def number_at(self, at: datetime) -> int:
        """The number of the label that is open at an instant."""
        if self.unit == "s":
            return int((at - _EPOCH).total_seconds()) // self.length_s
        return _number_of(self.unit, at.astimezone(ZoneInfo(self.zone)).date())

    def is_regular(self, span: Span) -> bool:
        """Whether the slice is one of those that `days` and `hours` name."""
        if not self.days and self.hours is None:
            return True
        local = span.opens.astimezone(ZoneInfo(self.zone))
        if self.days and local.weekday() not in self.days:
            return False
        return self.hours is None or self.hours[0] <= local.time() < self.hours[1]

    def regular(self, first: int, last: int) -> Iterator[Span]:
        """The regular labels from one number to another, both included, newest first."""
        for number in range(last, first - 1, -1):
            span = self.span(number)
            if self.is_regular(span):
                yield span

    def labelled(self, label: str) -> Span | None:
        """The slice of that label; None if no slice is called so."""
        try:
            start = datetime.fromisoformat(label if self.unit != "mo" else f"{label}-01")
        except ValueError:
            return None
        if start.tzinfo is None:
            start = _local(start, ZoneInfo(self.zone))
        span = self.span(self.number_at(start))
        return span if span.label == label else None


def duration_s(text: str, place: Place | None) -> int:
    """Seconds of a fixed duration such as `30h`, `45m`, `2d` (a day is 24 hours here); ProjectError R006 otherwise."""
    found = _AMOUNT.fullmatch(text.strip())
    if found is None or found[2] == "mo" or not int(found[1]):
        raise ProjectError(
            Problem("R006", f'"{text}" is no duration', "write a number and a unit: 90m, 30h, 2d, 1w", place)
        )
    return int(found[1]) * _SECONDS[found[2]]


def parse_deadline(text: str, place: Place | None) -> Deadline:
    """The deadline that `+1d 05:15` describes; ProjectError R001 otherwise."""
    found = _DEADLINE.fullmatch(text.strip())
    at = None if found is None else _clock_time(found)
    if found is None or at is None:
        mend = 'write the days after the slice and a clock time: deadline: "+1d 05:15"'
        raise ProjectError(Problem("R001", f'"{text}" is no deadline', mend, place))
    months = days = 0
    for amount, unit in _STEP.findall(found[1]):
        if unit == "mo":
            months += int(amount)
        else:
            days += int(amount) * (7 if unit == "w" else 1)
    if months > 12 or days > 366:
        raise ProjectError(Problem("R001", f'"{text}" is more than a year after its slice', "write less", place))
    return Deadline(months, days, at)


def _clock_time(found: re.Match[str]) -> time | None:
    try:
        return time(int(found[2]), int(found[3]), int(found[4] or 0))
    except ValueError:
        return None


def read_calendar(objective: Objective) -> Calendar:
    """The calendar of an objective; one ProjectError with all problems of its slice, window and deadline."""
    deadline = getattr(objective.options, "deadline", None)
    found = _read(objective.zone, objective.slice, objective.window, objective.days, objective.hours, deadline)
    if isinstance(found, Calendar):
        return found
    raise ProjectError(*(replace(problem, place=objective.place) for problem in found))


@lru_cache(maxsize=1 << 12)
def _read(
    zone: str,
    slice_text: str,
    window_text: str | None,
    days: tuple[int, ...],
    hours: tuple[time, time] | None,
    deadline_text: str | None,
) -> Calendar | tuple[Problem, ...]:
    problems: list[Problem] = []
    slice_ = _amount(slice_text)
    if slice_ is None or (slice_[1] in _DATED and slice_[0] != 1):
        mend = "write 1d, 1w, 1mo, or a stretch of hours or minutes such as 1h, 15m"
        problems.append(Problem("R002", f'slice "{slice_text}" does not exist', mend))
        slice_ = (1, "d")
    if hours is not None and slice_[1] in _DATED:
        mend = "remove `hours`, or judge shorter slices (slice: 1h)"
        problems.append(Problem("R004", f'`hours` name slices within a day, and a slice is "{slice_text}"', mend))
    window = None
    if window_text is not None:
        window = _labels_in(window_text, slice_)
        if window is None:
            what = f'window "{window_text}" is not a whole number of slices of "{slice_text}"'
            problems.append(Problem("R003", what, "write for example window: 28d with slice: 1d"))
    deadline = None
    if deadline_text is not None:
        try:
            deadline = parse_deadline(deadline_text, None)
        except ProjectError as error:
            problems += error.problems
    if problems:
        return tuple(problems)
    unit = slice_[1] if slice_[1] in _DATED else "s"
    length_s = slice_[0] * _SECONDS[slice_[1]] if unit == "s" else 0
    return Calendar(zone, unit, length_s, window, days, hours, deadline)


def _amount(text: str) -> tuple[int, str] | None:
    found = _AMOUNT.fullmatch(text.strip())
    return (int(found[1]), found[2]) if found and int(found[1]) else None


def _labels_in(window: str, slice_: tuple[int, str]) -> int | None:
    """How many labels of the slice make the window, None if no whole number does."""
    whole = _amount(window)
    if whole is None or (whole[1] == "mo") != (slice_[1] == "mo"):
        return None
    if whole[1] == "mo":
        return whole[0]
    length, part = whole[0] * _SECONDS[whole[1]], slice_[0] * _SECONDS[slice_[1]]
    return length // part if length % part == 0 else None


def _number_of(unit: str, day: date) -> int:
    if unit == "mo":
        return day.year * 12 + day.month - 1
    return day.toordinal() if unit == "d" else (day.toordinal() - 1) // 7


def _first_date(unit: str, number: int) -> date:
    if unit == "mo":
        return date(number // 12, number % 12 + 1, 1)
    return date.fromordinal(number if unit == "d" else number * 7 + 1)


def _local(naive: datetime, zone: ZoneInfo) -> datetime:
    """A local time as an instant: one that does not exist moves later by the gap, one that occurs twice is the first.

    That is fold=0 of PEP 495.
    """
    return naive.replace(tzinfo=zone, fold=0).astimezone(UTC)


@lru_cache(maxsize=1 << 16)
def _span(zone: str, unit: str, length_s: int, deadline: Deadline | None, number: int) -> Span:
    if unit == "s":
        opens = _EPOCH + timedelta(seconds=number * length_s)
        closes = opens + timedelta(seconds=length_s)
        return Span(number, opens.strftime("%Y-%m-%dT%H:%MZ"), opens, closes, closes, None)
    info = ZoneInfo(zone)
    first, after = _first_date(unit, number), _first_date(unit, number + 1)
    opens = _local(datetime.combine(first, time.min), info)
    closes = _local(datetime.combine(after, time.min), info)
    due = closes if deadline is None else _due(first, deadline, info)
    label = first.isoformat()[:7] if unit == "mo" else first.isoformat()
    return Span(number, label, opens, closes, due, first.isoformat())


def _due(first: date, deadline: Deadline, zone: ZoneInfo) -> datetime:
    if deadline.months:
        month = first.year * 12 + first.month - 1 + deadline.months
        first = date(month // 12, month % 12 + 1, min(first.day, 28))
    return _local(datetime.combine(first + timedelta(days=deadline.days), deadline.at), zone)
