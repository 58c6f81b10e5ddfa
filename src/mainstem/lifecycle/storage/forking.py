"""A fork: a version of a table as the beginning of another, without copying its rows."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path, PurePosixPath

from mainstem.core.dataset import QUARANTINE
from mainstem.core.release import DataFile, Identity, Snapshot
from mainstem.lifecycle.storage.actions import Parts
from mainstem.lifecycle.storage.committing import append
from mainstem.lifecycle.storage.facts import facts_of
from mainstem.lifecycle.storage.quarantine import quarantine_at
from mainstem.lifecycle.storage.refusals import disk_refused, outrun
from mainstem.lifecycle.storage.state import NOTHING, follow
from mainstem.lifecycle.storage.types import delta_schema


def fork(lake: Path, source: Snapshot, table: str, identity: Identity) -> Snapshot:
    """A new table whose version 0 holds exactly what `source` holds, its quarantine included.

    The files are hard links to those of the source (copies where the file system has no links), so that neither
    table can take files from the other; the log is the fork's own. The fork carries no attempt: the step that forked
    commits with its own. WorldError K004 when the table exists already, K006 to K008 when the disk refuses.
    """
    quarantine = quarantine_at(lake, source)
    if quarantine is not None:
        _fork(lake, quarantine, table + QUARANTINE, identity)
    return _fork(lake, source, table, identity)


def _fork(lake: Path, source: Snapshot, table: str, identity: Identity) -> Snapshot:
    files = tuple(_linked(lake / source.table, lake / table, source.files))
    facts = facts_of("fork", replace(identity, rejects=()))
    facts |= {"number": 0, "rejects_before": None, "of": {"table": source.table, "number": source.number}}
    now_ms = int(identity.at.timestamp() * 1000)
    entry, other = append(lake / table, NOTHING, Parts(facts, files, schema=delta_schema(source.fields)), now_ms)
    if entry is None and other.facts != facts:
        raise outrun(table, 0, f'run "{other.facts.get("run", "of another writer")}"')
    return follow(table, NOTHING, [other]).snapshot(table)


def _linked(source: Path, folder: Path, files: Iterable[DataFile]) -> Iterable[DataFile]:
    """Each file under its own last name; under a longer one where two folders use the same."""
    taken: set[str] = set()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in files:
            name = PurePosixPath(file.path).name
            if name in taken:
                name = f"{len(taken)}-{name}"
            taken.add(name)
            _link(source / file.path, folder / name)
            yield replace(file, path=name)
    except OSError as error:
        raise disk_refused(error, folder) from error


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except FileExistsError:
        if not target.samefile(source):
            target.unlink()
            _link(source, target)
    except FileNotFoundError:
        raise
    except OSError:
        draft = target.with_name(target.name + ".tmp")
        shutil.copyfile(source, draft)
        draft.replace(target)
