"""The guarded lake, and the gate in front of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from guarded_lake import TABLES, Ask, Lake, Offers, outside

from mainstem.core.clock import SetClock
from mainstem.core.ports import Engine
from mainstem.core.problem import ProjectError
from mainstem.core.project import EngineSettings
from mainstem.engines import duckdb as embedded
from mainstem.ledger.sqlite import open_ledger
from mainstem.lifecycle.serving.gate import Answer, Request, read


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


@pytest.fixture(scope="session")
def fresh(lake: Lake) -> Iterator[Callable[[], tuple[Engine, Offers]]]:
    """Gives an engine that was not locked yet: a query that is refused leaves it as it was."""
    opened: list[tuple[Engine, Offers]] = []

    def give() -> tuple[Engine, Offers]:
        if not opened:
            engine = embedded.open(EngineSettings(), lake.outside.parent / "temp")
            opened.append((engine, lake.offers(engine)))
        return opened.pop()

    give.back = opened.append  # type: ignore[attr-defined]
    yield give
    for engine, _ in opened:
        engine.close()


@pytest.fixture
def ask(lake: Lake, fresh: Callable[[], tuple[Engine, Offers]]) -> Ask:
    """Ask the gate one query."""

    def asking(sql: str, *, clear: bool = False, limit: int = 1000, exit: str = "query") -> Answer:
        engine, offers = fresh()
        request = Request(exit, lake.placed(sql), limit, clear=clear, release="r000001")
        try:
            answer = read(engine, offers, request, lake.ledger, SetClock(datetime(2013, 12, 17, tzinfo=UTC)))
        except ProjectError:
            fresh.back((engine, offers))  # type: ignore[attr-defined]
            raise
        except BaseException:
            engine.close()
            raise
        engine.close()
        return answer

    return asking
