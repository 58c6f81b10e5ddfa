"""`mainstem up` as people use it: it serves, runs by itself, tells, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

FILES = {
    "mainstem.yml": """name: kept
lake: lake/
owner: team
clock: replay
environments: {prod: {alerts: true}}
alerts: [{to: "${ALERT_URL}"}]
""",
    "models/orders.sql": (
        "/* ---\nchecks:\n  - {id: positive, expression: n > 0, severity: warning}\n--- */\nselect 1 as n\n"
    ),
    "requirements/team.md": "---\nkind: stakeholder\nid: team\ntitle: The team\nside: downstream\n---\n",
    "requirements/positive.md": """---
kind: requirement
id: positive
title: Orders are positive
for: team
class: constraint
characteristic: conformity
priority: must
statement: The table main.orders shall hold only positive orders.
binds: [main.orders]
objective:
  measure: {conformity: main.orders, checks: [positive], at_least: 1}
  misses: 0
  window: 1d
  slice: 1d
---
""",
}


class Receiver:
    """A webhook that keeps what it was told."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.told.append({**json.loads(body), "header": self.headers["idempotency-key"]})
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/canary-path"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


def mainstem(folder: Path, url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mainstem", *arguments],
        cwd=folder,
        env={**os.environ, "ALERT_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )


class Up:
    """The process, from its greeting on."""

    def __init__(self, folder: Path, url: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-m", "mainstem", "up", "--port", "0"],
            cwd=folder,
            env={**os.environ, "ALERT_URL": url},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said = ""
        assert self.process.stdout is not None
        while "stop with" not in self.said:
            line = self.process.stdout.readline()
            assert line, self.said
            self.said += line
        self.base = next(word for word in self.said.split() if word.startswith("http://"))

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        rest, _ = self.process.communicate(timeout=60)
        self.said += rest
        return self.process.returncode


def until(wanted: Any, seconds: float = 60) -> None:
    end_s = time.monotonic() + seconds
    while not wanted():
        assert time.monotonic() < end_s
        time.sleep(0.05)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def children(process: int) -> list[int]:
    found = []
    for each in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(each.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == process:
            found.append(int(each.parent.name))
    return found


def test_one_alert_and_one_recovery_over_two_lives(folder: Path, receiver: Receiver) -> None:
    model = folder / "models" / "orders.sql"

    def on(day: int, *arguments: str) -> None:
        done = mainstem(folder, receiver.url, *arguments, "--now", f"2024-01-0{day}T06:00:00+00:00")
        assert done.returncode == 0, done.stderr

    on(1, "agree", "positive", "--by", "team")
    on(2, "run")
    assert receiver.told == []
    model.write_text(model.read_text().replace("select 1", "select -1"))
    on(3, "run", "--no-alerts")
    assert receiver.told == []

    up = Up(folder, receiver.url)
    assert urlopen(up.base + "/healthz").read() == b"ok\n"
    until(lambda: len(receiver.told) == 1)
    assert up.stop() == 0
    alert = receiver.told[0]
    assert (alert["kind"], alert["requirement"], alert["status"]) == ("alert", "positive", "violated")
    assert alert["link"] == f"{up.base}/requirements/positive"
    assert alert["people"] == ["team"]
    assert alert["header"] == alert["key"]

    up = Up(folder, receiver.url)
    time.sleep(1.5)
    model.write_text(model.read_text().replace("select -1", "select 1"))
    on(4, "run", "--no-alerts")
    on(6, "run")
    assert up.stop(signal.SIGINT) == 0
    assert [told["kind"] for told in receiver.told] == ["alert", "recovery"]
    assert receiver.told[1]["status"] == "met"
    kept = b"".join(path.read_bytes() for path in (folder / ".mainstem").rglob("*") if path.is_file())
    assert b"canary-path" not in kept
    assert "canary-path" not in up.said


def test_it_leaves_no_process_behind(folder: Path, receiver: Receiver) -> None:
    api = folder / "serving" / "apis" / "orders.sql"
    api.parent.mkdir(parents=True)
    api.write_text("select n from orders\n")
    assert mainstem(folder, receiver.url, "run").returncode == 0
    up = Up(folder, receiver.url)
    assert json.loads(urlopen(up.base + "/api/orders").read())["rows"] == [{"n": 1}]
    workers = children(up.process.pid)
    assert workers
    second = mainstem(folder, receiver.url, "up", "--port", "0")
    assert (second.returncode, "C022" in second.stderr) == (1, True)
    port = up.base.rpartition(":")[2]
    taken = subprocess.run(
        [sys.executable, "-m", "mainstem", "init", str(folder / "other")], capture_output=True, check=False
    )
    assert taken.returncode == 0
    other = mainstem(folder / "other", receiver.url, "up", "--port", port)
    assert (other.returncode, "C020" in other.stderr) == (1, True)
    assert up.stop() == 0
    assert [pid for pid in workers if Path(f"/proc/{pid}").exists()] == []


def test_alerts_are_tried_out(folder: Path, receiver: Receiver) -> None:
    tried = mainstem(folder, receiver.url, "alert", "--test")
    assert (tried.returncode, tried.stdout) == (0, "1 receiver took the test message\n")
    assert "only a test" not in receiver.told[0]["text"]
    assert receiver.told[0]["text"].startswith("● A test")
    lost = mainstem(folder, "http://127.0.0.1:9/canary-path", "alert", "--test")
    assert lost.returncode == 1
    assert "O022" in lost.stderr
    assert "canary-path" not in lost.stderr
    outside = mainstem(folder, receiver.url, "up", "--host", "0.0.0.0")
    assert (outside.returncode, "C021" in outside.stderr) == (2, True)
    text = (folder / "mainstem.yml").read_text()
    (folder / "mainstem.yml").write_text(text.replace("alerts: true", "alerts: false"))
    refused = mainstem(folder, receiver.url, "alert", "--test")
    assert (refused.returncode, "O020" in refused.stderr) == (2, True)
    (folder / "mainstem.yml").write_text(text.replace('alerts: [{to: "${ALERT_URL}"}]', ""))
    nobody = mainstem(folder, receiver.url, "alert", "--test")
    assert (nobody.returncode, "O021" in nobody.stderr) == (2, True)
