"""The quarantine of a table: derived, commit by commit, from the rejects that the table's own commits name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mainstem.core.clock import parse_instant
from mainstem.core.dataset import QUARANTINE
from mainstem.core.release import Field, Snapshot
from mainstem.lifecycle.storage.actions import Parts
from mainstem.lifecycle.storage.committing import append, keep_short
from mainstem.lifecycle.storage.facts import FORMAT, rejects_of, touches_quarantine
from mainstem.lifecycle.storage.log import Entry, read_entry
from mainstem.lifecycle.storage.reading import read_state, snapshot
from mainstem.lifecycle.storage.state import NOTHING, State, follow
from mainstem.lifecycle.storage.types import delta_schema

FIELDS = (
    Field("reason", "VARCHAR"),
    Field("origin", "VARCHAR"),
    Field("run", "VARCHAR"),
    Field("at", "TIMESTAMP WITH TIME ZONE"),
    Field("row", "VARCHAR"),
)
"""Columns of every quarantine: why, where the row came from, when and by which run, and the raw row as JSON text."""


def commit_rejects(lake: Path, data: Snapshot) -> Snapshot | None:
    """The quarantine of `data.table` as it stands with `data`: everything up to there that it misses is committed now.

    The application id of each commit is the data table, its version the data table's: so nothing is committed
    twice, whoever repeats it. None when nothing was ever set aside.
    """
    name = data.table + QUARANTINE
    state = read_state(lake, name)
    reached = state.txns.get(data.table, -1) if state else -1
    for entry in reversed(list(_missing(lake / data.table, data.facts.get("number"), reached))):
        state = _derive(lake, data.table, state or NOTHING, entry)
    return _as_of(lake, data, state) if state else None


def replay_rejects(lake: Path, table: str) -> Snapshot | None:
    """`commit_rejects` up to the table's newest version; None when there is no table, or nothing was set aside."""
    newest = snapshot(lake, table)
    return commit_rejects(lake, newest) if newest is not None else None


def quarantine_at(lake: Path, data: Snapshot) -> Snapshot | None:
    """The quarantine as it stands with `data`, without committing what it misses; None when there is none."""
    state = read_state(lake, data.table + QUARANTINE)
    return _as_of(lake, data, state) if state else None


def ever_set_aside(lake: Path, quarantine: Snapshot) -> list[Path]:
    """All files that a quarantine ever had up to a version, as far as they are still there."""
    folder = lake / quarantine.table
    entries = (read_entry(folder, number) for number in range(quarantine.number + 1))
    names = {str(add["path"]) for entry in entries if entry is not None for add in entry.adds}
    return [path for name in sorted(names) if (path := folder / name).is_file()]


def _missing(folder: Path, newest: int | None, reached: int) -> Iterator[Entry]:
    """Entries of the data table above version `reached` that touch its quarantine, newest first."""
    number = newest
    while number is not None and number > reached:
        entry = read_entry(folder, number)
        if entry is None:
            return
        if touches_quarantine(entry.facts):
            yield entry
        number = entry.facts.get("rejects_before")


def _derive(lake: Path, table: str, state: State, entry: Entry) -> State:
    """Commit the rejects of one entry of the data table, unless somebody just did; one that settles takes the place of
    all files there were."""
    name, settles = table + QUARANTINE, bool(entry.facts.get("settles"))
    now_ms = int(parse_instant(entry.facts["at"]).timestamp() * 1000)
    while state.txns.get(table, -1) < entry.number:
        facts = {"format": FORMAT, "kind": "quarantine", "run": entry.facts["run"], "of": entry.number}
        schema = None if state.metadata else delta_schema(FIELDS)
        gone = tuple(state.files.values()) if settles else ()
        txn = (table, entry.number)
        parts = Parts(facts, rejects_of(entry.facts), gone, schema=schema, txn=txn, is_overwrite=settles)
        _, written = append(lake / name, state, parts, now_ms)
        state = follow(name, state, [written])
        keep_short(lake / name, name, state)
    return state


def _as_of(lake: Path, data: Snapshot, state: State) -> Snapshot | None:
    """The newest version of the quarantine that holds nothing from after `data`."""
    name = data.table + QUARANTINE
    if state.txns.get(data.table, -1) <= data.number:
        return state.snapshot(name)
    for number in range(state.number, -1, -1):
        entry = read_entry(lake / name, number)
        if entry is None:
            return None
        if entry.txns.get(data.table, data.number + 1) <= data.number or entry.facts.get("kind") == "fork":
            return snapshot(lake, name, number)
    return None
