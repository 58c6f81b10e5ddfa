"""Long histories: pinned versions stay, are read quickly and rightly, and no reader pays for the whole log."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError
from storage_world import AT, World

from mainstem.core.problem import WorldError
from mainstem.core.release import Snapshot
from mainstem.lifecycle.storage import shortcuts, tables


def history(world: World, versions: int) -> list[Snapshot]:
    """A table with so many versions: appends, and now and then a rewrite."""
    made: list[Snapshot] = []
    for number in range(versions):
        change = world.write(f"select {number} as n", prefix=f"a{number}-")
        if number % 7 == 6:
            change = replace(change, replace=True)
        made.append(world.commit(change, made[-1] if made else None))
    return made


def test_every_version_of_a_long_history_is_read_as_it_was_made(world: World) -> None:
    made = history(world, 34)
    assert [tables.snapshot(world.lake, "m/t", number) for number in range(34)] == made
    assert tables.snapshot(world.lake, "m/t") == made[-1]
    for number in (0, 9, 10, 13, 21, 33):
        assert world.library_rows(number=number) == sorted(world.rows(made[number]), key=repr)


def test_checkpoints_are_made_for_other_readers_and_one_shortcut_is_kept(world: World) -> None:
    history(world, 34)
    checkpoints = list((world.lake / "m/t/_delta_log").glob("*.checkpoint.parquet"))
    assert len(checkpoints) in {2, 3}
    assert len(list((world.lake / "m/t/_mainstem").iterdir())) == 1


@pytest.mark.parametrize("damage", ["torn", "zeros", "gone", "foreign"])
def test_a_damaged_shortcut_is_never_trusted(world: World, damage: str) -> None:
    made = history(world, 24)
    (shortcut,) = (world.lake / "m/t/_mainstem").iterdir()
    text = shortcut.read_bytes()
    changed = {
        "torn": text[: len(text) // 2],
        "zeros": b"\0" * len(text),
        "gone": None,
        "foreign": text.replace(b'"entry":[', b'"entry":[1'),
    }[damage]
    if changed is None:
        shortcut.unlink()
    else:
        shortcut.write_bytes(changed)
    assert tables.snapshot(world.lake, "m/t") == made[-1]
    assert tables.snapshot(world.lake, "m/t", 3) == made[3]


def test_the_first_shortcut_of_each_thousand_versions_is_kept(world: World, tmp_path: Path) -> None:
    state = shortcuts.State(0, {}, {}, {}, {}, {}, {})
    (tmp_path / "_delta_log").mkdir()
    for number in range(990, 3300, 10):
        (tmp_path / "_delta_log" / f"{number:020d}.json").write_text("{}")
        shortcuts.save(tmp_path, replace(state, number=number))
    kept = sorted(int(path.stem) for path in (tmp_path / "_mainstem").iterdir())
    assert kept == [1000, 2000, 3000, 3290]
    found = shortcuts.load(tmp_path, 2500)
    assert found is not None
    assert found.number == 2000


def test_cleaning_the_log_destroys_nothing(world: World) -> None:
    made = history(world, 24)
    old = (AT - timedelta(days=40)).timestamp()
    for path in (world.lake / "m/t/_delta_log").iterdir():
        os.utime(path, (old, old))
    table = world.library()
    table.create_checkpoint()
    table.cleanup_metadata()
    assert world.numbers() == list(range(24))
    assert world.library_rows(number=5) == sorted(world.rows(made[5]), key=repr)


def test_a_strangers_vacuum_refuses(world: World) -> None:
    made = history(world, 10)
    with pytest.raises(DeltaError, match=r"[Rr]etention"):
        world.library().vacuum(retention_hours=0, dry_run=False)
    assert world.library().vacuum(dry_run=True) == []
    assert world.rows(made[3]) == [(0,), (1,), (2,), (3,)]


def test_a_log_whose_beginning_is_gone_is_read_through_its_checkpoint(world: World) -> None:
    made = history(world, 24)
    first = min(int(path.name[:20]) for path in (world.lake / "m/t/_delta_log").glob("*.checkpoint.parquet"))
    for number in range(first):
        (world.lake / "m/t/_delta_log" / f"{number:020d}.json").unlink()
    for shortcut in (world.lake / "m/t/_mainstem").iterdir():
        shortcut.unlink()
    newest = tables.snapshot(world.lake, "m/t")
    assert newest is not None
    assert world.rows(newest) == world.rows(made[-1])
    assert (newest.number, newest.attempt, newest.facts, newest.rows) == (23, 24, made[-1].facts, made[-1].rows)
    after = world.put("select 99 as n", newest)
    assert (99,) in world.rows(after)
    assert world.library_rows() == sorted(world.rows(after), key=repr)
    with pytest.raises(WorldError, match=r"K003 .*gaps"):
        tables.snapshot(world.lake, "m/t", 2)


def test_another_writer_goes_on_where_we_stopped(world: World) -> None:
    base = history(world, 12)[-1]
    from deltalake import write_deltalake

    reader = world.session.query("select 77::integer as n")
    write_deltalake(DeltaTable(str(world.lake / "m/t")), reader, mode="append")
    newest = tables.snapshot(world.lake, "m/t")
    assert newest is not None
    assert (newest.number, newest.facts) == (12, base.facts)
    assert (77,) in world.rows(newest)
    with pytest.raises(WorldError, match=r"K004 .*another writer"):
        world.put("select 1 as n", base)
    assert world.put("select 78 as n", newest).number == 13
    assert world.library_rows() == sorted([*world.rows(newest), (78,)], key=repr)
