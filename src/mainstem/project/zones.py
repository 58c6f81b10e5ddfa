"""Time zones by their IANA names."""

from __future__ import annotations

from mainstem.core.place import Place
from mainstem.core.problem import Problem, nearest

_COMMON = ("UTC", "Europe/London", "Europe/Zurich", "America/New_York", "Asia/Tokyo")


def zone_problem(name: str, place: Place) -> Problem | None:
    """What is wrong with the name of a time zone; None if it is one."""
    from zoneinfo import ZoneInfo, available_timezones

    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        pass
    else:
        return None
    suggestion, known, _ = nearest(name, sorted(available_timezones()), kind="zones").partition("? zones are: ")
    listed = f"zones are IANA names such as {', '.join(_COMMON)}"
    mend = f"{suggestion}? {listed}" if known else listed
    return Problem("P048", f'"{name}" is no time zone', mend, place)
