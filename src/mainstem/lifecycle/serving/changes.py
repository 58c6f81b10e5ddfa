"""What has to go out for another system to hold what the release holds: pure, over digests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mainstem.core.delivery import Destination, Row
from mainstem.core.problem import Problem, WorldError
from mainstem.lifecycle.serving.acknowledged import State


@dataclass(frozen=True, slots=True)
class Wanted:
    """A row that the destination should hold, as it takes it, with its digest."""

    row: Row
    digest: bytes


@dataclass(frozen=True, slots=True)
class Changes:
    """By digest of key. `deletes` are keys whose rows this sync wrote, and which the release does not hold any more.
    Of `inserts` those that are `unsure` were sent before, and not acknowledged: the destination may hold them."""

    inserts: Mapping[bytes, Wanted]
    updates: Mapping[bytes, Wanted]
    deletes: frozenset[bytes]
    unchanged: int
    unsure: frozenset[bytes] = frozenset()

    @property
    def is_empty(self) -> bool:
        return not (self.inserts or self.updates or self.deletes)


def find_changes(wanted: Mapping[bytes, Wanted], state: State, mode: str) -> Changes:
    """New rows, changed ones (never in mode `insert`), and in mode `mirror` those that are gone."""
    inserts = {key: row for key, row in wanted.items() if state.get(key) is None}
    updates = {key: row for key, row in wanted.items() if key not in inserts and state[key] != row.digest}
    if mode == "insert":
        updates = {}
    gone = frozenset(state) - frozenset(wanted) if mode == "mirror" else frozenset()
    unsure = frozenset(key for key in inserts if key in state) if mode != "insert" else frozenset()
    return Changes(inserts, updates, gone, len(wanted) - len(inserts) - len(updates), unsure)


def refuse_surprise(changes: Changes, wanted: int, state: State, to: Destination) -> None:
    """WorldError V039 where a mistake is likelier than the wish: nothing is left, or most rows would be deleted."""
    if not state:
        return
    mend = "look with `mainstem query` at what the sync reads; if it is meant, deliver with --allow-deletes"
    if not wanted:
        what = f"the sync yields no row, and {len(state):,} were sent before"
        raise WorldError(Problem("V039", what, mend, to.place))
    if len(changes.deletes) * 2 > len(state):
        what = f"{len(changes.deletes):,} of the {len(state):,} rows that were sent would be deleted"
        raise WorldError(Problem("V039", what, mend, to.place))
