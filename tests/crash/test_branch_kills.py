"""Killed at every named point of a promotion and of a cleaning, and done again: the same tables, and nothing lost."""

from __future__ import annotations

import shutil
import signal
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mainstem.core.clock import SetClock
from mainstem.core.crash import CLEANING_POINTS, POINTS
from mainstem.core.promotion import Promotion
from mainstem.core.run import Run
from mainstem.dataops.branches import create, drop
from mainstem.dataops.cleaning import Cleaned, Keep, clean
from mainstem.ledger.holder import this_holder
from mainstem.ledger.sqlite import open_ledger
from mainstem.lifecycle.serving.request import Request
from mainstem.orchestration.reading import ask, current_release
from mainstem.orchestration.waiting import run_waiting
from mainstem.project import load
from tests.crash.project import TABLES, killed_run, make, morning, second_day

DAILY = "models/marts/daily.sql"
ALL = Keep(None, 0, timedelta(0))


def run(folder: Path, day: int, env: str = "prod", branch: str | None = None) -> Run:
    project = load(folder, env)
    ledger = open_ledger(project.ledger)
    try:
        errand = Promotion(branch) if branch else None
        return run_waiting(project, ledger, SetClock(morning(day)), env, errand=errand)
    finally:
        ledger.close()


def branch(folder: Path, day: int, name: str, *, drops: bool = False) -> None:
    project = load(folder)
    ledger = open_ledger(project.ledger)
    try:
        if drops:
            drop(project, ledger, SetClock(morning(day)), name, this_holder())
        else:
            create(project, ledger, SetClock(morning(day)), name, "prod")
    finally:
        ledger.close()


def cleaned(folder: Path, day: int, keep: Keep = ALL) -> Cleaned:
    project = load(folder)
    ledger = open_ledger(project.ledger)
    try:
        return clean(project, ledger, SetClock(morning(day)), keep)
    finally:
        ledger.close()


def rows(folder: Path, env: str = "prod") -> dict[str, Any]:
    """Every table of an environment, sorted."""
    project = load(folder)
    ledger = open_ledger(project.ledger)
    try:
        release = current_release(ledger, env)
        found: dict[str, Any] = {}
        for name in TABLES:
            columns = "reason, row" if name.endswith("__quarantine") else "*"
            request = Request("query", f"select {columns} from {name} order by all", 1000)
            found[name] = ask(project, ledger, SetClock(release.at), release, request).rows
        return found
    finally:
        ledger.close()


def standing(folder: Path) -> dict[str, str | None]:
    ledger = open_ledger(load(folder).ledger)
    try:
        found = {env: ledger.current(env) for env in ("prod", "dev")}
        return {env: release and release.id for env, release in found.items()}
    finally:
        ledger.close()


def files(folder: Path) -> set[str]:
    """Data files of the lake."""
    return {path.relative_to(folder).as_posix() for path in (folder / "lake").glob("*/*/*.parquet")}


def edit(folder: Path) -> None:
    text = (folder / DAILY).read_text()
    (folder / DAILY).write_text(text.replace("sum(o.amount) as amount", "sum(o.amount) * 2 as amount"))


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A branch in which one model is another one, and which has loaded the second day's data."""
    folder = make(tmp_path_factory.mktemp("changed") / "project")
    assert run(folder, 3).release is not None
    branch(folder, 3, "dev")
    second_day(folder)
    edit(folder)
    assert run(folder, 4, "dev").release is not None
    return folder


