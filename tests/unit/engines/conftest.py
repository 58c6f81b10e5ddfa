"""An engine of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mainstem.core.project import EngineSettings
from mainstem.engines.duckdb import Engine
from mainstem.engines.duckdb import open as open_engine
from mainstem.engines.session import Session


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_engine(EngineSettings(threads=2), tmp_path / "spill")
    yield engine
    engine.close()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    session = engine.session()
    yield session
    session.close()
