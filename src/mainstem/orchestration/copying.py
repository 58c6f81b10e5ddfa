"""The ledger's copy in the lake, brought up to date after a publication."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from mainstem.core import crash
from mainstem.core.clock import Clock
from mainstem.core.copy import Batch, Kept
from mainstem.core.ports import Ledger
from mainstem.core.problem import WorldError
from mainstem.lifecycle.storage import tables


def copy_ledger(ledger: Ledger, lake: Path, clock: Clock) -> None:
    """Append what the ledger wrote since its last copy. A copy that fails is carried on by the next one: nothing
    that was published hangs on it."""

    def keep(last: Kept, batch: Batch) -> Kept | None:
        kept = tables.keep_copy(lake, last, batch)
        crash.point("inside-copy")
        return kept

    with suppress(WorldError):
        if tables.owner_of(lake) == ledger.id:
            ledger.copy(keep, clock.now())
