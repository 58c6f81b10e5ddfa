"""What another writer may have put into a table that we would read or write wrongly."""

from __future__ import annotations

from mainstem.lifecycle.storage.refusals import foreign
from mainstem.lifecycle.storage.state import State

_READABLE = frozenset({"columnMapping", "deletionVectors", "timestampNtz", "v2Checkpoint", "vacuumProtocolCheck"})
_WRITABLE = _READABLE | {"appendOnly", "changeDataFeed", "checkConstraints", "generatedColumns", "invariants"}
_SETTINGS = ("delta.enableChangeDataFeed", "delta.appendOnly")
_MARKS = ("delta.invariants", "delta.generationExpression", "delta.identity")


def refuse_unreadable(table: str, state: State) -> None:
    """WorldError K003 where the files alone do not say what the table holds (Delta protocol, "Table Features")."""
    mapping = state.metadata.get("configuration", {}).get("delta.columnMapping.mode", "none")
    if mapping != "none":
        raise foreign(table, f'maps column names (mode "{mapping}")')
    if state.metadata.get("partitionColumns"):
        raise foreign(table, "is partitioned by another writer")
    unknown = set(state.protocol.get("readerFeatures") or ()) - _READABLE
    if unknown:
        raise foreign(table, f"needs reader features that are not known here: {', '.join(sorted(unknown))}")


def refuse_unwritable(table: str, state: State) -> None:
    """WorldError K003 where a commit of ours would break a promise that the table's protocol makes."""
    refuse_unreadable(table, state)
    configuration = state.metadata.get("configuration", {})
    traps = [name for name in _SETTINGS if configuration.get(name) == "true"]
    traps += [name for name in configuration if name.startswith("delta.constraints.")]
    traps += [name for name in _MARKS if name in state.metadata["schemaString"]]
    traps += sorted(set(state.protocol.get("writerFeatures") or ()) - _WRITABLE)
    if traps:
        raise foreign(table, f"has features of another writer that a commit would break: {', '.join(traps)}")
