"""Gets what was committed onto the disk, before anybody is told of it: atomic names survive a kill, not a power cut."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote

from mainstem.core.dataset import QUARANTINE
from mainstem.core.release import Version
from mainstem.lifecycle.storage.log import LOG, Entry, entry_path, read_entry
from mainstem.lifecycle.storage.refusals import disk_refused

_FEW = 16
"""So many files are synced one by one, which leaves other programs' data on the same disk alone."""


def sync(lake: Path, versions: Iterable[Version]) -> None:
    """fsync everything that the runs of these versions wrote for them: data files, log entries, checkpoints, and the
    folders that name them. Views have nothing to sync. WorldError K006 to K008 when the disk refuses.

    Each version's entry is followed downward as long as entries are of the same run (a version without a run: itself).
    """
    files: dict[Path, None] = {}
    for version in versions:
        if not version.table:
            continue
        for entry in _entries(lake / version.table, version.number, version.run):
            files.update(dict.fromkeys(_written(lake / version.table, entry)))
        if version.quarantine is not None:
            name = version.table + QUARANTINE
            for entry in _entries(lake / name, version.quarantine, version.run):
                files.update(dict.fromkeys(_written(lake / name, entry)))
    found = [*files, *_folders(lake, files)]
    if len(found) > _FEW and _sync_disk(lake):
        return
    for path in found:
        sync_path(path)


def _entries(folder: Path, number: int, run: str) -> Iterator[Entry]:
    while number >= 0:
        entry = read_entry(folder, number)
        if entry is None or (run and entry.facts.get("run") != run):
            return
        yield entry
        number = number - 1 if run else -1


def _written(folder: Path, entry: Entry) -> Iterator[Path]:
    for add in entry.adds:
        yield folder / unquote(add["path"])
    yield entry_path(folder, entry.number)
    checkpoint = folder / LOG / f"{entry.number:020d}.checkpoint.parquet"
    if checkpoint.exists():
        yield checkpoint
        yield folder / LOG / "_last_checkpoint"


def _folders(lake: Path, files: Iterable[Path]) -> Iterator[Path]:
    """Every folder from those of the files up to the lake itself."""
    seen: dict[Path, None] = {}
    for file in files:
        for folder in file.parents:
            if folder in seen or not folder.is_relative_to(lake):
                break
            seen[folder] = None
    return iter(seen)


def _sync_disk(lake: Path) -> bool:
    """Everything on the lake's file system in one call, which is twenty times faster than a thousand files one by one
    (Linux, `syncfs`); False where there is no such call."""
    call = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None) if sys.platform == "linux" else None
    if call is None:
        return False
    handle = os.open(lake, os.O_RDONLY)
    try:
        if call(handle) != 0:
            reason = ctypes.get_errno()
            raise disk_refused(OSError(reason, os.strerror(reason)), lake)
    finally:
        os.close(handle)
    return True


def sync_path(path: Path) -> None:
    """fsync one file or folder. WorldError K006 to K008 when the disk refuses."""
    try:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise disk_refused(error, path) from error


def write_durably(path: Path, text: str) -> None:
    """Replace the file at `path` whole: a reader, or a power cut, finds the old text or the new one."""
    draft = path.with_name(f"{path.name}.tmp-{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        sync_path(path.parent)
    except OSError as error:
        raise disk_refused(error, path) from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
