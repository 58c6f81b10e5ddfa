"""Contract, table and source when they no longer agree."""

from __future__ import annotations

from typing import Any

import pytest
from ingestion_world import World, balanced, code_of, column, say

from mainstem.core.dataset import Dataset
from mainstem.core.problem import MainstemError, ProjectError, WorldError
from mainstem.lifecycle.ingestion.target import TotalWanted

CONTRACT = (column("id", "bigint"), column("word", "varchar"))


def make(world: World, columns: str = "id integer, word text", *rows: tuple[Any, ...]) -> None:
    world.sql(f"create table t ({columns})")
    for row in rows:
        world.sql(f"insert into t values ({', '.join('?' * len(row))})", rows=[row])


def refused(world: World, dataset: Dataset) -> MainstemError:
    before = world.snapshot(dataset)
    with pytest.raises(MainstemError) as error:
        world.load(dataset)
    assert world.snapshot(dataset) == before
    assert world.session.rows("select count(*) from duckdb_tables()") == [(0,)]
    return error.value


# new columns at the source


def test_evolve_adds_a_new_column(world: World) -> None:
    make(world, "id integer, word text, at text", (1, "a", "1"))
    table = world.table((*CONTRACT, column("at", "varchar")), key=["id"], load="incremental", cursor="at")
    world.load(table)
    world.sql("alter table t add column more integer", "insert into t values (2, 'b', '2', 7)")
    change = world.load(table)
    assert change.notes == ('column "more" is new at the source: it is loaded as "more"',)
    assert world.types(table)["more"] == "BIGINT"
    assert world.rows(table, "id, more") == [(1, None), (2, 7)]
    world.sql("insert into t values (3, 'c', '3', 8)")
    assert world.load(table).notes == ()
    assert world.rows(table, "id, more") == [(1, None), (2, 7), (3, 8)]


def test_freeze_stops_the_load_and_names_every_new_column(world: World) -> None:
    make(world, "id integer, word text", (1, "a"))
    table = world.table(CONTRACT, on_schema_change="freeze")
    world.load(table)
    world.sql("alter table t add column more", "alter table t add column most")
    error = refused(world, table)
    assert [problem.code for problem in error.problems] == ["I005", "I005"]
    assert say(error) == 'column "more" is new at the source'
    assert world.rows(table) == [(1, "a")]


def test_freeze_without_a_contract_holds_to_the_table(world: World) -> None:
    make(world, "id integer", (1,))
    table = world.table(on_schema_change="freeze")
    world.load(table)
    world.sql("alter table t add column more")
    assert code_of(refused(world, table)) == "I005"


def test_quarantine_sets_aside_rows_with_a_value_in_a_new_column(world: World) -> None:
    make(world, "id integer, word text, \"Odd 'Name'\" text", (1, "a", None), (2, "b", "x"))
    table = world.table(CONTRACT, key=["id"], on_schema_change="quarantine")
    change = world.load(table)
    assert world.rows(table) == [(1, "a")]
    assert world.reasons(table) == [("Odd 'Name': \"x\" is not in the contract", "key=2")]
    assert balanced(change)


# missing columns


def test_a_column_of_the_contract_that_is_missing_is_null(world: World) -> None:
    make(world, "id integer", (1,))
    table = world.table(CONTRACT)
    change = world.load(table)
    assert world.rows(table) == [(1, None)]
    assert change.notes == ('column "word" is not at the source: it is NULL',)


@pytest.mark.parametrize(
    ("promises", "mode"), [({"required": True}, "evolve"), ({}, "freeze"), ({"original": "Word"}, "freeze")]
)
def test_a_missing_column_stops_the_load_where_it_is_required_or_frozen(
    world: World, promises: dict[str, Any], mode: str
) -> None:
    make(world, "id integer, wort text", (1, "a"))
    table = world.table((CONTRACT[0], column("word", "varchar", **promises)), on_schema_change=mode)
    error = refused(world, table)
    last = error.problems[-1]
    assert last.code in {"I005", "I006"}
    missing = column("word", "varchar", **promises)
    world.sql("alter table t drop column wort")
    error = refused(world, table)
    assert (code_of(error), say(error)) == (
        "I006",
        f'column "{missing.original or "word"}" of the contract is not at the source',
    )


@pytest.mark.parametrize(
    ("table", "role"),
    [({"key": ["idd"]}, "key"), ({"time_column": "idd"}, "time column")],
)
def test_key_and_time_column_must_be_at_the_source(world: World, table: dict[str, Any], role: str) -> None:
    make(world, "id integer", (1,))
    error = refused(world, world.table(**table))
    assert (code_of(error), say(error)) == ("I009", f'{role} "idd" is not a column at the source')
    assert error.problems[0].mend == 'did you mean "id"? columns are: id'


