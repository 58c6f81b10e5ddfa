"""A commit is one entry at exactly the version after its base: all of it or nothing, and every reader sees the same."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from storage_world import AT, NOW_MS, World, identity

from mainstem.core.problem import ProjectError, WorldError
from mainstem.core.release import Change, DataFile, Field
from mainstem.lifecycle.storage import tables
from mainstem.lifecycle.storage.types import stored_fields


def test_a_table_begins_with_its_first_commit(world: World) -> None:
    assert tables.snapshot(world.lake, "m/t") is None
    made = world.put("select 1 as n, 'x' as s")
    assert (made.table, made.number, made.rows, made.attempt) == ("m/t", 0, 1, 1)
    assert made.fields == (Field("n", "INTEGER"), Field("s", "VARCHAR"))
    assert tables.snapshot(world.lake, "m/t") == made
    assert world.rows(made) == world.library_rows() == [(1, "x")]


def test_a_table_may_begin_empty(world: World) -> None:
    made = world.put("select 1 as n where false")
    assert (made.number, made.files, made.rows) == (0, (), 0)
    assert world.rows(made) == world.library_rows() == []


def test_appended_rows_come_beside_the_old_ones(world: World) -> None:
    first = world.put("select 1 as n")
    second = world.put("select 2 as n", first)
    assert second.number == 1
    assert second.files[: len(first.files)] == first.files
    assert world.rows(second) == world.library_rows() == [(1,), (2,)]
    assert world.rows(first) == world.library_rows(number=0) == [(1,)]


def test_replacing_leaves_the_old_version_readable(world: World) -> None:
    first = world.put("select 1 as n")
    second = world.commit(replace(world.write("select 'x' as s"), replace=True), first)
    assert world.rows(second) == world.library_rows() == [("x",)]
    assert second.fields == (Field("s", "VARCHAR"),)
    assert world.rows(tables.snapshot(world.lake, "m/t", 0) or first) == [(1,)]
    emptied = world.commit(Change(second.fields, replace=True), second)
    assert world.rows(emptied) == world.library_rows() == []


def test_files_are_added_and_removed_in_one_entry(world: World) -> None:
    base = world.put("select 1 as n")
    base = world.put("select 2 as n", base)
    change = replace(world.write("select 20 as n"), removed=(base.files[1].path,))
    made = world.commit(change, base)
    assert made.number == 2
    assert world.rows(made) == world.library_rows() == [(1,), (20,)]


def test_new_columns_come_with_the_rows_that_have_them(world: World) -> None:
    base = world.put("select 1 as n")
    made = world.put("select 'x' as s, 2 as n, timestamp '2013-12-17' as t", base)
    assert made.number == 1
    assert [field.name for field in made.fields] == ["n", "s", "t"]
    moment = AT.replace(hour=0, tzinfo=None)
    assert world.rows(made) == [(1, None, None), (2, "x", moment)]
    assert world.library_rows() == sorted(world.rows(made), key=repr)
    assert world.library_rows(number=0) == [(1,)]


def test_an_append_without_some_columns_keeps_them(world: World) -> None:
    base = world.put("select 1 as n, 'x' as s")
    made = world.put("select 2 as n", base)
    assert made.fields == base.fields
    assert world.rows(made) == world.library_rows() == [(1, "x"), (2, None)]


def test_instants_without_zone_raise_the_protocol_and_nothing_else_does(world: World) -> None:
    base = world.put("select 1 as n")
    assert world.library().protocol().min_reader_version == 1
    world.put("select timestamp '2013-12-17' as t", base)
    raised = world.library().protocol()
    assert (raised.min_reader_version, raised.min_writer_version) == (3, 7)
    assert raised.reader_features == ["timestampNtz"]
    assert set(raised.writer_features) == {"appendOnly", "invariants", "timestampNtz"}


@pytest.mark.parametrize(("old", "new"), [("1::integer", "2::bigint"), ("1::bigint", "2::integer"), ("1", "'x'")])
def test_a_column_keeps_its_type_unless_everything_is_rewritten(world: World, old: str, new: str) -> None:
    base = world.put(f"select {old} as n")
    change = world.write(f"select {new} as n")
    assert 'column "n" is stored as' in (tables.needs_new_table(base, change.fields) or "")
    with pytest.raises(WorldError, match=r'K010 column "n" is stored as'):
        world.commit(change, base)
    assert tables.snapshot(world.lake, "m/t") == base
    rewritten = world.commit(replace(change, replace=True), base)
    assert world.rows(rewritten) == world.library_rows()


def test_a_new_column_that_differs_by_case_only_is_refused(world: World) -> None:
    base = world.put("select 1 as id")
    with pytest.raises(ProjectError, match=r"K002"):
        world.put('select 1 as id, 2 as "ID"', base)
    assert tables.needs_new_table(base, (Field("ID", "INTEGER"), Field("other", "DATE"))) is None


def test_a_type_that_was_not_cast_is_refused(world: World) -> None:
    written = world.session.write("select 1::hugeint as n", world.lake / "m/t", "a1-")
    with pytest.raises(WorldError, match=r"K005"):
        world.commit(Change(written.fields, written.files), None)
    assert stored_fields(written.fields) == (Field("n", "BIGINT"),)


def test_who_committed_and_from_what_is_in_the_table(world: World) -> None:
    rejects = world.rejects("broken")
    change = replace(
        world.write("select 1 as n"),
        rejects=rejects,
        position={"cursor": "2013-12-17", "files": {"a.csv": [1, 2, "x"]}},
        rows_in=2,
        rejected=1,
        labels=("2013-12-17",),
        totals={"rows": {"2013-12-17": Decimal("2.50")}},
        notes=("a note",),
        as_of=AT,
    )
    made = world.commit(change, None, inputs={"raw.a": "raw/a@3"}, fingerprint="f", skip_key="k")
    read = tables.snapshot(world.lake, "m/t")
    assert read == made
    who = tables.facts(made)
    assert who == replace(
        identity(1, inputs={"raw.a": "raw/a@3"}, fingerprint="f", skip_key="k"),
        as_of=AT,
        position={"cursor": "2013-12-17", "files": {"a.csv": [1, 2, "x"]}},
        rejects=rejects,
    )
    assert made.facts["totals"] == {"rows": {"2013-12-17": "2.50"}}
    assert (made.facts["rows_in"], made.facts["rejected"], made.facts["labels"]) == (2, 1, ["2013-12-17"])
    assert world.library().history(1)[0]["mainstem"]["run"] == "r"
    assert world.library().transaction_version("m/t") == 1


def test_a_repeated_commit_finds_the_one_that_was_made(world: World) -> None:
    change = world.write("select 1 as n")
    made = world.commit(change, None, attempt=5)
    assert world.commit(change, None, attempt=5) == made
    more = world.write("select 2 as n")
    after = world.commit(more, made, attempt=6)
    assert world.commit(more, made, attempt=6) == after
    assert world.numbers() == [0, 1]


def test_an_attempt_that_is_not_above_the_tables_is_refused(world: World) -> None:
    base = world.put("select 1 as n", attempt=5)
    for attempt in (4, 5):
        with pytest.raises(WorldError, match=r"K004"):
            world.put("select 2 as n", base, attempt=attempt)
    assert world.numbers() == [0]


def test_a_stale_base_is_refused(world: World) -> None:
    base = world.put("select 1 as n")
    world.put("select 2 as n", base)
    for change in (world.write("select 3 as n"), replace(world.write("select 3 as n"), replace=True)):
        with pytest.raises(WorldError, match=r'K004 version 1 of table "m/t" was committed by attempt 2 of run "r"'):
            world.commit(change, base, attempt=9)
    assert world.library_rows() == [(1,), (2,)]


def test_a_second_beginning_is_refused(world: World) -> None:
    world.put("select 1 as n")
    with pytest.raises(WorldError, match=r"K004"):
        world.put("select 2 as n", None)


def test_what_the_base_does_not_hold_cannot_be_removed(world: World) -> None:
    base = world.put("select 1 as n")
    with pytest.raises(WorldError, match=r'K005 .*"gone\.parquet" is not in version 0'):
        world.commit(replace(world.write("select 2 as n"), removed=("gone.parquet",)), base)


def test_files_that_are_not_there_cannot_be_added(world: World) -> None:
    base = world.put("select 1 as n")
    change = world.write("select 2 as n")
    (file,) = change.added
    with pytest.raises(WorldError, match=r"K005 .*has .* bytes instead of"):
        world.commit(replace(change, added=(replace(file, size_bytes=file.size_bytes + 1),)), base)
    with pytest.raises(WorldError, match=r"K005 .*named twice"):
        world.commit(replace(change, added=(file, file)), base)
    with pytest.raises(WorldError, match=r"K005 .*named twice"):
        world.commit(replace(change, added=base.files), base)
    with pytest.raises(WorldError, match=r'K005 .*m/t__quarantine.*"lost.parquet" is missing'):
        world.commit(replace(change, rejects=(DataFile("lost.parquet", 1, 1),)), base)
    (world.lake / "m/t" / file.path).unlink()
    with pytest.raises(WorldError, match=r"K005 .*is missing"):
        world.commit(change, base)
    assert world.numbers() == [0]


def test_maintenance_in_between_is_no_conflict(world: World) -> None:
    base = world.put("select 1 as n")
    tables.fence(world.lake, "m/t", 2, "recovery", NOW_MS)
    made = world.commit(world.write("select 2 as n"), base, attempt=3)
    assert made.number == 2
    assert world.library_rows() == [(1,), (2,)]


def test_a_fence_of_a_later_attempt_is_a_conflict(world: World) -> None:
    base = world.put("select 1 as n")
    change = world.write("select 2 as n")
    tables.fence(world.lake, "m/t", 9, "recovery", NOW_MS)
    with pytest.raises(WorldError, match=r'K004 .*attempt 9 of run "recovery"'):
        world.commit(change, base, attempt=3)
    newest = tables.snapshot(world.lake, "m/t")
    assert newest is not None
    with pytest.raises(WorldError, match=r"K004"):
        world.commit(change, newest, attempt=3)


def test_a_fence_keeps_what_the_table_says_of_its_rows(world: World) -> None:
    base = world.commit(replace(world.write("select 1 as n"), position={"cursor": 7}), None)
    tables.fence(world.lake, "m/t", 5, "recovery", NOW_MS)
    newest = tables.snapshot(world.lake, "m/t")
    assert newest is not None
    assert (newest.number, newest.attempt, newest.facts) == (1, 5, base.facts)


def test_a_version_that_is_not_there_is_named(world: World) -> None:
    world.put("select 1 as n")
    with pytest.raises(WorldError, match=r'K009 table "m/t" has no version 3; its newest is 0'):
        tables.snapshot(world.lake, "m/t", 3)
    assert tables.snapshot(world.lake, "m/other", 3) is None


def test_a_base_whose_table_is_gone_is_refused(world: World) -> None:
    base = world.put("select 1 as n")
    change = world.write("select 2 as n")
    (world.lake / "m/t/_delta_log" / f"{0:020d}.json").unlink()
    with pytest.raises(WorldError, match=r"K005 .*the table is gone"):
        world.commit(change, base)


def test_paths_with_odd_characters_are_found_again(world: World) -> None:
    change = world.write("select 1 as n")
    (file,) = change.added
    odd = "sub folder/50% of ü.parquet"
    (world.lake / "m/t/sub folder").mkdir()
    (world.lake / "m/t" / file.path).rename(world.lake / "m/t" / odd)
    base = world.commit(replace(change, added=(replace(file, path=odd),)), None)
    assert world.rows(base) == world.library_rows() == [(1,)]
    after = world.commit(replace(world.write("select 2 as n"), removed=(odd,)), base)
    assert world.rows(after) == world.library_rows() == [(2,)]
    assert tables.snapshot(world.lake, "m/t") == after
