"""Replace, append, merge, over every kind of source."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from ingestion_world import World, balanced, column

from mainstem.core.dataset import Dataset
from mainstem.lifecycle.ingestion.target import TotalWanted

COLUMNS = (
    column("id", "bigint", required=True),
    column("day", "date"),
    column("word", "varchar"),
    column("at", "timestamp"),
)
NAMES = ("id", "day", "word", "at")
Row = tuple[Any, ...]
Put = Callable[[World, str, Sequence[Row]], None]


def put_sqlite(world: World, _: str, rows: Sequence[Row]) -> None:
    world.sql(
        "create table if not exists t (id, day text, word text, at text)",
        "insert into t values (?, ?, ?, ?)",
        rows=rows,
    )


def put_csv(world: World, name: str, rows: Sequence[Row]) -> None:
    text = "\n".join(",".join("" if value is None else str(value) for value in row) for row in rows)
    world.file(f"{name}.csv", f"{','.join(NAMES)}\n{text}\n")


def put_json(world: World, name: str, rows: Sequence[Row]) -> None:
    text = "\n".join(json.dumps(dict(zip(NAMES, row, strict=True))) for row in rows)
    world.file(f"{name}.jsonl", text + "\n")


def put_parquet(world: World, name: str, rows: Sequence[Row]) -> None:
    put_json(world, f"x{name}", rows)
    path = world.root / "inbox" / f"x{name}.jsonl"
    types = "{'id': 'VARCHAR', 'day': 'VARCHAR', 'word': 'VARCHAR', 'at': 'VARCHAR'}"
    target = world.root / "inbox" / f"{name}.parquet"
    world.session.execute(f"copy (from read_json('{path}', columns = {types})) to '{target}' (format parquet)")
    path.unlink()
    world.age(target)


KINDS: dict[str, tuple[Put, str]] = {
    "sqlite": (put_sqlite, ""),
    "csv": (put_csv, "*.csv"),
    "jsonl": (put_json, "*.jsonl"),
    "parquet": (put_parquet, "*.parquet"),
}
DAYS = ("2013-12-01", "2013-12-02", "2013-12-03")


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def dataset(world: World, kind: str, **load: Any) -> Dataset:
    load = {"time_column": "day", **load}
    if load.get("load") == "incremental" and kind != "sqlite" and load.get("cursor") is None:
        load.pop("cursor", None)
    columns = load.pop("columns", COLUMNS)
    return world.table(columns, **load) if kind == "sqlite" else world.files(KINDS[kind][1], columns, **load)


def row(id_: Any, day: int = 0, word: str | None = "a", at: int = 0) -> Row:
    return (id_, DAYS[day], word, f"2013-12-0{at + 1}T05:00:00")


def test_replace_takes_the_place_of_all_and_of_nothing_where_nothing_changed(world: World, kind: str) -> None:
    put, _ = KINDS[kind]
    put(world, "a", [row(1), row(2, day=1), row("x")])
    table = dataset(world, kind, key=["id"])
    first = world.load(table)
    assert (first.rows_in, first.loaded, first.rejected) == (3, 2, 1)
    assert (first.replace, first.labels) == (True, DAYS[:2])
    again = world.load(table)
    assert again.is_empty
    assert (again.loaded, again.unchanged, again.labels) == (0, 3, ())
    put(world, "b", [row(3, day=2)])
    third = world.load(table)
    assert world.rows(table, "id") == [(1,), (2,), (3,)]
    assert (third.replace, third.loaded, third.labels) == (True, 3, DAYS[2:])
    assert len(world.quarantine(table)) == 1
    assert all(balanced(change) for change in (first, again, third))


def test_append_adds_what_is_new(world: World, kind: str) -> None:
    put, _ = KINDS[kind]
    put(world, "a", [row(1), row(2, day=1)])
    table = dataset(world, kind, load="incremental", cursor="at", write="append")
    world.load(table)
    files = world.snapshot(table).files
    put(world, "b", [row(3, day=2, at=1), row(4, day=2, at=1)])
    change = world.load(table)
    assert world.rows(table, "id") == [(1,), (2,), (3,), (4,)]
    assert (change.replace, change.removed, change.loaded, change.labels) == (False, (), 2, DAYS[2:])
    assert set(files) < set(world.snapshot(table).files)
    assert balanced(change)


def test_equal_rows_of_two_files_are_two_rows(world: World) -> None:
    table = dataset(world, "csv", load="incremental", cursor="at", write="append")
    for name in ("a", "b"):
        put_csv(world, name, [row(1)])
        world.load(table)
    assert world.rows(table, "id") == [(1,), (1,)]


def test_append_with_a_key_keeps_the_row_that_is_there(world: World, kind: str) -> None:
    put, _ = KINDS[kind]
    put(world, "a", [row(1), row(2)])
    table = dataset(world, kind, key=["id"], load="incremental", cursor="at", write="append")
    world.load(table)
    put(world, "b", [row(1, at=1), row(2, word="b", at=1), row(3, at=1)])
    change = world.load(table)
    assert world.rows(table, "id, word") == [(1, "a"), (2, "a"), (3, "a")]
    assert world.reasons(table)[-1][0] == "id: 2 is already in the table"
    assert change.loaded == 1
    assert balanced(change)


def test_merge_replaces_rows_by_key_and_tells_both_days_of_a_row_that_moved(world: World, kind: str) -> None:
    put, _ = KINDS[kind]
    put(world, "a", [row(1), row(2, day=1), row(3, day=2)])
    table = dataset(world, kind, key=["id"], load="incremental", cursor="at")
    world.load(table)
    if kind == "sqlite":
        world.sql("delete from t where id < 3")
    put(world, "b", [row(1, day=2, word="b", at=1), row(2, day=1, at=0), row(4, day=2, at=1)])
    change = world.load(table)
    assert world.rows(table, "id, word, cast(day as varchar)") == [
        (1, "b", DAYS[2]),
        (2, "a", DAYS[1]),
        (3, "a", DAYS[2]),
        (4, "a", DAYS[2]),
    ]
    assert change.labels == (DAYS[0], DAYS[2])
    assert change.loaded == 2
    assert balanced(change)


def test_of_several_rows_of_a_key_the_latest_stays_and_contradictions_are_set_aside(world: World, kind: str) -> None:
    put, _ = KINDS[kind]
    rows = [
        row(1, word="old", at=0),
        row(1, word="new", at=1),
        row(2, word="same"),
        row(2, word="same"),
        row(3, word="first"),
        row(3, word="other"),
        row(4),
        row(None),
    ]
    put(world, "a", rows)
    table = dataset(world, kind, key=["id"], load="incremental", cursor="at")
    change = world.load(table)
    assert world.rows(table, "id, word") == [(1, "new"), (2, "same"), (3, "first"), (4, "a")]
    assert sorted(reason for reason, _ in world.reasons(table)) == [
        "id: 3 occurs 2 times in this load",
        "id: is missing",
    ]
    assert (change.rows_in, change.loaded, change.rejected, change.deduplicated) == (8, 4, 2, 2)


def test_unique_holds_within_a_load_and_against_the_table(world: World, kind: str) -> None:
    put, _ = KINDS[kind]
    columns = (*COLUMNS[:2], column("word", "varchar", unique=True), COLUMNS[3])
    put(world, "a", [row(1, word="a"), row(2, word="b"), row(3, word="b"), row(4, word=None), row(5, word=None)])
    table = dataset(world, kind, columns=columns, key=["id"], load="incremental", cursor="at")
    world.load(table)
    assert world.rows(table, "id, word") == [(1, "a"), (2, "b"), (4, None), (5, None)]
    put(world, "b", [row(1, word="c", at=1), row(6, word="b", at=1), row(7, word="d", at=1)])
    change = world.load(table)
    assert world.rows(table, "id, word") == [(1, "c"), (2, "b"), (4, None), (5, None), (7, "d")]
    # A database is read again from the cursor on, so there the row meets its like in the load.
    last = "occurs 3 times in this load" if kind == "sqlite" else "is already in the table"
    assert [reason for reason, _ in world.reasons(table)] == [
        'word: "b" occurs 2 times in this load',
        f'word: "b" {last}',
    ]
    assert balanced(change)


def test_a_merge_rewrites_only_the_files_that_hold_its_keys(world: World) -> None:
    for number in range(4):
        put_csv(world, str(number), [row(number * 10 + i, word=str(number)) for i in range(10)])
        table = dataset(world, "csv", key=["id"], load="incremental")
        world.load(table)
    before = {file.path for file in world.snapshot(table).files}
    assert len(before) == 4
    put_csv(world, "9", [row(15, word="new"), row(99, word="new"), row(25, word="2")])
    change = world.load(table)
    after = {file.path for file in world.snapshot(table).files}
    assert len(change.removed) == 1
    assert len(before & after) == 3
    assert not change.replace
    assert world.rows(table, "count(*), count(*) filter (word = 'new')") == [(41, 2)]
    assert (change.loaded, change.unchanged) == (2, 1)


def test_a_merge_that_meets_every_file_rewrites_the_table(world: World) -> None:
    put_csv(world, "a", [row(1), row(2)])
    table = dataset(world, "csv", key=["id"], load="incremental")
    world.load(table)
    put_csv(world, "b", [row(1, word="b"), row(3)])
    change = world.load(table)
    assert (change.replace, change.removed, len(change.added)) == (True, (), 1)
    assert world.rows(table, "id, word") == [(1, "b"), (2, "a"), (3, "a")]


def test_written_rows_of_a_merge_are_in_the_order_of_the_key(world: World) -> None:
    put_csv(world, "a", [row(3), row(1), row(2)])
    table = dataset(world, "csv", key=["id"], load="incremental")
    world.load(table)
    snapshot = world.snapshot(table)
    relation = world.destination(table, snapshot).relation(snapshot.files, snapshot.fields)
    assert world.session.rows(f"select id from {relation}") == [(1,), (2,), (3,)]


def test_a_table_whose_keys_repeat_is_mended_by_a_merge(world: World) -> None:
    put_csv(world, "a", [row(1, word="a"), row(1, word="b"), row(2)])
    world.load(dataset(world, "csv", load="incremental", write="append"))
    put_csv(world, "b", [row(1, word="a")])
    table = dataset(world, "csv", key=["id"], load="incremental", write="merge")
    world.load(table)
    assert world.rows(table, "id, word") == [(1, "a"), (2, "a")]


def test_rows_set_aside_at_every_full_load_are_kept_once(world: World, kind: str) -> None:
    put, _ = KINDS[kind]
    put(world, "a", [row("x"), row("y"), row(1)])
    table = dataset(world, kind)
    world.load(table)
    again = world.load(table)
    assert again.is_empty
    assert "2 rows were set aside before and still at the source" in again.notes
    put(world, "b", [row("z")])
    third = world.load(table)
    assert (third.rejected, third.unchanged) == (1, 3)
    assert len(world.quarantine(table)) == 3


def test_a_fault_in_another_file_is_another_fault(world: World) -> None:
    table = dataset(world, "csv", load="incremental")
    for name in ("a", "b", "c"):
        put_csv(world, name, [row("x")])
        assert world.load(table).rejected == 1
    assert [origin for _, origin in world.reasons(table)] == ["a.csv:2", "b.csv:2", "c.csv:2"]


def test_a_load_of_nothing_but_faults_still_leaves_a_table_and_its_quarantine(world: World, kind: str) -> None:
    put, _ = KINDS[kind]
    put(world, "a", [row("x"), row(None)])
    table = dataset(world, kind, key=["id"], load="incremental", cursor="at")
    change = world.load(table)
    assert world.rows(table) == []
    assert len(world.quarantine(table)) == 2
    assert balanced(change)


def test_fewer_rows_than_expected_are_a_note(world: World, kind: str) -> None:
    put, _ = KINDS[kind]
    put(world, "a", [row(1)])
    assert world.load(dataset(world, kind, expect=2)).notes == ("1 row came, at least 2 are expected",)


def test_totals_are_those_of_the_source_by_day_whatever_was_set_aside(world: World, kind: str) -> None:
    put, _ = KINDS[kind]
    put(world, "a", [row(1), row(2), row("x"), row(3, day=1), (4, "someday", "a", None)])
    wanted = (TotalWanted("rows", "count(*)", "day"), TotalWanted("ids", "sum(id)", "day"))
    change = world.load(dataset(world, kind, key=["id"]), *wanted)
    assert {k: int(v) for k, v in change.totals["rows"].items()} == {DAYS[0]: 3, DAYS[1]: 1}
    assert {k: int(v) for k, v in change.totals["ids"].items()} == {DAYS[0]: 3, DAYS[1]: 3}


def test_totals_of_an_incremental_load_are_of_the_whole_table_for_the_days_it_touches(world: World) -> None:
    put_sqlite(world, "", [row(1), row(2, day=1), row(3, day=2)])
    table = dataset(world, "sqlite", key=["id"], load="incremental", cursor="at")
    wanted = TotalWanted("rows", "count(*)", "day")
    world.load(table, wanted)
    put_sqlite(world, "", [row(4, at=1)])
    world.sql("update t set day = '2013-12-02', at = '2013-12-02T06:00:00' where id = 1")
    world.sql("update t set id = 'x' where id = 2")
    change = world.load(table, wanted)
    assert change.labels == DAYS[:2]
    assert {k: int(v) for k, v in change.totals["rows"].items()} == {DAYS[0]: 1, DAYS[1]: 2}
    assert world.load(table, wanted).totals == {"rows": {}}


def test_a_day_that_vanished_at_the_source_has_the_total_of_no_rows(world: World) -> None:
    put_sqlite(world, "", [row(1), row(2, day=1)])
    table = dataset(world, "sqlite")
    wanted = TotalWanted("rows", "count(*)", "day")
    world.load(table, wanted)
    world.sql("delete from t where id = 2")
    change = world.load(table, wanted)
    assert {k: int(v) for k, v in change.totals["rows"].items()} == {DAYS[1]: 0}


def test_nothing_of_a_load_stays_in_the_engine(world: World, kind: str) -> None:
    put, _ = KINDS[kind]
    put(world, "a", [row(1), row(1, word="b"), row("x")])
    table = dataset(world, kind, key=["id"], load="incremental", cursor="at")
    for _ in range(2):
        world.load(table)
    assert world.session.rows("select count(*) from duckdb_tables()") == [(0,)]
    left = world.session.rows("select database_name from duckdb_databases() where database_name like 'sqlite%'")
    assert left == []
