"""How many rows PostgreSQL has sent so far: the engine reads by COPY, of which the server keeps account."""

from __future__ import annotations

from contextlib import suppress
from threading import Lock
from typing import Any

from mainstem.lifecycle.postgres import driver

_COPIED = """
select pid, tuples_processed from pg_stat_progress_copy
join pg_stat_activity using (pid) where application_name = %s
"""


class CopiedRows:
    """Asks over a connection that rests in a transaction; what is asked for runs under the name `application`.

    A server older than version 14 keeps no account of it (pg_stat_progress_copy).
    """

    def __init__(self, connection: Any, application: str) -> None:
        self._connection = connection
        self._application = application
        self._rows: dict[int, int] = {}
        self._lock = Lock()
        self._is_closed = False

    def count(self) -> int | None:
        """The rows of all connections, in any thread; None where the server does not say. A connection that has sent
        all of its rows counts with what was seen last."""
        with self._lock, suppress(driver(None).Error):
            if not self._is_closed:
                for pid, rows in self._asked():
                    self._rows[pid] = max(rows, self._rows.get(pid, 0))
        return sum(self._rows.values()) or None

    def _asked(self) -> list[tuple[int, int]]:
        with self._connection.transaction():  # a savepoint: what the server refuses ends nothing else
            self._connection.execute("select pg_stat_clear_snapshot()")
            found: list[tuple[int, int]] = self._connection.execute(_COPIED, [self._application]).fetchall()
        return found

    def close(self) -> None:
        """Nobody asks any more: the connection may be closed."""
        with self._lock:
            self._is_closed = True
