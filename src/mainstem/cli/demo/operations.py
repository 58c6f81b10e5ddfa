"""The operations database: every night adds a day of flights to it, and amends some of earlier days."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from mainstem.cli.demo.archive import YEAR, columns, day_rows, whole
from mainstem.cli.demo.database import Operations, Statements
from mainstem.cli.demo.schedule import Night, draw

UNKNOWN = "NA"
AMENDED_WITHIN_DAYS = 3
# About five flights a day: often enough to be seen, seldom enough to stay an exception.
ONE_IN = 200
FILLING = timedelta(minutes=20)

Row = dict[str, str]


def add_day(operations: Operations, night: Night) -> tuple[int, int]:
    """Add the flights of the night's day and amend earlier ones; how many of each.

    One transaction: a night that was cut short leaves nothing, and one that is repeated adds nothing.
    """
    rows = day_rows("flights", night.day)
    with operations.transaction() as database:
        if not list(database.execute(operations.tables)):
            _create(database, operations.day, operations.instant)
        closed = {str(day) for (day,) in database.execute("select flight_date from closed_days")}
        amended = [row for day in _days_before(night.day) if day.isoformat() in closed for row in _due(day, night.day)]
        if night.day.isoformat() not in closed:
            _insert(database, night, rows)
            _amend(database, night, amended)
    return len(rows), len(amended)


def _create(database: Statements, day: str, instant: str) -> None:
    """The tables, and all planes. Every column of the data is text, as it is there: it writes `NA` for what is unknown.

    Crew planning's list is empty: mainstem fills it.
    """
    texts = ", ".join(f'"{name}" text not null' for name in columns("flights")[1:])
    database.execute(
        f"create table flights (flight_id integer primary key, {texts}, "
        f"flight_date {day} not null, updated_at {instant} not null)"
    )
    database.execute("create index flights_updated_at on flights (updated_at)")
    database.execute(f"create table closed_days (flight_date {day} primary key, closed_at {instant} not null)")
    database.execute(
        f"create table crew_worst_routes (flight_date {day} not null, place integer not null, route text not null, "
        "flights integer not null, late integer not null, cancelled integer not null, p90_delay integer not null, "
        "cause text, primary key (flight_date, place))"
    )
    header, *planes = csv.reader(io.StringIO(whole("planes").decode()))
    texts = ", ".join(f'"{name}" text not null' for name in header)
    database.execute(f"create table planes ({texts}, primary key (tailnum))")
    database.executemany(f"insert into planes values ({', '.join('?' * len(header))})", planes)


def _insert(database: Statements, night: Night, rows: list[Row]) -> None:
    """The day's rows as they are first known; the database fills for twenty minutes."""
    day = night.day.isoformat()
    step = FILLING / max(len(rows), 1)
    known = {row["flight_id"]: _first_known(row) for row in _to_amend(night.day)}
    values = [
        (*known.get(row["flight_id"], row).values(), day, _text(night.fills_at - FILLING + step * number))
        for number, row in enumerate(rows)
    ]
    places = ", ".join("?" * (len(columns("flights")) + 2))
    database.executemany(f"insert into flights values ({places})", values)
    database.execute("insert into closed_days values (?, ?)", (day, _text(night.fills_at)))


def _amend(database: Statements, night: Night, rows: list[Row]) -> None:
    """Put in what has become known about arrivals; the number of rows stays what it was."""
    at = _text(night.fills_at)
    database.executemany(
        "update flights set arr_time = ?, arr_delay = ?, air_time = ?, updated_at = ? where flight_id = ?",
        [(row["arr_time"], row["arr_delay"], row["air_time"], at, row["flight_id"]) for row in rows],
    )


def amended_after_days(row: Row) -> int:
    """How many nights after its own a flight's arrival is amended; 0 for never, which is nearly always."""
    if row["arr_delay"] == UNKNOWN or draw(f"amended {row['flight_id']}", ONE_IN):
        return 0
    return 1 + draw(f"after {row['flight_id']}", AMENDED_WITHIN_DAYS)


def _first_known(row: Row) -> Row:
    """A flight to be amended as it is first entered: its arrival is missing, or some minutes wrong."""
    if draw(f"missing {row['flight_id']}", 2):
        return row | {"arr_time": UNKNOWN, "arr_delay": UNKNOWN, "air_time": UNKNOWN}
    minutes = 2 + draw(f"minutes {row['flight_id']}", 12)
    return row | {
        "arr_time": _clock(row["arr_time"], minutes),
        "arr_delay": str(int(row["arr_delay"]) + minutes),
        "air_time": str(int(row["air_time"]) + minutes),
    }


def _due(day: date, now: date) -> list[Row]:
    """The flights of `day` that are amended in the night of `now`, as they really were."""
    return [row for row in _to_amend(day) if amended_after_days(row) == (now - day).days]


@lru_cache(maxsize=AMENDED_WITHIN_DAYS + 1)
def _to_amend(day: date) -> tuple[Row, ...]:
    return tuple(row for row in day_rows("flights", day) if amended_after_days(row))


def _days_before(day: date) -> Iterator[date]:
    for back in range(AMENDED_WITHIN_DAYS, 0, -1):
        before = day - timedelta(days=back)
        if before.year == YEAR:
            yield before


def _clock(text: str, minutes: int) -> str:
    """A local time as this data writes it (`517`, midnight `2400`), some minutes later."""
    later = (int(text) // 100 * 60 + int(text) % 100 + minutes) % (24 * 60)
    return str(later // 60 * 100 + later % 60) if later else "2400"


def _text(at: datetime) -> str:
    """An instant as the database writes it: UTC, whole seconds, sorts as text."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
