"""The guarded lake, and the gate in front of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from guarded_lake import TABLES, Ask, Lake, Offers, outside

from mainstem.core.clock import SetClock
from mainstem.core.ports import Engine
from mainstem.core.problem import ProjectError
from mainstem.core.project import EngineSettings
from mainstem.engines import duckdb as embedded
from mainstem.ledger.sqlite import open_ledger
from mainstem.lifecycle.serving.gate import read
from mainstem.lifecycle.serving.request import Answer, Request


@pytest.fixture(scope="session")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    root = tmp_path_factory.mktemp("lake")
    engine = embedded.open(EngineSettings(), root / "temp")
    session = engine.session()
    files, fields = {}, {}
    for name, (select, _) in TABLES.items():
        written = session.write(select, root / name, "part-")
        files[name] = root / name / written.files[0].path
        fields[name] = written.fields
    session.close()
    engine.close()
    ledger = open_ledger(root / "ledger.sqlite")
    yield Lake(files, fields, outside(root / "outside"), ledger)
    ledger.close()


class Engines:
    """Engines that were not locked yet: a query that is refused leaves its engine as it was."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._unlocked: list[tuple[Engine, Offers]] = []

    def take(self) -> tuple[Engine, Offers]:
        if self._unlocked:
            return self._unlocked.pop()
        engine = embedded.open(EngineSettings(), self._lake.outside.parent / "temp")
        return engine, self._lake.offers(engine)

    def give_back(self, engine: Engine, offers: Offers) -> None:
        self._unlocked.append((engine, offers))

    def close(self) -> None:
        for engine, _ in self._unlocked:
            engine.close()


@pytest.fixture(scope="session")
def engines(lake: Lake) -> Iterator[Engines]:
    unlocked = Engines(lake)
    yield unlocked
    unlocked.close()


@pytest.fixture
def ask(lake: Lake, engines: Engines) -> Ask:
    """Ask the gate one query."""

    def asking(sql: str, *, clear: bool = False, limit: int = 1000, exit: str = "query") -> Answer:
        engine, offers = engines.take()
        request = Request(exit, lake.placed(sql), limit, clear=clear, release="r000001")
        try:
            answer = read(engine, offers, request, lake.ledger, SetClock(datetime(2013, 12, 17, tzinfo=UTC)))
        except ProjectError:
            engines.give_back(engine, offers)
            raise
        except BaseException:
            engine.close()
            raise
        engine.close()
        return answer

    return asking
