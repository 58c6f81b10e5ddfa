"""Rows that are gone at the source, and rows that are older than the table's."""

from __future__ import annotations

from typing import Any

import pytest
from ingestion_world import World, balanced, code_of, column

from mainstem.core.problem import WorldError

COLUMNS = (column("id", "bigint", required=True), column("word", "varchar"))


def put(world: World, *rows: tuple[Any, ...], names: str = "id, word") -> None:
    """The table at the source holds exactly these rows."""
    marks = ", ".join("?" for _ in names.split(","))
    world.sql("drop table if exists t", f"create table t ({names})", f"insert into t values ({marks})", rows=rows)


@pytest.mark.parametrize(
    ("on_delete", "left"),
    [
        ("keep", [(1, "a"), (2, "b"), (3, "c"), (4, "d")]),
        ("delete", [(1, "a"), (3, "c"), (4, "d")]),
    ],
)
def test_a_key_that_vanished_from_a_full_read(world: World, on_delete: str, left: list[Any]) -> None:
    dataset = world.table(COLUMNS, key=["id"], write="merge", on_delete=on_delete)
    put(world, (1, "a"), (2, "b"), (3, "c"))
    world.load(dataset)
    put(world, (1, "a"), (3, "c"), (4, "d"))

    change = world.load(dataset)

    assert world.rows(dataset) == left
    assert (change.loaded, change.unchanged, change.gone) == (1, 2, int(on_delete == "delete"))
    assert balanced(change)
    assert world.load(dataset).is_empty


def test_a_vanished_row_is_marked_with_the_instant_and_unmarked_when_it_comes_back(world: World) -> None:
    dataset = world.table(COLUMNS, key=["id"], write="merge", on_delete="mark")
    shown = "id, word, cast(deleted_at as varchar)"
    put(world, (1, "a"), (2, "b"))
    first = world.load(dataset)
    assert [field.name for field in first.fields] == ["id", "word", "deleted_at"]
    put(world, (1, "a"))

    gone = world.load(dataset)
    assert gone.gone == 1
    assert world.rows(dataset, shown) == [(1, "a", None), (2, "b", "2013-12-03 10:00:00+00")]
    assert world.load(dataset).is_empty
    assert world.rows(dataset, shown)[1][2] == "2013-12-03 10:00:00+00"

    put(world, (1, "a"), (2, "b"))
    back = world.load(dataset)
    assert (back.loaded, back.unchanged, back.gone) == (1, 1, 0)
    assert world.rows(dataset, shown) == [(1, "a", None), (2, "b", None)]


def test_a_row_that_is_set_aside_is_not_gone(world: World) -> None:
    columns = (COLUMNS[0], column("word", "varchar", required=True))
    dataset = world.table(columns, key=["id"], write="merge", on_delete="delete")
    put(world, (1, "a"), (2, "b"), (3, "c"))
    world.load(dataset)
    put(world, (1, "a"), (2, None))

    change = world.load(dataset)

    assert world.rows(dataset) == [(1, "a"), (2, "b")]
    assert (change.rejected, change.gone) == (1, 1)


def test_a_row_without_a_readable_key_may_be_any_row(world: World) -> None:
    dataset = world.table(COLUMNS, key=["id"], write="merge", on_delete="delete")
    put(world, (1, "a"), (2, "b"), (3, "c"))
    world.load(dataset)
    put(world, (1, "a"), (2, "b"), ("three", "c"))

    change = world.load(dataset)

    assert world.rows(dataset) == [(1, "a"), (2, "b"), (3, "c")]
    assert "1 row has no key that can be read: nothing was taken for gone" in change.notes


@pytest.mark.parametrize("left", [[], [(1, "a")]])
@pytest.mark.parametrize("on_delete", ["delete", "mark"])
def test_most_rows_gone_at_once_is_refused_unless_it_is_allowed(world: World, left: list[Any], on_delete: str) -> None:
    dataset = world.table(COLUMNS, key=["id"], write="merge", on_delete=on_delete)
    put(world, (1, "a"), (2, "b"), (3, "c"))
    world.load(dataset)
    put(world, *left)

    with pytest.raises(WorldError) as caught:
        world.load(dataset)
    assert code_of(caught.value) == "I020"
    assert len(world.rows(dataset)) == 3

    allowed = world.table(COLUMNS, key=["id"], write="merge", on_delete=on_delete, allow_deletes=True)
    assert world.load(allowed).gone == 3 - len(left)


NAMES = "id integer, word text, at text, is_deleted integer"
FLAGGED = (
    *COLUMNS,
    column("at", "timestamp", required=True),
    column("is_deleted", "boolean"),
)


