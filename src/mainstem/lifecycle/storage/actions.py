"""The lines of a log entry, as the Delta protocol wants them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import mainstem
from mainstem.core.release import DataFile
from mainstem.lifecycle.storage.log import OURS, Action
from mainstem.lifecycle.storage.state import State, encoded

RETENTION: Mapping[str, str] = {
    "delta.checkpointInterval": "10",
    "delta.deletedFileRetentionDuration": "interval 36500 days",
    "delta.logRetentionDuration": "interval 36500 days",
}
"""Properties of every table: without them other writers clean away entries and files that releases still name."""

_IMPLIED = (
    (2, ("appendOnly", "invariants")),
    (3, ("checkConstraints",)),
    (4, ("changeDataFeed", "generatedColumns")),
    (5, ("columnMapping",)),
    (6, ("identityColumns",)),
)
_NO_ZONE = "timestampNtz"


@dataclass(frozen=True, slots=True)
class Parts:
    """What one entry does. `schema` is the new schemaString, None where it stays. `txn` is application id and version.
    `is_overwrite` only tells readers of the history how to call it."""

    facts: Mapping[str, Any]
    added: tuple[DataFile, ...] = ()
    removed: tuple[DataFile, ...] = ()
    schema: str | None = None
    txn: tuple[str, int] | None = None
    is_overwrite: bool = False


def entry_actions(state: State, parts: Parts, now_ms: int) -> list[Action]:
    """All lines of the entry that follows `state`: commitInfo first, then in the order in which readers expect them."""
    return [
        _info(state, parts, now_ms),
        *_described(state, parts.schema, now_ms),
        *(_remove(state, file, now_ms) for file in parts.removed),
        *(_add(file, now_ms) for file in parts.added),
        *_txn(parts.txn, now_ms),
    ]


def _info(state: State, parts: Parts, now_ms: int) -> Action:
    mode = "Overwrite" if parts.is_overwrite else "Append"
    info = {
        "timestamp": now_ms,
        "operation": "CREATE TABLE" if state.number < 0 else "WRITE",
        "operationParameters": {"mode": mode, "partitionBy": "[]"},
        "engineInfo": f"mainstem/{mainstem.__version__}",
        OURS: parts.facts,
    }
    return {"commitInfo": info}


def _described(state: State, schema: str | None, now_ms: int) -> Iterable[Action]:
    """protocol and metaData, each only where it changes."""
    if schema is None:
        return
    needs_more = '"timestamp_ntz"' in schema and _NO_ZONE not in (state.protocol.get("readerFeatures") or ())
    if not state.protocol or needs_more:
        yield {"protocol": _protocol(state.protocol, needs_more=needs_more)}
    fresh: dict[str, Any] = {
        "id": str(uuid4()),
        "name": None,
        "description": None,
        "format": {"provider": "parquet", "options": {}},
        "partitionColumns": [],
        "createdTime": now_ms,
        "configuration": dict(RETENTION),
    }
    yield {"metaData": {**(state.metadata or fresh), "schemaString": schema}}


def _protocol(old: Mapping[str, Any], *, needs_more: bool) -> Mapping[str, Any]:
    """The least protocol; raised to table features, which keep what the old numbers implied, where instants without
    a zone are stored (Delta protocol, "Valid Feature Names in Table Features")."""
    if not needs_more:
        return {"minReaderVersion": 1, "minWriterVersion": 2}
    writer_version = old.get("minWriterVersion", 0)
    kept = list(old.get("writerFeatures") or ())
    if writer_version < 7:
        kept += [name for version, names in _IMPLIED if version <= writer_version for name in names]
    readers = [*(old.get("readerFeatures") or ()), _NO_ZONE]
    return {
        "minReaderVersion": 3,
        "minWriterVersion": 7,
        "readerFeatures": readers,
        "writerFeatures": [*kept, _NO_ZONE],
    }


def _add(file: DataFile, now_ms: int) -> Action:
    return {
        "add": {
            "path": encoded(None, file.path),
            "partitionValues": {},
            "size": file.size_bytes,
            "modificationTime": now_ms,
            "dataChange": True,
            "stats": file.stats or f'{{"numRecords":{file.rows}}}',
        }
    }


def _remove(state: State, file: DataFile, now_ms: int) -> Action:
    return {
        "remove": {
            "path": encoded(state, file.path),
            "dataChange": True,
            "deletionTimestamp": now_ms,
            "extendedFileMetadata": True,
            "partitionValues": {},
            "size": file.size_bytes,
        }
    }


def _txn(txn: tuple[str, int] | None, now_ms: int) -> Sequence[Action]:
    return [{"txn": {"appId": txn[0], "version": txn[1], "lastUpdated": now_ms}}] if txn else []
