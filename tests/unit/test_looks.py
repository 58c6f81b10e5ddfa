"""A source that moved without a row being another is read once more, and then counts as seen."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from mainstem.core.clock import WallClock
from mainstem.ledger.sqlite import open_ledger
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
