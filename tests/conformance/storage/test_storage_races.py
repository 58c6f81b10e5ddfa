"""Several processes at one table: exactly one wins each version, and whoever is killed leaves the table whole."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from multiprocessing.synchronize import Barrier
from pathlib import Path
from random import Random
from typing import Any

import pytest
from storage_world import NOW_MS, World, identity

from mainstem.core.problem import WorldError
from mainstem.core.release import Change, DataFile, Field
from mainstem.lifecycle.storage import tables

FIELDS = (Field("n", "INTEGER"),)
SPAWN = multiprocessing.get_context("spawn")


def contend(lake: Path, name: str, barrier: Barrier, turns: int, answers: Any) -> None:
    """Commit one file in each turn, at the same moment as everybody else."""
    won = []
    for turn in range(turns):
        base = tables.snapshot(lake, "m/t")
        path = f"{name}-{turn}.parquet"
        (lake / "m/t" / path).write_bytes(name.encode())
        change = Change(FIELDS, (DataFile(path, len(name), 1, '{"numRecords":1}'),), replace=turn % 2 == 1)
        barrier.wait(60)
        try:
            tables.commit(lake, "m/t", base, change, identity(turn + 1, run=name), now_ms=NOW_MS)
            won.append(turn)
        except WorldError as error:
            if error.problems[0].code != "K004":
                raise
        barrier.wait(60)
    answers.put((name, won))


@pytest.mark.parametrize("processes", [2, 4])
def test_each_version_has_exactly_one_winner(tmp_path: Path, processes: int) -> None:
    (tmp_path / "m/t").mkdir(parents=True)
    turns, barrier, answers = 8, SPAWN.Barrier(processes), SPAWN.Queue()
    workers = [
        SPAWN.Process(target=contend, args=(tmp_path, f"w{number}", barrier, turns, answers))
        for number in range(processes)
    ]
    for worker in workers:
        worker.start()
    won = dict(answers.get(timeout=60) for _ in workers)
    for worker in workers:
        worker.join()
    assert sorted(turn for turns_won in won.values() for turn in turns_won) == list(range(turns))
    for turn in range(turns):
        made = tables.snapshot(tmp_path, "m/t", turn)
        assert made is not None
        who = tables.facts(made)
        assert who is not None
        assert turn in won[who.run]
        assert made.files[-1].path == f"{who.run}-{turn}.parquet"


def claim(lake: Path, ledger: str, barrier: Barrier, answers: Any) -> None:
    barrier.wait(60)
    try:
        tables.claim(lake, ledger)
        answers.put(ledger)
    except WorldError as error:
        answers.put(error.problems[0].code)


def test_of_ledgers_that_claim_a_lake_at_once_one_wins(tmp_path: Path) -> None:
    barrier, answers = SPAWN.Barrier(4), SPAWN.Queue()
    workers = [SPAWN.Process(target=claim, args=(tmp_path / "lake", f"l{n}", barrier, answers)) for n in range(4)]
    for worker in workers:
        worker.start()
    said = sorted(answers.get(timeout=60) for _ in workers)
    for worker in workers:
        worker.join()
    assert said[:3] == ["K011"] * 3
    tables.claim(tmp_path / "lake", said[3])


def go_on_committing(lake: Path, number: int, is_going: Any) -> None:
    """Write and commit without end; a killed process is the end."""
    attempt = 1000 * number
    while True:
        base = tables.snapshot(lake, "m/t")
        attempt += 1
        path = f"a{attempt}-0.parquet"
        (lake / "m/t" / path).write_bytes(b"rows")
        change = Change(FIELDS, (DataFile(path, 4, 1, '{"numRecords":1}'),), replace=attempt % 5 == 0)
        tables.commit(lake, "m/t", base, change, identity(attempt), now_ms=NOW_MS)
        is_going.set()


def killed(lake: Path, number: int, after_s: float) -> None:
    is_going = SPAWN.Event()
    worker = SPAWN.Process(target=go_on_committing, args=(lake, number, is_going))
    worker.start()
    assert is_going.wait(60)
    time.sleep(after_s)
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    worker.join()


def test_a_killed_writer_leaves_every_version_whole(tmp_path: Path) -> None:
    (tmp_path / "m/t").mkdir(parents=True)
    random = Random(7)
    for number in range(1, 6):
        killed(tmp_path, number, after_s=random.random() / 20)
    newest = tables.snapshot(tmp_path, "m/t")
    assert newest is not None
    assert newest.number > 5
    for number in range(newest.number + 1):
        at = tables.snapshot(tmp_path, "m/t", number)
        assert at is not None
        assert all(path.stat().st_size == 4 for path in tables.paths(tmp_path, at))
    (tmp_path / "m/t/a9999-0.parquet").write_bytes(b"rows")
    change = Change(FIELDS, (DataFile("a9999-0.parquet", 4, 1),))
    assert tables.commit(tmp_path, "m/t", newest, change, identity(9999), now_ms=NOW_MS).number == newest.number + 1


@pytest.mark.parametrize("text", ["", "\0" * 100, '{"commitInfo": {"times', "[1]\n", '{"txn": {}}'])
def test_an_entry_that_a_power_cut_tore_is_named_and_can_be_removed(world: World, text: str) -> None:
    base = world.put("select 1 as n")
    entry = world.lake / "m/t/_delta_log" / f"{1:020d}.json"
    entry.write_text(text)
    with pytest.raises(WorldError, match=r"K012 .*00001\.json. is torn"):
        tables.snapshot(world.lake, "m/t")
    assert tables.snapshot(world.lake, "m/t", 0) == base
    entry.unlink()
    assert world.put("select 2 as n", base).number == 1


def test_files_without_a_commit_are_nobodys(world: World) -> None:
    base = world.put("select 1 as n")
    world.write("select 2 as n")
    (world.lake / "m/t/a2-torn-0.parquet").write_bytes(b"PAR1 torn")
    (world.lake / "m/t/_delta_log/_commit_0a.json.tmp").write_text('{"add": ')
    assert tables.snapshot(world.lake, "m/t") == base
    assert world.library_rows() == [(1,)]
    assert world.put("select 3 as n", base).number == 1
