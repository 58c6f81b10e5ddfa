"""How counts, sizes, durations and instants are said to people, on a terminal as on a page."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo


def counted(count: int, noun: str) -> str:
    """A number of things: `1 row`, `1,234 rows`, `2 queries`."""
    if count == 1:
        return f"1 {noun}"
    return f"{count:,} {noun[:-1]}ies" if noun.endswith("y") else f"{count:,} {noun}s"


def size(size_bytes: int) -> str:
    """Bytes in a readable unit: `1.5 MB`."""
    value = float(size_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def lasting(seconds: float) -> str:
    """How long something lasts: `0:07`, `12:30`, `1:00:05`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def local(at: datetime, zone: str) -> str:
    """An instant as a person in the zone says it: `1 Jan 2014 05:09`."""
    there = at.astimezone(ZoneInfo(zone))
    return f"{there.day} {there:%b %Y %H:%M}"


def zone_name(zone: str) -> str:
    """`America/New_York` as `New York`."""
    return zone.rpartition("/")[2].replace("_", " ")
