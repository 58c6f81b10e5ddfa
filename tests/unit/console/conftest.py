"""A small published project with everything a page can show, and hostile text wherever people may write."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.unit.console.shop import agreed, publish, write

from mainstem.console.app import make_app
from mainstem.core.clock import SetClock
from mainstem.ledger.sqlite import open_ledger
from mainstem.orchestration.desk import Desk
from mainstem.project import load


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a project that was published, agreed to, and published again."""
    root = tmp_path_factory.mktemp("shop")
    write(root)
    publish(root, agreed(root))
    publish(root, SetClock(agreed(root).now() + timedelta(days=2)))
    return root


@pytest.fixture(scope="module")
def opened(shop: Path) -> Iterator[Desk]:
    """The desk over it."""
    ledger = open_ledger(load(shop).ledger)
    desk = Desk(shop, "prod", ledger)
    desk.refresh()
    yield desk
    desk.close()
    ledger.close()


@pytest.fixture(scope="module")
def site(opened: Desk) -> TestClient:
    """A browser that speaks to the console as this machine does."""
    return TestClient(make_app(opened), base_url="http://localhost:8000")
