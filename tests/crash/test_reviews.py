"""Replays that are killed and made again: rows get where they belong once, and none is lost on the way."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from mainstem.core.clock import SetClock
from mainstem.core.crash import POINTS
from mainstem.core.run import Review
from mainstem.ledger.sqlite import open_ledger
from mainstem.orchestration.rollback import rollback
from mainstem.orchestration.run import run as run_once
from mainstem.orchestration.waiting import run_waiting
from mainstem.project import load
from tests.crash.project import make, morning, run, second_day, tables

NAME = "shop.orders"
OF_THE_STEP = POINTS[1 : POINTS.index("after-record") + 1]
OF_THE_RUN = [each for each in POINTS if each not in (*OF_THE_STEP, "after-evaluate")] + ["after-sync"]
KILLS = [*(f"{point}:{NAME}" for point in OF_THE_STEP if point != "after-sync"), *OF_THE_RUN]


@pytest.fixture(scope="module")
def mended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project after two runs, whose contract no longer refuses the row that was set aside."""
    folder = make(tmp_path_factory.mktemp("mended") / "project")
    assert run(folder, 3).release is not None
    second_day(folder)
    assert run(folder, 4).release is not None
    source = folder / "sources" / "shop.yml"
    source.write_text(source.read_text().replace("min: 0", "min: -5"))
    return folder


def replay(folder: Path) -> dict[str, int]:
    project = load(folder)
    with closing(open_ledger(project.ledger)) as ledger:
        done = run_waiting(project, ledger, SetClock(morning(5)), errand=Review(NAME, "replay", "somebody"))
    assert not done.failures
    return dict(next(step.counts for step in done.done if step.dataset == NAME))


@pytest.fixture(scope="module")
def undisturbed(mended: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = shutil.copytree(mended, tmp_path_factory.mktemp("undisturbed") / "project")
    assert replay(folder) == {"tried": 1, "loaded": 1, "superseded": 0, "staying": 0}
    return {**tables(folder), **set_aside(folder)}


def set_aside(folder: Path) -> dict[str, Any]:
    project = load(folder)
    with closing(open_ledger(project.ledger)) as ledger:
        release = ledger.current("prod")
        assert release is not None
        return {f"{NAME}__quarantine": release.versions[NAME].quarantine}


@pytest.mark.parametrize("point", KILLS)
def test_a_replay_that_was_killed_and_made_again_leaves_what_one_leaves(
    point: str, tmp_path: Path, mended: Path, undisturbed: dict[str, Any]
) -> None:
    folder = shutil.copytree(mended, tmp_path / "project")
    command = ["quarantine", "replay", NAME, "--json", "--now", morning(5).isoformat()]
    killed = subprocess.run(
        [sys.executable, "-m", "mainstem", *command],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "MAINSTEM_CRASH_AT": point},
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr

    replay(folder)

    assert {**tables(folder), **set_aside(folder)} == undisturbed


def test_after_a_rollback_the_row_is_set_aside_again_and_can_be_replayed(
    tmp_path: Path, mended: Path, undisturbed: dict[str, Any]
) -> None:
    folder = shutil.copytree(mended, tmp_path / "project")
    replay(folder)
    project = load(folder)
    with closing(open_ledger(project.ledger)) as ledger:
        rollback(ledger, SetClock(morning(5)), "prod", None)

    assert replay(folder)["loaded"] == 1
    assert tables(folder) == {name: rows for name, rows in undisturbed.items() if name != f"{NAME}__quarantine"}
    assert replay(folder)["tried"] == 0


def test_a_run_after_a_killed_replay_carries_it_on(tmp_path: Path, mended: Path, undisturbed: dict[str, Any]) -> None:
    folder = shutil.copytree(mended, tmp_path / "project")
    subprocess.run(
        [sys.executable, "-m", "mainstem", "quarantine", "replay", NAME, "--now", morning(5).isoformat()],
        cwd=folder,
        capture_output=True,
        env={**os.environ, "MAINSTEM_CRASH_AT": f"after-commit:{NAME}"},
        check=False,
    )
    project = load(folder)
    with closing(open_ledger(project.ledger)) as ledger:
        run_once(project, ledger, SetClock(morning(5)))

    assert tables(folder) == {name: rows for name, rows in undisturbed.items() if name != f"{NAME}__quarantine"}
