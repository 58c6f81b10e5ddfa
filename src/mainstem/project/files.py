"""The folder as it lies on disk: which files there are, and their texts."""

from __future__ import annotations

import os
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from mainstem.core.place import Place
from mainstem.core.problem import Problem

FOLDERS = ("requirements", "sources", "models", "serving", "policies", "macros")
"""The folders of a project that are read; every one is optional."""

_READABLE = (".sql", ".yml", ".yaml", ".md", ".markdown", ".py", ".csv", ".json", ".toml")


@dataclass(frozen=True, slots=True)
class Written:
    """A file: its path relative to the project, with forward slashes, and its text with line feeds only."""

    path: str
    text: str

    @property
    def stem(self) -> str:
        """The file's name without folder and suffix."""
        return self.path.rpartition("/")[2].rpartition(".")[0]


def read_file(root: Path, path: str, problems: list[Problem]) -> Written | None:
    """The text of a file (UTF-8, a byte order mark is dropped); None after a problem."""
    try:
        with open(root / path, "rb") as file:  # noqa: PTH123 - half the cost of Path.read_bytes, a thousand times
            data = file.read()
    except OSError as error:
        what = f"the file cannot be read: {error.strerror}"
        problems.append(Problem("P003", what, "check that it exists and that you may read it", Place(path)))
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        mend = "save the file as UTF-8"
        problems.append(Problem("P003", "this line is not UTF-8 text", mend, Place(path, line, 1)))
        return None
    return Written(path, text.replace("\r\n", "\n") if "\r" in text else text)


def list_files(root: Path, folder: str, problems: list[Problem]) -> list[str]:
    """Every file below a folder, sorted; hidden ones and copies of editors (`x~`) are passed over.

    A folder that is a link is a problem: it would be followed by some and not by others.
    """
    found: list[str] = []
    try:
        entries = sorted(os.scandir(root / folder), key=lambda entry: entry.name)
    except FileNotFoundError:
        return found
    except OSError as error:
        what = f"the folder cannot be read: {error.strerror}"
        problems.append(Problem("P003", what, "make it a folder that you may read", Place(folder)))
        return found
    for entry in entries:
        path = f"{folder}/{entry.name}"
        if entry.name.startswith((".", "__pycache__")) or entry.name.endswith("~"):
            continue
        if not entry.is_dir():
            found.append(path)
        elif entry.is_symlink():
            mend = "put the folder itself here"
            problems.append(Problem("P014", "a link to a folder is not followed", mend, Place(path)))
        else:
            found += list_files(root, path, problems)
    return found


def kept(paths: list[str], suffix: str | tuple[str, ...], mend: str, problems: list[Problem]) -> list[str]:
    """The paths that end in `suffix`, or one of several; other files that look as if they were meant to be read are
    problems.

    A README is for people and never read.
    """
    chosen = []
    for path in paths:
        name = path.rpartition("/")[2]
        if name.lower().startswith("readme"):
            continue
        if name.endswith(suffix):
            chosen.append(path)
        elif name.lower().endswith(_READABLE):
            problems.append(_not_read(path, suffix, mend))
    return chosen


def _not_read(path: str, suffix: str | tuple[str, ...], mend: str) -> Problem:
    name = path.rpartition("/")[2]
    stem, _, ending = name.rpartition(".")
    small = ".yml" if ending.lower() == "yaml" else f".{ending.lower()}"
    if small in (suffix if isinstance(suffix, tuple) else (suffix,)):
        mend = f'rename it to "{stem}{small}"'
    return Problem("P014", f'".{ending}" files are not read here', mend, Place(path))


def misnamed_folders(root: Path) -> list[Problem]:
    """Folders whose name is nearly that of a folder that is read (`model/`): their content would be passed over."""
    problems = []
    for entry in os.scandir(root):
        if entry.name in FOLDERS or entry.name.startswith(".") or not entry.is_dir():
            continue
        close = get_close_matches(entry.name.lower(), FOLDERS, n=1, cutoff=0.85)
        if close and not (root / close[0]).exists():
            what = f'folder "{entry.name}" is not read'
            problems.append(Problem("P014", what, f'rename it to "{close[0]}"', Place(entry.name)))
    return problems
