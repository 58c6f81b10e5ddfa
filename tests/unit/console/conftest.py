"""A small published project with everything a page can show, and hostile text wherever people may write."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.unit.console.shop import desk_over, open_shop

from mainstem.console.app import make_app
from mainstem.orchestration.desk import Desk


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a project that was published, agreed to, and published again."""
    return open_shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def opened(shop: Path) -> Iterator[Desk]:
    """The desk over it."""
    with desk_over(shop) as desk:
        yield desk


@pytest.fixture(scope="module")
def site(opened: Desk) -> TestClient:
    """A browser that speaks to the console as this machine does."""
    return TestClient(make_app(opened), base_url="http://localhost:8000")
