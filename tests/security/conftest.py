"""The guarded lake, and the gate in front of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from guarded_lake import TABLES, Ask, Lake, outside

from mainstem.core.clock import SetClock
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


@pytest.fixture
def ask(lake: Lake) -> Ask:
    """Ask the gate one query, on an engine of its own."""

    def asking(sql: str, *, clear: bool = False, limit: int = 1000, exit: str = "query") -> Answer:
        engine = embedded.open(EngineSettings(), lake.outside.parent / "temp")
        try:
            request = Request(exit, lake.placed(sql), limit, clear=clear, release="r000001")
            return read(engine, lake.offers(engine), request, lake.ledger, SetClock(datetime(2013, 12, 17, tzinfo=UTC)))
        finally:
            engine.close()

    return asking
