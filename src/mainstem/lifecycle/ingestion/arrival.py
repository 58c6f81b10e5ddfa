"""What is expected of a load's arrival, held against what arrived; pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from mainstem.core.dataset import Expectation

LEAST_HISTORY = 3
"""Loads without which nobody knows how many rows are usual."""

_LENGTH = re.compile(r"(\d+)\s*(s|min|m|h|d|w|mo)")
_UNITS = {"s": "seconds", "min": "minutes", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_MONTH_DAYS = 30


@dataclass(frozen=True, slots=True)
class Arrived:
    """Rows that a read brought, which no read before had; `at` is when it began."""

    at: datetime
    rows: int


def too_few(expect: Expectation | None, rows: int) -> str | None:
    """Words where fewer rows came than a load should bring."""
    if expect is None or expect.rows_at_least is None or rows >= expect.rows_at_least:
        return None
    return f"{rows} {'row' if rows == 1 else 'rows'} came, at least {expect.rows_at_least} are expected"


def unusual(expect: Expectation | None, rows: int, earlier: Sequence[Arrived], at: datetime) -> str | None:
    """Words where a load that brings rows brings many more or less than the median of those before it.

    None where there are fewer than three of them.
    """
    if expect is None or expect.volume is None:
        return None
    since = at - length(expect.volume.of)
    usual = [each.rows for each in earlier if each.rows and since <= each.at < at]
    if len(usual) < LEAST_HISTORY:
        return None
    middle, share = median(usual), int(expect.volume.within.rstrip("%")) / 100
    if middle * (1 - share) <= rows <= middle * (1 + share):
        return None
    came = f"{rows:,} {'row' if rows == 1 else 'rows'} came"
    return f"{came}; {middle:,.0f} are usual ({expect.volume.within} around the median of {len(usual)} loads)"


def late(expect: Expectation | None, arrived: Sequence[Arrived], now: datetime, zone: str) -> str | None:
    """Words where rows should have come by now and have not."""
    if expect is None:
        return None
    last = max((each.at for each in arrived if each.rows), default=None)
    since = f"none since {_local(last, zone)}" if last else "none ever came"
    if expect.by is not None:
        here = now.astimezone(ZoneInfo(zone))
        due = datetime.combine(here.date(), expect.by, here.tzinfo)
        opens = datetime.combine(here.date(), datetime.min.time(), here.tzinfo)
        if now >= due and (last is None or last < opens) and _is_due(expect, last, now):
            return f"late: rows are expected by {expect.by:%H:%M}, {since}"
        return None
    if expect.every is not None and last is not None and now - last > length(expect.every):
        return f"late: rows are expected every {expect.every}, {since}"
    return None


def _is_due(expect: Expectation, last: datetime | None, now: datetime) -> bool:
    """With `every`, not each day is one on which rows come: half a day more is given, for a load that ran late."""
    if expect.every is None or last is None:
        return True
    return now - last > length(expect.every) - timedelta(hours=12)


def length(text: str) -> timedelta:
    """A length of time as it is written; a month is 30 days."""
    found = _LENGTH.fullmatch(text)
    assert found is not None, text
    count, unit = int(found[1]), found[2]
    return timedelta(days=_MONTH_DAYS * count) if unit == "mo" else timedelta(**{_UNITS[unit]: count})


def _local(at: datetime, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"
