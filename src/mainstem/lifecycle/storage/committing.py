"""Commits: the log version is the fence. Each goes to exactly the version after its base, or is refused.

The library deltalake could write these entries too, in several steps where we need one (its new columns and its
protocol features are commits of their own), unchecked, and at five times the cost; what it writes means the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from zlib import crc32

from mainstem.core.dataset import QUARANTINE
from mainstem.core.problem import Problem, WorldError
from mainstem.core.release import Change, DataFile, Field, Identity, Snapshot
from mainstem.lifecycle.storage import shortcuts
from mainstem.lifecycle.storage.actions import Parts, entry_actions
from mainstem.lifecycle.storage.facts import facts_of, touches_quarantine
from mainstem.lifecycle.storage.features import refuse_unwritable
from mainstem.lifecycle.storage.log import Entry, entry_of, read_entry, write_entry
from mainstem.lifecycle.storage.reading import read_state
from mainstem.lifecycle.storage.refusals import broken_promise, outrun
from mainstem.lifecycle.storage.state import NOTHING, State, follow
from mainstem.lifecycle.storage.types import delta_schema, stored_fields
from mainstem.sql.types import parse_type

CHECKPOINT_EVERY = 10
"""Versions between two checkpoints (for other readers) and two shortcuts (for ourselves)."""


def commit(
    lake: Path, table: str, base: Snapshot | None, change: Change, identity: Identity, *, now_ms: int
) -> Snapshot:
    """Commit `change` at exactly the version after `base` (None: the table begins), and return what the table holds.

    New columns, raised protocol, added and removed files, `identity` and the attempt's number are one entry: all of it
    or nothing. Calling again after a lost answer finds the commit that was made. Only maintenance may lie between the
    base and the commit; then the change is checked against it anew.

    WorldError K004 when somebody else committed, K005 when the change does not fit (a removed file is not in the base,
    an added one is missing on disk, the attempt is not above the table's), K010 when a column's type differs and
    `change.replace` is not set, K003 for a table with another writer's features, K006 to K008 when the disk refuses.
    """
    state = _base_state(lake, table, base)
    _check_files(lake, table, change)
    while True:
        parts = _parts(table, state, change, identity)
        entry, made_by = append(lake / table, state, parts, now_ms)
        if entry is not None:
            break
        if _is_ours(made_by, identity):
            entry = made_by
            break
        if not _is_harmless(made_by, identity):
            raise outrun(table, made_by.number, _who(made_by))
        state = follow(table, state, [made_by])
    state = follow(table, state, [entry])
    keep_short(lake / table, table, state)
    return state.snapshot(table)


def append(folder: Path, state: State, parts: Parts, now_ms: int) -> tuple[Entry | None, Entry]:
    """Write the entry after `state`: (it, it) when it is ours now, (None, the other's) when somebody was faster.

    An error of the disk is no proof of failure: an entry that stands after all counts.
    """
    number = state.number + 1
    actions = entry_actions(state, parts, now_ms)
    entry = entry_of(number, actions)
    try:
        if write_entry(folder, number, actions):
            return entry, entry
    except WorldError:
        standing = read_entry(folder, number)
        if standing is None or standing.facts != entry.facts:
            raise
        return entry, entry
    other = read_entry(folder, number)
    if other is None:
        raise broken_promise(folder.name, f"version {number} appeared and vanished")
    return None, other


def keep_short(folder: Path, table: str, state: State) -> None:
    """Every tenth version: a checkpoint and a shortcut, so that no reader replays a long log. Tables take turns."""
    turn = (state.number + crc32(table.encode())) % CHECKPOINT_EVERY
    if turn or state.number < CHECKPOINT_EVERY:
        return
    shortcuts.save(folder, state)
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError

    with suppress(DeltaError, OSError):
        DeltaTable(str(folder), version=state.number).create_checkpoint()


def needs_new_table(base: Snapshot, fields: Sequence[Field]) -> str | None:
    """Why files with `fields` cannot be added to the files of `base`, or None where they can.

    A column that keeps its name must keep its type: old files hold the old one, and readers of Delta then fail.
    """
    known = {field.name.lower(): field for field in base.fields}
    for field in fields:
        old = known.get(field.name.lower())
        if old is not None and parse_type(old.type) != parse_type(field.type):
            return f'column "{field.name}" is stored as {old.type} and would become {field.type}'
    return None


def _base_state(lake: Path, table: str, base: Snapshot | None) -> State:
    if base is None:
        return NOTHING
    state = read_state(lake, table, base.number)
    if state is None:
        raise broken_promise(table, "the table is gone")
    refuse_unwritable(table, state)
    return state


def _check_files(lake: Path, table: str, change: Change) -> None:
    for folder, files in ((table, change.added), (table + QUARANTINE, change.rejects)):
        for file in files:
            try:
                size = (lake / folder / file.path).stat().st_size
            except OSError as error:
                raise broken_promise(folder, f'the added file "{file.path}" is missing') from error
            if size != file.size_bytes:
                raise broken_promise(folder, f'"{file.path}" has {size} bytes instead of {file.size_bytes}')


def _parts(table: str, state: State, change: Change, identity: Identity) -> Parts:
    """What the entry does to `state`; K004, K005 or K010 where the change does not fit it."""
    attempt = state.txns.get(table, 0)
    if attempt >= identity.attempt:
        raise outrun(table, state.number, f"attempt {attempt}, which is not before attempt {identity.attempt}")
    return Parts(
        _with_chain(state, facts_of("data", identity, change)),
        change.added,
        _removed(table, state, change),
        _new_schema(table, state, change),
        (table, identity.attempt),
        is_overwrite=change.replace,
    )


def _with_chain(state: State, facts: dict[str, Any]) -> Mapping[str, Any]:
    """Facts that know their version, and the newest version before it that touches the quarantine: so this finds what
    it misses without reading the whole log."""
    old = state.facts
    before = old.get("number") if touches_quarantine(old) else old.get("rejects_before")
    return {**facts, "number": state.number + 1, "rejects_before": before}


def _removed(table: str, state: State, change: Change) -> tuple[DataFile, ...]:
    unknown = [path for path in change.removed if path not in state.files]
    if unknown:
        raise broken_promise(table, f'the removed file "{unknown[0]}" is not in version {state.number}')
    named = set(state.files)
    for file in change.added:
        if file.path in named:
            raise broken_promise(table, f'the added file "{file.path}" is named twice')
        named.add(file.path)
    names = state.files if change.replace else change.removed
    return tuple(state.files[path] for path in names)


def _new_schema(table: str, state: State, change: Change) -> str | None:
    """The schema after the change, None where it stays as it is."""
    known = state.fields if state.metadata else ()
    wanted = stored_fields(change.fields)
    if [parse_type(field.type) for field in change.fields] != [parse_type(field.type) for field in wanted]:
        raise broken_promise(table, "its files hold types that the lake cannot store")
    if not change.replace:
        reason = needs_new_table(Snapshot(table, state.number, known, ()), wanted)
        if reason:
            raise WorldError(
                Problem("K010", f'{reason} in table "{table}"', "rewrite the whole table, or begin a new one")
            )
        new = {field.name.lower(): field for field in wanted}
        kept = tuple(_renamed(field, new.pop(field.name.lower(), field)) for field in known)
        wanted = (*kept, *new.values())
    is_same = wanted == known and [each.original for each in wanted] == [each.original for each in known]
    return delta_schema(wanted) if not is_same or not state.metadata else None


def _renamed(known: Field, new: Field) -> Field:
    """A column of the table under its newest name at the source."""
    return replace(known, original=new.original or known.original)


def _is_ours(entry: Entry, identity: Identity) -> bool:
    found = entry.facts
    return found.get("kind") == "data" and (found["run"], found["attempt"]) == (identity.run, identity.attempt)


def _is_harmless(entry: Entry, identity: Identity) -> bool:
    """Maintenance: the same rows in other files, or the fence of an older attempt."""
    kind = entry.facts.get("kind")
    return kind == "compaction" or (kind == "fence" and int(entry.facts["attempt"]) < identity.attempt)


def _who(entry: Entry) -> str:
    if not entry.facts:
        return "another writer"
    return f'attempt {entry.facts.get("attempt")} of run "{entry.facts.get("run")}"'
