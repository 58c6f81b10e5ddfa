"""The demo's project is a good one: it loads, promises what can be agreed to, and its models say what the data says."""

from __future__ import annotations

import csv
import json
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import duckdb
import pytest

from mainstem.cli.demo.archive import day_rows
from mainstem.cli.demo.feed import feed, nights
from mainstem.cli.demo.schedule import LEFT_DRAFT, agreed_at
from mainstem.cli.demo.template import copy_project
from mainstem.core.dataset import Load, Model
from mainstem.core.project import Project
from mainstem.lifecycle.requirements.agreement import agree
from mainstem.lifecycle.requirements.digests import parties
from mainstem.lifecycle.requirements.lint import lint
from mainstem.project.folder import load

DAYS = (date(2013, 12, 9), date(2013, 12, 11), date(2013, 12, 17), date(2013, 12, 31))
ORDER = (
    "staging.flights",
    "staging.weather",
    "marts.route_delays",
    "marts.delay_causes",
    "marts.worst_routes",
    "marts.departures",
    "marts.airport_days",
)


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Project:
    folder = tmp_path_factory.mktemp("flights")
    copy_project(folder)
    return load(folder)


@pytest.fixture(scope="module")
def lake(project) -> duckdb.DuckDBPyConnection:
    """The models of the project over four days, computed by the engine alone."""
    for day in DAYS:
        feed(project.root, nights(day, day)[0])
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    for schema in {name.partition(".")[0] for name in project.datasets}:
        connection.execute(f"create schema {schema}")
    for name in ("operations.flights", "operations.planes"):
        with closing(sqlite3.connect(project.root / "operations.db")) as database:
            found = database.execute(f"select * from {name.partition('.')[2]}")
            names = [column[0] for column in found.description]
            create(connection, project, name, [dict(zip(names, row, strict=True)) for row in found])
    create(connection, project, "weather.hourly", agreed_weather(project.root))
    for name in ORDER:
        made_by = project.datasets[name].made_by
        assert isinstance(made_by, Model)
        connection.execute(f"create table {name} as {made_by.sql}")
    return connection


def agreed_weather(root: Path) -> list[dict[str, str]]:
    """The rows of the weather files that keep the contract."""
    lines = [line for path in sorted((root / "inbox/weather").iterdir()) for line in path.read_text().splitlines()]
    found = [json.loads(line, parse_float=str, parse_int=str) for line in lines]
    return [
        row
        for row in found
        if "time_hour" in row
        and row["origin"] != "TEB"
        and row["humid"] != "n/a%"
        and row["wind_speed"] != "1048.36058"
    ]


def create(connection: duckdb.DuckDBPyConnection, project: Project, name: str, rows: list[dict[str, str]]) -> None:
    """A table of a source with the types of its contract, by way of a CSV."""
    dataset = project.datasets[name]
    path = project.root / f"{name}.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, [column.name for column in dataset.columns])
        writer.writeheader()
        writer.writerows(rows)
    types = ", ".join(f"'{column.name}': '{column.type}'" for column in dataset.columns)
    connection.execute(f"create table {name} as from read_csv('{path}', nullstr = 'NA', columns = {{{types}}})")


def test_nothing_stands_against_any_promise(project):
    errors, _ = lint(project)
    assert errors == ()


def test_every_stakeholder_can_agree(project):
    agreed = [
        agree(project, id, by, agreed_at())["agreed"]
        for id, requirement in project.requirements.items()
        for by in parties(requirement, project)
    ]
    assert set(agreed) >= {"ops-duty-manager", "flight-operations-it", "weather-office", "compliance-officer"}
    assert set(project.requirements) > LEFT_DRAFT


def test_every_sort_of_promise_is_made(project):
    kinds = {each.objective.kind for each in project.requirements.values() if each.objective}
    assert kinds == {"ready_by", "freshness", "completeness", "accuracy", "conformity"}
    assert {each.side for each in project.stakeholders.values()} == {"downstream", "upstream", "sponsor", "governance"}
    assert any(each.proofs for each in project.requirements.values())


def test_every_requirement_leads_to_a_goal_and_every_output_was_asked_for(project):
    for requirement in project.requirements.values():
        assert requirement.needs
        assert all(project.needs[need].goal in project.goals for need in requirement.needs)
    bound = {name for requirement in project.requirements.values() for name in requirement.binds}
    assert set(project.outputs) <= bound


def test_the_contract_names_every_column_of_the_sources(project):
    given = {
        "operations.flights": {*day_rows("flights", DAYS[0])[0], "flight_date", "updated_at"},
        "weather.hourly": set(day_rows("weather", DAYS[0])[0]),
    }
    for name, columns in given.items():
        assert isinstance(project.datasets[name].made_by, Load)
        assert {column.name for column in project.datasets[name].columns} == columns


def test_the_word_delayed_is_the_definition_of_a_late_departure(project):
    assert project.item("delayed") is project.definitions["late-departure"]


def test_models_count_what_the_data_holds(lake):
    expected = []
    for day in DAYS:
        rows = day_rows("flights", day)
        cancelled = sum(row["dep_time"] == "NA" for row in rows)
        late = cancelled + sum(row["dep_delay"] != "NA" and int(row["dep_delay"]) >= 15 for row in rows)
        expected.append((day, len(rows), cancelled, late))
    by_day = "select flight_date, sum(flights), sum(cancelled), sum(late) from {} group by all order by all"
    for mart in ("marts.route_delays", "marts.airport_days"):
        assert lake.execute(by_day.format(mart)).fetchall() == expected
    by_cause = "select flight_date, sum(departures) from marts.delay_causes group by all order by all"
    assert lake.execute(by_cause).fetchall() == [(day, late) for day, _, _, late in expected]


def test_schedule_and_delay_give_the_time_on_the_board(lake):
    agree_on = (
        "select count(*), count(*) filter (where hour(departed_at) * 100 + minute(departed_at) = dep_time % 2400)"
    )
    known, right = lake.execute(f"{agree_on} from staging.flights where departed_at is not null").fetchall()[0]
    assert known == right > 0
    assert lake.execute("select count(*) from staging.flights where dep_time = 2400").fetchall()[0][0] > 0


def test_each_day_has_five_worst_routes_with_a_cause(lake):
    found = lake.execute(
        "select flight_date, count(*), count(cause), list(place order by place) from marts.worst_routes "
        "group by all order by all"
    ).fetchall()
    assert found == [(day, 5, 5, [1, 2, 3, 4, 5]) for day in DAYS]
    worst = "select route, flights, cancelled, cause from marts.worst_routes where flight_date = '2013-12-17'"
    assert lake.execute(f"{worst} and place = 1").fetchall() == [("LGA-BOS", 16, 7, "cancelled")]


def test_hours_without_weather_are_counted(lake):
    found = lake.execute(
        "select flight_date, sum(hours_missing) from marts.airport_days group by all order by all"
    ).fetchall()
    assert found == list(zip(DAYS, [0, 3, 1, 72], strict=True))


def test_departures_without_weather_stay(lake):
    rows, known = lake.execute(
        "select count(*), count(temp) from marts.departures where scheduled_at >= '2013-12-31'"
    ).fetchall()[0]
    assert (rows, known) == (776, 0)
