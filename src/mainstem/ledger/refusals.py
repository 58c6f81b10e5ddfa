"""What SQLite refuses, in the words of a Problem."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mainstem.core.problem import Problem, WorldError

if TYPE_CHECKING:
    import sqlite3

_ROOM_BYTES = 1_000_000
"""With less room than this, a disk that refuses is taken for a full one."""


@contextmanager
def refused(path: Path, wait_s: float) -> Iterator[None]:
    """Turn what SQLite refuses inside the block into a WorldError L0..; bugs of ours pass as they are."""
    import sqlite3

    try:
        yield
    except sqlite3.Error as error:
        problem = _problem(error, path, wait_s)
        if problem is None:
            raise
        raise WorldError(problem) from error


def locked(path: Path, wait_s: float) -> Problem:
    """The ledger was not free within the time that we wait."""
    return Problem(
        "L004",
        f'ledger "{path}" has been locked by another process for {wait_s:g} s',
        f"run again; if it stays locked, see who has it open: `fuser {path}`",
    )


def newer(path: Path, written_by: str) -> Problem:
    """The ledger has tables that this version does not know."""
    return Problem(
        "L007",
        f'ledger "{path}" was written by mainstem {written_by}, which is newer than this one',
        f"upgrade mainstem to {written_by} or later",
    )


def foreign(path: Path) -> Problem:
    """A SQLite database that somebody else made."""
    return Problem(
        "L014",
        f'"{path}" is a SQLite database, but no ledger',
        "set `ledger:` in mainstem.yml to a path where no file is yet",
    )


def closed(path: Path, words: str) -> Problem:
    """The file, or its folder, cannot be made or written; `words` are the system's."""
    return Problem(
        "L006",
        f'ledger "{path}" cannot be opened for writing: {words}',
        f'make the folder "{path.parent}" writable for this user, or set `ledger:` in mainstem.yml to another path',
    )


def _problem(error: sqlite3.Error, path: Path, wait_s: float) -> Problem | None:
    """None where the fault is ours."""
    name = getattr(error, "sqlite_errorname", None) or ""
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return locked(path, wait_s)
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return Problem(
            "L005",
            f'ledger "{path}" cannot be read: {error}',
            "keep a copy of the file, then bring back a backup, or rebuild it: `mainstem doctor --rebuild-ledger`",
        )
    if name.startswith("SQLITE_FULL") or (name.startswith("SQLITE_IOERR") and not _has_room(path)):
        return Problem(
            "L008",
            f'there is no room left on the disk of ledger "{path}"',
            "free some space, then run again: finished steps are kept",
        )
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")):
        return closed(path, str(error))
    if name.startswith(("SQLITE_IOERR", "SQLITE_PROTOCOL", "SQLITE_NOLFS")):
        return Problem(
            "L013",
            f'the disk refuses ledger "{path}": {error} ({name})',
            "look at the disk and the system's log; move the ledger to a local disk if it lies on a network share",
        )
    return None


def _has_room(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.parent).free > _ROOM_BYTES
    except OSError:
        return True
