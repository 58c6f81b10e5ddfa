"""Reads the files of a foreign project; nothing in it is run."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

_PASSED_OVER = ("__pycache__", "target", "logs", "node_modules")


def files_below(root: Path, folder: str, *endings: str) -> list[str]:
    """Paths below a folder, relative to `root`, with these endings, sorted; hidden ones are passed over.

    A folder outside of `root` has none.
    """
    if not (root / folder).resolve().is_relative_to(root.resolve()):
        return []
    return sorted(path for path in _walk(root, folder.strip("/")) if path.lower().endswith(endings))


def _walk(root: Path, folder: str) -> Iterator[str]:
    for at, folders, names in os.walk(root / folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _PASSED_OVER)
        there = Path(at).relative_to(root).as_posix()
        yield from (f"{there}/{name}" if there != "." else name for name in names if not name.startswith("."))


def csv_of(path: Path, delimiter: str = ",") -> bytes:
    """A CSV file as UTF-8 with commas."""
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    if delimiter == ",":
        return text.encode()
    written = StringIO()
    csv.writer(written, lineterminator="\n").writerows(csv.reader(StringIO(text), delimiter=delimiter))
    return written.getvalue().encode()


def text_of(root: Path, path: str) -> str:
    """A file's text with line feeds only; bytes that are no UTF-8 are shown as such."""
    return (root / path).read_bytes().decode("utf-8-sig", "replace").replace("\r\n", "\n")
