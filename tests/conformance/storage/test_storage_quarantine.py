"""Rejects follow the commits that name them: none lost, none doubled, whoever repeats it."""

from __future__ import annotations

import threading
from dataclasses import replace

from storage_world import World, identity

from mainstem.core.release import Change, Snapshot
from mainstem.lifecycle.storage import tables
from mainstem.lifecycle.storage.quarantine import FIELDS


def load(world: World, number: int, base: Snapshot | None, *reasons: str) -> Snapshot:
    change = world.write(f"select {number} as n", prefix=f"a{number}-")
    return world.commit(replace(change, rejects=world.rejects(*reasons) if reasons else ()), base)


def reasons(world: World, at: Snapshot | None) -> list[str]:
    assert at is not None
    return [row[0] for row in world.rows(at, "reason")]


def test_rejects_of_a_commit_become_rows_of_the_quarantine(world: World) -> None:
    made = load(world, 1, None, "late", "broken")
    quarantine = tables.commit_rejects(world.lake, made)
    assert quarantine is not None
    assert (quarantine.table, quarantine.number, quarantine.fields) == ("m/t__quarantine", 0, FIELDS)
    assert reasons(world, quarantine) == ["broken", "late"]
    assert world.library_rows("reason", "m/t__quarantine") == [("broken",), ("late",)]


def test_repeating_adds_nothing(world: World) -> None:
    made = load(world, 1, None, "broken")
    first = tables.commit_rejects(world.lake, made)
    assert tables.commit_rejects(world.lake, made) == first
    assert tables.replay_rejects(world.lake, "m/t") == first
    assert world.numbers("m/t__quarantine") == [0]


def test_what_a_crash_left_behind_is_replayed_in_order(world: World) -> None:
    base = load(world, 1, None, "one")
    base = load(world, 2, base)
    base = load(world, 3, base, "three")
    base = load(world, 4, base)
    newest = load(world, 5, base, "five")
    assert reasons(world, tables.commit_rejects(world.lake, newest)) == ["five", "one", "three"]
    assert world.numbers("m/t__quarantine") == [0, 1, 2]
    assert world.library("m/t__quarantine").transaction_version("m/t") == 4


def test_an_older_version_has_the_quarantine_of_its_time(world: World) -> None:
    one = load(world, 1, None, "one")
    two = load(world, 2, one)
    three = load(world, 3, two, "three")
    tables.replay_rejects(world.lake, "m/t")
    assert reasons(world, tables.quarantine_at(world.lake, one)) == ["one"]
    assert reasons(world, tables.commit_rejects(world.lake, two)) == ["one"]
    assert reasons(world, tables.quarantine_at(world.lake, three)) == ["one", "three"]


def test_a_version_before_the_first_reject_has_no_quarantine(world: World) -> None:
    one = load(world, 1, None)
    assert tables.commit_rejects(world.lake, one) is None
    two = load(world, 2, one, "two")
    tables.commit_rejects(world.lake, two)
    assert tables.quarantine_at(world.lake, one) is None
    assert tables.replay_rejects(world.lake, "m/nowhere") is None


def test_a_batch_of_rejects_only_is_a_commit_without_files(world: World) -> None:
    base = load(world, 1, None)
    made = world.commit(Change(base.fields, rejects=world.rejects("all broken"), position={"cursor": 2}), base)
    assert made.files == base.files
    assert (made.number, made.facts["position"]) == (1, {"cursor": 2})
    assert reasons(world, tables.commit_rejects(world.lake, made)) == ["all broken"]


def test_several_that_replay_at_once_add_each_reject_once(world: World) -> None:
    base = load(world, 1, None, "one")
    newest = load(world, 2, base, "two")
    threads = [threading.Thread(target=tables.commit_rejects, args=(world.lake, newest)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert reasons(world, tables.commit_rejects(world.lake, newest)) == ["one", "two"]


def test_a_fork_takes_its_quarantine_along(world: World) -> None:
    one = load(world, 1, None, "one")
    tables.commit_rejects(world.lake, one)
    two = load(world, 2, one, "two")
    tables.commit_rejects(world.lake, two)
    fork = tables.fork(world.lake, one, "m/t.2", identity(9))
    assert reasons(world, tables.quarantine_at(world.lake, fork)) == ["one"]
    change = replace(world.write("select 3 as n", "m/t.2"), rejects=world.rejects("three", table="m/t.2"))
    made = world.commit(change, fork, "m/t.2", attempt=9)
    assert reasons(world, tables.commit_rejects(world.lake, made)) == ["one", "three"]
    assert reasons(world, tables.quarantine_at(world.lake, fork)) == ["one"]
    assert reasons(world, tables.replay_rejects(world.lake, "m/t")) == ["one", "two"]
