"""Every test of the port runs over every kind of ledger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ledger_world import KINDS, address, open_at

from mainstem.core.ports import Ledger


@pytest.fixture(params=KINDS)
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a ledger that does not exist yet."""
    return address(request.param, tmp_path)


@pytest.fixture
def ledger(where: str) -> Iterator[Ledger]:
    """A new ledger."""
    opened = open_at(where)
    yield opened
    opened.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a SQLite ledger may be made."""
    return tmp_path / "ledger.sqlite"
