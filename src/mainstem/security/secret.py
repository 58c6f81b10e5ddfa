"""Secrets that the project makes for itself and keeps beside its ledger."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from mainstem.core.problem import Problem, WorldError

_BYTES = 32


def own_secret(file: Path) -> bytes:
    """The 32 random bytes in `file`, readable by its owner only; made when it is not there, and the same ever after.

    WorldError S015 when the file cannot be made or read, or is not whole.
    """
    try:
        with suppress(FileExistsError):
            _make(file)
        found = file.read_bytes()
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        mend = f'make "{file.parent}" readable and writable'
        raise WorldError(Problem("S015", f'the secret "{file}" cannot be had: {reason}', mend)) from error
    if len(found) != _BYTES:
        what = f'the secret "{file}" is {len(found)} bytes long instead of {_BYTES}'
        raise WorldError(Problem("S015", what, "restore it from a copy, or remove it: hashes are others then"))
    return found


def _make(file: Path) -> None:
    """Write under another name, then link: nobody ever reads a part of it, and the first of several counts."""
    if file.exists():
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            out.write(secrets.token_bytes(_BYTES))
            out.flush()
            os.fsync(out.fileno())
        file.hardlink_to(draft)
    finally:
        draft.unlink(missing_ok=True)
