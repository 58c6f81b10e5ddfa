"""How far before its position an incremental read begins, for every kind of source whose position is a cursor."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal

from mainstem.core.dataset import Dataset, Load
from mainstem.core.problem import Problem, WorldError
from mainstem.project.scalars import DURATION

_NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]+)?")
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)(?:([ T])(\d\d:\d\d)(:\d\d)?(.*))?")
_SECONDS = {"s": 1, "min": 60, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_MONTH = "mo"


def begin(dataset: Dataset, position: str) -> str:
    """The cursor at which a read after `position` begins, written as the position is; the position without `lookback`.

    WorldError I025 where a length of time cannot be taken from the cursor, or a number from an instant.
    """
    load = dataset.made_by
    assert isinstance(load, Load)
    if load.lookback is None:
        return position
    found = earlier(position, load.lookback)
    if found is None:
        what = f'lookback "{load.lookback}" cannot be taken from the values of cursor "{load.cursor}"'
        mend = "write a number for a cursor of numbers, and a length of time such as 3d for one of dates or instants"
        raise WorldError(Problem("I025", what, mend, dataset.place))
    return found


def earlier(position: str, lookback: str) -> str | None:
    """The position less the look-back, in the same form; None where the two do not fit.

    >>> earlier("2013-12-02 10:30:00.5+01", "36h"), earlier("2013-03-31", "1mo"), earlier("1700", "200")
    ('2013-11-30 22:30:00.5+01', '2013-02-28', '1500')
    """
    length = DURATION.fullmatch(lookback)
    if length is None:
        return str(Decimal(position) - Decimal(lookback)) if _NUMBER.fullmatch(position) else None
    found = _INSTANT.fullmatch(position)
    if found is None:
        return None
    day, sign, minute, second, rest = found.groups()
    try:
        if sign is None:
            return _less(datetime.fromisoformat(day), length).date().isoformat()
        at = _less(datetime.fromisoformat(f"{day}T{minute}{second or ''}"), length)
    except (ValueError, OverflowError):
        return None
    clock = at.strftime("%H:%M:%S" if second else "%H:%M")
    return f"{at.date().isoformat()}{sign}{clock}{rest}"


def _less(at: datetime, length: re.Match[str]) -> datetime:
    count, unit = int(length[1]), length[2]
    if unit != _MONTH:
        return at - timedelta(seconds=count * _SECONDS[unit])
    months = at.year * 12 + at.month - 1 - count
    year, month = divmod(months, 12)
    return at.replace(year=year, month=month + 1, day=min(at.day, _days(year, month + 1)))


def _days(year: int, month: int) -> int:
    following = date(year + month // 12, month % 12 + 1, 1)
    return (following - timedelta(days=1)).day