def test_a_column_that_left_the_source_stays_in_the_table(world: World) -> None:
    world.file("a.csv", "id,word\n1,a\n")
    table = world.files("*.csv", key=["id"], load="incremental")
    world.load(table)
    world.file("b.csv", "id\n2\n")
    world.load(table)
    assert world.rows(table) == [(1, "a"), (2, None)]


# names


def test_names_become_snake_case_and_keep_their_order(world: World) -> None:
    make(world, '"Flight ID" integer, "depDelay" integer, "Größe" text, "2013" text', (1, 2, "x", "y"))
    table = world.table()
    world.load(table)
    assert list(world.types(table)) == ["flight_id", "dep_delay", "grosse", "_2013"]


def test_names_that_collide_are_refused_with_their_place(world: World) -> None:
    make(world, '"Flight ID" integer, flight_id integer', (1, 2))
    error = refused(world, world.table())
    assert (code_of(error), say(error)) == (
        "I001",
        'columns "Flight ID" and "flight_id" would both be named "flight_id"',
    )
    assert error.problems[0].place is not None
    mended = world.table((column("flight_id", "bigint", original="Flight ID"), column("old", original="flight_id")))
    world.load(mended)
    assert world.rows(mended) == [(1, 2)]


# the text of the contract


def test_types_that_do_not_exist_are_named_all_at_once(world: World) -> None:
    make(world)
    error = refused(world, world.table((column("id", "intger"), column("word", "varchar"), column("x", "datte"))))
    assert isinstance(error, ProjectError)
    assert [(problem.code, problem.what) for problem in error.problems] == [
        ("I003", 'type "intger" of column "id" is unknown'),
        ("I003", 'type "datte" of column "x" is unknown'),
    ]


def test_limits_that_do_not_fit_their_column_are_named_all_at_once(world: World) -> None:
    make(world)
    columns = (
        column("id", "bigint", min="low", max="7"),
        column("word", "varchar", matches="[a"),
        column("d", "date", accepted=("2013-12-01", "tomorrow")),
    )
    error = refused(world, world.table(columns))
    assert isinstance(error, ProjectError)
    assert {problem.code for problem in error.problems} == {"I004"}
    assert sorted(problem.what for problem in error.problems) == [
        'accepted "tomorrow" of column "d" is no DATE',
        'matches "[a" of column "word" is no regular expression: missing ]: [a',
        'min "low" of column "id" is no BIGINT',
    ]


@pytest.mark.parametrize(
    "load",
    [{"load": "incremental", "cursor": "word", "write": "replace"}, {"write": "merge"}],
    ids=["replace", "merge"],
)
def test_a_load_that_cannot_keep_its_promise_is_refused(world: World, load: dict[str, Any]) -> None:
    make(world, "id integer, word text", (1, "a"))
    table = world.table(CONTRACT, **load)
    if load["write"] == "replace":
        world.positions["ops.t"] = {"of": "t", "by": "word", "cursor": "a", "state": None}
    assert code_of(refused(world, table)) == "I002"


def test_a_total_that_cannot_be_taken_breaks_the_read_off(world: World) -> None:
    make(world, "id integer, word text", (1, "a"))
    with pytest.raises(WorldError) as error:
        world.load(world.table(CONTRACT), TotalWanted("sum", "sum(nothing)", "word"))
    assert code_of(error.value) == "I007"
    assert say(error.value).startswith('reading "ops.t" breaks off: ')


# types that change


def test_a_wider_type_rewrites_the_table(world: World) -> None:
    make(world, "id integer, n integer, at text", (1, 1, "1"), (2, 2, "2"))
    columns = (column("id", "bigint"), column("n", "integer"), column("at", "varchar"))
    for write, key in (("append", []), ("merge", ["id"])):
        table = world.table(columns, key=key, load="incremental", cursor="at", write=write)
        world.load(table)
    world.sql("insert into t values (3, 5000000000, '3')")
    wide = world.table(
        (columns[0], column("n", "bigint"), columns[2]), key=["id"], load="incremental", cursor="at", write="merge"
    )
    change = world.load(wide)
    assert world.types(wide)["n"] == "BIGINT"
    assert world.rows(wide, "id, n") == [(1, 1), (2, 2), (3, 5000000000)]
    assert change.replace
    assert change.labels is None
    assert balanced(change)


