"""A SQLite ledger as a file that tests look into."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from ledger_world import AT, fact, published, take, version

from mainstem.ledger.sqlite import SqliteLedger, open_ledger


def opened(path: Path, wait_s: float = 10.0) -> SqliteLedger:
    ledger = open_ledger(path, wait_s=wait_s)
    assert isinstance(ledger, SqliteLedger)
    return ledger


def filled(path: Path) -> None:
    """A ledger with something of everything."""
    ledger = opened(path)
    ledger.begin_run("run-1", "prod", AT, "h:1:0")
    lease = take(ledger, "marts.a")["marts.a"]
    ledger.record_step(lease, version("marts.a"), [fact() for _ in range(200)], AT)
    published(ledger, 1, [version("marts.a"), version("marts.b")])
    published(ledger, 2, [version("marts.a", 1), version("marts.b")])
    for n in range(5):
        ledger.audit({"n": n}, AT)
    ledger.close()


def change(path: Path, statement: str) -> None:
    """Change a ledger behind its back."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.commit()
