"""Owns how instants, dates, counts and lengths are said to people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
# Fixed, so that no locale of a machine changes a sentence.
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DAYS_FROM_S = 3 * 86400
"""Shorter lengths are said in hours."""
_UNITS = {"min": "minute", "m": "minute", "s": "second", "h": "hour", "d": "day", "w": "week", "mo": "month"}


def count(number: int) -> str:
    """A small number as a word: 0 is "no", 1 is "one"; digits above twelve."""
    return _NUMBERS[number] if 0 <= number < len(_NUMBERS) else str(number)


def plural(noun: str, number: int) -> str:
    """The noun as it stands behind a number."""
    return noun if number == 1 else f"{noun}s"


def listed(parts: Sequence[str]) -> str:
    """Parts as a person lists them: "a", "a and b", "a, b and c"."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else list(parts))


def day(value: date, beside: date) -> str:
    """A date, "17 December"; with its year when that is not plain from the date it stands beside."""
    said = f"{value.day} {_MONTHS[value.month - 1]}"
    return said if abs((value - beside).days) < 200 else f"{said} {value.year}"


def days(values: Sequence[date], beside: date) -> str:
    """Dates in a row, "12 and 17 December"; of many, the newest three and how many more."""
    shown = values[-3:] if len(values) > 4 else values
    said: list[str] = []
    for position, value in enumerate(shown):
        follows = shown[position + 1] if position + 1 < len(shown) else None
        is_short = follows is not None and (follows.year, follows.month) == (value.year, value.month)
        said.append(str(value.day) if is_short else day(value, beside))
    text = listed(said)
    return text if len(shown) == len(values) else f"{text}, and {count(len(values) - len(shown))} earlier"


def label(value: str, beside: datetime, zone: str) -> str:
    """The label of a slice: "17 December", "December 2013", "17 December 14:00"."""
    if len(value) == 7:
        year, month = value.split("-")
        return f"{_MONTHS[int(month) - 1]} {year}"
    local = datetime.fromisoformat(value)
    if local.tzinfo is None:
        return day(local.date(), beside.astimezone(ZoneInfo(zone)).date())
    return moment(local, beside, zone)


def labels(values: Sequence[str], beside: datetime, zone: str) -> str:
    """Labels in a row, oldest first."""
    if all(len(value) == 10 for value in values):
        return days([date.fromisoformat(value) for value in values], beside.astimezone(ZoneInfo(zone)).date())
    shown = values[-3:] if len(values) > 4 else values
    text = listed([label(value, beside, zone) for value in shown])
    return text if len(shown) == len(values) else f"{text}, and {count(len(values) - len(shown))} earlier"


def clock(at: datetime, zone: str) -> str:
    """The clock time of an instant in a zone, "05:15"; with seconds only where there are some."""
    local = at.astimezone(_zone(zone))
    said = f"{local.hour:02}:{local.minute:02}"
    return f"{said}:{local.second:02}" if local.second else said


def moment(at: datetime, beside: datetime, zone: str) -> str:
    """An instant as date and clock time, "17 December 05:26"."""
    info = _zone(zone)
    return f"{day(at.astimezone(info).date(), beside.astimezone(info).date())} {clock(at, zone)}"


def due(at: datetime, now: datetime, zone: str) -> str:
    """An instant to come: "today at 05:15", "tomorrow at 05:15", "on 3 January at 05:15"."""
    info = _zone(zone)
    there, here = at.astimezone(info).date(), now.astimezone(info).date()
    ahead = (there - here).days
    name = {0: "today", 1: "tomorrow"}.get(ahead, f"on {day(there, here)}")
    return f"{name} at {clock(at, zone)}"


def length(value: timedelta) -> str:
    """A length of time in two units, rounded down: "eleven minutes", "29 hours 2 minutes", "5 days 3 hours"."""
    return _length(int(abs(value.total_seconds())))


@lru_cache(maxsize=1 << 12)
def _length(left: int) -> str:
    parts: list[str] = []
    units = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))
    for unit, size in units if left >= _DAYS_FROM_S else units[1:]:
        amount, left = divmod(left, size)
        if amount and len(parts) < 2:
            parts.append(f"{amount} {plural(unit, amount)}")
        elif parts:
            break
    if not parts:
        return "no time"
    if len(parts) == 1:
        number, _, unit = parts[0].partition(" ")
        return f"{count(int(number))} {unit}"
    return " ".join(parts)


def period(text: str) -> str:
    """A window such as `28d` in words: "four weeks", "30 days"."""
    digits = "".join(character for character in text if character.isdigit())
    number, unit = int(digits), text.strip()[len(digits) :].strip()
    if unit == "d" and number % 7 == 0:
        number, unit = number // 7, "w"
    return f"{count(number)} {plural(_UNITS[unit], number)}"


def at_least(limit: Decimal) -> str:
    """A limit behind a promise: ", at least 99%"; nothing where all is promised."""
    return "" if limit == 1 else f", at least {share(limit)}"


def share(value: Decimal) -> str:
    """A share as per cent, cut (never rounded up to 100): "99.9%"."""
    percent = (value * 100).quantize(Decimal("0.001"), rounding=ROUND_DOWN).normalize()
    return f"{percent:f}%"


@lru_cache(maxsize=64)
def _zone(zone: str) -> ZoneInfo:
    return ZoneInfo(zone)
