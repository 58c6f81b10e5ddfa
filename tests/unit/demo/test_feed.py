"""Night by night into the sources: every flight once, amended later, whatever is killed in between."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest

from mainstem.cli.demo.archive import day_rows
from mainstem.cli.demo.feed import Fed, feed, nights
from mainstem.cli.demo.operations import amended_after_days


def rows(folder: Path, sql: str) -> list[tuple]:
    with closing(sqlite3.connect(folder / "operations.db")) as database:
        return database.execute(sql).fetchall()


def dump(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "operations.db")) as database:
        return list(database.iterdump())


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in (folder / "inbox").rglob("*.*")}


@pytest.fixture(scope="module")
def december(tmp_path_factory) -> tuple[Path, list[Fed]]:
    folder = tmp_path_factory.mktemp("december")
    return folder, [feed(folder, night) for night in nights()]


def test_the_default_window_has_its_flights_each_once(december):
    folder, fed = december
    assert sum(night.flights for night in fed) == 25_171
    assert rows(folder, "select count(*), count(distinct flight_id) from flights") == [(25_171, 25_171)]
    assert rows(folder, "select count(*) from flights where flight_date = '2013-12-24'") == [(761,)]
    assert rows(folder, "select count(*) from planes") == [(3_322,)]


def test_a_flight_carries_its_operating_day(december):
    folder, _ = december
    wrong = "select count(*) from flights where flight_date <> printf('%d-%02d-%02d', year, month, day)"
    assert rows(folder, wrong) == [(0,)]


def test_values_stay_the_texts_they_are(december):
    folder, _ = december
    assert rows(folder, "select count(*) from flights where dep_time = 'NA'") == [(1_013,)]
    assert rows(folder, "select count(*) from flights where '2400' in (dep_time, arr_time)")[0][0] > 0
    assert rows(folder, "select distinct typeof(dep_delay), typeof(tailnum) from flights") == [("text", "text")]


def test_in_the_end_all_but_the_newest_flights_are_those_of_the_data(december):
    folder, _ = december
    known = "flight_id, dep_time, dep_delay, arr_time, arr_delay, air_time"
    stored = {row[0]: row[1:] for row in rows(folder, f"select {known} from flights")}
    waiting = 0
    for night in nights():
        for row in day_rows("flights", night.day):
            expected = tuple(row[name] for name in ("dep_time", "dep_delay", "arr_time", "arr_delay", "air_time"))
            found = stored[int(row["flight_id"])]
            assert found[:2] == expected[:2]
            if night.day + timedelta(days=amended_after_days(row)) > date(2013, 12, 31):
                waiting += found != expected
            else:
                assert found == expected
    assert 0 < waiting < 30


def test_rows_that_move_have_a_later_cursor_than_all_before(tmp_path):
    greatest, amended = "", 0
    for night in nights(date(2013, 12, 4), date(2013, 12, 12)):
        before = dict(rows(tmp_path, "select flight_id, updated_at from flights")) if greatest else {}
        fed = feed(tmp_path, night)
        after = dict(rows(tmp_path, "select flight_id, updated_at from flights"))
        moved = {id for id, at in after.items() if before.get(id) != at}
        assert all(after[id] > greatest for id in moved)
        assert len(moved) == fed.flights + fed.amended
        assert len(after) == len(before) + fed.flights
        greatest, amended = max(after.values()), amended + fed.amended
    assert amended > 10


def test_amendments_change_arrivals_and_nothing_else(tmp_path):
    kept = "flight_id, dep_time, dep_delay, carrier, flight, tailnum, origin, dest, flight_date, time_hour"
    first, second = nights(date(2013, 12, 4), date(2013, 12, 5))
    feed(tmp_path, first)
    of_first = f"select {kept} from flights where flight_date = '2013-12-04' order by 1"
    arrivals = "select flight_id, arr_time, arr_delay from flights where flight_date = '2013-12-04' order by 1"
    before, arrivals_before = rows(tmp_path, of_first), rows(tmp_path, arrivals)
    assert feed(tmp_path, second).amended > 0
    assert rows(tmp_path, of_first) == before
    assert rows(tmp_path, arrivals) != arrivals_before


def test_the_seventeenth_is_filled_at_twenty_past_five(december):
    folder, _ = december
    assert rows(folder, "select closed_at from closed_days where flight_date = '2013-12-17'") == [
        ("2013-12-18T10:20:00Z",)
    ]
    newest = "select max(updated_at) from flights where updated_at < '2013-12-18T20'"
    assert rows(folder, newest)[0][0] == "2013-12-18T10:20:00Z"


def test_weather_comes_in_one_file_a_day_and_not_on_new_years_eve(december):
    folder, fed = december
    names = sorted(path.name for path in (folder / "inbox/weather").iterdir())
    assert names == [f"2013-12-{day:02d}.jsonl" for day in range(4, 31)]
    assert [night.weather for night in fed][-2:] == [57, 0]
    lines = (folder / "inbox/weather/2013-12-04.jsonl").read_text().splitlines()
    assert len(lines) == 72
    first = json.loads(lines[0], parse_float=str)
    assert first["wind_gust"] == "NA"
    assert (first["origin"], first["time_hour"]) == ("EWR", "2013-12-04T05:00:00Z")
    written = {name: str(value) for name, value in first.items()}
    assert written == day_rows("weather", date(2013, 12, 4))[0]


def test_one_weather_file_breaks_its_contract_in_four_rows(december):
    folder, fed = december
    assert [night.broken for night in fed if night.broken] == [4]
    lines = (folder / "inbox/weather/2013-12-11.jsonl").read_text().splitlines()
    found = [json.loads(line) for line in lines]
    assert len(found) == 73
    assert [row["wind_speed"] for row in found if row["wind_speed"] == 1048.36058] == [1048.36058]
    assert [row["humid"] for row in found if row["humid"] == "n/a%"] == ["n/a%"]
    assert [row["origin"] for row in found if "time_hour" not in row] == ["LGA"]
    assert [row["origin"] for row in found if row["origin"] not in ("EWR", "JFK", "LGA")] == ["TEB"]


def test_reference_files_come_once(december):
    folder, _ = december
    assert len((folder / "inbox/reference/airports.csv").read_text().splitlines()) == 1_459
    assert len((folder / "inbox/reference/airlines.csv").read_text().splitlines()) == 17


def test_when_summer_time_ends_the_local_hour_comes_twice_and_the_instant_once(tmp_path):
    for night in nights(date(2013, 11, 2), date(2013, 11, 4)):
        feed(tmp_path, night)
    found = [
        json.loads(line) for path in (tmp_path / "inbox/weather").iterdir() for line in path.read_text().splitlines()
    ]
    local = [(row["origin"], row["day"], row["hour"]) for row in found]
    assert len(local) - len(set(local)) == 3
    assert len({(row["origin"], row["time_hour"]) for row in found}) == len(found)


def test_repeating_a_night_changes_nothing(tmp_path):
    first, second, third = nights(date(2013, 12, 4), date(2013, 12, 6))
    fed = [feed(tmp_path, night) for night in (first, second, third)]
    before = dump(tmp_path), files(tmp_path)
    stamps = {path: path.stat().st_mtime_ns for path in (tmp_path / "inbox").rglob("*.*")}
    assert [feed(tmp_path, night) for night in (first, second, third)] == fed
    assert (dump(tmp_path), files(tmp_path)) == before
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "inbox").rglob("*.*")} == stamps


KILLED = """
import os, signal, sys
from datetime import date
from pathlib import Path
from mainstem.cli.demo import inbox, operations
from mainstem.cli.demo.feed import feed, nights

