"""Several processes on one ledger and one lake: nobody loses work, nobody reads half of a run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable

from mainstem.core.clock import SetClock
from mainstem.core.problem import WorldError
from mainstem.ledger.sqlite import open_ledger
from mainstem.lifecycle.serving.request import Request
from mainstem.orchestration.checkup import checkup
from mainstem.orchestration.ground import Progress
from mainstem.orchestration.reading import ask, current_release
from mainstem.orchestration.rollback import rollback
from mainstem.orchestration.waiting import run_waiting
from mainstem.project import load
from tests.crash.project import make, morning, run, second_day, tables

SLOW = "select count(*) as n from range(60000000) as a(x) where x % 7 = 3\n"


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "mainstem", "run", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "COLUMNS": "200"},
    )


def slow_project(folder: Path) -> Path:
    (folder / "models").mkdir(parents=True)
    (folder / "mainstem.yml").write_text("name: slow\nlake: lake/\n")
    for name in ("a", "b", "c", "d"):
        (folder / "models" / f"{name}.sql").write_text(SLOW)
    return folder


def holds_leases(folder: Path) -> bool:
    """A run of somebody else's has begun to build."""
    return any((folder / "lake").glob("main/*")) or any((folder / "lake" / "_mainstem").glob("*"))


def test_a_second_run_is_told_who_holds_the_lease_or_waits(tmp_path: Path) -> None:
    folder = slow_project(tmp_path / "project")
    first = start(folder)
    while not holds_leases(folder) and first.poll() is None:
        time.sleep(0.02)
    second, patient = start(folder), start(folder, "--wait", "120")
    codes = [process.wait(180) for process in (first, second, patient)]
    said = [process.communicate() for process in (first, second, patient)]

    assert sorted((codes[0], codes[1])) in ([0, 0], [0, 1]), said
    if 1 in codes[:2]:
        refused = said[codes[:2].index(1)][1]
        assert "L001" in refused
        assert "mend:" in refused
    assert codes[2] == 0, said[2]
    ledger = open_ledger(load(folder).ledger)
    release = ledger.current("prod")
    assert release is not None
    assert len(release.versions) == 4
    assert [each.id for each in ledger.releases("prod")] == ["r000001"]
    ledger.close()


def test_a_second_ledger_over_the_same_lake_is_refused(tmp_path: Path) -> None:
    folder = make(tmp_path / "project")
    run(folder, 3)
    other = shutil.copytree(folder, tmp_path / "other", ignore=shutil.ignore_patterns(".mainstem", "lake"))
    (other / "mainstem.yml").write_text(f"name: other\nlake: {folder / 'lake'}\nclock: replay\n")

    with pytest.raises(WorldError) as refused:
        run(other, 4)

    assert "ledger" in refused.value.problems[0].what
    assert run(folder, 4).failures == ()


