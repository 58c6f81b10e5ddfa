"""The greatest instant of the clock that was ever recorded."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from mainstem.ledger.rows import instant_of, text_of

if TYPE_CHECKING:
    from sqlite3 import Connection


def latest(connection: Connection) -> datetime | None:
    """None while nothing was recorded."""
    found = connection.execute("select latest from ledger").fetchone()[0]
    return found and instant_of(found)


def note(connection: Connection, at: datetime) -> None:
    """Something is recorded at that instant."""
    connection.execute("update ledger set latest = :at where latest is null or latest < :at", {"at": text_of(at)})
