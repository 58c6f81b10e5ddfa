"""The inbox: files that the weather office and the reference office put down, some of them not as agreed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from mainstem.cli.demo.archive import YEAR, day_rows, whole

WEATHER, REFERENCE = "inbox/weather", "inbox/reference"
BROKEN_DAY = date(YEAR, 12, 11)
"""The day whose weather file breaks the contract in four ways."""
BROKEN_ROWS = 4
_TEXTS = frozenset({"origin", "time_hour"})

Row = dict[str, str]


def put_reference(folder: Path) -> None:
    """Airports and airlines, once."""
    for table in ("airports", "airlines"):
        _put(folder / REFERENCE / f"{table}.csv", whole(table))


def put_weather(folder: Path, day: date) -> tuple[int, int]:
    """The day's weather as JSON Lines: rows written, and how many of them break the contract.

    No file at all for a day without weather: the office sends nothing when it has nothing.
    """
    rows, broken = day_rows("weather", day), 0
    if day == BROKEN_DAY:
        rows, broken = _broken(rows), BROKEN_ROWS
    if rows:
        text = "".join(f"{_json(row)}\n" for row in rows)
        _put(folder / WEATHER / f"{day.isoformat()}.jsonl", text.encode())
    return len(rows), broken


def _broken(rows: list[Row]) -> list[Row]:
    """A wind that nobody survives, a humidity with a unit, an hour without its instant, and an airport not agreed."""
    stray = rows[0] | {"origin": "TEB"}
    changed = []
    for row in rows:
        match row["origin"], row["hour"]:
            case "EWR", "2":
                changed.append(row | {"wind_speed": "1048.36058"})
            case "JFK", "3":
                changed.append(row | {"humid": "n/a%"})
            case "LGA", "4":
                changed.append({name: text for name, text in row.items() if name != "time_hour"})
            case _:
                changed.append(row)
    return [*changed, stray]


def _json(row: Mapping[str, str]) -> str:
    """One line: numbers keep every digit of their text, what is no number stays text (`NA` is one)."""
    return "{" + ", ".join(f"{json.dumps(name)}: {_value(name, text)}" for name, text in row.items()) + "}"


def _value(name: str, text: str) -> str:
    is_number = name not in _TEXTS and text.replace(".", "", 1).removeprefix("-").isdigit()
    return text if is_number else json.dumps(text)


def _put(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all; leave one alone that is the same already."""
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(content)
    part.replace(path)
