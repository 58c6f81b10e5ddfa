"""Readings of the clock become literals of one instant; the rest of the text stays."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

import duckdb
import pytest

from mainstem.core.place import Place
from mainstem.core.problem import ProjectError
from mainstem.sql.clock import bind_clock
from mainstem.sql.facts import read_facts, read_inputs
from mainstem.sql.words import CLOCK_TYPES, CLOCK_WORDS

NOW = datetime(2013, 12, 31, 3, 4, 5, 678901, tzinfo=UTC)
ZONE = "America/New_York"
DATE = "CAST('2013-12-30' AS DATE)"
INSTANT = "CAST('2013-12-31 03:04:05.678901+00:00' AS TIMESTAMPTZ)"

BOUND = [
    ("select current_date as d", f"select {DATE} as d"),
    ("select Today() as d, NOW ( ) as n", f"select {DATE} as d, {INSTANT} as n"),
    ("select a from t where ts > now()-interval 1 day", f"select a from t where ts > {INSTANT}-interval 1 day"),
    ("select current_date", f'select {DATE} AS "current_date"'),
    ("from t select CURRENT_DATE, 1 as x", f'from t select {DATE} AS "CURRENT_DATE", 1 as x'),
    ("select Now(), 1 as x from t", f'select {INSTANT} AS "now()", 1 as x from t'),
    ("select distinct on (a) today() from t", f'select distinct on (a) {DATE} AS "today()" from t'),
    ("select f(current_date, today()) as x", f"select f({DATE}, {DATE}) as x"),
    ("select x: current_date", f"select x: {DATE}"),
    ("select (select current_date) as d", f'select (select {DATE} AS "current_date") as d'),
    ("select year(today()) as y, today().month() as m", f"select year({DATE}) as y, {DATE}.month() as m"),
    ("select extract(year from current_date) as y", f"select extract(year from {DATE}) as y"),
    ("select main.today() as d", f"select {DATE} as d"),
    ('select "now"() as n', f"select {INSTANT} as n"),
    ("select age(ts) as x from t", f"select age({DATE}::TIMESTAMP, ts) as x from t"),
    ("select age(a, [b, c]) as x from t", "select age(a, [b, c]) as x from t"),
    ("select age(greatest(a, b)) as x from t", f"select age({DATE}::TIMESTAMP, greatest(a, b)) as x from t"),
    ("select ago(interval 1 day) as x", f"select ({INSTANT} - CAST((interval 1 day) AS INTERVAL)) as x"),
    ("select age(now()) as x", f"select age({DATE}::TIMESTAMP, {INSTANT}) as x"),
    ("current_date - due < 3 /* today() */", f"{DATE} - due < 3 /* today() */"),
]
UNTOUCHED = [
    "select 1 as x",
    "select 'now()' as x, \"current_date\" as y, $$today()$$ as z from t -- now()",
    "select today, t.now, t.current_date, s.current_date.x from t",
    "select a as current_date, b current_time from t",
    "select {current_date: 1} as s, f(current_time := 2) as g",
    "with current_date as (select 1 as x) select x from current_date",
    "with age(x) as (select 1) select x from age",
    "select age, ago from t group by age",
    "select now(1) as x",
    "select x from t as today(now)",
]


@pytest.mark.parametrize(("sql", "expected"), BOUND)
def test_readings_of_the_clock_become_literals(sql: str, expected: str) -> None:
    assert bind_clock(sql, NOW, ZONE) == expected


@pytest.mark.parametrize("sql", UNTOUCHED)
def test_whatever_is_called_alike_stays(sql: str) -> None:
    assert bind_clock(sql, NOW, ZONE) == sql


@pytest.mark.parametrize("sql", [sql for sql, _ in BOUND if sql.startswith(("select", "from"))])
def test_what_is_bound_is_said_to_read_the_clock(sql: str) -> None:
    reads = sql != "select age(a, [b, c]) as x from t"
    assert read_inputs(sql, Place("x.sql")).reads_clock is reads
    assert not read_inputs(bind_clock(sql, NOW, ZONE), Place("x.sql")).reads_clock


@pytest.mark.parametrize("sql", [sql for sql in UNTOUCHED if "now(1)" not in sql])
def test_what_is_not_bound_does_not_read_the_clock(sql: str) -> None:
    assert not read_inputs(sql, Place("x.sql")).reads_clock


@pytest.mark.parametrize("word", sorted(CLOCK_TYPES))
def test_a_bound_text_has_the_names_and_types_that_the_text_had(word: str) -> None:
    connection = duckdb.connect()
    connection.execute(f"set timezone = '{ZONE}'")
    call = word if word in CLOCK_WORDS else f"{word}()"
    sql = f"select {call}, max({call}) as m, typeof({call}) as t from range(2) group by all"
    bound = bind_clock(sql, NOW, ZONE)
    shapes = [connection.execute(f"describe {text}").fetchall() for text in (sql, bound)]
    assert shapes[0] == shapes[1]
    [values] = connection.execute(f"select columns(*)::varchar from ({bound})").fetchall()
    local = {"DATE": "2013-12-30", "TIME": "22:04:05.678901", "TIMESTAMP": "2013-12-30 22:04:05.678901"}
    zoned = {"TIMETZ": "22:04:05.678901-05", "TIMESTAMPTZ": "2013-12-30 22:04:05.678901-05"}
    assert values[0] == values[1] == {**local, **zoned}[CLOCK_TYPES[word]]


def test_ages_are_those_that_the_engine_would_give_on_that_day() -> None:
    connection = duckdb.connect()
    connection.execute(f"set timezone = '{ZONE}'")
    sql = "select age(timestamp '2013-01-01') as a, ago(interval 1 day)::varchar as b, ago('2 days')::varchar as c"
    [values] = connection.execute(bind_clock(sql, NOW, ZONE)).fetchall()
    assert str(values[0]) == str(
        connection.execute("select age(timestamp '2013-12-30', timestamp '2013-01-01')").fetchone()[0]
    )  # type: ignore[index]
    assert values[1:] == ("2013-12-29 22:04:05.678901-05", "2013-12-28 22:04:05.678901-05")


def test_the_clock_in_quotes_cannot_be_bound_and_is_named() -> None:
    facts = read_facts('select "current_date" as d, a from t', Place("x.sql"), {"main.t": ["a"]})
    assert facts.volatile == ("current_date",)
    facts = read_facts('select "current_date" as d from t', Place("x.sql"), {"main.t": ["current_date"]})
    assert facts.volatile == ()


def test_a_text_that_is_no_sql_is_told() -> None:
    with pytest.raises(ProjectError) as caught:
        bind_clock("select now( from t", NOW, ZONE)
    assert [problem.code for problem in caught.value.problems] == ["Q001"]


def test_a_text_without_the_clock_costs_no_parser() -> None:
    code = (
        "import sys; from datetime import UTC, datetime; from mainstem.sql.clock import bind_clock;"
        "bind_clock('select age, known from t', datetime(2013, 1, 1, tzinfo=UTC), 'UTC');"
        "print('sqlglot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
