"""Disks that refuse: said in one sentence, with nothing lost. Each disk is a small file system of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.tools import small_disk

HERE = Path(__file__).parent

PROLOGUE = """
import sys
sys.path.insert(0, {here!r})
from pathlib import Path
from dataclasses import replace
from storage_world import World
from mainstem.core.problem import WorldError
from mainstem.core.project import EngineSettings
from mainstem.engines.duckdb import open as open_engine
from mainstem.lifecycle.storage import tables
disk = Path(sys.argv[1])
engine = open_engine(EngineSettings(threads=1), disk.parent / "spill")
world = World(disk / "lake", engine, engine.session())

def refused(work):
    try:
        work()
    except WorldError as error:
        return error.problems[0].code
    return "nothing was refused"

def fill():
    with (disk / "filler").open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 1024):
                pass
        except OSError:
            pass
"""


def on_a_small_disk(tmp_path: Path, script: str, *, size: str = "1m") -> str:
    """What `script` prints, run where `disk` is a file system of `size`."""
    disk = tmp_path / "disk"
    disk.mkdir()
    (tmp_path / "script.py").write_text(PROLOGUE.format(here=str(HERE)) + script)
    command = [*small_disk(disk, size), sys.executable, str(tmp_path / "script.py"), str(disk)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_full_disk_stops_a_write_and_leaves_nothing(tmp_path: Path) -> None:
    script = """
base = world.put("select 1 as n")
select = "select i, hash(i) as h from range(2000000) r(i)"
print(refused(lambda: world.write(select)))
print(len(list((disk / "lake/m/t").glob("*.parquet"))), world.rows(base), tables.snapshot(disk / "lake", "m/t") == base)
"""
    assert on_a_small_disk(tmp_path, script) == "E008\n1 [(1,)] True"


def test_a_limit_on_the_size_of_files_stops_a_write_as_a_full_disk_does(tmp_path: Path) -> None:
    script = """
import resource
base = world.put("select 1 as n")
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
print(refused(lambda: world.write("select i, hash(i) as h from range(2000000) r(i)")), world.rows(base))
"""
    assert on_a_small_disk(tmp_path, script, size="64m") == "E008 [(1,)]"


def test_a_full_disk_stops_a_commit_and_leaves_the_table_as_it_was(tmp_path: Path) -> None:
    script = """
base = world.put("select 1 as n")
change = replace(world.write("select 2 as n"), notes=tuple("a note" for _ in range(10000)))
fill()
print(refused(lambda: world.commit(change, base, attempt=2)))
print(refused(lambda: tables.claim(disk / "lake", "x" * 100000)))
print(tables.snapshot(disk / "lake", "m/t") == base, [p.name for p in (disk / "lake/m/t/_delta_log").iterdir()])
(disk / "filler").unlink()
print(world.rows(world.commit(change, base, attempt=2)))
"""
    assert on_a_small_disk(tmp_path, script).splitlines() == [
        "K006",
        "K006",
        "True ['00000000000000000000.json']",
        "[(1,), (2,)]",
    ]


def test_a_disk_that_became_read_only_is_read_and_not_written(tmp_path: Path) -> None:
    script = """
import subprocess
base = world.put("select 1 as n")
change = world.write("select 2 as n")
subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
print(refused(lambda: world.commit(change, base)))
print(refused(lambda: world.write("select 3 as n")))
print(refused(lambda: tables.fork(disk / "lake", base, "m/t.2", tables.facts(base))))
print(refused(lambda: tables.fence(disk / "lake", "m/t", 9, "r", 1)))
print(refused(lambda: tables.claim(disk / "lake", "one")))
print(world.rows(tables.snapshot(disk / "lake", "m/t")))
"""
    assert on_a_small_disk(tmp_path, script).splitlines() == ["K007", "E007", "K007", "K007", "K007", "[(1,)]"]


def test_a_path_that_is_no_folder_is_named(tmp_path: Path) -> None:
    from mainstem.core.problem import WorldError
    from mainstem.core.release import Change, Field
    from mainstem.lifecycle.storage import tables

    from storage_world import NOW_MS, identity  # isort: skip

    (tmp_path / "m").write_text("a file where a folder should be")
    with pytest.raises(WorldError, match=r"K008 .*not a directory"):
        tables.commit(tmp_path, "m/t", None, Change((Field("n", "INTEGER"),)), identity(1), now_ms=NOW_MS)
    assert tables.snapshot(tmp_path, "m/t") is None


def test_other_disks_get_copies_instead_of_links(tmp_path: Path) -> None:
    script = """
import os
base = world.put("select 1 as n")
def without_links(*_, **__):
    raise OSError(95, "links are not supported")
os.link = without_links
fork = tables.fork(disk / "lake", base, "m/t.2", tables.facts(base))
print(world.rows(fork), tables.paths(disk / "lake", fork)[0].samefile(tables.paths(disk / "lake", base)[0]))
made = world.put("select 2 as n", fork, "m/t.2", attempt=9)
print(world.rows(made), refused(lambda: world.put("select 3 as n", fork, "m/t.2", attempt=10)))
tables.claim(disk / "lake", "one")
print(refused(lambda: tables.claim(disk / "lake", "two")))
"""
    assert on_a_small_disk(tmp_path, script).splitlines() == ["[(1,)] False", "[(1,), (2,)] K004", "K011"]
