"""What a table's log says at one version, replayed from its entries."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from mainstem.core.release import DataFile, Field, Snapshot
from mainstem.lifecycle.storage.log import Entry
from mainstem.lifecycle.storage.refusals import foreign
from mainstem.lifecycle.storage.types import fields_of

CARRYING = frozenset({"data", "fork", "compaction"})
"""Kinds of our commits that say what the table holds: whose run, from which inputs, up to which position."""

_ROWS = re.compile(r'"numRecords"\s*:\s*(\d+)')


@dataclass(frozen=True, slots=True)
class State:
    """A table at one version. `files` maps the path of each live file (decoded) to the file, in the order of their
    commits; `written` maps those paths whose text in the log differs to that text. `txns` maps application ids to
    their greatest version. `facts` is the metadata of our newest commit that carries data.
    """

    number: int
    protocol: Mapping[str, Any]
    metadata: Mapping[str, Any]
    files: Mapping[str, DataFile]
    written: Mapping[str, str]
    txns: Mapping[str, int]
    facts: Mapping[str, Any]

    @property
    def fields(self) -> tuple[Field, ...]:
        return fields_of(self.metadata["schemaString"])

    @property
    def is_blank(self) -> bool:
        """No column yet: a fence stands where the table will be."""
        return not json.loads(self.metadata["schemaString"])["fields"]

    def snapshot(self, table: str) -> Snapshot:
        """The same, as a noun."""
        files = tuple(self.files.values())
        return Snapshot(table, self.number, self.fields, files, self.txns.get(table, 0), self.facts)


NOTHING = State(-1, {}, {}, {}, {}, {}, {})
"""A table before its first entry."""


def follow(table: str, state: State, entries: Iterable[Entry]) -> State:
    """The state after these entries, which come in order (Delta protocol, "Action Reconciliation").

    WorldError K003 for a file that cannot be read as a whole.
    """
    files, written, txns = dict(state.files), dict(state.written), dict(state.txns)
    number, protocol, metadata, facts = state.number, state.protocol, state.metadata, state.facts
    for entry in entries:
        for remove in entry.removes:
            files.pop(_decoded(table, remove["path"]), None)
        for add in entry.adds:
            file = _data_file(table, add)
            files[file.path] = file
            if file.path != add["path"]:
                written[file.path] = add["path"]
        for app, version in entry.txns.items():
            txns[app] = max(version, txns.get(app, 0))
        number, protocol, metadata = entry.number, entry.protocol or protocol, entry.metadata or metadata
        if entry.facts.get("kind") in CARRYING:
            facts = entry.facts
    return State(number, protocol, metadata, files, written, txns, facts)


def _data_file(table: str, add: Mapping[str, Any]) -> DataFile:
    if add.get("deletionVector"):
        raise foreign(table, "has files with deletion vectors, left by another writer")
    if add.get("partitionValues"):
        raise foreign(table, "is partitioned by another writer")
    stats = add.get("stats")
    rows = _ROWS.search(stats) if stats else None
    if rows is None:
        raise foreign(table, f'has a file without a row count ("{add["path"]}"), left by another writer')
    return DataFile(_decoded(table, add["path"]), int(add["size"]), int(rows[1]), stats)


def _decoded(table: str, path: str) -> str:
    """A path of the log as a path below the table's folder, or an absolute one (Delta protocol: a URI reference)."""
    if "%" not in path and ":" not in path:
        return path
    parts = urlsplit(path)
    if parts.scheme not in {"", "file"}:
        raise foreign(table, f'names a file elsewhere ("{path}")')
    return unquote(parts.path)


def encoded(state: State | None, path: str) -> str:
    """The text by which the log names a file."""
    known = state.written.get(path) if state else None
    return known or quote(path, safe="/!$&'()*+,;=@~-._")
