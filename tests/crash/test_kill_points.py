"""Killed at every named point of a run, and run again: the same tables, and no finished step done twice."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from mainstem.core.crash import POINTS
from tests.crash.project import make, run, second_day, tables

STEPS = ("shop.orders", "drop.prices", "staging.orders", "marts.daily")
OF_A_STEP = POINTS[1 : POINTS.index("after-record") + 1]


def cases() -> list[str]:
    of_steps = [f"{point}:{step}" for point in OF_A_STEP if point != "after-sync" for step in STEPS]
    of_runs = [point for point in POINTS if point not in OF_A_STEP or point == "after-sync"]
    return of_runs + of_steps


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = make(tmp_path_factory.mktemp("undisturbed"))
    assert run(folder, 3).returncode == 0
    second_day(folder)
    assert run(folder, 4).returncode == 0
    return tables(folder)


@pytest.mark.parametrize("point", cases())
def test_killed_run_is_carried_on(point: str, tmp_path: Path, undisturbed: dict[str, Any]) -> None:
    folder = make(tmp_path / "project")
    assert run(folder, 3).returncode == 0
    second_day(folder)
    killed = run(folder, 4, MAINSTEM_CRASH_AT=point)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    finished = committed_data(folder)

    again = run(folder, 4)

    assert again.returncode == 0, again.stderr
    assert tables(folder) == undisturbed
    recomputed = {step["dataset"] for step in json.loads(again.stdout)["steps"] if step["outcome"] == "committed"}
    assert finished.isdisjoint(recomputed - {"marts.recent"})


def committed_data(folder: Path) -> set[str]:
    """Datasets whose table has the second day's commit in its log (a fence or a schema change is none)."""
    from mainstem.lifecycle.storage.tables import snapshot

    found = set()
    for step in STEPS:
        made = snapshot(folder / "lake", step.replace(".", "/"))
        if made is not None and made.number >= 1:
            found.add(step)
    return found
