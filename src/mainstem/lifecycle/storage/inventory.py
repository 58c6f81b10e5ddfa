"""What lies in a lake whose ledger was lost: its tables, its releases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from mainstem.core.copy import Trace
from mainstem.core.dataset import QUARANTINE
from mainstem.core.problem import WorldError
from mainstem.core.release import Release
from mainstem.lifecycle.storage.log import LOG
from mainstem.lifecycle.storage.places import HOUSE, read_manifest
from mainstem.lifecycle.storage.reading import read_state

_SUCCESSOR = re.compile(r"\.\d+$")
_ATTEMPT = re.compile(r"(\d{5,})-")


def traces(lake: Path) -> list[Trace]:
    """Every physical table. One whose log cannot be read is known by its folder and its files alone."""
    return [_trace(lake, log.parent) for log in sorted(lake.glob(f"*/*/{LOG}")) if _is_table(lake, log.parent)]


def releases(lake: Path) -> list[Release]:
    """Every release that has a whole manifest, in order of number."""
    found = [read_manifest(lake, path.stem) for path in (lake / HOUSE / "releases").glob("*.json")]
    return sorted((release for release in found if release is not None), key=lambda release: release.number)


def _is_table(lake: Path, folder: Path) -> bool:
    return folder.parent != lake / HOUSE and not _SUCCESSOR.sub("", folder.name).endswith(QUARANTINE)


def _trace(lake: Path, folder: Path) -> Trace:
    table = folder.relative_to(lake).as_posix()
    dataset, number, run = _SUCCESSOR.sub("", table).replace("/", ".", 1), -1, ""
    attempts = set(_attempts(folder))
    with suppress(WorldError):
        state = read_state(lake, table)
        if state is not None:
            attempts |= set(state.txns.values())
            if state.facts:
                dataset, run = state.facts.get("dataset", dataset), state.facts.get("run", run)
                number = state.facts.get("number", state.number)
    return Trace(table, dataset, number, max(attempts, default=0), run)


def _attempts(folder: Path) -> Iterator[int]:
    """Numbers of attempts in the names of files, whether a commit names them or not."""
    for path in folder.glob("*.parquet"):
        found = _ATTEMPT.match(path.name)
        if found:
            yield int(found[1])
