"""What every kind of source promises, of the one kind whose rows nobody brings: `synthetic` makes them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from inspect import signature
from pathlib import Path
from typing import Any

import pytest
import test_every_kind
from test_every_kind import OF_A_LOAD
from tests.crash.project import killed_run, morning, run, tables
from tests.tools import small_disk

from mainstem.core.run import Run

GAPS = {
    "test_a_huge_value_arrives_whole": "values are as long as their contract says, and no contract asks for such",
    "test_wrong_credentials_are_told_and_not_shown": "there is nobody who could ask for credentials",
    "test_a_source_that_is_gone_leaves_the_table_as_it_was": "there is nothing that could be gone",
    "test_a_source_that_dies_in_the_middle_leaves_the_table_as_it_was": "there is nothing that could die",
    "test_what_is_written_while_it_is_read_is_read_once": "nobody writes",
}
"""Behaviours of other kinds, and why there is no such thing here."""

PER_DAY = 40


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sources").mkdir()
    (tmp_path / "mainstem.yml").write_text("name: small\nclock: replay\n")
    return tmp_path


def write(folder: Path, load: str = "incremental", amount: str = "{type: integer, min: 0}", **said: Any) -> None:
    keys = {"load": load, "key": "id", "per_day": PER_DAY, "from": "2024-01-01", **said}
    lines = "".join(f"    {key}: {value}\n" for key, value in keys.items() if value is not None)
    columns = f"{{id: {{type: bigint, required: true}}, day: {{type: date, required: true}}, n: {amount}}}"
    text = f"kind: synthetic\ntables:\n  t:\n{lines}    columns: {columns}\n"
    (folder / "sources" / "src.yml").write_text(text)


def good(folder: Path, day: int) -> Run:
    done = run(folder, day)
    assert done.failures == ()
    return done


def rows(folder: Path) -> list[tuple[Any, ...]]:
    return sorted(tables(folder, ["src.t"])["src.t"])


def aside(folder: Path) -> list[tuple[Any, ...]]:
    return list(tables(folder, ["src.t__quarantine"])["src.t__quarantine"])


def at_once(folder: Path, tmp: str, day: int, **said: Any) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """The rows that one run alone brings, and those that it sets aside, in a project beside."""
    beside = folder.parent / f"{folder.name}_{tmp}"
    (beside / "sources").mkdir(parents=True)
    shutil.copy(folder / "mainstem.yml", beside)
    write(beside, **said)
    good(beside, day)
    return rows(beside), aside(beside)


def test_every_behaviour_is_tried_or_is_a_gap() -> None:
    wanted = {
        name
        for name, each in vars(test_every_kind).items()
        if name.startswith("test_") and "trial" in signature(each).parameters
        if not any(mark.args[0] == "trial" for mark in getattr(each, "pytestmark", ()))
    }
    assert wanted - set(GAPS) - set(globals()) == set()


def test_a_full_load_follows_the_source(folder: Path) -> None:
    write(folder, "full", per_day=None, rows=10, **{"from": None})
    good(folder, 4)
    before = rows(folder)
    assert [row[0] for row in before] == list(range(1, 11))
    assert good(folder, 5).release is None

    write(folder, "full", per_day=None, rows=12, **{"from": None})
    good(folder, 6)
    assert [row[0] for row in rows(folder)] == list(range(1, 13))
    assert rows(folder)[:10] == before


def test_an_incremental_load_brings_what_is_new_and_ties(folder: Path) -> None:
    write(folder)
    good(folder, 3)
    assert len(rows(folder)) == 2 * PER_DAY
    assert good(folder, 3).release is None
    good(folder, 5)
    assert (rows(folder), []) == at_once(folder, "whole", 5)


def test_late_rows_come_with_a_look_back(folder: Path) -> None:
    """They need none: which rows are late is known."""
    write(folder, faults="{late: 20%}")
    for day in (3, 4, 9):
        good(folder, day)
    assert (rows(folder), []) == at_once(folder, "whole", 9, faults="{late: 20%}")
    assert len(rows(folder)) < 8 * PER_DAY


@pytest.mark.parametrize("mode", ["evolve", "freeze", "quarantine"])
def test_a_new_column(folder: Path, mode: str) -> None:
    write(folder, faults="{drift: {at: 2024-01-03, add: {column: extra, type: varchar}}}", on_schema_change=mode)
    good(folder, 3)
    before = rows(folder)
    done = run(folder, 4)
    codes = [failure.problem.code for failure in done.failures]
    if mode == "evolve":
        assert codes == []
        assert len([row for row in rows(folder) if row[-1] is not None]) == PER_DAY
    else:
        assert codes == (["I005"] if mode == "freeze" else [])
        assert rows(folder) == before
        assert len(aside(folder)) == (0 if mode == "freeze" else PER_DAY)


def test_a_row_that_breaks_the_contract_is_set_aside(folder: Path) -> None:
    write(folder, faults="{bad: 20%}")
    for day in (3, 5):
        good(folder, day)
    assert (rows(folder), sorted(aside(folder))) == tuple(map(sorted, at_once(folder, "whole", 5, faults="{bad: 20%}")))
    assert len(rows(folder)) + len(aside(folder)) == 4 * PER_DAY
    assert aside(folder)


@pytest.mark.parametrize("load", ["full", "incremental"])
def test_an_empty_source_is_an_empty_table(folder: Path, load: str) -> None:
    write(folder, load, per_day=None, rows=0, **{"from": None})
    good(folder, 4)
    assert rows(folder) == []
    write(folder, load, per_day=None, rows=3, **{"from": None})
    good(folder, 5)
    assert len(rows(folder)) == 3


def test_a_full_disk_is_told_and_the_next_run_brings_all(folder: Path) -> None:
    write(folder, per_day=200_000)
    (folder / "lake").mkdir()
    command = [*small_disk(folder / "lake", "128k"), sys.executable, "-m", "mainstem", "run", "--now"]
    command.append(morning(2).isoformat())
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=os.environ)
    assert done.returncode == 1, done.stderr
    assert "full" in done.stderr or "No space" in done.stderr
    shutil.rmtree(folder / ".mainstem")  # the small disk is gone, and with it the lake

    good(folder, 3)
    counted = [sys.executable, "-m", "mainstem", "query", "select count(*) from src.t", "--json"]
    assert "400000" in subprocess.run(counted, cwd=folder, capture_output=True, text=True, check=True).stdout


def test_a_load_that_was_killed_at_any_point_is_carried_on(folder: Path) -> None:
    faults = "{bad: 10%, late: 10%}"
    write(folder, faults=faults)
    good(folder, 3)
    for day, point in enumerate(OF_A_LOAD, 4):
        killed = killed_run(folder, day, point)
        assert killed.returncode == -signal.SIGKILL, (point, killed.stderr)
        good(folder, day)
    last = 3 + len(OF_A_LOAD)
    whole = at_once(folder, "whole", last, faults=faults)
    assert (rows(folder), sorted(aside(folder))) == tuple(map(sorted, whole))
    assert good(folder, last).release is None
