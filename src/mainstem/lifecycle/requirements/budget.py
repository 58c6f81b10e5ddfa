"""Owns how many slices may be bad, how many were, and how that is said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from decimal import ROUND_FLOOR, Decimal
from zoneinfo import ZoneInfo

from mainstem.core.evidence import Budget, Slice
from mainstem.core.requirement import Objective
from mainstem.lifecycle.requirements import words as say
from mainstem.lifecycle.requirements.calendar import Calendar, read_calendar
from mainstem.lifecycle.requirements.promise import measure_of
from mainstem.lifecycle.requirements.window import Window

_UNITS = {"d": "day", "w": "week", "mo": "month"}


def allowance(objective: Objective, nominal: int) -> int:
    """How many of `nominal` slices may be bad: `misses`, or floor((1 - target) x N), in decimals.

    A hard rule, with neither, allows none.
    """
    if objective.misses is not None:
        return objective.misses
    if objective.target is None:
        return 0
    return int(((1 - objective.target) * nominal).to_integral_value(ROUND_FLOOR))


def nominal(objective: Objective) -> int:
    """How many regular slices the window has, in an ordinary month; 1 without a window."""
    calendar = read_calendar(objective)
    last = calendar.number_at(datetime(2013, 7, 1, 12, tzinfo=UTC))
    return sum(1 for _ in calendar.regular(last + 1 - (calendar.window or 1), last))


def allows_no_miss(objective: Objective) -> bool:
    """Whether a target leaves no slice of its window to miss: zero misses, said in a way that hides it."""
    return objective.target is not None and allowance(objective, nominal(objective)) == 0


def count(objective: Objective, window: Window, at: datetime) -> Budget:
    """The budget of a window, with its words."""
    counted = window.counted
    bad = [each for each in counted if each.state == "bad"]
    unmeasured = sum(each.state == "unmeasured" for each in counted)
    measured = len(counted) - unmeasured
    coverage = Decimal(measured) / len(counted) if counted else None
    allowed = allowance(objective, window.nominal)
    said = _words(objective, window, bad, allowed, at)
    return Budget(allowed, len(bad), unmeasured, len(counted), window.nominal, coverage, said)


def noun(objective: Objective) -> str:
    """What a slice is called: a day, a month, and a morning where the deadline is one."""
    calendar = read_calendar(objective)
    if calendar.deadline is not None and calendar.unit == "d" and calendar.deadline.at < time(12):
        return "morning"
    return _UNITS.get(calendar.unit) or (f"{objective.slice} slice" if calendar.length_s != 3600 else "hour")


def misses(objective: Objective, number: int) -> str:
    """ "one late morning", "two late mornings", "no late morning"."""
    what = f"{measure_of(objective).MISS} {noun(objective)}"
    return f"{say.count(number)} {say.plural(what, max(number, 1))}"


def _words(objective: Objective, window: Window, bad: Sequence[Slice], allowed: int, at: datetime) -> str:
    if objective.window is None:
        return f"no {measure_of(objective).MISS} {noun(objective)} is allowed, ever"
    is_are = "is" if allowed <= 1 else "are"
    allows = f"{misses(objective, allowed)} in {say.period(objective.window)} {is_are} allowed"
    when = say.labels([each.label for each in bad], at, objective.zone)
    if len(bad) > allowed:
        healed = clears(objective, window, allowed)
        return f"{allows}; {_used(len(bad))}, on {when}; clears {healed}"
    if not bad:
        used = "none so far" if allowed == 0 else "none used"
    elif len(bad) == allowed:
        used = f"used on {when}; the next one breaks it"
    else:
        left = allowed - len(bad)
        used = f"{say.count(len(bad))} used, on {when}; {say.count(left)} {'is' if left == 1 else 'are'} left"
    return f"{allows}; {used}{_since(objective, window)}"


def _used(number: int) -> str:
    return f"there {'was' if number == 1 else 'were'} {say.count(number)}"


def _since(objective: Objective, window: Window) -> str:
    """ "; 3 of 28 days" while fewer than all slices of the window count."""
    progress = short_of(objective, window)
    return f"; {progress}" if progress else ""


def short_of(objective: Objective, window: Window) -> str:
    """ "3 of 28 days", where the window reaches back before the agreement or the first publication; else empty."""
    if objective.window is None or not any(each.state in ("before", "unbuilt") for each in window.slices):
        return ""
    number = len(window.counted)
    calendar = read_calendar(objective)
    unit = _UNITS.get(calendar.unit) or noun(objective)
    return f"{number} of {window.nominal} {say.plural(unit, window.nominal)}"


def clears(objective: Objective, window: Window, allowed: int) -> str:
    """When so many bad slices have left the window that it is kept, if no other comes: a date, and the time of day
    where slices are shorter than a day."""
    calendar = read_calendar(objective)
    bad = [each for each in window.counted if each.state == "bad"]
    leaving = bad[len(bad) - allowed - 1]
    at = _leaves(calendar, leaving)
    zone = ZoneInfo(objective.zone)
    now = max(each.due for each in window.counted).astimezone(zone).date()
    if calendar.unit == "s":
        local = at.astimezone(zone)
        return f"{say.day(local.date(), now)} {local:%H:%M}"
    # A slice that is decided at midnight is decided on the day that ends then.
    return say.day((at - timedelta(microseconds=1)).astimezone(zone).date(), now)


def _leaves(calendar: Calendar, leaving: Slice) -> datetime:
    """When the slice that pushes this one out of the window is decided."""
    span = calendar.labelled(leaving.label)
    assert span is not None
    number = span.number + (calendar.window or 1)
    while not calendar.is_regular(calendar.span(number)):
        number += 1
    return calendar.span(number).due
