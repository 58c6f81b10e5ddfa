"""Reads the files of a foreign project; nothing in it is run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_PASSED_OVER = ("__pycache__", "target", "logs", "node_modules")


def files_below(root: Path, folder: str, *endings: str) -> list[str]:
    """Paths below a folder, relative to `root`, with these endings, sorted; hidden ones are passed over."""
    return sorted(path for path in _walk(root, folder.strip("/")) if path.lower().endswith(endings))


def _walk(root: Path, folder: str) -> Iterator[str]:
    for at, folders, names in os.walk(root / folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _PASSED_OVER)
        there = Path(at).relative_to(root).as_posix()
        yield from (f"{there}/{name}" if there != "." else name for name in names if not name.startswith("."))


def text_of(root: Path, path: str) -> str:
    """A file's text with line feeds only; bytes that are no UTF-8 are shown as such."""
    return (root / path).read_bytes().decode("utf-8-sig", "replace").replace("\r\n", "\n")
