"""One night of the world outside: what the sources hold the next morning that they did not hold before."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mainstem.cli.demo.database import FILE, Operations, SqliteFile
from mainstem.cli.demo.inbox import put_reference, put_weather
from mainstem.cli.demo.operations import add_day
from mainstem.cli.demo.schedule import Night, nights

__all__ = ["Fed", "Night", "feed", "nights"]


@dataclass(frozen=True, slots=True)
class Fed:
    """What one night brought, in rows. `amended` are flights of earlier days whose arrival became known.

    `weather` counts every line of the day's file, those that break the contract (`broken`) included; 0 if no file came.
    """

    flights: int
    amended: int
    weather: int
    broken: int


def feed(folder: Path, night: Night, operations: Operations | None = None) -> Fed:
    """Put one night's data into the sources of the demo project in `folder`; None: its database is a file there.

    Repeating a night changes nothing, also after a crash in its middle. Nights come in their order.
    """
    put_reference(folder)
    weather, broken = put_weather(folder, night.day)
    flights, amended = add_day(operations or SqliteFile(folder / FILE), night)
    return Fed(flights, amended, weather, broken)
