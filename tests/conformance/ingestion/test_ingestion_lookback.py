"""Late rows: a read that begins before its position, and loses and doubles nothing."""

from __future__ import annotations

from typing import Any

import pytest
from ingestion_world import World, balanced, code_of, column

from mainstem.core.problem import WorldError
from mainstem.lifecycle.generation.lookback import earlier

COLUMNS = (column("id", "bigint", required=True), column("word", "varchar"), column("at", "timestamp", required=True))
TABLE = "create table t (id integer, word text, at text)"
INSERT = "insert into t values (?, ?, ?)"


@pytest.mark.parametrize(
    ("position", "lookback", "expected"),
    [
        ("2013-12-02", "3d", "2013-11-29"),
        ("2013-12-02", "6h", "2013-12-01"),
        ("2013-12-02 10:30", "90m", "2013-12-02 09:00"),
        ("2013-12-02T10:30:00.125Z", "1w", "2013-11-25T10:30:00.125Z"),
        ("2013-12-02 10:30:00+02", "15min", "2013-12-02 10:15:00+02"),
        ("2013-05-31", "3mo", "2013-02-28"),
        ("2013-01-31 00:00:00", "1mo", "2012-12-31 00:00:00"),
        ("1700", "200", "1500"),
        ("17.5", "0.25", "17.25"),
        ("1700", "3d", None),
        ("2013-12-02", "3", None),
        ("2013-13-02", "3d", None),
        ("0001-01-01", "3d", None),
        ("b", "3", None),
    ],
)
def test_a_look_back_in_the_form_of_the_cursor(position: str, lookback: str, expected: str | None) -> None:
    assert earlier(position, lookback) == expected


@pytest.mark.parametrize(("write", "key"), [("merge", ["id"]), ("append", ["id"]), ("append", [])])
def test_late_rows_within_the_look_back_are_not_lost_and_none_is_doubled(
    world: World, write: str, key: list[str]
) -> None:
    dataset = world.table(COLUMNS, key=key, load="incremental", cursor="at", write=write, lookback="2d")
    world.sql(TABLE, INSERT, rows=[(1, "a", "2013-12-01"), (2, "b", "2013-12-05"), (3, "c", "2013-12-05")])
    world.load(dataset)
    late = [(4, "d", "2013-12-04 10:00:00"), (5, "e", "2013-12-05"), (6, "f", "2013-12-02")]
    world.sql(INSERT, rows=late)
    world.settle()
    assert world.look(dataset).state == "new"

    change = world.load(dataset)
    assert (change.rows_in, change.loaded, change.unchanged) == (4, 2, 2)
    assert balanced(change)
    assert world.positions[dataset.name]["cursor"] == "2013-12-05"
    assert world.rows(dataset, "id") == [(1,), (2,), (3,), (4,), (5,)]

    world.settle()
    assert world.load(dataset).is_empty
    world.settle()
    assert world.look(dataset).state == "nothing"


def test_a_position_never_moves_back_when_its_row_is_gone(world: World) -> None:
    columns = (*COLUMNS[:2], column("at", "bigint"))
    dataset = world.table(columns, key=["id"], load="incremental", cursor="at", lookback="5")
    world.sql("create table t (id integer, word text, at integer)", INSERT, rows=[(1, "a", 9), (2, "b", 10)])
    world.load(dataset)
    world.sql("delete from t where id = 2")

    world.load(dataset)

    assert world.positions[dataset.name]["cursor"] == "10"
    assert world.rows(dataset, "id") == [(1,), (2,)]


def test_bad_rows_of_the_look_back_are_set_aside_once(world: World) -> None:
    columns = (*COLUMNS[:1], column("word", "varchar", accepted=("a", "b")), COLUMNS[2])
    dataset = world.table(columns, key=["id"], load="incremental", cursor="at", lookback="2d")
    world.sql(TABLE, INSERT, rows=[(1, "x", "2013-12-04"), (2, "b", "2013-12-05")])
    world.load(dataset)
    world.sql(INSERT, rows=[(3, "a", "2013-12-06")])

    change = world.load(dataset)

    assert (change.rejected, change.unchanged, change.loaded) == (0, 2, 1)
    assert len(world.reasons(dataset)) == 1


def test_a_longer_look_back_looks_again(world: World) -> None:
    how: dict[str, Any] = {"key": ["id"], "load": "incremental", "cursor": "at"}
    world.sql(TABLE, INSERT, rows=[(1, "a", "2013-12-01"), (2, "b", "2013-12-05")])
    world.settle()
    world.load(world.table(COLUMNS, lookback="1d", **how))
    assert world.look(world.table(COLUMNS, lookback="1d", **how)).state == "nothing"
    assert world.look(world.table(COLUMNS, lookback="7d", **how)).state == "new"


def test_a_length_of_time_cannot_be_taken_from_a_number(world: World) -> None:
    columns = (*COLUMNS[:2], column("at", "bigint"))
    dataset = world.table(columns, key=["id"], load="incremental", cursor="at", lookback="3d")
    world.sql("create table t (id integer, word text, at integer)", INSERT, rows=[(1, "a", 9)])
    with pytest.raises(WorldError) as caught:
        world.load(dataset)
    assert code_of(caught.value) == "I025"


@pytest.mark.parametrize("columns", [COLUMNS, ()])
@pytest.mark.parametrize("key", [["id"], []])
def test_a_row_without_a_cursor_is_set_aside_once(world: World, columns: Any, key: list[str]) -> None:
    dataset = world.table(columns, key=key, load="incremental", cursor="at")
    world.sql(TABLE, INSERT, rows=[(1, "a", "2013-12-01"), (2, "b", None)])
    assert world.load(dataset).rejected == 1
    for number in (3, 4, 5):
        world.sql(INSERT, rows=[(number, "c", f"2013-12-0{number}")])
        change = world.load(dataset)
        assert (change.loaded, change.rejected, change.unchanged) == (1, 0, 2)
    assert len(world.reasons(dataset)) == 1


def test_more_rows_without_a_cursor_than_are_remembered_are_set_aside_once(world: World) -> None:
    dataset = world.table(COLUMNS, key=["id"], load="incremental", cursor="at")
    world.sql(TABLE, INSERT, rows=[(number, "n", None) for number in range(2100)])
    assert world.load(dataset).rejected == 2100
    world.sql(INSERT, rows=[(5000, "c", "2013-12-05"), (5001, "n", None)])

    change = world.load(dataset)

    assert (change.loaded, change.rejected, change.unchanged) == (1, 1, 2100)
    assert len(world.reasons(dataset)) == 2101
