"""The big trial: rows arrive in pieces, runs are killed at random and named points, and no row is lost or doubled.

`MAINSTEM_TRIAL=whole` makes it two million rows in 200 pieces instead of 40,000 in 20.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb

from mainstem.core.crash import POINTS
from mainstem.core.release import Release, Snapshot
from mainstem.ledger.sqlite import open_ledger
from mainstem.lifecycle.storage import tables
from mainstem.project import load
from tests.crash.pieces import COLUMNS, Oracle, arrive

PIECES, ROWS = (200, 10_000) if os.environ.get("MAINSTEM_TRIAL") == "whole" else (20, 2_000)

CONTRACT = """
    load: incremental
    key: id
    revision: revision
    write: merge
    time_column: day
    columns:
      id: {type: bigint, required: true}
      revision: {type: integer, required: true}
      day: {type: date, required: true}
      amount: {type: "decimal(12,2)", required: true, min: 0}
      status: {type: varchar, accepted: [open, paid, sent]}
      note: {type: varchar}
"""
ENDINGS = {"feed.orders": "jsonl", "feed.visits": "csv"}
FILES = {
    "mainstem.yml": "name: trial\n",
    "sources/feed.yml": "kind: files\npath: inbox\ntables:\n"
    + "".join(f'  {name[5:]}:\n    path: "*.{ending}"{CONTRACT}' for name, ending in ENDINGS.items()),
    "models/daily.sql": "select day, count(*) as orders, sum(amount) as amount from feed.orders group by day\n",
}
OF_STEPS = [each for each in POINTS[: POINTS.index("before-publish")] if each != "after-sync"]


class Trial:
    """A project, what arrived so far, and how often its runs were killed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.dice, self.killed = folder, random.Random(20240229), list[str]()
        self.took_s, self.waiting = 1.0, set[str]()
        self.oracles = {name: Oracle() for name in ENDINGS}
        for name, text in FILES.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        (folder / "inbox").mkdir()

    def arrive(self, number: int) -> None:
        name = list(ENDINGS)[number % len(ENDINGS)]
        self.waiting.add(name)
        arrive(self.folder / "inbox", number, ROWS, ENDINGS[name], self.dice, self.oracles[name])

    def run(self, *, at: str = "", after_s: float | None = None) -> bool:
        """A run, killed at a named point, or after a time; whether it came to its end."""
        began = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "mainstem", "run", "--json"],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "MAINSTEM_CRASH_AT": at},
        )
        if after_s is not None:
            with suppress(subprocess.TimeoutExpired):
                process.wait(after_s)
            process.kill()
        said = process.communicate()
        if process.returncode == -signal.SIGKILL:
            self.killed.append(at or "random")
            return False
        assert process.returncode == 0, said
        self.took_s = time.monotonic() - began
        return True

    def run_with_kills(self) -> None:
        """Killed zero to three times in a row, then to its end."""
        steps = sorted({*self.waiting, *(["main.daily"] if "feed.orders" in self.waiting else [])})
        while self.dice.random() < 0.5:
            if self.dice.random() < 0.4:
                self.run(after_s=self.dice.uniform(0.1, 1.0) * self.took_s)
            else:
                point = self.dice.choice(POINTS)
                self.run(at=f"{point}:{self.dice.choice(steps)}" if point in OF_STEPS else point)
        assert self.run()
        self.waiting.clear()

    def release(self) -> Release:
        ledger = open_ledger(load(self.folder).ledger)
        try:
            release = ledger.current("prod")
            assert release is not None
            return release
        finally:
            ledger.close()

    def snapshot(self, name: str) -> Snapshot:
        version = self.release().versions[name]
        found = tables.snapshot(self.folder / "lake", version.table, version.number)
        assert found is not None
        return found

    def rows(self, snapshot: Snapshot) -> str:
        """SQL that reads a table's files."""
        files = [str(self.folder / "lake" / snapshot.table / file.path) for file in snapshot.files]
        return f"read_parquet({files!r})"


