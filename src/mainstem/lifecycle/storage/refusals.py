"""What the lake says when it cannot: full disks, locked folders, foreign tables, other writers."""

from __future__ import annotations

import errno
from pathlib import Path

from mainstem.core.problem import Problem, WorldError


def disk_refused(error: OSError, path: Path) -> WorldError:
    """K006 for a full disk, K007 where writing is not allowed, K008 for anything else."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        mend = "free space on that disk and run again; no table has changed"
        return WorldError(Problem("K006", f'the disk of "{path.parent}" is full', mend))
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        what = f'"{path}" may not be written by this user'
        return WorldError(Problem("K007", what, "give the user write permission on the lake, then run again"))
    reason = (error.strerror or type(error).__name__).lower()
    what = f'"{path}" cannot be read or written: {reason}'
    return WorldError(Problem("K008", what, "see that the lake's disk is mounted and whole, then run again"))


def torn(path: Path) -> WorldError:
    """K012: an entry of a log that is not whole."""
    mend = "if it is the newest entry of its folder, delete it and run again; else restore it from a backup"
    return WorldError(Problem("K012", f'the log entry "{path}" is torn', mend))


def foreign(table: str, reason: str) -> WorldError:
    """K003: what another writer put into the table cannot be handled rightly."""
    what = f'table "{table}" {reason}'
    return WorldError(Problem("K003", what, "rewrite it without that feature, or move the folder away and rebuild it"))


def outrun(table: str, number: int, who: str) -> WorldError:
    """K004: version `number` is somebody else's."""
    what = f'version {number} of table "{table}" was committed by {who} in the meantime'
    return WorldError(Problem("K004", what, "run again; the step then starts from that version"))


def broken_promise(table: str, reason: str) -> WorldError:
    """K005: a change does not fit the version that it is based on."""
    what = f'a change of table "{table}" does not fit: {reason}'
    return WorldError(Problem("K005", what, "run again; if it stays, `mainstem doctor` says what is missing"))
