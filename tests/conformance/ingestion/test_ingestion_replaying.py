"""Rows of the quarantine, replayed or discarded: in the end the table is as if the contract had always been so."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from ingestion_world import World, balanced, column
from test_ingestion_properties import small_world
from test_ingestion_writes import put_csv

from mainstem.core.dataset import Dataset
from mainstem.lifecycle.ingestion import replaying
from mainstem.lifecycle.ingestion.mended import Matched, match
from mainstem.lifecycle.ingestion.replaying import Reviewed
from mainstem.lifecycle.storage import tables

STRICT = (
    column("id", "integer", required=True, min="3"),
    column("day", "date"),
    column("word", "varchar"),
    column("at", "bigint", required=True),
)
LOOSE = (column("id", "integer", required=True), *STRICT[1:])
ROWS = st.lists(st.tuples(st.integers(0, 6), st.sampled_from(["2013-12-01", "never"])), max_size=8)


def review(world: World, dataset: Dataset, action: str, given: Any = None) -> Reviewed:
    """A replay (`given` are mended rows) or a discard (`given` is a reason), committed."""
    base = world.snapshot(dataset)
    assert base is not None
    world.attempt += 1
    folder = f"{base.table}__quarantine"
    held = tables.snapshot(world.lake, folder)
    files = [world.lake / folder / file.path for file in held.files] if held else []
    relation = replaying.with_ids(world.engine.relation(files, tables_fields()), "salt")
    destination, position = world.destination(dataset, base), world.positions[dataset.name]
    if action == "replay":
        found = replaying.replay(world.session, dataset, relation, base, destination, world.at, given)
    else:
        found = replaying.discard(world.session, relation, base, destination, given)
    world.commit(dataset, base, found.change)
    world.positions[dataset.name] = position
    return found


def tables_fields() -> Any:
    from mainstem.lifecycle.storage.quarantine import FIELDS

    return FIELDS


@settings(max_examples=20, deadline=None)
@given(loads=st.lists(st.tuples(ROWS, st.booleans()), min_size=1, max_size=5), is_appended=st.booleans())
def test_rows_replayed_at_any_moment_end_as_if_the_contract_had_always_been_so(
    loads: list[tuple[list[tuple[int, str]], bool]], *, is_appended: bool
) -> None:
    every: list[tuple[Any, ...]] = []
    said: dict[str, Any] = {"key": [] if is_appended else ["id"], "load": "incremental", "cursor": "at"}
    with small_world() as world:
        strict, loose = world.files("*.csv", STRICT, **said), world.files("*.csv", LOOSE, **said)
        for number, (pairs, is_replayed) in enumerate(loads):
            rows = [(id_, day, "w", len(every) + place) for place, (id_, day) in enumerate(pairs)]
            put_csv(world, str(number), rows)
            every += rows
            world.load(strict)
            if is_replayed and world.snapshot(loose):
                review(world, loose, "replay")
        if world.snapshot(loose) is None:
            return
        found = review(world, loose, "replay")
        counts = found.counts
        good = [row for row in every if row[1] != "never"]
        expected = good if is_appended else list({row[0]: row for row in good}.values())
        assert counts["tried"] == counts["loaded"] + counts["superseded"] + counts["staying"]
        assert balanced(found.change)
        kept = world.rows(loose, 'id, cast(day as varchar), word, "at"', '"at"')
        assert kept == sorted(expected, key=lambda row: row[3])
        assert len(world.quarantine(loose)) == len(every) - len(good)
        assert review(world, loose, "replay").change.is_empty


def test_what_stays_keeps_its_run_and_gets_its_new_reason(world: World) -> None:
    columns = (column("id", "integer"), column("n", "integer", max="5"))
    world.file("a.csv", "id,n\n1,7\n2,8\n")
    world.load(world.files("*.csv", columns, load="incremental"))
    before = world.quarantine(world.files("*.csv", columns))
    table = world.files("*.csv", (columns[0], column("n", "integer", max="7")), load="incremental")

    assert review(world, table, "replay").counts == {"tried": 2, "loaded": 1, "superseded": 0, "staying": 1}

    (stays,) = world.quarantine(table)
    assert stays[0] == "n: 8 is more than 7"
    assert stays[1:] == before[1][1:]


def test_what_is_discarded_stays_in_earlier_versions_and_is_not_set_aside_again(world: World) -> None:
    world.sql("create table t (id integer, n integer)", "insert into t values (1, 2), (2, -1), (3, -2)")
    table = world.table((column("id", "integer"), column("n", "integer", min="0")), key=["id"], write="merge")
    world.load(table)

    assert review(world, table, "discard", "-1 is").counts == {"discarded": 1}

    assert [reason for reason, _ in world.reasons(table)] == ["n: -2 is less than 0"]
    old = tables.snapshot(world.lake, "ops/t__quarantine", 0)
    assert old is not None
    assert old.rows == 2
    assert world.load(table).rejected == 0
    assert [reason for reason, _ in world.reasons(table)] == ["n: -2 is less than 0"]


def test_names_types_and_digits_of_the_source_are_kept_on_the_way_back(world: World) -> None:
    columns = (
        column("flight_no", "varchar", original="Flight No."),
        column("paid", "decimal(38,4)", max="1"),
        column("at", "timestamp"),
        column("path", "json"),
    )
    long = "1234567890123456789012345678901234.5670"
    world.file("a.jsonl", f'{{"Flight No.": "001", "paid": {long}, "at": "2013-12-01T05:06:07", "path": [1, 2]}}\n')
    said: dict[str, Any] = {"format": "jsonl", "load": "incremental"}
    world.load(world.files("*.jsonl", columns, **said))
    loose = world.files("*.jsonl", (columns[0], column("paid", "decimal(38,4)"), *columns[2:]), **said)

    assert review(world, loose, "replay").counts["loaded"] == 1

    shown = 'flight_no, cast(paid as varchar), cast("at" as varchar), cast(path as varchar)'
    (row,) = world.rows(loose, shown)
    assert row[:3] == ("001", long, "2013-12-01 05:06:07")
    assert row[3].replace(" ", "") == "[1,2]"


def test_each_mended_row_belongs_to_one_row_that_was_set_aside(world: World) -> None:
    rows = "('1a', 'a.csv:1'), ('2b', 'a.csv:2'), ('3c', 'key=3'), ('4d', 'key=3')"
    held = f"(select * from (values {rows}) as t(id, origin))"
    past = "(select * from (values ('1a', 'a.csv:1'), ('9e', 'a.csv:9')) as t(id, origin))"
    names = ["a.csv:1", "1a", "2b", "3c", "4d", "a.csv:9", "9e", "nobody"]
    found = match(world.session, held, past, names)
    assert found == Matched(before=("a.csv:9", "9e"), unknown=("nobody",), twice=(("1a", "a.csv:1"),))
    assert match(world.session, held, past, ["key=3"]) == Matched()
