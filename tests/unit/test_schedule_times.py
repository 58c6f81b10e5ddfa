"""A schedule is local time, through every change of clocks."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from mainstem.orchestration.schedule import next_time

ZONE = "America/New_York"


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        ("5 5 * * *", "2013-12-31T05:04:59-05:00", "2013-12-31T05:05:00-05:00"),
        ("5 5 * * *", "2013-12-31T05:05:00-05:00", "2014-01-01T05:05:00-05:00"),
        ("5 5 * * *", "2013-12-31T10:04:00+00:00", "2013-12-31T05:05:00-05:00"),
        ("30 2 * * *", "2013-03-10T00:00:00-05:00", "2013-03-10T03:00:00-04:00"),  # there is no half past two
        ("30 1 * * *", "2013-11-03T00:00:00-04:00", "2013-11-03T01:30:00-04:00"),  # and this comes twice
        ("30 1 * * *", "2013-11-03T01:30:00-04:00", "2013-11-04T01:30:00-05:00"),
        ("0 * * * *", "2013-11-03T01:00:00-04:00", "2013-11-03T01:00:00-05:00"),
        ("0 6 * * 1", "2013-12-31T12:00:00-05:00", "2014-01-06T06:00:00-05:00"),
    ],
)
def test_next_time(expression: str, after: str, expected: str) -> None:
    found = next_time(expression, ZONE, datetime.fromisoformat(after))
    assert found == datetime.fromisoformat(expected)
    assert found is not None
    assert found.astimezone(ZoneInfo(ZONE)).isoformat() == expected
