"""Removes files of tables that nobody needs any more. Who needs what, the caller knows."""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection
from pathlib import Path

from mainstem.core.dataset import QUARANTINE
from mainstem.lifecycle.storage.reading import snapshot
from mainstem.lifecycle.storage.refusals import disk_refused

_OURS = re.compile(r"(?:\d+-)?\d{5,}-.*\.parquet")
"""Names of data files: they begin with an attempt's number, in a fork perhaps with another one before it."""


def data_files(lake: Path, table: str) -> frozenset[Path]:
    """The data files that lie in a table's folder and in that of its quarantine, needed or not; files of others are not
    told of."""
    folders = (lake / table, lake / (table + QUARANTINE))
    try:
        return frozenset(
            path for folder in folders if folder.is_dir() for path in folder.iterdir() if _OURS.fullmatch(path.name)
        )
    except OSError as error:
        raise disk_refused(error, lake / table) from error


def needed_files(lake: Path, table: str, numbers: Collection[int]) -> frozenset[Path]:
    """The files of these versions of a table. WorldError as `snapshot`: what cannot be read, is not known."""
    found = (snapshot(lake, table, number) for number in numbers)
    return frozenset(lake / table / file.path for each in found if each is not None for file in each.files)


def remove_table(lake: Path, table: str) -> None:
    """Everything in a table's folder, its quarantine included. The folder stays, empty: its name is not used again."""
    folder = lake / table
    try:
        if (lake / (table + QUARANTINE)).is_dir():
            shutil.rmtree(lake / (table + QUARANTINE))
        for path in folder.iterdir() if folder.is_dir() else ():
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    except OSError as error:
        raise disk_refused(error, folder) from error