def balances(folder: Path, snapshot: Snapshot) -> list[Mapping[str, Any]]:
    """What the commits of a load say about the rows they read, in order."""
    found = []
    for number in range(snapshot.number + 1):
        entry = folder / "lake" / snapshot.table / "_delta_log" / f"{number:020}.json"
        for line in entry.read_text().splitlines():
            said = json.loads(line).get("commitInfo", {}).get("mainstem")
            if said and "rows_in" in (said := json.loads(said) if isinstance(said, str) else said):
                found.append(said)
    return found


def check_counts(trial: Trial, name: str) -> None:
    """Everything that arrived is somewhere, once."""
    oracle, snapshot = trial.oracles[name], trial.snapshot(name)
    told = balances(trial.folder, snapshot)
    for each in told:
        assert each["rows_in"] == each["loaded"] + each["rejected"] + each["deduplicated"] + each["unchanged"]
    assert sum(each["rows_in"] for each in told) == oracle.arrived
    assert sum(each["rejected"] for each in told) == len(oracle.bad)
    assert snapshot.rows == len(oracle.rows)
    quarantine = tables.quarantine_at(trial.folder / "lake", snapshot)
    assert (quarantine.rows if quarantine else 0) == len(oracle.bad)


def check_rows(trial: Trial, name: str, folder: Path) -> None:
    """The table holds the newest revision of each key, the quarantine the lines that break the contract."""
    oracle, snapshot = trial.oracles[name], trial.snapshot(name)
    wanted = folder / f"{name}.jsonl"
    with wanted.open("w") as file:
        for row in oracle.rows.values():
            file.write(json.dumps(dict(zip(COLUMNS, row, strict=True))) + "\n")
    types = (
        "id: 'BIGINT', revision: 'INTEGER', day: 'DATE', amount: 'DECIMAL(12,2)', status: 'VARCHAR', note: 'VARCHAR'"
    )
    with duckdb.connect() as database:
        names = ", ".join(COLUMNS)
        expected = f"select {names} from read_json('{wanted}', columns = {{{types}}})"
        actual = f"select {names} from {trial.rows(snapshot)}"
        for one, other in ((expected, actual), (actual, expected)):
            assert database.sql(f"{one} except all {other}").fetchall() == []
        quarantine = tables.quarantine_at(trial.folder / "lake", snapshot)
        assert quarantine is not None
        origins = database.sql(f"select origin from {trial.rows(quarantine)}").fetchall()
        assert sorted(origin for (origin,) in origins) == sorted(oracle.bad)


def check_model(trial: Trial) -> None:
    with duckdb.connect() as database:
        orders = f"select count(*), sum(amount) from {trial.rows(trial.snapshot('feed.orders'))}"
        daily = f"select sum(orders), sum(amount) from {trial.rows(trial.snapshot('main.daily'))}"
        assert database.sql(orders).fetchall() == database.sql(daily).fetchall()


def portions(dice: random.Random) -> Iterator[range]:
    """The pieces that arrive before each run: one of each sort, then one or two."""
    arrived, more = 0, len(ENDINGS)
    while arrived < PIECES:
        yield range(arrived, arrived + more)
        arrived += more
        more = min(dice.choice((1, 1, 2)), PIECES - arrived)


def test_no_row_is_lost_or_doubled_however_runs_end(tmp_path: Path) -> None:
    trial = Trial(tmp_path / "project")
    for pieces in portions(trial.dice):
        for piece in pieces:
            trial.arrive(piece)
        trial.run_with_kills()
        for name in ENDINGS:
            check_counts(trial, name)
    for name in ENDINGS:
        check_rows(trial, name, tmp_path)
    check_model(trial)

    assert sum(oracle.arrived for oracle in trial.oracles.values()) == PIECES * ROWS
    assert len(trial.killed) > PIECES // 5
    assert {*trial.killed} > {"random"}
    print(f"{len(trial.killed)} runs killed:", ", ".join(sorted({*trial.killed})))