def test_a_reader_never_sees_tables_of_two_releases(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    (folder / "models").mkdir(parents=True)
    (folder / "mainstem.yml").write_text("name: pair\nlake: lake/\n")
    (folder / "models" / "b.sql").write_text("select n from a\n")
    (folder / "models" / "c.sql").write_text("select n from b\n")
    seen: list[tuple[int, int, int]] = []
    failed: list[BaseException] = []
    over = threading.Event()

    def write(number: int) -> None:
        """As an editor saves: the reader's load sees the old text or the new one."""
        unsaved = tmp_path / "a.sql"
        unsaved.write_text(f"select {number} as n\n")
        unsaved.replace(folder / "models" / "a.sql")

    def read() -> None:
        ledger = None
        try:
            project = load(folder)
            ledger = open_ledger(project.ledger)
            while not over.is_set():
                release = current_release(ledger, "prod")
                sql = "select a.n, b.n, c.n from a, b, c"
                answer = ask(
                    project, ledger, SetClock(morning(1)), release, Request("query", sql, 10, release=release.id)
                )
                seen.append(answer.rows[0])
        except BaseException as error:  # noqa: BLE001 - shown by the test
            failed.append(error)
        finally:
            if ledger is not None:
                ledger.close()

    reader = threading.Thread(target=read)
    for number in range(100):
        write(number)
        project = load(folder)
        ledger = open_ledger(project.ledger)
        assert run_waiting(project, ledger, SetClock(morning(1))).release is not None
        ledger.close()
        if number == 0:
            reader.start()
    over.set()
    reader.join()

    assert failed == []
    assert len(seen) > 10
    assert [row for row in seen if len(set(row)) != 1] == []
    assert len({row[0] for row in seen}) > 3


def test_rollback_and_forward_change_what_is_read_and_copy_nothing(tmp_path: Path) -> None:
    folder = make(tmp_path / "project")
    run(folder, 3)
    first = tables(folder)
    second_day(folder)
    run(folder, 4)
    second = tables(folder)
    assert first != second
    before = files(folder)
    ledger = open_ledger(load(folder).ledger)
    for to, expected in ((None, first), ("r000002", second)):
        rollback(ledger, SetClock(morning(5)), "prod", to)
        assert tables(folder) == expected
    ledger.close()
    assert files(folder) == before


def test_a_run_after_a_rollback_comes_to_the_same_tables(tmp_path: Path) -> None:
    folder = make(tmp_path / "project")
    run(folder, 3)
    second_day(folder)
    run(folder, 4)
    expected = tables(folder)
    ledger = open_ledger(load(folder).ledger)
    rollback(ledger, SetClock(morning(4)), "prod", "r000001")
    ledger.close()

    again = run(folder, 5)

    assert again.failures == ()
    assert tables(folder) == expected
    version = again.release.versions["shop.orders"] if again.release else None
    assert version is not None
    assert version.table != "shop/orders"
    assert run(folder, 6).release is None


def files(folder: Path) -> set[str]:
    """Data files and logs of the lake, with their sizes."""
    return {
        json.dumps([str(path.relative_to(folder)), path.stat().st_size])
        for path in (folder / "lake").rglob("*")
        if path.is_file()
    }


def test_a_stranger_s_commit_is_not_built_upon(tmp_path: Path) -> None:
    folder = make(tmp_path / "project")
    run(folder, 3)
    DeltaTable(str(folder / "lake" / "feed" / "prices")).delete()
    second_day(folder)

    done = run(folder, 4)

    refused = next(failure for failure in done.failures if failure.dataset == "feed.prices")
    assert refused.problem.code == "O004"
    assert "feed/prices" in refused.problem.what
    assert done.release is None
    found = [finding for finding in checkup(folder) if finding.what == "table feed/prices"]
    assert [finding.is_fine for finding in found] == [False]


class Elapsing(SetClock):
    """A clock whose real time passes when it is told to."""

    passed_s = 0.0

    def elapsed(self) -> float:
        return self.passed_s


def test_a_run_that_is_longer_than_its_lease_keeps_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mainstem.orchestration.leasing.LEASE_S", 0.06)
    project = load(make(tmp_path / "project"))
    ledger, clock = open_ledger(project.ledger), Elapsing(morning(3))
    renewed = threading.Semaphore(0)
    renew = type(ledger).renew

    def told(self: Any, run: str, until_s: float) -> bool:
        kept = renew(self, run, until_s)
        renewed.release()
        return kept

    monkeypatch.setattr(type(ledger), "renew", told)
    refused: list[str] = []

    def while_publishing(progress: Progress) -> None:
        if progress.what != "publishing":
            return
        for _ in range(4):  # longer than the lease, and never so long that it runs out
            clock.passed_s += 0.05
            while renewed.acquire(blocking=False):
                pass
            # one that had begun before the clock moved, and one that had not
            assert renewed.acquire(timeout=30)
            assert renewed.acquire(timeout=30)
        with pytest.raises(WorldError) as caught:
            run_waiting(project, ledger, clock)
        refused.append(caught.value.problems[0].code)

    done = run_waiting(project, ledger, clock, listen=while_publishing)

    assert refused == ["L001"]
    assert not done.failures
    assert done.release is not None
    ledger.close()
