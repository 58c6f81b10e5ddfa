"""Where a read ended, as evidence keeps it: short, and made whole again beside the version that it found unchanged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_BEYOND = "files_beyond"
"""What differs from the files that the version knows: an entry by name, None for one that is gone."""


def short(position: Any, known: Any = None) -> Any:
    """The position as evidence keeps it: the list of files lives in the table's log, its length is enough here.

    Of a read that found nothing beyond a version, whose position is `known`, with what differs from that.
    """
    if not isinstance(position, Mapping) or not isinstance(position.get("files"), Mapping):
        return position
    files = position["files"]
    told = {**position, "files": len(files)}
    if not isinstance(known, Mapping) or not isinstance(known.get("files"), Mapping):
        return told
    before = known["files"]
    beyond = {name: entry for name, entry in files.items() if before.get(name) != entry}
    return {**told, _BEYOND: {**beyond, **{name: None for name in before if name not in files}}}


def is_whole(kept: Any) -> bool:
    """Whether evidence keeps all of a position, given the version's own."""
    return kept is not None and not (isinstance(kept, Mapping) and "files" in kept and _BEYOND not in kept)


def whole(kept: Any, known: Any) -> Any:
    """The position that evidence keeps of a read that found nothing beyond a version, whose position is `known`."""
    if not isinstance(kept, Mapping) or _BEYOND not in kept:
        return kept
    files = {**known["files"], **kept[_BEYOND]}
    left = {name: entry for name, entry in files.items() if entry is not None}
    return {**{name: each for name, each in kept.items() if name != _BEYOND}, "files": left}
