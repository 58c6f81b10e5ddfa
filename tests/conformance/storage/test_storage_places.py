"""The lake's own files: whose it is, what was released, and all of it on the disk before anybody is told."""

from __future__ import annotations

import ctypes
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from storage_world import AT, World

from mainstem.core.problem import WorldError
from mainstem.core.release import Field, Release, Version
from mainstem.lifecycle.storage import durability, tables


def version(table: str, number: int, **more: Any) -> Version:
    return Version("m.t", table, number, (Field("n", "INTEGER"),), "f", "sha256:0123456789abcdef01", AT, **more)


def test_a_lake_belongs_to_the_first_ledger(tmp_path: Path) -> None:
    for _ in range(2):
        tables.claim(tmp_path / "new" / "lake", "one")
    with pytest.raises(WorldError, match=r'K011 .*belongs to ledger "one".*"two"'):
        tables.claim(tmp_path / "new" / "lake", "two")
    assert [path.name for path in (tmp_path / "new/lake/_mainstem").iterdir()] == ["ledger.json"]


def test_a_mark_that_cannot_be_read_is_nobodys_to_overwrite(tmp_path: Path) -> None:
    (tmp_path / "_mainstem").mkdir()
    (tmp_path / "_mainstem/ledger.json").write_text("{")
    with pytest.raises(WorldError, match=r"K011 .*does not name a ledger"):
        tables.claim(tmp_path, "one")


def test_a_release_is_read_back_from_its_manifest(tmp_path: Path) -> None:
    versions = {
        "m.t": version(
            "m/t", 3, rows=2, inputs={"raw.a": "raw/a@1"}, position={"cursor": "x"}, quarantine=1, newest=AT, run="r"
        ),
        "m.v": version("", 0, sql="select 1 as n"),
    }
    release = Release("r000001", 1, "prod", AT, "r", None, versions)
    tables.write_manifest(tmp_path, release)
    assert tables.read_manifest(tmp_path, "r000001") == release
    moved = replace(release, why="rollback", parent="r000000")
    tables.write_manifest(tmp_path, moved)
    assert tables.read_manifest(tmp_path, "r000001") == moved
    assert [path.name for path in (tmp_path / "_mainstem/releases").iterdir()] == ["r000001.json"]


@pytest.mark.parametrize("text", [None, "", "{", '{"id": "r000001"}', "[]"])
def test_a_manifest_that_is_not_whole_is_none(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "_mainstem/releases").mkdir(parents=True)
        (tmp_path / "_mainstem/releases/r000001.json").write_text(text)
    assert tables.read_manifest(tmp_path, "r000001") is None


def test_the_files_of_a_version_are_found(world: World) -> None:
    first = world.put("select 1 as n")
    world.put("select 2 as n", first)
    assert tables.paths(world.lake, version("m/t", 0)) == tables.paths(world.lake, first)
    assert tables.paths(world.lake, version("", 0, sql="select 1")) == ()


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Every path that is synced, traced at the call itself."""
    found: list[Path] = []
    fsync = os.fsync

    def traced(handle: int) -> None:
        found.append(Path(f"/proc/self/fd/{handle}").readlink())
        fsync(handle)

    monkeypatch.setattr(os, "fsync", traced)
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="open files are traced through /proc")
def test_everything_that_a_run_wrote_is_synced(world: World, synced: list[Path]) -> None:
    base = world.put("select 1 as n", run="before")
    change = replace(world.write("select 2 as n"), rejects=world.rejects("broken"))
    made = tables.commit(world.lake, "m/t", base, change, replace(identity_of(base), attempt=2, run="r"), now_ms=1)
    quarantine = tables.commit_rejects(world.lake, made)
    assert quarantine is not None
    synced.clear()
    tables.sync(world.lake, [version("m/t", made.number, quarantine=quarantine.number, run="r")])
    data, rejects = world.lake / "m/t", world.lake / "m/t__quarantine"
    assert set(synced) == {
        data / change.added[0].path,
        data / "_delta_log" / f"{1:020d}.json",
        rejects / change.rejects[0].path,
        rejects / "_delta_log" / f"{0:020d}.json",
        *(world.lake, world.lake / "m", data, data / "_delta_log", rejects, rejects / "_delta_log"),
    }


def identity_of(base: Any) -> Any:
    found = tables.facts(base)
    assert found is not None
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="syncfs is a call of Linux")
def test_many_files_are_synced_in_one_call(world: World, synced: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(10):
        world.put("select 1 as n", None, f"m/t{number}")
    calls: list[str] = []
    library = ctypes.CDLL(None, use_errno=True)

    class Traced:
        def syncfs(self, handle: int) -> int:
            calls.append(str(Path(f"/proc/self/fd/{handle}").readlink()))
            return int(library.syncfs(handle))

    monkeypatch.setattr(durability.ctypes, "CDLL", lambda *_, **__: Traced())
    synced.clear()
    tables.sync(world.lake, [version(f"m/t{number}", 0, run="r") for number in range(10)])
    assert (calls, synced) == ([str(world.lake)], [])


def test_a_manifest_is_synced_with_its_folder(tmp_path: Path, synced: list[Path]) -> None:
    tables.write_manifest(tmp_path, Release("r000001", 1, "prod", AT, "r", None, {}))
    assert [path.name.split(".")[0] for path in synced] == ["r000001", "releases"]
    assert json.loads((tmp_path / "_mainstem/releases/r000001.json").read_text())["number"] == 1