@pytest.mark.parametrize("on_delete", ["delete", "mark"])
def test_rows_that_say_that_they_are_deleted(world: World, on_delete: str) -> None:
    how = {"load": "incremental", "cursor": "at", "deleted": "is_deleted", "on_delete": on_delete}
    dataset = world.table(FLAGGED, key=["id"], write="merge", **how)
    put(world, (1, "a", "2013-12-01", 0), (2, "b", "2013-12-01", None), (3, "c", "2013-12-01", 1), names=NAMES)
    first = world.load(dataset)
    assert balanced(first)
    assert first.gone == int(on_delete == "mark")
    world.sql("update t set is_deleted = 1, at = '2013-12-02' where id = 2")
    second = world.load(dataset)

    shown = "id, word" + (", cast(deleted_at as varchar)" if on_delete == "mark" else "")
    instants = {1: None, 2: "2013-12-03 10:00:00+00", 3: "2013-12-02 10:00:00+00"}
    ids = (1, 2, 3) if on_delete == "mark" else (1,)
    words = "abc"
    expected = [(i, words[i - 1], *([instants[i]] if on_delete == "mark" else [])) for i in ids]
    assert world.rows(dataset, shown) == expected
    assert second.gone == 1
    assert balanced(second)
    assert world.load(dataset).is_empty

    world.sql("update t set is_deleted = 0, at = '2013-12-03', word = 'B' where id = 2")
    world.load(dataset)
    assert (2, "B") in world.rows(dataset, "id, word")


def test_a_text_cannot_say_what_is_deleted(world: World) -> None:
    dataset = world.table((*COLUMNS, column("gone", "varchar")), key=["id"], write="merge", deleted="gone")
    put(world, (1, "a", "no"), names="id, word, gone text")
    with pytest.raises(WorldError) as caught:
        world.load(dataset)
    assert code_of(caught.value) == "I021"


def test_a_column_of_the_source_cannot_have_the_name_of_one_that_is_added(world: World) -> None:
    dataset = world.table(key=["id"], write="merge", on_delete="mark")
    put(world, (1, "a"), names="id, deleted_at")
    with pytest.raises(WorldError) as caught:
        world.load(dataset)
    assert code_of(caught.value) == "I022"


def test_an_older_revision_never_takes_the_place_of_a_newer_one(world: World) -> None:
    columns = (*COLUMNS, column("version", "integer", required=True))
    dataset = world.files("*.csv", columns, key=["id"], load="incremental", revision="version")
    world.file("a.csv", "id,word,version\n1,b,2\n1,a,1\n2,x,5\n")
    first = world.load(dataset)
    assert (first.loaded, first.deduplicated) == (2, 1)

    world.file("b.csv", "id,word,version\n1,a,1\n2,y,6\n3,n,\n")
    second = world.load(dataset)

    assert world.rows(dataset) == [(1, "b", 2), (2, "y", 6)]
    assert (second.loaded, second.deduplicated, second.rejected) == (1, 1, 1)
    assert balanced(second)
    assert [reason for reason, _ in world.reasons(dataset)] == ["version: is missing"]


def test_a_deletion_older_than_the_row_deletes_nothing(world: World) -> None:
    columns = (*COLUMNS, column("version", "integer"), column("gone", "boolean"))
    dataset = world.files(
        "*.csv", columns, key=["id"], load="incremental", revision="version", deleted="gone", on_delete="delete"
    )
    world.file("a.csv", "id,word,version,gone\n1,b,2,false\n")
    world.load(dataset)
    world.file("b.csv", "id,word,version,gone\n1,b,1,true\n")

    assert world.load(dataset).deduplicated == 1
    assert world.rows(dataset, "id, word") == [(1, "b")]


def test_rows_gone_and_a_new_type_in_one_load(world: World) -> None:
    put(world, (1, "5"), (2, "6"), (3, "7"))
    world.load(world.table((COLUMNS[0], column("word", "integer")), key=["id"], write="merge", on_delete="mark"))
    put(world, (1, "5"), (3, "7.5"))

    wider = world.table((COLUMNS[0], column("word", "decimal(5,1)")), key=["id"], write="merge", on_delete="mark")
    world.load(wider)

    assert world.rows(wider, "id, cast(word as varchar), deleted_at is not null") == [
        (1, "5.0", False),
        (2, "6.0", True),
        (3, "7.5", False),
    ]


def test_no_file_at_all_where_some_were_is_not_an_empty_table(world: World) -> None:
    dataset = world.files("*.csv", COLUMNS)
    path = world.file("a.csv", "id,word\n1,a\n")
    world.load(dataset)
    path.unlink()

    for ask in (world.look, world.load):
        with pytest.raises(WorldError) as caught:
            ask(dataset)
        assert code_of(caught.value) == "G018"
    assert world.rows(dataset) == [(1, "a")]
