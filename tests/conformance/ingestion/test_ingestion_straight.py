"""A whole table goes straight into files where every row is good: what comes of it is what the long way makes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ingestion_world import World, balanced, column
from test_ingestion_properties import small_world

from mainstem.core.dataset import Dataset
from mainstem.core.release import Change
from mainstem.lifecycle.ingestion import ingest
from mainstem.lifecycle.ingestion.straight import write_straight
from mainstem.lifecycle.ingestion.target import TotalWanted

COUNTS = ("rows_in", "loaded", "rejected", "deduplicated", "unchanged", "labels", "totals", "brought", "replace")
WORTHY = ("1.5", "0.1", "123456789012345678.25", "1e400", "1e3", "-0.0", "12345678901234567", "1.10")
VALUES = st.one_of(
    st.none(),
    st.integers(-3, 3),
    st.booleans(),
    st.sampled_from(["1", "true", "x", "", "1.5"]),
    st.sampled_from([[1], {"a": 1}]),
)


@contextmanager
def way(name: str) -> Iterator[list[bool]]:
    """Loads go one of the two ways; yields whether each went straight."""
    went: list[bool] = []

    def straight(*given: Any) -> Any:
        found = None if name == "long" else write_straight(*given)
        went.append(found is not None)
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ingest, "write_straight", straight)
        yield went


def outcome(world: World, table: Dataset, change: Change) -> tuple[Any, ...]:
    """All that anybody could notice of a load."""
    assert balanced(change)
    rows = world.rows(table) if world.snapshot(table) else []
    types = world.types(table) if world.snapshot(table) else {}
    aside = [row[:3] for row in world.quarantine(table)]
    known = change.position and change.position["set_aside"]
    return [getattr(change, name) for name in COUNTS], known, types, rows, aside


def files(world: World, table: Dataset) -> int:
    return len(list((world.lake / table.name.replace(".", "/")).glob("*.parquet")))


@settings(max_examples=25, deadline=None)
@given(
    rows=st.lists(st.fixed_dictionaries({}, optional={"a": VALUES, "b": VALUES, "c": st.sampled_from(WORTHY)})),
    again=st.lists(st.fixed_dictionaries({"a": VALUES}), max_size=3),
)
def test_what_is_suggested_is_the_same_both_ways(rows: list[dict[str, Any]], again: list[dict[str, Any]]) -> None:
    found = []
    for name in ("straight", "long"):
        with small_world() as world, way(name):
            table = world.files("*.jsonl", allow_deletes=True)
            for lines in (rows, again):
                text = "".join(_line(row) for row in lines)
                world.file("a.jsonl", text or "\n")
                found.append((name, outcome(world, table, world.load(table))))
    middle = len(found) // 2
    assert [seen for _, seen in found[:middle]] == [seen for _, seen in found[middle:]]


def _line(row: dict[str, Any]) -> str:
    """JSON whose numbers stand as they are written in WORTHY."""
    parts = [f'"{key}": {value if key == "c" else json.dumps(value)}' for key, value in row.items()]
    return "{" + ", ".join(parts) + "}\n"


@settings(max_examples=25, deadline=None)
@given(
    loads=st.lists(st.lists(st.tuples(st.integers(-1, 4), st.sampled_from(["x", "y", None]))), min_size=1, max_size=3),
    write=st.sampled_from(["replace", "append", "merge"]),
)
def test_a_contract_holds_the_same_both_ways(loads: list[list[tuple[int, str | None]]], write: str) -> None:
    contract = (column("id", "integer", min="0", required=True), column("word", "varchar"))
    found = []
    for name in ("straight", "long"):
        with small_world() as world, way(name):
            table = world.files("*.csv", contract, key=["id"], write=write, load="full", allow_deletes=True)
            for number, rows in enumerate(loads):
                world.file(f"{number}.csv", "id,word\n" + "".join(f"{key},{word or ''}\n" for key, word in rows))
                found.append((name, outcome(world, table, world.load(table))))
    middle = len(found) // 2
    assert [seen for _, seen in found[:middle]] == [seen for _, seen in found[middle:]]


def test_good_rows_go_straight_and_totals_and_labels_are_told(world: World) -> None:
    world.file("a.csv", "id,day\n1,2013-12-01\n2,2013-12-01\n3,2013-12-02\n")
    table = world.files("*.csv", (column("id", "integer", unique=True), column("day", "date")), time_column="day")
    with way("straight") as went:
        change = world.load(table, TotalWanted("rows", "count(*)", "day"))
    assert went == [True]
    assert change.labels == ("2013-12-01", "2013-12-02")
    assert {label: int(value) for label, value in change.totals["rows"].items()} == {"2013-12-01": 2, "2013-12-02": 1}
    assert world.rows(table, "id") == [(1,), (2,), (3,)]


@pytest.mark.parametrize("bad", ["x,a", "1,b", ",a"], ids=["no integer", "a key twice", "no key"])
def test_a_bad_row_ends_the_try_and_leaves_nothing_behind(world: World, bad: str) -> None:
    world.file("a.csv", f"id,word\n1,a\n2,b\n{bad}\n")
    table = world.files("*.csv", (column("id", "integer"), column("word")), key=["id"])
    with way("straight") as went:
        change = world.load(table)
        again = world.load(table)
    assert went == [False, False]
    assert (change.loaded, change.rejected) == (2, 1)
    assert again.is_empty
    assert files(world, table) == 1


def test_a_whole_table_that_is_as_before_is_not_written_again(world: World) -> None:
    world.file("a.csv", "id,word\n1,a\n2,b\n")
    table = world.files("*.csv")
    world.load(table)
    world.file("b.csv", "id,word\n")
    with way("straight") as went:
        change = world.load(table)
    assert went == [True]
    assert (change.is_empty, change.unchanged) == (True, 2)
    assert files(world, table) == 1
