"""The ledger's copy in the lake: batches of its rows, appended to parts that are never rewritten."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mainstem.core.clock import instant_text, parse_instant
from mainstem.core.copy import Batch, Kept, Rows
from mainstem.lifecycle.storage.durability import sync_path
from mainstem.lifecycle.storage.places import HOUSE
from mainstem.lifecycle.storage.refusals import disk_refused

FORMAT = 1
MOST_BYTES = 32_000_000
"""A part that has grown larger is left as it is, and another one begins."""

_CHUNK_BYTES = 65_536
_GZIP = 31
"""zlib's `wbits` for one gzip member."""


def keep_copy(lake: Path, last: Kept, batch: Batch) -> Kept | None:
    """Append a batch to the part where the last copy ended, durably; returns where this one ends.

    None if what `last` tells of is not in the lake any more. A part that is longer than that (somebody was killed
    while appending, or the ledger is an older one that was brought back) is left as it is, and another one begins.
    WorldError K006 to K008 when the disk refuses.
    """
    folder = lake / HOUSE / "ledger"
    part, size_bytes = last.part, last.size_bytes
    try:
        found = _size(_part(folder, part)) if part else 0
        if found < size_bytes:
            return None
        if not part or found > size_bytes or size_bytes > MOST_BYTES:
            folder.mkdir(parents=True, exist_ok=True)
            part, size_bytes = 1 + max(_parts(folder), default=0), 0
        written = _append(_part(folder, part), batch)
    except OSError as error:
        raise disk_refused(error, folder) from error
    if not size_bytes:
        sync_path(folder)
        sync_path(folder.parent)
    return Kept(part, size_bytes + written)


def read_copies(lake: Path) -> Iterator[tuple[Kept, Batch]]:
    """Every whole batch in the order of copying, and where it ends. What is torn ends its part.

    WorldError K006 to K008 when the disk refuses.
    """
    folder = lake / HOUSE / "ledger"
    for part in _parts(folder):
        path = _part(folder, part)
        try:
            data = path.read_bytes()
        except OSError as error:
            raise disk_refused(error, path) from error
        at = 0
        while at < len(data):
            found = _member(data, at)
            if found is None:
                break
            body, at = found
            yield Kept(part, at), _batch(body)


def _member(data: bytes, at: int) -> tuple[dict[str, Any], int] | None:
    """The batch that begins there, and where it ends; None where it is torn."""
    inflate, text = zlib.decompressobj(_GZIP), bytearray()
    try:
        while at < len(data) and not inflate.eof:
            chunk = data[at : at + _CHUNK_BYTES]
            text += inflate.decompress(chunk)
            at += len(chunk) - len(inflate.unused_data)
        return (json.loads(text), at) if inflate.eof else None
    except (zlib.error, ValueError):
        return None


def _append(path: Path, batch: Batch) -> int:
    text = json.dumps(
        {
            "format": FORMAT,
            "ledger": batch.ledger,
            "at": instant_text(batch.at),
            "environments": dict(batch.environments),
            "releases": batch.releases,
            "tables": {
                name: {"columns": rows.columns, "after": rows.after, "rows": rows.rows}
                for name, rows in batch.tables.items()
            },
        },
        separators=(",", ":"),
    )
    squeeze = zlib.compressobj(1, zlib.DEFLATED, _GZIP)
    data = squeeze.compress(text.encode() + b"\n") + squeeze.flush()
    with path.open("ab") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return len(data)


def _batch(body: dict[str, Any]) -> Batch:
    tables = {name: Rows(rows["columns"], rows["rows"], rows["after"]) for name, rows in body["tables"].items()}
    return Batch(body["ledger"], parse_instant(body["at"]), body["environments"], body["releases"], tables)


def _parts(folder: Path) -> list[int]:
    try:
        names = [path.name.removesuffix(".jsonl.gz") for path in folder.iterdir() if path.name.endswith(".jsonl.gz")]
    except FileNotFoundError:
        return []
    return sorted(int(name) for name in names if name.isascii() and name.isdigit())


def _part(folder: Path, number: int) -> Path:
    return folder / f"{number:08d}.jsonl.gz"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return -1
