"""A fork holds what its source holds, and neither can take anything from the other."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest
from storage_world import World, identity

from mainstem.core.problem import WorldError
from mainstem.lifecycle.storage import tables


def test_a_fork_holds_the_rows_of_the_pinned_version(world: World) -> None:
    first = world.put("select 1 as n, timestamp '2013-12-17' as t", attempt=3)
    world.put("select 2 as n, timestamp '2013-12-17' as t", first, attempt=4)
    fork = tables.fork(world.lake, first, "m/t.2", identity(9, position={"cursor": 1}))
    assert (fork.table, fork.number, fork.attempt) == ("m/t.2", 0, 0)
    assert world.rows(fork) == world.rows(first)
    assert world.library_rows("n", "m/t.2") == [(1,)]
    assert fork.files[0].stats == first.files[0].stats
    who = tables.facts(fork)
    assert who is not None
    assert who.position == {"cursor": 1}
    assert tables.snapshot(world.lake, "m/t.2") == fork


def test_no_row_is_copied(world: World) -> None:
    source = world.put("select 1 as n")
    fork = tables.fork(world.lake, source, "m/t.2", identity(9))
    assert tables.paths(world.lake, fork)[0].samefile(tables.paths(world.lake, source)[0])


def test_each_goes_its_own_way(world: World) -> None:
    source = world.put("select 1 as n", attempt=3)
    fork = tables.fork(world.lake, source, "m/t.2", identity(9))
    ours = world.put("select 2 as n", fork, "m/t.2", attempt=9)
    theirs = world.commit(replace(world.write("select 3 as n"), replace=True), source, attempt=4)
    assert world.rows(ours) == world.library_rows(table="m/t.2") == [(1,), (2,)]
    assert world.rows(theirs) == world.library_rows() == [(3,)]
    shutil.rmtree(world.lake / "m/t")
    assert world.rows(ours) == [(1,), (2,)]


def test_a_fork_that_was_killed_midway_is_repeated(world: World) -> None:
    source = world.put("select 1 as n")
    (world.lake / "m/t.2").mkdir()
    (world.lake / "m/t.2" / source.files[0].path).write_bytes(b"torn copy")
    fork = tables.fork(world.lake, source, "m/t.2", identity(9))
    assert world.rows(fork) == [(1,)]
    assert tables.fork(world.lake, source, "m/t.2", identity(9)) == fork


def test_a_fork_never_takes_a_table_that_exists(world: World) -> None:
    source = world.put("select 1 as n")
    world.put("select 2 as n", None, "m/t.2")
    with pytest.raises(WorldError, match=r"K004"):
        tables.fork(world.lake, source, "m/t.2", identity(9))


def test_files_of_several_folders_do_not_collide(world: World) -> None:
    change = world.write("select 1 as n")
    (file,) = change.added
    for name, number in (("x", 1), ("y", 2)):
        made = world.session.write(f"select {number} as n", world.lake / "m/t" / name, "a")
        (world.lake / "m/t" / name / made.files[0].path).rename(world.lake / "m/t" / name / "same.parquet")
    files = tuple(
        replace(
            file, path=f"{name}/same.parquet", size_bytes=(world.lake / "m/t" / name / "same.parquet").stat().st_size
        )
        for name in ("x", "y")
    )
    source = world.commit(replace(change, added=files), None)
    fork = tables.fork(world.lake, source, "m/t.2", identity(9))
    assert world.rows(fork) == [(1,), (2,)]


def test_each_successor_has_a_folder_of_its_own(world: World) -> None:
    assert tables.table_folder("marts.route_delays") == "marts/route_delays"
    source = world.put("select 1 as n")
    second = tables.next_table(world.lake, "m/t")
    assert second == "m/t.2"
    tables.fork(world.lake, source, second, identity(9))
    assert tables.next_table(world.lake, "m/t") == tables.next_table(world.lake, second) == "m/t.3"
