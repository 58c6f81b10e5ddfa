"""Training sets: what is known before an event is found, what is known at it or after it never is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mainstem.core.ports import Session
from mainstem.core.problem import ProjectError
from mainstem.core.project import EngineSettings
from mainstem.engines import duckdb as embedded
from mainstem.lifecycle.serving.examples import examples_sql
from mainstem.lifecycle.serving.training import AsOf, Options, Split, options_of

ZONE = "America/New_York"


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    engine = embedded.open(EngineSettings(), tmp_path)
    opened = engine.session()
    opened.execute("create schema m")
    yield opened
    opened.close()
    engine.close()


def table(session: Session, name: str, columns: str, *rows: str) -> None:
    session.execute(f"create table {name} ({columns})")
    for row in rows:
        session.execute(f"insert into {name} values ({row})")


def looked_up(session: Session, key: tuple[str, ...] = (), **how: Any) -> list[Any]:
    """The feature of each example, in the order of its id."""
    as_of = AsOf(**{"from_": "m.w", "on": ("k",), "time": "t", "features": ("f",), **how})
    options = Options(("id",), "moment", "label", as_of=(as_of,))
    select = examples_sql(options, "select * from m.s", ZONE, {"m.w": key})
    assert [field.name for field in session.describe(select)] == ["id", "moment", "label", "f"]
    return [row[3] for row in session.rows(f"select * from ({select}) order by id")]


def spine(session: Session, *events: str, type_: str = "timestamptz") -> None:
    rows = [f"{number}, 'a', {event}, true" for number, event in enumerate(events)]
    table(session, "m.s", f"id integer, k varchar, moment {type_}, label boolean", *rows)


def known(session: Session, *rows: str, type_: str = "timestamptz") -> None:
    table(session, "m.w", f"k varchar, t {type_}, f integer, n integer", *rows)


def test_the_newest_row_before_the_event_is_taken(session: Session) -> None:
    spine(session, "'2013-12-17 10:00:00+00'", "'2013-12-17 12:00:00+00'", "'2013-12-17 06:00:00+00'")
    known(
        session,
        "'a', '2013-12-17 09:00:00+00', 1, 0",
        "'a', '2013-12-17 11:00:00+00', 2, 0",
        "'b', '2013-12-17 09:59:00+00', 3, 0",
    )
    assert looked_up(session) == [1, 2, None]


def test_what_was_known_at_the_event_or_after_it_is_not_in_it(session: Session) -> None:
    spine(session, "'2013-12-17 10:00:00+00'")
    known(session, "'a', '2013-12-17 10:00:00+00', 666, 0", "'a', '2013-12-17 10:00:00.000001+00', 667, 0")
    assert looked_up(session) == [None]
    session.execute("insert into m.w values ('a', '2013-12-17 09:59:59.999999+00', 1, 0)")
    assert looked_up(session) == [1]


def test_a_row_without_time_or_key_was_known_at_no_time(session: Session) -> None:
    spine(session, "'2013-12-17 10:00:00+00'")
    session.execute("insert into m.s values (1, null, '2013-12-17 10:00:00+00', true)")
    known(session, "'a', null, 666, 0", "null, '2013-12-17 09:00:00+00', 667, 0")
    assert looked_up(session) == [None, None]


def test_an_empty_feature_of_the_newest_row_is_empty(session: Session) -> None:
    spine(session, "'2013-12-17 10:00:00+00'")
    known(session, "'a', '2013-12-17 08:00:00+00', 1, 0", "'a', '2013-12-17 09:00:00+00', null, 0")
    assert looked_up(session) == [None]


def test_a_row_may_be_too_old(session: Session) -> None:
    spine(session, "'2013-12-17 10:00:00+00'", "'2013-12-17 10:00:00.000001+00'")
    known(session, "'a', '2013-12-17 07:00:00+00', 1, 0")
    assert looked_up(session, at_most="3h") == [1, None]


def test_a_row_may_be_known_later_than_its_time(session: Session) -> None:
    spine(session, "'2013-12-18 05:00:00+00'", "'2013-12-18 05:00:01+00'", type_="timestamptz")
    known(session, "'a', '2013-12-17', 1, 0", type_="date")
    assert looked_up(session, known_after="24h") == [None, 1]


def test_of_rows_at_one_instant_the_greatest_key_counts_then_the_greatest_value(session: Session) -> None:
    spine(session, "'2013-12-17 10:00:00+00'")
    at = "'2013-12-17 09:00:00+00'"
    known(session, f"'a', {at}, 9, 1", f"'a', {at}, 7, 2", f"'a', {at}, 8, 2")
    assert looked_up(session, key=("n",)) == [8]
    assert looked_up(session) == [9]


@pytest.mark.parametrize(("event", "time"), [("timestamp", "timestamptz"), ("timestamptz", "timestamp")])
def test_local_times_are_those_of_the_project(session: Session, event: str, time: str) -> None:
    """Ten in New York is 15:00 UTC in winter."""
    local, instant = "'2013-12-17 10:00'", "'2013-12-17 15:00:00+00'"
    spine(session, local if event == "timestamp" else instant, type_=event)
    just, at = ("09:59:59", "10:00") if time == "timestamp" else ("14:59:59+00", "15:00:00+00")
    known(session, f"'a', '2013-12-17 {just}', 1, 0", f"'a', '2013-12-17 {at}', 666, 0", type_=time)
    assert looked_up(session) == [1]


def test_in_the_night_when_an_hour_comes_twice_doubt_lets_nothing_in(session: Session) -> None:
    """On 3 November 2013 the hour from one to two is there at 05:00 and at 06:00 UTC."""
    spine(session, "'2013-11-03 01:30'", "'2013-11-03 02:30'", "'2013-03-10 03:30'", type_="timestamp")
    known(
        session,
        "'a', '2013-11-03 05:45:00+00', 666, 0",
        "'a', '2013-11-03 05:29:00+00', 1, 0",
        "'a', '2013-03-10 07:29:00+00', 2, 0",
    )
    assert looked_up(session) == [1, 666, 2]
    session.execute("drop table m.w")
    known(session, "'a', '2013-11-03 01:15', 3, 0", "'a', '2013-11-03 00:15', 4, 0", type_="timestamp")
    assert looked_up(session) == [4, 3, None]


def test_columns_are_matched_and_named_as_asked(session: Session) -> None:
    table(session, "m.s", '"the id" integer, place varchar, moment timestamptz, y integer, "mainstem at" integer',
          "1, 'a', '2013-12-17 10:00:00+00', 0, 5")  # fmt: skip
    known(session, "'a', '2013-12-17 09:00:00+00', 1, 2")
    as_of = (
        AsOf("m.w", {"k": "place"}, "t", {"f": "first", "n": "second"}),
        AsOf("m.w", {"k": "place"}, "t", {"f": "third"}, at_most="30m"),
    )
    options = Options(("the id",), "moment", "y", ("place",), as_of)
    select = examples_sql(options, "select * from m.s -- all of them", ZONE, {})
    assert [field.name for field in session.describe(select)] == list(options.columns)
    assert session.rows(f"select * exclude (moment) from ({select})") == [(1, 0, "a", 1, 2, None)]


def test_it_is_what_a_walk_over_all_rows_finds(session: Session) -> None:
    session.execute("select setseed(0.5)")
    stamp = "timestamptz '2013-12-17 00:00:00+00' + to_minutes(cast(random() * 600 as integer))"
    session.execute(
        f"create table m.s as select i as id, 'k' || i % 7 as k, {stamp} as moment, 1 as label from range(300) t(i)"
    )
    session.execute(f"create table m.w as select 'k' || i % 9 as k, {stamp} as t, i as f, i as n from range(400) t(i)")
    found = looked_up(session, key=("n",), at_most="90m", known_after="10m")
    known = session.rows("select k, epoch_us(t) + 600000000, n, f from m.w")
    expected = []
    for k, at in session.rows("select k, epoch_us(moment) from m.s order by id"):
        rows = [row[1:] for row in known if row[0] == k and at - 5_400_000_000 <= row[1] < at]
        expected.append(max(rows)[2] if rows else None)
    assert found == expected
    assert 0 < sum(each is None for each in found) < 300


def refused(make: Any, *arguments: Any, **options: Any) -> list[str]:
    with pytest.raises(ProjectError) as refusal:
        make(*arguments, **options)
    return [problem.code for problem in refusal.value.problems]


def test_what_contradicts_itself_is_refused_when_it_is_read() -> None:
    look_up = {"from_": "m.w", "on": ("k",), "time": "t", "features": ("f",)}
    assert refused(AsOf, **{**look_up, "on": ()}) == ["V040"]
    assert refused(AsOf, **look_up, at_most="a while") == ["P009"]
    twice = {"entity": ("id",), "event_time": "moment", "label": "y", "as_of": (AsOf(**look_up), AsOf(**look_up))}
    assert refused(Options, **twice) == ["V040"]
    assert refused(Options, entity=("id",), event_time="at", label="ID") == ["V040"]
    assert refused(Split, "2013-12-20", "2013-12-20") == ["V041"]
    assert refused(Split, "tomorrow") == ["V041"]
    assert refused(Split, "2013-12-20T00:00+00:00") == ["V041"]
    assert [name for name, _ in Split("2013-12-20").bounds] == ["train", "test"]


def test_options_are_those_that_were_written() -> None:
    written = {
        "entity": "id",
        "event_time": "moment",
        "label": "y",
        "as_of": {"from": "m.w", "on": "k", "time": "t", "features": {"f": "g"}, "at_most": "3h"},
        "split": {"test_from": "2013-12-27"},
    }
    as_of = AsOf("m.w", ("k",), "t", {"f": "g"}, "3h")
    assert options_of(written) == Options(("id",), "moment", "y", (), (as_of,), Split("2013-12-27"))
