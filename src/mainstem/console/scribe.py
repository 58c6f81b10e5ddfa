"""Audit rows and requests of many answers, written down in one transaction before any of the answers leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from typing import Any

from mainstem.core.evidence import Evidence
from mainstem.core.ports import Ledger

_Row = tuple[Mapping[str, Any], datetime]


class Held:
    """An audit that only holds its rows: whoever sends the answer has them written first."""

    def __init__(self) -> None:
        self.rows: list[_Row] = []

    def audit(self, row: Mapping[str, Any], at: datetime) -> None:
        self.rows.append((row, at))


GATHER_S = 0.005
"""How long an answer waits for others that are being made, so that one transaction does for all of them."""


class Scribe:
    """Writes what has gathered, one transaction at a time: when no other answer is being made, or soon.

    Requests of one output that ended alike within the same millisecond count are one row of evidence: `value` the
    milliseconds, `total` the number of requests.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._rows: list[_Row] = []
        self._requests: list[Evidence] = []
        self._gathering: asyncio.Future[None] | None = None
        self._busy = asyncio.Lock()
        self._coming = 0
        self._all_here = asyncio.Event()

    def expect(self) -> None:
        """An answer is being made, for which `write` will be called."""
        self._coming += 1
        self._all_here.clear()

    async def write(self, rows: list[_Row], request: Evidence) -> None:
        """Return when the rows are in the ledger. WorldError when they cannot be written."""
        self._coming -= 1
        if not self._coming:
            self._all_here.set()
        self._rows += rows
        self._requests.append(request)
        if self._gathering is None:
            self._gathering = asyncio.ensure_future(self._write())
        await asyncio.shield(self._gathering)

    async def _write(self) -> None:
        async with self._busy:
            if self._coming:
                with suppress(TimeoutError):
                    async with asyncio.timeout(GATHER_S):
                        await self._all_here.wait()
            self._gathering = None
            rows, self._rows = self._rows, []
            requests, self._requests = self._requests, []
            await asyncio.get_running_loop().run_in_executor(None, self._ledger.note, rows, counted(requests))


def counted(requests: list[Evidence]) -> list[Evidence]:
    """Requests that are alike, as one row each with their number."""
    found: dict[tuple[object, ...], list[Evidence]] = {}
    for each in requests:
        key = (each.subject, each.version, each.env, each.outcome, each.value, each.facts.get("principal"))
        found.setdefault(key, []).append(each)
    from dataclasses import replace

    return [replace(alike[0], total=Decimal(len(alike))) for alike in found.values()]
