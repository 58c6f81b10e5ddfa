"""Reads a table at a version: from our shortcut and the entries after it, else from the whole log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mainstem.core.problem import Problem, ProjectError, WorldError
from mainstem.core.release import DataFile, Snapshot
from mainstem.lifecycle.storage import shortcuts
from mainstem.lifecycle.storage.features import refuse_unreadable
from mainstem.lifecycle.storage.log import LOG, Entry, entry_path, read_entry
from mainstem.lifecycle.storage.refusals import foreign
from mainstem.lifecycle.storage.state import CARRYING, NOTHING, State, follow


def snapshot(lake: Path, table: str, number: int | None = None) -> Snapshot | None:
    """The table at version `number`, or at its newest; None where there is no such table (or only a fence).

    WorldError K009 where the table has no such version (any more), K003 where another writer left what cannot be
    read rightly (deletion vectors, column mapping, partitions).
    """
    state = read_state(lake, table, number)
    if state is None or state.is_blank:
        return None
    refuse_unreadable(table, state)
    try:
        return state.snapshot(table)
    except ProjectError as error:
        raise foreign(table, f"holds what no column of ours can: {error.problems[0].what}") from error


def has_version(lake: Path, table: str, number: int) -> bool:
    """Whether the table's log still reaches version `number`. Other errors as `snapshot`."""
    if entry_path(lake / table, number).exists():
        return True
    try:
        return read_state(lake, table, number) is not None
    except WorldError as error:
        if error.problems[0].code != "K009":
            raise
        return False


def read_state(lake: Path, table: str, number: int | None = None) -> State | None:
    """What the log says; None where there is no log. Errors as `snapshot`."""
    folder = lake / table
    start = shortcuts.load(folder, number)
    if start is None and not entry_path(folder, 0).exists():
        return _through_library(folder, table, number) if _has_log(folder) else None
    state = follow(table, start or NOTHING, _entries(folder, (start or NOTHING).number, number))
    if number is not None and state.number != number:
        raise _no_such_version(table, number, state.number)
    if not state.metadata:
        raise foreign(table, "has a log without a schema")
    return state


def _entries(folder: Path, after: int, until: int | None) -> Iterator[Entry]:
    number = after + 1
    while until is None or number <= until:
        entry = read_entry(folder, number)
        if entry is None:
            return
        yield entry
        number += 1


def _has_log(folder: Path) -> bool:
    log = folder / LOG
    return log.is_dir() and any(path.suffix in {".json", ".parquet"} for path in log.iterdir())


def _no_such_version(table: str, number: int, newest: int) -> WorldError:
    what = f'table "{table}" has no version {number}; its newest is {newest}'
    return WorldError(Problem("K009", what, "run `mainstem doctor`, which compares releases with the lake"))


def _through_library(folder: Path, table: str, number: int | None) -> State:
    """For a log whose first entries another writer has cleaned away: from its checkpoints, which deltalake reads.

    Statistics stay behind; rows are still counted.
    """
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError

    try:
        found = DeltaTable(str(folder), version=number)
    except (DeltaError, OSError) as error:
        raise foreign(table, "has a log with gaps") from error
    metadata, protocol, adds = found.metadata(), found.protocol(), found.get_add_actions(flatten=True)
    if "num_records" not in adds.column_names:
        raise foreign(table, "has files without row counts, left by another writer")
    columns = (adds.column(name).to_pylist() for name in ("path", "size_bytes", "num_records"))
    described = {
        "id": str(metadata.id),
        "schemaString": found.schema().to_json(),
        "configuration": dict(metadata.configuration),
        "partitionColumns": list(metadata.partition_columns),
        "createdTime": metadata.created_time,
        "format": {"provider": "parquet", "options": {}},
    }
    features = {
        "minReaderVersion": protocol.min_reader_version,
        "minWriterVersion": protocol.min_writer_version,
        "readerFeatures": protocol.reader_features,
        "writerFeatures": protocol.writer_features,
    }
    files = {path: DataFile(path, size, rows) for path, size, rows in zip(*columns, strict=True)}
    txn = found.transaction_version(table)
    facts = _newest_facts(folder, found.version())
    return State(found.version(), features, described, files, {}, {table: txn} if txn else {}, facts)


def _newest_facts(folder: Path, number: int) -> Mapping[str, Any]:
    for version in range(number, -1, -1):
        entry = read_entry(folder, version)
        if entry is None:
            break
        if entry.facts.get("kind") in CARRYING:
            return entry.facts
    return {}
