"""A folder that is there whole or not at all: made beside its place, and moved there at the end."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mainstem.core.problem import Problem, ProjectError, WorldError
from mainstem.lifecycle.serving.manifest import FILE, read_manifest


@contextmanager
def whole(folder: Path, owner: str, *, force: bool = False) -> Iterator[Path]:
    """A new folder to write into, which becomes `folder` if all goes well, and is removed otherwise.

    An earlier export of `owner` (the name of a training set) is replaced, that of another one only with `force`, and
    anything else never: ProjectError V045. WorldError V049 if it cannot be written.
    """
    _require_room(folder, owner, force=force)
    token = secrets.token_hex(4)
    made, old = (folder.parent / f".{folder.name}.{token}.{what}" for what in ("new", "old"))
    try:
        made.mkdir(parents=True)
        yield made
        if folder.exists():
            folder.rename(old)
        made.rename(folder)
    except OSError as error:
        if old.exists() and not folder.exists():
            old.rename(folder)
        what = f'"{folder}" cannot be written: {(error.strerror or type(error).__name__).lower()}'
        raise WorldError(Problem("V049", what, "name a folder that you may write to, on a disk with space")) from error
    finally:
        for left in (made, old):
            shutil.rmtree(left, ignore_errors=True)


def _require_room(folder: Path, owner: str, *, force: bool) -> None:
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    elsewhere = "name a folder that is new or empty"
    try:
        found = read_manifest(folder / FILE)["training"]
    except ProjectError:
        raise ProjectError(Problem("V045", f'"{folder}" holds something else', elsewhere)) from None
    if found != owner and not force:
        what = f'"{folder}" holds the training set "{found}"'
        raise ProjectError(Problem("V045", what, f"{elsewhere}, or replace it with --force"))
