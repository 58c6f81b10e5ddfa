"""Loads that did not arrive as their contract expects, from evidence: at any moment, by anybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mainstem.core.dataset import Dataset, Expectation, Load
from mainstem.core.evidence import Evidence
from mainstem.core.ports import Ledger
from mainstem.core.problem import Problem, WorldError
from mainstem.core.project import Project
from mainstem.core.release import Change
from mainstem.lifecycle.ingestion.arrival import Arrived, late, too_few, unusual

_STOPPED = "I035"
_MOST_RUNS = 100
"""Runs that are looked back at for how the newest try of a load ended."""


@dataclass(frozen=True, slots=True)
class Amiss:
    """A load that is not as expected, in words; `evidence` is the id of the read that shows it, 0 without one."""

    dataset: str
    words: str
    evidence: int


def amiss(project: Project, ledger: Ledger, env: str, now: datetime) -> list[Amiss]:
    """What is amiss now: loads that are late, and those whose newest read brought too few rows or unusually many."""
    names = [name for name, dataset in project.datasets.items() if expectation(dataset) is not None]
    if not names:
        return []
    release = ledger.current(env)
    shown = {name: version.id for name, version in release.versions.items()} if release else {}
    reads: dict[str, list[Evidence]] = {name: [] for name in names}
    for row in ledger.evidence(env=env, kinds=("read",), subjects=names, known=now):
        if row.label is None and is_of(row, env, shown.get(row.subject)):
            reads[row.subject].append(row)
    return [each for name in names for each in _amiss(project, project.datasets[name], reads[name], now)]


def is_of(row: Evidence, env: str, shown: str | None = None) -> bool:
    """Whether a read is one of this environment: it read by itself, or adopted what the read brought (`shown`)."""
    return bool(row.facts.get("env", env) == env or (row.version == shown is not None and _brought(row)))


def _amiss(project: Project, dataset: Dataset, reads: Sequence[Evidence], now: datetime) -> list[Amiss]:
    brought = [row for row in reads if _brought(row)]
    newest = brought[-1] if brought else None
    words = late(expectation(dataset), [arrived(row) for row in reads], now, project.timezone) if reads else None
    found = [Amiss(dataset.name, words, newest.id if newest else 0)] if words else []
    told = newest.facts.get("breaches", ()) if newest else ()
    return found + [Amiss(dataset.name, each, newest.id if newest else 0) for each in told]


def stopped(project: Project, ledger: Ledger, env: str, now: datetime) -> list[Amiss]:
    """Loads that say `on_breach: stop`, and whose newest try was stopped by it: nothing came into the table since."""
    names = [name for name, dataset in project.datasets.items() if _stops(dataset)]
    if not names:
        return []
    runs = [run for run in ledger.runs(env, _MOST_RUNS) if run["finished_at"] and run["finished_at"] <= now]
    found = ((name, _newest_stop(runs, name)) for name in names)
    return [Amiss(name, f"stopped: {words}", 0) for name, words in found if words is not None]


def _stops(dataset: Dataset) -> bool:
    expect = expectation(dataset)
    return expect is not None and expect.on_breach == "stop"


def _newest_stop(runs: Sequence[Mapping[str, Any]], name: str) -> str | None:
    """What the newest run that came to an end with this load said of it, if that is that it was stopped."""
    for run in runs:
        summary = run["summary"] or {}
        if any(each["dataset"] == name for each in summary.get("did") or ()):
            return None
        for each in summary.get("failed") or ():
            if each["dataset"] == name and each["code"] == _STOPPED:
                return str(each["what"]).removeprefix(f'"{name}": ')
    return None


def expectation(dataset: Dataset) -> Expectation | None:
    """What is expected of a load, None for anything else."""
    return dataset.made_by.expect if isinstance(dataset.made_by, Load) else None


def arrived(row: Evidence) -> Arrived:
    """A read as an arrival."""
    return Arrived(row.at, _brought(row))


def _brought(row: Evidence) -> int:
    return int(row.facts.get("brought", row.value or 0))


def breaches(ledger: Ledger, env: str, dataset: Dataset, change: Change, at: datetime) -> tuple[str, ...]:
    """What a load that was just read in an environment breaks of its expectations.

    WorldError I035 for one that says `on_breach: stop`.
    """
    load = dataset.made_by
    assert isinstance(load, Load)
    expect = load.expect
    if expect is None:
        return ()
    earlier = []
    if expect.volume is not None and change.brought:
        rows = ledger.evidence(env=env, kinds=("read",), subjects=(dataset.name,))
        earlier = [arrived(row) for row in rows if row.label is None and is_of(row, env)]
    found = [too_few(expect, change.brought), unusual(expect, change.brought, earlier, at) if change.brought else None]
    words = tuple(each for each in found if each is not None)
    if words and expect.on_breach == "stop":
        mend = "ask the owner of the source; if it is right so, take `on_breach: stop` away and run again"
        raise WorldError(*(Problem(_STOPPED, f'"{dataset.name}": {each}', mend, dataset.place) for each in words))
    return words


def counts_of(change: Change) -> Mapping[str, int]:
    """Where the rows of a read went: they sum up to those read."""
    return {
        "loaded": change.loaded,
        "set_aside": change.rejected,
        "deduplicated": change.deduplicated,
        "unchanged": change.unchanged,
    }
