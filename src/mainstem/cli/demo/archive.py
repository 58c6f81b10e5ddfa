"""Reads the data that the demo ships: flights and weather of New York in 2013, every value the text it always was."""

from __future__ import annotations

import lzma
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).parent / "data"
YEAR = 2013


def day_rows(table: str, day: date) -> list[dict[str, str]]:
    """The rows of `flights` or `weather` of one local day of 2013, in their original order; none is an answer too."""
    header, days = _month(table, day.month)
    return [dict(zip(header, line.split(","), strict=True)) for line in days.get(day.day, ())]


def columns(table: str) -> tuple[str, ...]:
    """The column names of `flights` or `weather`."""
    return _month(table, 12)[0]


def whole(table: str) -> bytes:
    """The CSV text of `planes`, `airports` or `airlines`."""
    return lzma.decompress((FOLDER / f"{table}.csv.xz").read_bytes())


# Two tables, and the days before the first of a month: one entry more would never be used again.
@lru_cache(maxsize=4)
def _month(table: str, month: int) -> tuple[tuple[str, ...], Mapping[int, tuple[str, ...]]]:
    """Column names, and the lines of each day. Neither table has quotes: a comma always separates."""
    text = lzma.decompress((FOLDER / f"{table}-{YEAR}-{month:02d}.csv.xz").read_bytes()).decode()
    header, *lines = text.splitlines()
    names = tuple(header.split(","))
    at = names.index("day")
    days: dict[int, list[str]] = {}
    for line in lines:
        days.setdefault(int(line.split(",", at + 1)[at]), []).append(line)
    return names, {day: tuple(found) for day, found in days.items()}
