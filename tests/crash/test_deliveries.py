"""Deliveries that are killed, doubled or overtaken: the other system ends as if nothing had happened."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from mainstem.core.clock import WallClock
from mainstem.core.crash import DELIVERY_POINTS
from mainstem.core.delivery import Delivery
from mainstem.ledger.holder import this_holder
from mainstem.ledger.sqlite import open_ledger
from mainstem.orchestration.deliver import deliver
from mainstem.orchestration.rollback import rollback
from mainstem.orchestration.run import run
from mainstem.project import load

ROWS = 1200
"""More than two batches."""

FILES = {
    "mainstem.yml": "name: small\nenvironments: {prod: {deliver: true}}\n",
    "sources/crm.yml": "kind: sqlite\npath: crm.db\ntables: {seeds: {}}\n",
    "serving/syncs/risks.yml": "from: main.risks\nto: crm\ntable: risks\nkey: id\nmode: mirror\n",
}


def risks(folder: Path, select: str) -> None:
    """Publish a table of risks."""
    (folder / "models").mkdir(exist_ok=True)
    (folder / "models" / "risks.sql").write_text(select)
    project = load(folder)
    with closing(open_ledger(project.ledger)) as ledger:
        assert run(project, ledger, WallClock(), holder=this_holder()).release is not None


def sent(folder: Path) -> Delivery:
    project = load(folder)
    with closing(open_ledger(project.ledger)) as ledger:
        (told,) = deliver(project, ledger, WallClock(), "prod", holder=this_holder())
    return told


def killed(folder: Path, point: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mainstem", "deliver"],
        cwd=folder,
        env={**os.environ, "MAINSTEM_CRASH_AT": point},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


def there(folder: Path) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(folder / "crm.db")) as database:
        return database.execute("select * from risks order by id").fetchall()


FIRST = f"select n as id, 1 as risk from range({ROWS}) as numbers(n)"
SECOND = f"select n as id, n % 3 as risk from range(100, {ROWS} + 100) as numbers(n)"
"""A hundred are gone, a hundred are new, two of three are changed."""


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose first release is delivered, and the second one is not."""
    folder = tmp_path_factory.mktemp("deliveries") / "project"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    with closing(sqlite3.connect(folder / "crm.db")) as database:
        database.execute("create table seeds (n integer)")
        database.execute("create table risks (id integer primary key, risk integer, note text)")
        database.execute("insert into risks values (100000, 5, 'theirs')")
        database.commit()
    risks(folder, FIRST)
    assert sent(folder).inserts == ROWS
    risks(folder, SECOND)
    return folder


@pytest.fixture(scope="module")
def undisturbed(delivered: Path, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Any, ...]]:
    folder = shutil.copytree(delivered, tmp_path_factory.mktemp("undisturbed") / "project")
    told = sent(folder)
    assert (told.inserts, told.updates, told.deletes) == (100, 733, 100)
    return there(folder)


@pytest.mark.parametrize("point", DELIVERY_POINTS)
def test_a_killed_delivery_is_carried_on_to_the_same_end(
    point: str, tmp_path: Path, delivered: Path, undisturbed: list[tuple[Any, ...]]
) -> None:
    folder = shutil.copytree(delivered, tmp_path / "project")
    killed(folder, f"{point}:syncs/risks")

    again = sent(folder)

    assert again.is_whole
    assert there(folder) == undisturbed
    assert sent(folder).rows == 0


@pytest.mark.parametrize("point", DELIVERY_POINTS)
@pytest.mark.parametrize("batches", [0, 1])
def test_what_a_killed_delivery_wrote_is_taken_back_when_the_release_is(
    point: str, batches: int, tmp_path: Path, delivered: Path
) -> None:
    folder = shutil.copytree(delivered, tmp_path / "project")
    before = there(folder)
    killed(folder, point)
    if batches:  # the deletes are done: now the second batch
        killed(folder, point)
    project = load(folder)
    with closing(open_ledger(project.ledger)) as ledger:
        rollback(ledger, WallClock(), "prod", None)

    assert sent(folder).is_whole
    assert there(folder) == before


@pytest.mark.parametrize(("point", "counts"), [("before-send", (100, 733)), ("after-send", (0, 833))])
def test_rows_that_are_there_already_are_counted_as_updates(
    point: str, counts: tuple[int, int], tmp_path: Path, delivered: Path
) -> None:
    folder = shutil.copytree(delivered, tmp_path / "project")
    killed(folder, point)
    killed(folder, point)  # the deletes are done: now the first batch of rows
    told = sent(folder)
    assert (told.inserts, told.updates) == counts


def test_lost_acknowledgements_send_everything_to_the_same_end(
    tmp_path: Path, delivered: Path, undisturbed: list[tuple[Any, ...]]
) -> None:
    folder = shutil.copytree(delivered, tmp_path / "project")
    sent(folder)
    shutil.rmtree(folder / ".mainstem" / "deliveries")

    assert sent(folder).inserts == ROWS
    assert there(folder) == undisturbed


def test_a_second_delivery_of_a_sync_is_told_who_holds_it(tmp_path: Path, delivered: Path) -> None:
    folder = shutil.copytree(delivered, tmp_path / "project")
    project = load(folder)
    ledger = open_ledger(project.ledger)
    now_s = WallClock().elapsed()
    ledger.acquire("prod", {"delivery syncs/risks": ""}, "another", f"{this_holder()}", now_s, now_s + 60)

    told = sent(folder)

    (problem,) = told.problems
    assert problem.code == "L001"
    assert f"process {os.getpid()}" in problem.what
    assert '"delivery syncs/risks"' in problem.what
    assert [row for row in ledger.evidence(kinds=["delivered"]) if row.outcome != "ok"] == []
    ledger.close()


def test_deliveries_that_meet_end_like_one(tmp_path: Path, delivered: Path, undisturbed: list[tuple[Any, ...]]) -> None:
    folder = shutil.copytree(delivered, tmp_path / "project")
    told: list[Delivery] = []
    together = [threading.Thread(target=lambda: told.append(sent(folder))) for _ in range(3)]
    for each in together:
        each.start()
    for each in together:
        each.join()

    assert len(told) == 3
    assert sum(each.deletes for each in told) == 100
    assert {problem.code for each in told for problem in each.problems} <= {"L001"}
    assert there(folder) == undisturbed
