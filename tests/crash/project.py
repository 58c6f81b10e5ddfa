"""A small project with every sort of step, and what its tables hold."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mainstem.core.clock import SetClock
from mainstem.core.run import Run
from mainstem.core.span import Again
from mainstem.ledger.sqlite import open_ledger
from mainstem.lifecycle.serving.request import Request
from mainstem.orchestration.reading import ask, current_release
from mainstem.orchestration.waiting import run_waiting
from mainstem.project import load

FILES = {
    "mainstem.yml": "name: crash\nlake: lake/\nclock: replay\n",
    "sources/shop.yml": """
kind: sqlite
path: shop.db
tables:
  orders:
    load: incremental
    cursor: updated_at
    key: [id]
    write: merge
    time_column: day
    columns:
      id: {type: bigint, required: true}
      day: {type: date, required: true}
      amount: {type: integer, min: 0}
      updated_at: {type: timestamp}
""",
    "sources/feed.yml": """
kind: files
path: inbox
tables:
  prices:
    path: "*.csv"
    load: incremental
    write: append
    columns:
      day: {type: date, required: true}
      price: {type: "decimal(10,2)", required: true}
""",
    "models/staging/orders.sql": "select id, day, amount from shop.orders\n",
    "models/marts/daily.sql": """/* ---
kind: table
time_column: day
checks:
  - not_null: [day]
--- */
select o.day, count(*) as orders, sum(o.amount) as amount, max(p.price) as price
from staging.orders as o left join feed.prices as p using (day)
group by o.day
""",
    "models/marts/largest.sql": """/* ---
kind: incremental
refresh: incremental
key: [day]
--- */
select day, count(*) as orders, max(amount) as amount from staging.orders group by day
""",
    "models/marts/recent.sql": "/* ---\nkind: view\n--- */\nselect * from marts.daily where orders > 1\n",
}
TABLES = (
    *("shop.orders", "feed.prices", "feed.prices__quarantine"),
    *("staging.orders", "marts.daily", "marts.largest", "marts.recent"),
)


def make(folder: Path) -> Path:
    """The project with its sources as on the first day."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "inbox").mkdir()
    first_day(folder)
    return folder


def first_day(folder: Path) -> None:
    """Orders 1 to 6, one of them broken; prices with one broken line."""
    with sqlite3.connect(folder / "shop.db") as database:
        database.execute("create table orders (id integer, day text, amount integer, updated_at text)")
        database.executemany(
            "insert into orders values (?, ?, ?, ?)",
            [
                (i, f"2024-01-0{1 + i % 2}", i * 10 if i != 4 else -1, f"2024-01-0{1 + i % 2} 10:00:00")
                for i in range(1, 7)
            ],
        )
    database.close()
    (folder / "inbox" / "a.csv").write_text("day,price\n2024-01-01,1.50\n2024-01-02,many\n")


def second_day(folder: Path) -> None:
    """A correction, new orders, a new file with another broken line."""
    with sqlite3.connect(folder / "shop.db") as database:
        database.execute("update orders set amount = 99, updated_at = '2024-01-03 09:00:00' where id = 2")
        database.executemany(
            "insert into orders values (?, '2024-01-03', ?, '2024-01-03 10:00:00')", [(i, i) for i in range(7, 10)]
        )
    database.close()
    (folder / "inbox" / "b.csv").write_text("day,price\n2024-01-03,2.50\nlater,3\n")


def killed_run(
    folder: Path, day: int, point: str, command: Sequence[str] = ("run",)
) -> subprocess.CompletedProcess[str]:
    """The run of the morning of that day of January 2024 in its own process, killed at a point."""
    return subprocess.run(
        [sys.executable, "-m", "mainstem", *command, "--json", "--now", morning(day).isoformat()],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "MAINSTEM_CRASH_AT": point},
        check=False,
    )


def run(folder: Path, day: int, again: Again | None = None) -> Run:
    """The same run, to its end, in this process."""
    project = load(folder)
    ledger = open_ledger(project.ledger)
    try:
        return run_waiting(project, ledger, SetClock(morning(day)), errand=again)
    finally:
        ledger.close()


def morning(day: int) -> datetime:
    """Six o'clock."""
    return datetime(2024, 1, day, 6, tzinfo=UTC)


def tables(folder: Path, names: Sequence[str] = TABLES) -> dict[str, Any]:
    """Every table's rows, sorted; what differs from run to run is left out."""
    project = load(folder)
    ledger = open_ledger(project.ledger)
    try:
        release = current_release(ledger, "prod")
        clock = SetClock(release.at)
        found = {}
        for name in names:
            columns = "reason, row" if name.endswith("__quarantine") else "*"
            request = Request("query", f"select {columns} from {name} order by all", 1000)
            found[name] = ask(project, ledger, clock, release, request).rows
        return found
    finally:
        ledger.close()