@pytest.fixture(scope="module")
def diverged(changed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, and prod has loaded it too, so that what reads it must be built there."""
    folder = shutil.copytree(changed, tmp_path_factory.mktemp("diverged") / "project")
    text = (folder / DAILY).read_text()
    (folder / DAILY).write_text(text.replace("sum(o.amount) * 2 as amount", "sum(o.amount) as amount"))
    assert run(folder, 5).release is not None
    edit(folder)
    return folder


OF_STEPS = ("after-compute", "after-check", "after-commit", "after-quarantine", "after-record")
OF_RUNS = [point for point in POINTS if point not in OF_STEPS]


@pytest.mark.parametrize("point", OF_RUNS)
def test_killed_promotion_is_carried_on_and_builds_nothing(point: str, changed: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(changed, tmp_path / "project")
    before, wanted = rows(folder), rows(folder, "dev")

    killed = killed_run(folder, 6, point, ("promote", "dev"))

    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert rows(folder) in (before, wanted)
    again = run(folder, 6, branch="dev")
    assert not again.failures
    assert {step.outcome for step in again.done} <= {"adopted", "kept"}
    assert rows(folder) == wanted == rows(folder, "dev")
    goes_on(folder, wanted)


@pytest.mark.parametrize("point", [*OF_RUNS, *(f"{point}:marts.daily" for point in OF_STEPS)])
def test_killed_promotion_that_builds_is_carried_on(point: str, diverged: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(diverged, tmp_path / "project")
    before, wanted = rows(folder), rows(folder, "dev")
    assert before != wanted

    killed = killed_run(folder, 6, point, ("promote", "dev"))

    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert rows(folder) in (before, wanted)
    assert not run(folder, 6, branch="dev").failures
    assert rows(folder) == wanted
    goes_on(folder, wanted)


def goes_on(folder: Path, wanted: dict[str, Any]) -> None:
    """Both environments load what comes next, each in tables of its own, and prod moves on in those that it adopted."""
    (folder / "inbox" / "c.csv").write_text("day,price\n2024-01-01,9.50\n")
    for env in ("dev", "prod"):
        assert not run(folder, 7, env).failures
    prod, dev = rows(folder), rows(folder, "dev")
    assert prod == dev != wanted
    assert len(prod["feed.prices"]) == len(wanted["feed.prices"]) + 1


@pytest.fixture(scope="module")
def littered(diverged: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Old releases of prod, a branch that is used, and one that is dropped."""
    folder = shutil.copytree(diverged, tmp_path_factory.mktemp("littered") / "project")
    branch(folder, 6, "ops")
    (folder / "inbox" / "c.csv").write_text("day,price\n2024-01-01,9.50\nbroken\n")
    for env in ("ops", "prod"):
        assert run(folder, 7, env).release is not None
    (folder / "inbox" / "d.csv").write_text("day,price\n2024-01-01,19.50\n")
    assert run(folder, 8).release is not None
    branch(folder, 8, "ops", drops=True)
    return folder


@pytest.fixture(scope="module")
def tidied(littered: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = shutil.copytree(littered, tmp_path_factory.mktemp("tidied") / "project")
    cleaned(folder, 9)
    return folder


def test_cleaning_removes_what_only_the_dropped_branch_had(littered: Path, tidied: Path) -> None:
    assert rows(tidied) == rows(littered)
    assert rows(tidied, "dev") == rows(littered, "dev")
    gone = files(littered) - files(tidied)
    assert {path.rpartition("/")[0] for path in gone} >= {"lake/feed/prices.3", "lake/marts/daily.3"}
    assert all(not list((tidied / "lake" / name).iterdir()) for name in ("feed/prices.3", "marts/daily.3"))
    assert not cleaned(shutil.copytree(tidied, tidied.parent / "twice"), 9).releases


@pytest.mark.parametrize(
    "point",
    [*CLEANING_POINTS, "inside-remove:feed/prices.3", "inside-remove:marts/daily.3", "inside-remove:marts/daily"],
)
def test_killed_cleaning_is_carried_on(point: str, littered: Path, tidied: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(littered, tmp_path / "project")

    killed = killed_run(folder, 9, point, ("clean", "--keep", "0", "--grace", "0s"))

    assert killed.returncode == -signal.SIGKILL, killed.stderr
    for env in ("prod", "dev"):
        assert rows(folder, env) == rows(littered, env)
    cleaned(folder, 9)
    assert files(folder) == files(tidied)
    (folder / "inbox" / "e.csv").write_text("day,price\n2024-01-02,1.00\n")
    for env in ("dev", "prod"):
        assert not run(folder, 10, env).failures
    assert {row[-1] for row in rows(folder)["marts.daily"]} == {row[-1] for row in rows(folder, "dev")["marts.daily"]}
