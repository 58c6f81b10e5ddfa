"""Two developers with two branches on one lake, prod running beside them, cleaned all the while: nothing is lost, and
readers never see half of anything."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any

from mainstem.core.clock import WallClock
from mainstem.core.promotion import Promotion
from mainstem.dataops.branches import create, drop
from mainstem.dataops.cleaning import Keep, clean
from mainstem.dataops.differences import compare_rows, release_of
from mainstem.ledger.holder import this_holder
from mainstem.ledger.sqlite import open_ledger
from mainstem.lifecycle.serving.request import Request
from mainstem.orchestration.checkup import checkup
from mainstem.orchestration.reading import ask, current_release
from mainstem.orchestration.waiting import run_waiting
from mainstem.project import load

ROUNDS = 6
FILES = {
    "mainstem.yml": "name: shared\nlake: ../lake\nledger: ../ledger.sqlite\n",
    "sources/feed.yml": """
kind: files
path: ../inbox
tables:
  orders:
    path: "*.csv"
    load: incremental
    write: append
    columns:
      id: integer
      amount: {type: integer, min: 0}
""",
    "models/marts/total.sql": "select 1 as times, sum(amount) as total, count(*) as n from feed.orders\n",
    "models/marts/copied.sql": "select times, total, n from marts.total\n",
    "models/marts/shown.sql": "/* ---\nkind: view\n--- */\nselect times, total, n from marts.copied\n",
}
SAME = """
select (select count(*) from feed.orders) as orders, (select sum(amount) from feed.orders) as amount,
    (select count(*) from feed.orders__quarantine) as aside, t.times, t.total, t.n, c.times, c.total, c.n,
    s.times, s.total, s.n
from marts.total as t, marts.copied as c, marts.shown as s
"""


def make(folder: Path) -> Path:
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def arrive(inbox: Path, number: int) -> None:
    """A file with two good rows and a bad one, under its name at once."""
    draft = inbox / f"{number}.part"
    draft.write_text(f"id,amount\n{2 * number},10\n{2 * number + 1},20\n0,-1\n")
    draft.rename(inbox / f"{number:03}.csv")


def times(folder: Path, factor: int) -> None:
    """The one model that developers change."""
    draft = folder / "total.draft"
    sql = f"select {factor} as times, sum(amount) * {factor} as total, count(*) as n from feed.orders\n"
    draft.write_text(sql)
    draft.replace(folder / "models" / "marts" / "total.sql")


def run(folder: Path, env: str, branch: str | None = None) -> None:
    project = load(folder, env)
    ledger = open_ledger(project.ledger)
    try:
        errand = Promotion(branch) if branch else None
        done = run_waiting(project, ledger, WallClock(), env, wait_s=120, errand=errand)
        assert not done.failures, done.failures
    finally:
        ledger.close()


def with_ledger(folder: Path, act: Callable[[Any, Any], object]) -> None:
    project = load(folder)
    ledger = open_ledger(project.ledger)
    try:
        act(project, ledger)
    finally:
        ledger.close()


def whole(folder: Path, env: str) -> tuple[Any, ...]:
    """The row that says whether all tables of an environment belong together; they do."""
    project = load(folder)
    ledger = open_ledger(project.ledger)
    try:
        release = current_release(ledger, env)
        row = ask(project, ledger, WallClock(), release, Request("query", SAME, 10, release=release.id)).rows[0]
    finally:
        ledger.close()
    orders, amount, aside, factor, total, n, *copies = row
    assert (total, n) == (amount * factor, orders), (env, release.id, row)
    assert copies == [factor, total, n] * 2, (env, release.id, row)
    assert aside * 2 == orders, (env, release.id, row)
    return tuple(row)


def prod(root: Path) -> None:
    """Loads what comes, all the time."""
    for number in range(1, ROUNDS + 1):
        arrive(root / "inbox", number)
        run(root / "prod", "prod")


def ann(root: Path) -> None:
    """Changes the model again and again, and promotes it."""
    for factor in range(2, ROUNDS):
        times(root / "ann", factor)
        run(root / "ann", "ann")
        assert whole(root / "ann", "ann")[3] == factor
        run(root / "ann", "prod", "ann")
        times(root / "prod", factor)


def bob(root: Path) -> None:
    """Begins branches, compares and drops them."""
    for number in range(ROUNDS):
        with_ledger(root / "bob", lambda project, ledger: create(project, ledger, WallClock(), "bob", "prod"))
        times(root / "bob", 100 + number)
        run(root / "bob", "bob")
        assert whole(root / "bob", "bob")[3] == 100 + number
        with_ledger(root / "bob", _compared)
        if number < ROUNDS - 1:
            with_ledger(root / "bob", lambda project, ledger: drop(project, ledger, WallClock(), "bob", this_holder()))


def _compared(project: Any, ledger: Any) -> None:
    releases = release_of(ledger, project, "prod"), release_of(ledger, project, "bob")
    found = compare_rows(project, ledger, WallClock(), releases, "marts.total")
    assert (found.added, found.removed) == (1, 1)


def cleaner(root: Path) -> None:
    """Removes all that it may, over and over."""
    keep = Keep(None, 0, timedelta(seconds=5))
    while not (root / "over").exists():
        with_ledger(root / "prod", lambda project, ledger: clean(project, ledger, WallClock(), keep))


def work(what: str, root: Path, said: Queue[str]) -> None:
    try:
        {"prod": prod, "ann": ann, "bob": bob, "cleaner": cleaner}[what](root)
        said.put("")
    except BaseException:  # noqa: BLE001 - shown by the test
        said.put(f"{what}: {traceback.format_exc()}")


def test_two_branches_beside_prod_while_it_is_cleaned(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    folders = {name: make(tmp_path / name) for name in ("prod", "ann", "bob")}
    arrive(tmp_path / "inbox", 0)
    run(folders["prod"], "prod")
    with_ledger(folders["ann"], lambda project, ledger: create(project, ledger, WallClock(), "ann", "prod"))
    seen: list[tuple[Any, ...]] = []
    failed: list[str] = []
    over = threading.Event()

    def read() -> None:
        try:
            while not over.is_set():
                seen.append(whole(folders["prod"], "prod"))
        except BaseException:  # noqa: BLE001 - shown by the test
            failed.append(traceback.format_exc())

    reader = threading.Thread(target=read)
    reader.start()
    context = get_context("spawn")
    said: Queue[str] = context.Queue()
    workers = {
        name: context.Process(target=work, args=(name, tmp_path, said)) for name in ("prod", "ann", "bob", "cleaner")
    }
    for each in workers.values():
        each.start()
    for name in ("prod", "ann", "bob"):
        workers[name].join()
    (tmp_path / "over").touch()
    workers["cleaner"].join()
    over.set()
    reader.join()

    assert [text for text in (said.get(timeout=10) for _ in workers) if text] == []
    assert failed == []
    assert len(set(seen)) > 3
    for env, folder in folders.items():
        run(folder, env)
        assert whole(folder, env)[0] == 2 * (ROUNDS + 1)
    with_ledger(folders["prod"], lambda p, ledger: clean(p, ledger, WallClock(), Keep(None, 0, timedelta(0))))
    for env, folder in folders.items():
        assert whole(folder, env)[0] == 2 * (ROUNDS + 1)
    assert [found for found in checkup(folders["prod"]) if found.mend] == []
