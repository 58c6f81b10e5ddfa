"""What looks at sources find: once for all tables made of the same files, and not again what was read in vain."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from mainstem.core.clock import WallClock
from mainstem.ledger.sqlite import open_ledger
from mainstem.orchestration.ground import Progress, unheard
from mainstem.orchestration.run import prepare, run
from mainstem.project import load


def moved(database: Path, seconds_ago: int) -> None:
    at = time.time() - seconds_ago
    os.utime(database, (at, at))


def test_a_database_that_others_write_to_is_not_new_for_ever(tmp_path: Path) -> None:
    (tmp_path / "sources").mkdir()
    (tmp_path / "mainstem.yml").write_text("name: small\n")
    (tmp_path / "sources" / "crm.yml").write_text("kind: sqlite\npath: crm.db\ntables: {people: {load: full}}\n")
    database = tmp_path / "crm.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("create table people (n integer)")
        connection.execute("insert into people values (1)")
        connection.commit()
    project, clock = load(tmp_path), WallClock()
    with closing(open_ledger(project.ledger)) as ledger:

        def action() -> str:
            return prepare(project, ledger, clock, "prod").plan.steps[0].action

        moved(database, 300)
        run(project, ledger, clock)
        assert action() == "skip"
        moved(database, 200)
        assert action() == "load"
        assert run(project, ledger, clock).release is None
        assert action() == "skip"
        run(project, ledger, clock)  # a look that finds nothing leaves what the last read left
        assert action() == "skip"
        moved(database, 100)
        assert action() == "load"


FEED = """kind: files
path: inbox
tables:
  orders:
    {path: "*.jsonl", load: incremental, key: [id], columns: {id: {type: bigint}, lines: {type: json}}}
  lines:
    path: "*.jsonl"
    load: incremental
    key: [id, position]
    explode: lines
    parent: {id: id}
"""


def test_a_file_that_arrives_during_a_run_is_of_all_tables_or_of_none(tmp_path: Path) -> None:
    (tmp_path / "sources").mkdir()
    (tmp_path / "inbox").mkdir()
    (tmp_path / "mainstem.yml").write_text("name: small\nengines: {duckdb: {threads: 1}}\n")
    (tmp_path / "sources" / "feed.yml").write_text(FEED)
    (tmp_path / "inbox" / "1.jsonl").write_text('{"id": 1, "lines": [{"n": 1}]}\n')
    project, clock = load(tmp_path), WallClock()

    def arrive(progress: Progress) -> None:
        if progress.what == "step-done":
            (tmp_path / "inbox" / "2.jsonl").write_text('{"id": 2, "lines": [{"n": 2}]}\n')

    with closing(open_ledger(project.ledger)) as ledger:
        for listen, rows in ((arrive, 1), (unheard, 2), (unheard, 2)):
            run(project, ledger, clock, listen=listen)
            release = ledger.current("prod")
            assert release is not None
            assert {name: version.rows for name, version in release.versions.items()} == {
                "feed.orders": rows,
                "feed.lines": rows,
            }


class _Silent(BaseHTTPRequestHandler):
    """A server that says neither when a file was changed nor how long it is."""

    content = b"id\n1\n"

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.content)

    do_HEAD = do_GET  # noqa: N815 - as the server wants it

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.mark.parametrize("how", ["load: full", "load: incremental, key: [id]", "load: incremental"])
def test_a_file_of_which_nobody_says_whether_it_changed_is_read_to_see(tmp_path: Path, how: str) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Server", (_Silent,), {}))
    Thread(target=server.serve_forever, daemon=True).start()
    (tmp_path / "sources").mkdir()
    (tmp_path / "mainstem.yml").write_text("name: small\n")
    address = f"http://127.0.0.1:{server.server_port}"
    table = f"{{path: a.csv, {how}, columns: {{id: {{type: bigint}}}}}}"
    (tmp_path / "sources" / "web.yml").write_text(f"kind: files\npath: {address}\ntables: {{ids: {table}}}\n")
    project, clock = load(tmp_path), WallClock()
    with closing(server.socket), closing(open_ledger(project.ledger)) as ledger:
        assert run(project, ledger, clock).release is not None
        for _ in range(2):
            (step,) = prepare(project, ledger, clock, "prod").plan.steps
            assert (step.commits, step.why.partition(" (")[0]) == (None, "cannot tell: read to see")
            again = run(project, ledger, clock)
            assert (again.release, again.failures) == (None, ())
        server.shutdown()
