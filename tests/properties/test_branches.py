"""Environments that run, begin, promote, roll back and are cleaned in any order show what they must."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mainstem.core.clock import WallClock
from mainstem.core.problem import MainstemError
from mainstem.core.promotion import Promotion
from mainstem.core.release import Release
from mainstem.dataops.branches import create, drop
from mainstem.dataops.cleaning import Keep, clean
from mainstem.ledger.holder import this_holder
from mainstem.ledger.sqlite import open_ledger
from mainstem.lifecycle.serving.request import Request
from mainstem.orchestration.reading import ask, current_release
from mainstem.orchestration.rollback import rollback
from mainstem.orchestration.waiting import run_waiting
from mainstem.project import load

FILES = {
    "mainstem.yml": "name: any\n",
    "sources/feed.yml": """
kind: files
path: inbox
tables:
  orders:
    path: "*.csv"
    load: incremental
    write: append
    columns:
      id: integer
      amount: {type: integer, min: 0}
  kept:
    path: "*.csv"
    load: incremental
    key: [amount]
    write: merge
    revision: id
    columns:
      id: integer
      amount: integer
""",
    "models/n.sql": "select count(*) as n from feed.orders\n",
    "models/by_amount.sql": """/* ---
kind: incremental
refresh: incremental
key: [amount]
--- */
select amount, count(*) as n, max(id) as newest from feed.orders group by amount
""",
    "models/shown.sql": "/* ---\nkind: view\n--- */\nselect times, total, n from total, n\n",
}
ASKED = """
select (select count(*) from feed.orders) as orders, (select count(distinct id) from feed.orders) as ids,
    (select count(*) from feed.orders__quarantine) as aside, (select max(id) from feed.kept) as newest,
    (select sum(n) from by_amount) as by_amount, (select max(newest) from by_amount) as newest_by_amount,
    times, total, n from shown
"""


@dataclass(frozen=True)
class Shown:
    """What a release must show: files loaded, the text's factor. `load` names the versions of the loads, `before` is
    the release that the environment stood at."""

    loaded: int
    factor: int
    load: int
    before: Shown | None = None

    def row(self) -> tuple[Any, ...]:
        n = 2 * self.loaded
        return n, n, self.loaded, n - 1, n, n - 1, self.factor, 30 * self.loaded * self.factor, n

    def came_from(self, load: int) -> bool:
        return self.load == load or (self.before is not None and self.before.came_from(load))


@dataclass
class World:
    folder: Path
    dice: random.Random
    files: int = 0
    factor: int = 1
    loads: int = 0
    shown: dict[str, Shown | None] = field(default_factory=dict)
    did: list[str] = field(default_factory=list)

    def write(self) -> None:
        sql = f"select {self.factor} as times, sum(amount) * {self.factor} as total from feed.orders\n"
        (self.folder / "models" / "total.sql").write_text(sql)

    def arrive(self) -> None:
        n = self.files
        (self.folder / "inbox" / f"{n:03}.csv").write_text(f"id,amount\n{2 * n},10\n{2 * n + 1},20\n-1,-1\n")
        self.files += 1

    def edit(self) -> None:
        self.factor = self.dice.randint(1, 3)
        self.write()

    def run(self, env: str) -> None:
        self._run(env, None)
        was = self.shown.get(env)
        if was is None or was.loaded < self.files:
            self.loads += 1
        elif was.factor == self.factor:
            return
        load = self.loads if was is None or was.loaded < self.files else was.load
        self.shown[env] = Shown(self.files, self.factor, load, was)

    def promote(self, branch: str) -> None:
        theirs, ours = self.shown[branch], self.shown["prod"]
        assert theirs is not None
        assert ours is not None
        if theirs.factor != self.factor:
            with pytest.raises(MainstemError, match="O043"):
                self._run("prod", branch)
            return
        done = self._run("prod", branch)
        goes_on = theirs.came_from(ours.load)
        loaded, load = (theirs.loaded, theirs.load) if goes_on else (ours.loaded, ours.load)
        if goes_on:
            assert {step.outcome for step in done.done} <= {"kept", "adopted"}
        if (loaded, self.factor, load) != (ours.loaded, ours.factor, ours.load):
            self.shown["prod"] = Shown(loaded, self.factor, load, ours)

    def _run(self, env: str, branch: str | None) -> Any:
        project = load(self.folder, env)
        ledger = open_ledger(project.ledger)
        try:
            errand = Promotion(branch) if branch else None
            done = run_waiting(project, ledger, WallClock(), env, errand=errand)
            assert not done.failures, done.failures
            return done
        finally:
            ledger.close()

    def begin(self, name: str) -> None:
        was = self.shown["prod"]
        assert was is not None
        self._with(lambda project, ledger: create(project, ledger, WallClock(), name, "prod"))
        self.shown[name] = Shown(was.loaded, was.factor, was.load)

    def drop(self, name: str) -> None:
        self._with(lambda project, ledger: drop(project, ledger, WallClock(), name, this_holder()))
        self.shown[name] = None

    def back(self, env: str) -> None:
        was = self.shown[env]
        assert was is not None
        if was.before is not None:
            try:
                self._with(lambda _, ledger: rollback(ledger, WallClock(), env, None))
            except MainstemError as error:
                assert error.problems[0].code == "O045", error  # noqa: PT017
            else:
                self.shown[env] = was.before

    def clean(self) -> None:
        keep = Keep(None, self.dice.randint(0, 3), timedelta(0))
        self._with(lambda project, ledger: clean(project, ledger, WallClock(), keep))

    def _with(self, act: Any) -> None:
        project = load(self.folder)
        ledger = open_ledger(project.ledger)
        try:
            act(project, ledger)
        finally:
            ledger.close()

    def check(self) -> None:
        project = load(self.folder)
        ledger = open_ledger(project.ledger)
        try:
            for env, wanted in self.shown.items():
                if wanted is None:
                    assert ledger.current(env) is None
                    continue
                release: Release = current_release(ledger, env)
                answer = ask(project, ledger, WallClock(), release, Request("query", ASKED, 10, release=release.id))
                assert answer.rows == (wanted.row(),), (env, self.did)
        finally:
            ledger.close()

    def act(self) -> None:
        there = [name for name in ("ann", "bob") if self.shown.get(name)]
        absent = [name for name in ("ann", "bob") if not self.shown.get(name)]
        env = self.dice.choice(["prod", *there])
        name = self.dice.choice(there or absent)
        acts = [
            "run",
            "run",
            "arrive",
            "edit",
            "back",
            "clean",
            *(["begin"] if absent else []),
            *(["promote"] * 3 if there else []),
        ]
        what = self.dice.choice([*acts, *(["drop"] if there else [])])
        self.did.append(f"{what} {env} {name}")
        if what in ("run", "back"):
            getattr(self, what)(env)
        elif what in ("promote", "drop"):
            getattr(self, what)(name)
        elif what == "begin":
            self.begin(absent[0])
        else:
            getattr(self, what)()


@pytest.mark.parametrize("seed", range(3))
def test_any_order_of_acts_shows_what_it_must(seed: int, tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "inbox").mkdir()
    world = World(tmp_path, random.Random(seed))
    world.write()
    world.arrive()
    world.run("prod")
    world.begin("ann")
    for _ in range(40):
        world.act()
        world.check()