def die(*rest): os.kill(os.getpid(), signal.SIGKILL)

folder, where = Path(sys.argv[1]), sys.argv[2]
first, second = nights(date(2013, 12, 10), date(2013, 12, 11))
if where == "creating":
    operations._insert = die
    feed(folder, first)
feed(folder, first)
if where == "amending":
    operations._amend = die
if where == "writing":
    inbox.Path.replace = die
feed(folder, second)
"""


@pytest.mark.parametrize("where", ["creating", "amending", "writing"])
def test_a_night_that_was_killed_and_repeated_is_a_night(tmp_path, where):
    for name in ("killed", "whole"):
        (tmp_path / name).mkdir()
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "killed"), where], check=False)
    assert done.returncode == -signal.SIGKILL
    for night in nights(date(2013, 12, 10), date(2013, 12, 11)):
        feed(tmp_path / "killed", night)
        feed(tmp_path / "whole", night)
    assert dump(tmp_path / "killed") == dump(tmp_path / "whole")
    assert files(tmp_path / "killed") == files(tmp_path / "whole")


@pytest.mark.slow
def test_the_whole_year_arrives_each_flight_once(tmp_path):
    fed = [feed(tmp_path, night) for night in nights(date(2013, 1, 1), date(2013, 12, 31))]
    assert sum(night.flights for night in fed) == 336_776
    assert rows(tmp_path, "select count(*), count(distinct flight_id) from flights") == [(336_776, 336_776)]
    assert sum(night.weather for night in fed) == 26_115 + 1
    assert sum(night.amended for night in fed) == 1_675
