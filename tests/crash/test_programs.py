"""Loads from programs and APIs, killed at every point of a run: what was appended is there once."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from mainstem.core.clock import SetClock
from mainstem.core.crash import POINTS
from mainstem.ledger.sqlite import open_ledger
from mainstem.lifecycle.serving.request import Request
from mainstem.orchestration.reading import ask, current_release
from mainstem.project import load
from tests.crash.project import morning

FILES = {
    "mainstem.yml": "name: small\nclock: replay\n",
    "sources/crm.yml": """
kind: python
tables:
  events: {load: incremental, columns: {id: {type: bigint, max: 90}, v: varchar}}
""",
    "sources/crm.py": """
import json, pathlib
def read(position, table):
    rows = json.loads(pathlib.Path("crm.json").read_text())
    for number in range(position or 0, len(rows)):
        yield [rows[number]], number + 1
""",
    "sources/web.yml": """
kind: rest
url: ${API}
retries: 0
tables:
  events:
    path: events
    load: incremental
    cursor: at
    since: {param: since}
    paginate: {kind: page, size: 2, until: short}
    columns: {id: {type: bigint, max: 90}, at: bigint}
""",
}
LOADS = ("crm.events", "web.events")


class Events(BaseHTTPRequestHandler):
    """`GET /events?since=...&page=...`: events of the file, at or after an instant."""

    file: Path

    def do_GET(self) -> None:
        asked = {name: int(values[0]) for name, values in parse_qs(urlsplit(self.path).query).items()}
        found = [row for row in json.loads(self.file.read_text()) if row["at"] >= asked.get("since", 0)]
        first = (asked["page"] - 1) * asked["per_page"]
        content = json.dumps(found[first : first + asked["per_page"]]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """An API and the file of its events."""
    file = tmp_path_factory.mktemp("api") / "events.json"
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Here", (Events,), {"file": file}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", file
    server.shutdown()
    server.server_close()


def day(folder: Path, events: Path, rows: int) -> None:
    """So many rows at both sources, every fifth of them wrong, and two at each instant."""
    ids = [i if i % 5 else 100 + i for i in range(rows)]
    (folder / "crm.json").write_text(json.dumps([{"id": i, "v": str(i)} for i in ids]))
    events.write_text(json.dumps([{"id": i, "at": n // 2} for n, i in enumerate(ids)]))


def run(folder: Path, number: int, url: str, point: str = "") -> int:
    return subprocess.run(
        [sys.executable, "-m", "mainstem", "run", "--now", morning(number).isoformat()],
        cwd=folder,
        env={**os.environ, "API": url, **({"MAINSTEM_CRASH_AT": point} if point else {})},
        capture_output=True,
        check=False,
    ).returncode


def tables(folder: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    monkeypatch.setenv("API", url)
    project = load(folder)
    with closing(open_ledger(project.ledger)) as ledger:
        release = current_release(ledger, "prod")

        def rows(select: str) -> Any:
            return ask(project, ledger, SetClock(release.at), release, Request("query", select, 1000)).rows

        wanted = [(name, f"select row from {name}__quarantine") for name in LOADS]
        return [(rows(f"select * from {name} order by all"), rows(aside)) for name, aside in wanted]


@pytest.fixture(scope="module")
def first_morning(tmp_path_factory: pytest.TempPathFactory, api: tuple[str, Path]) -> Path:
    folder = tmp_path_factory.mktemp("programs") / "project"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    day(folder, api[1], 7)
    assert run(folder, 3, api[0]) == 0
    return folder


@pytest.mark.parametrize(
    "point",
    [f"{point}:{name}" for point in POINTS[1:7] if point != "after-sync" for name in LOADS] + ["before-publish"],
)
def test_what_a_program_brought_is_there_once(
    point: str, tmp_path: Path, first_morning: Path, api: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, events = api
    folder = shutil.copytree(first_morning, tmp_path / "project")
    day(folder, events, 16)
    assert run(folder, 4, url, point) == -signal.SIGKILL
    assert run(folder, 4, url) == 0
    good = [i for i in range(16) if i % 5]
    bad = [100 + i for i in range(16) if not i % 5]
    (crm, crm_bad), (web, web_bad) = tables(folder, url, monkeypatch)
    assert list(crm) == [(i, str(i)) for i in good]
    assert [row[0] for row in web] == good
    for aside in (crm_bad, web_bad):
        assert sorted(int(json.loads(row)["id"]) for (row,) in aside) == bad
