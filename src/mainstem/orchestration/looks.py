"""Glances at the sources before a plan is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from mainstem.core.dataset import Dataset, Load, Source
from mainstem.core.kinds import find
from mainstem.core.problem import WorldError
from mainstem.core.project import Project
from mainstem.core.run import Look
from mainstem.orchestration.positions import whole
from mainstem.orchestration.state import State

HOW_CHANGED = "how it is loaded has changed"
"""The detail of a look at a source that has nothing new, where the text of the load is another."""


Seen = Mapping[str, dict[str, Any]]
"""By source what its first look in a run found: later looks and reads see no more than that."""


def nothing_seen(project: Project) -> Seen:
    """What is seen before the first look."""
    return {name: {} for name in project.sources}


def look_at_sources(project: Project, state: State, at: datetime, seen: Seen) -> dict[str, Look]:
    """One look a load, at the time `at` of the run's clock.

    A source that cannot be reached is "unknown", with the reason; that is not an error yet.
    """
    loads = [dataset for dataset in project.datasets.values() if dataset.is_load]
    if len(loads) < 2:
        return {dataset.name: _look(project, state, dataset, at, seen) for dataset in loads}
    with ThreadPoolExecutor(max_workers=8) as pool:
        looks = pool.map(lambda dataset: _look(project, state, dataset, at, seen), loads)
        return {dataset.name: look for dataset, look in zip(loads, looks, strict=True)}


def _look(project: Project, state: State, dataset: Dataset, at: datetime, seen: Seen) -> Look:
    assert isinstance(dataset.made_by, Load)
    source = project.sources[dataset.made_by.source]
    base = state.bases.get(dataset.name)
    position = whole(state.looked.get((dataset.name, base.id), base.position), base.position) if base else None
    try:
        look = _glance(project, source, dataset, position, at, seen)
    except WorldError as error:
        return Look(dataset.name, "unknown", error.problems[0].what)
    has_news = look.state in ("new", "unknown")
    if base is not None and not has_news and base.fingerprint != load_fingerprint(project, dataset):
        return Look(dataset.name, "new", HOW_CHANGED)
    return look


def _glance(project: Project, source: Source, dataset: Dataset, position: Any, at: datetime, seen: Seen) -> Look:
    kind = find("sources", source.kind)
    look: Look
    if hasattr(kind, "look_at"):
        look = kind.look_at(source, dataset, position, project.root, at)
    elif hasattr(kind, "look_with"):
        look = kind.look_with(source, dataset, position, project.root, seen[source.name])
    else:
        look = kind.look(source, dataset, position, project.root)
    return look


def load_fingerprint(project: Project, dataset: Dataset) -> str:
    """Digest of what decides a load's content and partitions: write mode, key, contract, options, a user's program."""
    from mainstem.core.canonical import digest

    load = dataset.made_by
    assert isinstance(load, Load)
    contract = [
        (c.name, c.type, c.required, c.unique, c.min, c.max, c.accepted, c.matches, c.original) for c in dataset.columns
    ]
    refers = [(c.name, c.references) for c in dataset.columns if c.references is not None]
    how = [load.source, load.table, load.options, load.load, load.cursor, load.write, dataset.key, contract]
    keeping = [load.on_delete, load.deleted, load.revision, load.effective]
    kept = keeping if keeping != ["keep", None, None, None] else []
    return digest([*how, dataset.time_column, *kept, *refers, *_texts(project, dataset)])


def _texts(project: Project, dataset: Dataset) -> Sequence[str]:
    """Text outside of the source's file that decides what a load brings; none where it cannot be read, which reading
    the source will tell."""
    load = dataset.made_by
    assert isinstance(load, Load)
    source = project.sources[load.source]
    told = getattr(find("sources", source.kind), "told", None)
    try:
        return [told(source, dataset, project.root)] if told is not None else []
    except WorldError:
        return []
