"""Shortcuts through a table's log: its state at some versions, kept beside the log. A cache, never the truth."""

from __future__ import annotations

import json
import re
import secrets
import zlib
from contextlib import suppress
from pathlib import Path

from mainstem.core.release import DataFile
from mainstem.lifecycle.storage.log import entry_path
from mainstem.lifecycle.storage.state import State

_FOLDER = "_mainstem"
_MILESTONE = 1000
_NAME = re.compile(r"(\d{20})\.json")


def save(folder: Path, state: State) -> None:
    """Keep `state`, so that the next reader need not replay the log from its beginning.

    The one before is dropped, but for the first in a thousand versions, so that old versions are read as quickly as
    new ones. A disk that refuses is no failure.
    """
    path = _path(folder, state.number)
    draft = path.with_name(f"_{secrets.token_hex(8)}.tmp")
    with suppress(OSError):
        body = {
            "entry": _fingerprint(folder, state.number),
            "protocol": state.protocol,
            "metadata": state.metadata,
            "files": [[file.path, file.size_bytes, file.rows, file.stats] for file in state.files.values()],
            "written": state.written,
            "txns": state.txns,
            "facts": state.facts,
        }
        path.parent.mkdir(exist_ok=True)
        older = [number for number in _numbers(folder) if number < state.number]
        draft.write_text(json.dumps(body, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
        draft.replace(path)
        for number in older:
            if not _is_milestone(number, older):
                _path(folder, number).unlink(missing_ok=True)


def load(folder: Path, number: int | None) -> State | None:
    """The newest kept state at or before `number` that still belongs to the very entry that it was made from."""
    for found in reversed(_numbers(folder)):
        if number is not None and found > number:
            continue
        try:
            body = json.loads(_path(folder, found).read_bytes())
            if body["entry"] != _fingerprint(folder, found):
                continue
            files = {path: DataFile(path, size, rows, stats) for path, size, rows, stats in body["files"]}
            described = (body["protocol"], body["metadata"], files, body["written"], body["txns"], body["facts"])
            return State(found, *described)
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return None


def _path(folder: Path, number: int) -> Path:
    return folder / _FOLDER / f"{number:020d}.json"


def _numbers(folder: Path) -> list[int]:
    try:
        names = [path.name for path in (folder / _FOLDER).iterdir()]
    except OSError:
        return []
    return sorted(int(found[1]) for name in names if (found := _NAME.fullmatch(name)))


def _is_milestone(number: int, kept: list[int]) -> bool:
    same = [other for other in kept if other // _MILESTONE == number // _MILESTONE]
    return number >= _MILESTONE and number == min(same)


def _fingerprint(folder: Path, number: int) -> list[int]:
    text = entry_path(folder, number).read_bytes()
    return [len(text), zlib.crc32(text)]
