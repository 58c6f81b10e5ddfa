"""A world for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ingestion_world import World

from mainstem.core.project import EngineSettings
from mainstem.engines.duckdb import open as open_engine


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    engine = open_engine(EngineSettings(threads=2), tmp_path / "spill")
    (tmp_path / "lake").mkdir()
    (tmp_path / "inbox").mkdir()
    session = engine.session()
    yield World(tmp_path, engine, session)
    session.close()
    engine.close()
