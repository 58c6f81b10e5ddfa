"""What became of an attempt is asked of the table: rolled forward, or fenced off and swept."""

from __future__ import annotations

from dataclasses import replace

import pytest
from storage_world import NOW_MS, World, identity

from mainstem.core.problem import WorldError
from mainstem.core.release import Change
from mainstem.lifecycle.storage import tables


def test_our_commit_is_found_below_later_ones(world: World) -> None:
    base = None
    made = {}
    for attempt in (2, 5, 9):
        base = made[attempt] = world.put(f"select {attempt} as n", base, attempt=attempt)
    tables.fence(world.lake, "m/t", 12, "recovery", NOW_MS)
    for attempt in (2, 5, 9):
        assert tables.committed(world.lake, "m/t", attempt) == made[attempt]
    for attempt in (1, 3, 7, 12, 13):
        assert tables.committed(world.lake, "m/t", attempt) is None
    assert tables.committed(world.lake, "m/nowhere", 1) is None


def test_a_zombie_is_refused_after_its_files_are_swept(world: World) -> None:
    base = world.put("select 1 as n", attempt=4)
    zombie = world.write("select 2 as n", prefix="a5-")
    tables.fence(world.lake, "m/t", 6, "recovery", NOW_MS)
    assert tables.sweep(world.lake, "m/t", "a5-") == (zombie.added[0].path,)
    with pytest.raises(WorldError, match=r"K005 .*is missing"):
        world.commit(zombie, base, attempt=5)
    empty = Change(base.fields, replace=True)
    for seen in (base, tables.snapshot(world.lake, "m/t")):
        with pytest.raises(WorldError, match=r"K004 .*attempt 6"):
            world.commit(empty, seen, attempt=5)
    assert world.library_rows() == [(1,)]


def test_a_zombie_cannot_begin_a_table_that_was_fenced(world: World) -> None:
    zombie = world.write("select 2 as n", prefix="a5-")
    tables.fence(world.lake, "m/t", 6, "recovery", NOW_MS)
    assert tables.snapshot(world.lake, "m/t") is None, "a fence is no table"
    with pytest.raises(WorldError, match=r"K004 .*attempt 6"):
        world.commit(zombie, None, attempt=5)
    made = world.put("select 3 as n, timestamp '2013-12-17' as t", None, attempt=7)
    assert made.number == 1
    assert world.library_rows("n") == [(3,)]
    assert world.library().protocol().reader_features == ["timestampNtz"]


def test_fencing_twice_is_fencing_once(world: World) -> None:
    world.put("select 1 as n", attempt=4)
    for _ in range(2):
        tables.fence(world.lake, "m/t", 6, "recovery", NOW_MS)
    tables.fence(world.lake, "m/t", 5, "recovery", NOW_MS)
    assert world.numbers() == [0, 1]


def test_the_sweep_spares_what_any_version_or_its_metadata_names(world: World) -> None:
    rejects = world.rejects("broken")
    base = world.commit(replace(world.write("select 1 as n", prefix="a1-"), rejects=rejects), None)
    world.commit(Change(base.fields, replace=True), base)
    (left,) = world.write("select 2 as n", prefix="a1-").added
    (lost,) = world.rejects("of an attempt that was killed")
    other = world.write("select 3 as n", prefix="a10-")
    assert set(tables.sweep(world.lake, "m/t", "a1-")) == {left.path, lost.path}
    assert (world.lake / "m/t" / base.files[0].path).exists()
    assert (world.lake / "m/t__quarantine" / rejects[0].path).exists()
    assert (world.lake / "m/t" / other.added[0].path).exists()
    assert tables.sweep(world.lake, "m/t", "a1-") == ()


def test_the_sweep_spares_what_a_fork_brought_along(world: World) -> None:
    source = world.commit(replace(world.write("select 1 as n", prefix="a1-"), rejects=world.rejects("broken")), None)
    tables.commit_rejects(world.lake, source)
    fork = tables.fork(world.lake, source, "m/t.2", identity(9))
    assert tables.sweep(world.lake, "m/t.2", "a1-") == ()
    quarantine = tables.quarantine_at(world.lake, fork)
    assert quarantine is not None
    assert world.rows(quarantine, "reason") == [("broken",)]


def test_sweeping_where_nothing_is_does_nothing(world: World) -> None:
    assert tables.sweep(world.lake, "m/nowhere", "a1-") == ()
    world.write("select 1 as n", prefix="a1-")
    assert len(tables.sweep(world.lake, "m/t", "a1-")) == 1
