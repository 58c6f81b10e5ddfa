"""History: each row with the time in which it held, whatever the order in which rows arrive."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ingestion_world import World, balanced, code_of, column

from mainstem.core.dataset import Dataset
from mainstem.core.problem import WorldError
from mainstem.core.release import Change

COLUMNS = (column("id", "bigint", required=True), column("word", "varchar"))
DATED = (*COLUMNS, column("since", "date", required=True), column("gone", "boolean"))
SHOWN = "id, word, cast(valid_from as varchar), cast(valid_to as varchar)"
HOUR = "10:00:00+00"


def put(world: World, *rows: tuple[Any, ...]) -> None:
    world.sql("drop table if exists t", "create table t (id, word)", "insert into t values (?, ?)", rows=rows)


def history(world: World, dataset: Dataset) -> list[tuple[Any, ...]]:
    return world.rows(dataset, SHOWN, "id, valid_from, valid_to")


def test_a_full_read_keeps_what_was(world: World) -> None:
    dataset = world.table(COLUMNS, key=["id"], write="scd2", on_delete="mark")
    put(world, (1, "a"), (2, "b"), (3, "c"))
    first = world.load(dataset)
    assert [(field.name, field.type) for field in first.fields[2:]] == [
        ("valid_from", "TIMESTAMP WITH TIME ZONE"),
        ("valid_to", "TIMESTAMP WITH TIME ZONE"),
    ]
    put(world, (1, "A"), (3, "c"), (4, "d"))
    second = world.load(dataset)
    assert (second.loaded, second.unchanged, second.gone) == (2, 1, 1)
    assert world.load(dataset).is_empty
    put(world, (1, "A"), (2, "b"), (3, "c"), (4, "d"))
    world.load(dataset)

    assert history(world, dataset) == [
        (1, "a", f"2013-12-02 {HOUR}", f"2013-12-03 {HOUR}"),
        (1, "A", f"2013-12-03 {HOUR}", None),
        (2, "b", f"2013-12-02 {HOUR}", f"2013-12-03 {HOUR}"),
        (2, "b", f"2013-12-05 {HOUR}", None),
        (3, "c", f"2013-12-02 {HOUR}", None),
        (4, "d", f"2013-12-03 {HOUR}", None),
    ]


def test_most_rows_ending_at_once_is_refused(world: World) -> None:
    dataset = world.table(COLUMNS, key=["id"], write="scd2", on_delete="mark")
    put(world, (1, "a"), (2, "b"))
    world.load(dataset)
    put(world)
    with pytest.raises(WorldError) as caught:
        world.load(dataset)
    assert code_of(caught.value) == "I020"


def dated(world: World, **how: Any) -> Dataset:
    return world.files("*.csv", DATED, key=["id"], write="scd2", load="incremental", effective="since", **how)


def arrive(world: World, dataset: Dataset, name: str, rows: Sequence[Sequence[Any]]) -> Change:
    lines = ["id,word,since,gone", *(",".join(map(str, row)) for row in rows)]
    world.file(f"{name}.csv", "\n".join(lines) + "\n")
    change = world.load(dataset)
    assert balanced(change)
    return change


def test_a_late_change_takes_its_place(world: World) -> None:
    dataset = dated(world)
    arrive(world, dataset, "a", [(1, "a", "2013-01-01", ""), (1, "c", "2013-03-01", "")])
    arrive(world, dataset, "b", [(1, "b", "2013-02-01", "")])
    again = arrive(world, dataset, "c", [(1, "a", "2013-01-01", ""), (1, "b", "2013-02-01", "")])

    assert again.unchanged == 2
    assert again.is_empty
    assert world.types(dataset)["valid_from"] == "DATE"
    assert history(world, dataset) == [
        (1, "a", "2013-01-01", "2013-02-01"),
        (1, "b", "2013-02-01", "2013-03-01"),
        (1, "c", "2013-03-01", None),
    ]


def test_a_corrected_row_takes_the_place_of_that_instant(world: World) -> None:
    dataset = dated(world)
    arrive(world, dataset, "a", [(1, "a", "2013-01-01", ""), (1, "c", "2013-03-01", "")])
    arrive(world, dataset, "b", [(1, "A", "2013-01-01", "")])
    assert history(world, dataset) == [(1, "A", "2013-01-01", "2013-03-01"), (1, "c", "2013-03-01", None)]


def test_a_deletion_that_comes_before_its_row(world: World) -> None:
    dataset = dated(world, deleted="gone", on_delete="mark")
    arrive(world, dataset, "a", [(1, "", "2013-03-01", "true")])
    arrive(world, dataset, "b", [(1, "a", "2013-01-01", "")])
    assert history(world, dataset) == [(1, "a", "2013-01-01", "2013-03-01")]
    assert arrive(world, dataset, "c", [(1, "", "2013-03-01", "true")]).is_empty


def test_a_row_set_back_at_the_source_holds_again_since_the_read(world: World) -> None:
    dataset = world.table(DATED, key=["id"], write="scd2", on_delete="mark", effective="since")

    def there(*rows: tuple[Any, ...]) -> None:
        world.sql(
            "drop table if exists t",
            "create table t (id, word, since, gone)",
            "insert into t values (?, ?, ?, null)",
            rows=rows,
        )

    there((1, "a", "2013-01-01"), (2, "b", "2013-01-01"))
    world.load(dataset)
    there((1, "a", "2013-01-01"))
    assert world.load(dataset).gone == 1
    there((1, "a", "2013-01-01"), (2, "b", "2013-01-01"))
    world.load(dataset)
    assert world.load(dataset).is_empty

    assert history(world, dataset) == [
        (1, "a", "2013-01-01", None),
        (2, "b", "2013-01-01", "2013-12-03"),
        (2, "b", "2013-12-04", None),
    ]


def test_a_merged_table_becomes_a_history_and_not_back(world: World) -> None:
    put(world, (1, "a"), (2, "b"))
    world.load(world.table(COLUMNS, key=["id"], write="merge"))
    put(world, (1, "A"), (2, "b"))
    dataset = world.table(COLUMNS, key=["id"], write="scd2", on_delete="mark")
    world.load(dataset)
    put(world, (1, "B"), (2, "b"))
    world.load(dataset)
    assert [row[:2] for row in history(world, dataset)] == [(1, "A"), (1, "B"), (2, "b")]

    with pytest.raises(WorldError) as caught:
        world.load(world.table(COLUMNS, key=["id"], write="merge"))
    assert code_of(caught.value) == "I023"


def test_since_when_is_an_instant(world: World) -> None:
    put(world, (1, "a"))
    with pytest.raises(WorldError) as caught:
        world.load(world.table(COLUMNS, key=["id"], write="scd2", effective="word"))
    assert code_of(caught.value) == "I024"


EVENTS = st.dictionaries(
    st.tuples(st.integers(1, 3), st.integers(1, 9)), st.tuples(st.sampled_from("abc"), st.booleans()), max_size=14
)
_worlds = itertools.count()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=EVENTS, data=st.data())
def test_any_order_of_arrival_gives_the_same_history(world: World, events: dict[Any, Any], data: st.DataObject) -> None:
    rows = [(id_, word, f"2013-01-0{day}", str(gone).lower()) for (id_, day), (word, gone) in events.items()]
    order = data.draw(st.permutations(rows))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(rows)), max_size=4)) | {0, len(rows)})
    again = data.draw(st.lists(st.sampled_from(rows), max_size=3)) if rows else []
    pieces = [order[low:high] for low, high in itertools.pairwise(cuts)] + [again]

    one, many = fresh(world), fresh(world)
    at_once, in_pieces = (dated(each, deleted="gone", on_delete="mark") for each in (one, many))
    arrive(one, at_once, "all", rows)
    for number, piece in enumerate(pieces):
        arrive(many, in_pieces, f"p{number}", piece)

    came = history(many, in_pieces)
    assert came == history(one, at_once)
    for _, group in itertools.groupby(came, key=lambda row: row[0]):
        lines = [row for row in group if row[2] != row[3]]
        for earlier, later in itertools.pairwise(lines):
            assert earlier[3] is not None
            assert earlier[3] <= later[2]
    living = {(id_, day) for (id_, day), (_, gone) in events.items() if not gone}
    assert {(row[0], int(row[2][-1])) for row in came if row[2] != row[3]} == living


def fresh(world: World) -> World:
    root = Path(world.root) / f"world{next(_worlds)}"
    (root / "lake").mkdir(parents=True)
    (root / "inbox").mkdir()
    return World(root, world.engine, world.session)


def test_an_older_revision_of_an_instant_changes_nothing(world: World) -> None:
    columns = (*DATED, column("version", "integer", required=True))
    dataset = world.files(
        "*.csv", columns, key=["id"], write="scd2", load="incremental", effective="since", revision="version"
    )
    world.file("a.csv", "id,word,since,gone,version\n1,b,2013-01-01,,2\n1,a,2013-01-01,,1\n")
    assert world.load(dataset).deduplicated == 1
    world.file("b.csv", "id,word,since,gone,version\n1,a,2013-01-01,,1\n1,c,2013-02-01,,1\n")
    change = world.load(dataset)

    assert (change.loaded, change.deduplicated) == (1, 1)
    assert history(world, dataset) == [(1, "b", "2013-01-01", "2013-02-01"), (1, "c", "2013-02-01", None)]


def test_without_instants_a_row_that_says_it_is_deleted_ends_with_the_read(world: World) -> None:
    dataset = world.table(
        (*COLUMNS, column("gone", "boolean"), column("at", "bigint")),
        key=["id"],
        write="scd2",
        load="incremental",
        cursor="at",
        deleted="gone",
        on_delete="mark",
    )
    world.sql("create table t (id, word, gone, at)", "insert into t values (1, 'a', 0, 1), (2, 'b', 1, 1)")
    world.load(dataset)
    world.sql("update t set gone = 1, at = 2 where id = 1")
    assert world.load(dataset).gone == 1
    world.sql("update t set gone = 0, at = 3 where id = 1")
    world.load(dataset)
    assert world.load(dataset).is_empty

    assert history(world, dataset) == [
        (1, "a", f"2013-12-02 {HOUR}", f"2013-12-03 {HOUR}"),
        (1, "a", f"2013-12-04 {HOUR}", None),
    ]