def test_a_type_that_loaded_rows_do_not_fit_is_refused(world: World) -> None:
    make(world, "id integer, n text, at text", (1, "a", "1"), (2, "2", "2"))
    columns = (column("id", "bigint"), column("n", "varchar"), column("at", "varchar"))
    table = world.table(columns, key=["id"], load="incremental", cursor="at")
    world.load(table)
    narrow = world.table((columns[0], column("n", "integer"), columns[2]), key=["id"], load="incremental", cursor="at")
    error = refused(world, narrow)
    assert (code_of(error), say(error)) == ("I008", '1 values of column "n" in the table are no INTEGER')


def test_a_table_that_is_replaced_follows_the_types_of_its_source(world: World) -> None:
    world.file("a.csv", "id,n\n1,1\n")
    table = world.files("*.csv")
    world.load(table)
    assert world.types(table)["n"] == "BIGINT"
    world.file("a.csv", "id,n\n1,1.5\n")
    world.load(table)
    assert world.types(table)["n"] == "DOUBLE"
    world.file("a.csv", "id,n\n1,2\n")
    world.load(table)
    assert world.types(table)["n"] == "DOUBLE"
    world.file("a.csv", "id,n\n1,many\n")
    world.load(table)
    assert world.types(table)["n"] == "VARCHAR"


def test_what_else_the_contract_can_say(world: World) -> None:
    make(
        world,
        "id integer, low real, high real, code text, day text, long text",
        (1, 1, 1, "AB", "2013-12-01", "x"),
        (2, -1, 11, "abc", "2014-01-01", "y" * 100),
        (3, None, None, None, None, None),
    )
    columns = (
        column("id", "bigint"),
        column("low", "double", min="0"),
        column("high", "decimal(4, 1)", max="10"),
        column("code", "varchar", matches="[A-Z]{2}"),
        column("day", "date", min="2013-01-01", max="2013-12-31"),
        column("long", "varchar", accepted=("x",)),
    )
    table = world.table(columns, key=["id"])
    world.load(table)
    assert world.rows(table, "id") == [(1,), (3,)]
    ((reason, origin),) = world.reasons(table)
    assert origin == "key=2"
    assert reason.split("; ") == [
        "low: -1.0 is less than 0",
        "high: 11.0 is more than 10",
        'code: "abc" does not match [A-Z]{2}',
        'day: "2014-01-01" is not between 2013-01-01 and 2013-12-31',
        f'long: "{"y" * 60}…" is not one of x',
    ]


@pytest.mark.parametrize(
    ("type_", "good", "bad"),
    [
        ("integer", ["7", "-0", "+5", "007", "1e3", "5.0", " 7 "], ["5.5", "1e-1", "", "x", "2147483648", "1.0000001"]),
        ("decimal(6, 2)", ["1.5", "1.50", "1.5000", "1e2", "1.25e1"], ["1.555", "10000", "1.2345e1", "x"]),
        ("double", ["1.5", "1e300", "-0.0"], ["x", "1,5"]),
        ("boolean", ["true", "0", "f"], ["2", "maybe"]),
        ("date", ["2013-12-01", "2013-12-01T00:00:00"], ["2013-12-01 05:00", "2013-02-30", "infinity", "20131201"]),
        (
            "timestamp",
            ["2013-12-01", "2013-12-01T05:00:00", "2013-12-01 05:00:00.123456", "2013-12-01T05:00:00Z"],
            ["2013-12-01T05:00:00+02:00", "2013-12-01T05:00-05", "2013-12-01 05:00:00.1234567", "infinity", "05:00"],
        ),
        ("timestamptz", ["2013-12-01T05:00:00+02:00", "2013-12-01T05:00:00Z"], ["infinity", "2013-13-01T05:00Z"]),
        ("time", ["05:00:00"], ["25:00"]),
        ("uuid", ["6ecd8c99-4036-403d-bf84-cf8400f67836"], ["6ecd8c99"]),
        ("json", ['{"a": [1]}', "5"], ["{"]),
        ("integer[]", ["[1, 2]", "[]"], ["[1, 2.5]", "1"]),
    ],
)
def test_a_value_is_kept_exactly_or_set_aside(world: World, type_: str, good: list[str], bad: list[str]) -> None:
    world.sql("create table t (v text)", "insert into t values (?)", rows=[(text,) for text in good + bad])
    table = world.table((column("v", type_, required=True),))
    change = world.load(table)
    shown = [reason.split('"')[1] for reason, _ in world.reasons(table)]
    assert sorted(shown) == sorted(bad)
    assert change.loaded == len(good)
