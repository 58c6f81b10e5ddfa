"""The data that the demo ships: all of it, with every oddity, and small."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import date, timedelta

import pytest

from mainstem.cli.demo.archive import FOLDER, columns, day_rows, whole

YEAR = [date(2013, 1, 1) + timedelta(days=n) for n in range(365)]


def table(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(whole(name).decode())))


@pytest.fixture(scope="module")
def flights() -> Counter[str]:
    """What is counted over all flights: too many to keep them all."""
    found: Counter[str] = Counter()
    for day in YEAR:
        for row in day_rows("flights", day):
            found["rows"] += 1
            found["sum of ids"] += int(row["flight_id"])
            found["cancelled"] += row["dep_time"] == "NA"
            found["no tail number"] += row["tailnum"] == "NA"
            found["midnight"] += "2400" in (row["dep_time"], row["arr_time"])
            found["zero"] += row["dep_time"] == "0"
            found["empty"] += "" in row.values()
            found[f"tailnum {row['tailnum']}"] += 1
            found[f"dest {row['dest']}"] += 1
    return found


@pytest.fixture(scope="module")
def weather() -> list[dict[str, str]]:
    return [row for day in YEAR for row in day_rows("weather", day)]


def named(flights: Counter[str], what: str) -> set[str]:
    return {key.removeprefix(f"{what} ") for key in flights if key.startswith(f"{what} ")}


def test_every_row_of_the_year_is_there(flights, weather):
    assert flights["rows"] == 336_776
    assert len(weather) == 26_115
    assert [len(table(name)) for name in ("planes", "airports", "airlines")] == [3_322, 1_458, 16]


def test_flight_ids_number_the_rows_of_the_year(flights):
    assert flights["sum of ids"] == 336_776 * 336_777 // 2
    assert day_rows("flights", date(2013, 1, 1))[0]["flight_id"] == "1"
    assert day_rows("flights", date(2013, 9, 30))[-1]["flight_id"] == "336776"


def test_rows_lie_in_their_own_day():
    day = date(2013, 12, 17)
    assert {(row["year"], row["month"], row["day"]) for row in day_rows("flights", day)} == {("2013", "12", "17")}
    assert {(row["year"], row["month"], row["day"]) for row in day_rows("weather", day)} == {("2013", "12", "17")}


def test_unknown_stays_the_text_na(flights):
    assert flights["cancelled"] == 8_255
    assert flights["no tail number"] == 2_512
    assert flights["empty"] == 0


def test_midnight_stays_2400(flights):
    assert flights["midnight"] == 179
    assert flights["zero"] == 0


def test_tail_numbers_and_airports_that_nobody_knows(flights):
    planes = {row["tailnum"] for row in table("planes")}
    airports = {row["faa"] for row in table("airports")}
    assert len(named(flights, "tailnum") - planes - {"NA"}) == 721
    assert named(flights, "dest") - airports == {"BQN", "PSE", "SJU", "STT"}


def test_local_weather_hours_repeat_when_summer_time_ends(weather):
    seen: dict[tuple[str, ...], int] = {}
    for row in weather:
        key = (row["origin"], row["month"], row["day"], row["hour"])
        seen[key] = seen.get(key, 0) + 1
    twice = {key for key, count in seen.items() if count > 1}
    assert twice == {(origin, "11", "3", "1") for origin in ("EWR", "JFK", "LGA")}
    assert len({(row["origin"], row["time_hour"]) for row in weather}) == len(weather)


def test_the_wind_of_february_and_the_silence_of_new_years_eve(weather):
    assert [row["wind_speed"] for row in weather if row["wind_speed"].startswith("1048")] == ["1048.36058"]
    assert len(day_rows("weather", date(2013, 12, 30))) == 57
    assert day_rows("weather", date(2013, 12, 31)) == []


def test_columns_are_those_of_the_original():
    assert len(columns("flights")) == 1 + 19
    assert columns("flights")[:4] == ("flight_id", "year", "month", "day")
    assert len(columns("weather")) == 15


def test_the_files_stay_under_eight_megabytes():
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 8_000_000
    assert "CC0" in (FOLDER / "README.md").read_text()
