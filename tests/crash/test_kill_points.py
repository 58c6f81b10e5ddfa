"""Killed at every named point of a run, and run again: the same tables, and no finished step done twice."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from mainstem.core.crash import POINTS
from mainstem.core.run import Run
from tests.crash.project import killed_run, make, run, second_day, tables

STEPS = ("shop.orders", "feed.prices", "staging.orders", "marts.daily", "marts.largest")
OF_A_STEP = POINTS[1 : POINTS.index("after-record") + 1]


def cases() -> list[str]:
    of_steps = [f"{point}:{step}" for point in OF_A_STEP if point != "after-sync" for step in STEPS]
    of_runs = [point for point in POINTS if point not in OF_A_STEP or point == "after-sync"]
    return of_runs + of_steps


@pytest.fixture(scope="module")
def second_morning(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project after its first run, with the second day's data waiting."""
    folder = make(tmp_path_factory.mktemp("morning") / "project")
    assert run(folder, 3).release is not None
    second_day(folder)
    return folder


@pytest.fixture(scope="module")
def undisturbed(second_morning: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = shutil.copytree(second_morning, tmp_path_factory.mktemp("undisturbed") / "project")
    assert run(folder, 4).release is not None
    return tables(folder)


@pytest.mark.parametrize("point", cases())
def test_killed_run_is_carried_on(
    point: str, tmp_path: Path, second_morning: Path, undisturbed: dict[str, Any]
) -> None:
    folder = shutil.copytree(second_morning, tmp_path / "project")
    killed = killed_run(folder, 4, point)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    finished = committed_data(folder)

    again = run(folder, 4)

    assert not again.failures
    assert tables(folder) == undisturbed
    recomputed = {step.dataset for step in again.done if step.outcome == "committed"}
    assert finished.isdisjoint(recomputed)


def test_manifest_that_a_killed_run_left_out_is_written_by_the_next(tmp_path: Path, second_morning: Path) -> None:
    from mainstem.lifecycle.storage.tables import read_manifest

    folder = shutil.copytree(second_morning, tmp_path / "project")
    assert killed_run(folder, 4, "inside-publish").returncode == -signal.SIGKILL
    assert read_manifest(folder / "lake", "r000002") is None

    run(folder, 4)

    assert read_manifest(folder / "lake", "r000002") is not None


@pytest.mark.parametrize("name", ["shop.orders", "marts.daily"])
def test_a_check_in_place_that_was_killed_is_made_again(name: str, tmp_path: Path, second_morning: Path) -> None:
    folder = shutil.copytree(second_morning, tmp_path / "project")
    before = run(folder, 4)
    for file, old, new in (
        ("sources/shop.yml", "    columns:\n", "    checks:\n      - unique: [id]\n    columns:\n"),
        ("models/marts/daily.sql", "checks:\n", "checks:\n  - unique: [day]\n"),
    ):
        path = folder / file
        path.write_text(path.read_text().replace(old, new))
    left = tables(folder)
    assert killed_run(folder, 5, f"after-check:{name}").returncode == -signal.SIGKILL

    again = run(folder, 5)

    assert not again.failures
    assert (name, "checked") in {(step.dataset, step.outcome) for step in again.done}
    assert again.release is None
    assert tables(folder) == left
    assert versions(again) == versions(before)
    assert {step.outcome for step in run(folder, 5).done} == {"kept"}


def versions(done: Run) -> dict[str, str]:
    return {step.dataset: step.version.id for step in done.done if step.version is not None}


def committed_data(folder: Path) -> set[str]:
    """Datasets whose table has the second day's commit in its log (a fence or a schema change is none)."""
    from mainstem.lifecycle.storage.tables import snapshot

    found = set()
    for step in STEPS:
        made = snapshot(folder / "lake", step.replace(".", "/"))
        if made is not None and made.number >= 1:
            found.add(step)
    return found
