"""What a commit of ours says about itself, as JSON data in its commitInfo: who, from what, up to where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from mainstem.core.clock import instant_text, parse_instant
from mainstem.core.release import Change, DataFile, Identity, Snapshot

FORMAT = 1


def facts_of(kind: str, identity: Identity, change: Change | None = None) -> dict[str, Any]:
    """`kind`: data | fork | compaction. What the change says of position, time and rejects goes before the identity."""
    found = {
        "format": FORMAT,
        "kind": kind,
        "run": identity.run,
        "dataset": identity.dataset,
        "attempt": identity.attempt,
        "at": instant_text(identity.at),
        "fingerprint": identity.fingerprint,
        "skip_key": identity.skip_key,
        "as_of": instant_text(identity.as_of) if identity.as_of else None,
        "inputs": dict(identity.inputs),
        "position": _plain(identity.position),
        "rejects": _files(identity.rejects),
    }
    if change is None:
        return found
    as_of = change.as_of or identity.as_of
    return found | {
        "as_of": instant_text(as_of) if as_of else None,
        "position": _plain(identity.position if change.position is None else change.position),
        "rejects": _files(change.rejects or identity.rejects),
        "settles": change.settles,
        "rows_in": change.rows_in,
        "rejected": change.rejected,
        "loaded": change.loaded,
        "deduplicated": change.deduplicated,
        "unchanged": change.unchanged,
        "labels": None if change.labels is None else list(change.labels),
        "totals": _plain(change.totals),
        "notes": list(change.notes),
    }


def identity_of(snapshot: Snapshot) -> Identity | None:
    """Who made the newest commit with data at or before this snapshot; None where nobody of ours did."""
    found = snapshot.facts
    if not found:
        return None
    return Identity(
        found["run"],
        found["dataset"],
        found["attempt"],
        parse_instant(found["at"]),
        found["fingerprint"],
        found["skip_key"],
        parse_instant(found["as_of"]) if found["as_of"] else None,
        found["inputs"],
        found["position"],
        rejects_of(found),
    )


def touches_quarantine(facts: Mapping[str, Any]) -> bool:
    """Whether a commit sets rows aside, or settles those that were."""
    return bool(facts.get("rejects") or facts.get("settles"))


def rejects_of(facts: Mapping[str, Any]) -> tuple[DataFile, ...]:
    """The files of rejects that a commit names."""
    return tuple(DataFile(path, size, rows, stats) for path, size, rows, stats in facts.get("rejects", ()))


def _files(files: Iterable[DataFile]) -> list[list[Any]]:
    return [[file.path, file.size_bytes, file.rows, file.stats] for file in files]


def _plain(value: Any) -> Any:
    """JSON data for values that a source may put into its position or its totals."""
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, datetime):
        return instant_text(value)
    return str(value) if isinstance(value, Decimal) else value
