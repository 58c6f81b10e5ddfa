"""What a session is at, for those who ask from another thread."""

from __future__ import annotations

import time
from collections.abc import Callable

from mainstem.core.reached import Reached

_LEAST_SHARE = 0.01


class Work:
    """What is done at present, since when, and who counts the rows that come."""

    __slots__ = ("_doing", "_query_s", "_rows", "_since_s")

    def __init__(self) -> None:
        self._doing = ""
        self._since_s = self._query_s = 0.0
        self._rows: Callable[[], int | None] | None = None

    def begin(self, doing: str) -> None:
        """Something else is done from now on; whoever counted before counts no more."""
        self._rows = None
        self._since_s = time.monotonic()
        self._doing = doing

    def begin_query(self, *, is_most: bool) -> None:
        """A query begins. How far it comes says how far the work is only if it `is_most` of it."""
        self._query_s = time.monotonic() if is_most else 0.0

    @property
    def is_reading(self) -> bool:
        """Whether rows come in by the engine's own statements."""
        return self._doing in ("fetching", "reading")

    def count_by(self, rows: Callable[[], int | None]) -> None:
        """See `core.ports.Session.count_by`."""
        self._rows = rows

    def reached(self, percentage: float) -> Reached | None:
        """What is known now. `percentage` is the engine's, of the query that runs: -1 where it does not know.

        It is not told near its ends: nothing may have begun at 0, and much be left to sort and to write at 100.
        """
        if not self._doing:
            return None
        now_s, rows, query_s = time.monotonic(), self._rows, self._query_s
        share = percentage / 100 if query_s and _LEAST_SHARE <= percentage / 100 < 1 else None
        return Reached(self._doing, now_s - self._since_s, share, now_s - query_s, rows() if rows else None)
