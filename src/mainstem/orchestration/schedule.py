"""When an environment runs by itself: cron's five fields, in the project's time zone."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


def next_time(expression: str, zone: str, after: datetime) -> datetime | None:
    """The first instant after `after` at which the schedule is due, in UTC; None if there is none.

    The fields are local time. As Debian's cron has it: a time that a change of clocks leaves out is due right after it,
    one that comes twice is due once; schedules of every hour or minute follow the time that passes.
    """
    from cronsim import CronSim

    found = next(CronSim(expression, after.astimezone(ZoneInfo(zone))), None)
    return found.astimezone(UTC) if found else None
