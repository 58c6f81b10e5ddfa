"""Readers of a data API while runs publish: no error, and no answer that mixes two releases."""

from __future__ import annotations

import asyncio
import importlib.util
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def bench() -> ModuleType:
    """The benchmark's clients, which judge every answer."""
    file = Path(__file__).parent.parent.parent / "bench" / "serve.py"
    spec = importlib.util.spec_from_file_location("bench_serve", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["bench_serve"] = module
    spec.loader.exec_module(module)
    return module


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def test_no_answer_mixes_two_releases(bench: ModuleType, tmp_path: Path) -> None:
    bench.write_project(tmp_path)
    bench.publish(tmp_path, 1)
    port = free_port()
    server, desk, stop = bench.serve(tmp_path, port)
    try:
        with ThreadPoolExecutor(1) as apart:  # a browser's own loop may stand in this thread
            reading = apart.submit(
                lambda: asyncio.run(bench.load_test(tmp_path, port, clients=20, seconds=6.0, every=1.0))
            )
            seen = reading.result()
    finally:
        server.should_exit = True
        stop.set()
        desk.close()
    assert seen.wrong == []
    assert set(seen.statuses) == {200}
    assert len(seen.releases) >= 2
    assert sum(seen.releases.values()) == len(desk.ledger.audited(limit=1_000_000))
    desk.ledger.close()
