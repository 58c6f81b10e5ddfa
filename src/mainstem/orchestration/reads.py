"""What a model reads in a run: the versions of its inputs, and what their rows follow from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from mainstem.core.dataset import Dataset
from mainstem.orchestration import held
from mainstem.orchestration.ground import Ground
from mainstem.orchestration.makings import Makings, key_of, of_model, of_version


@dataclass(frozen=True, slots=True)
class Reads:
    """Versions by dataset, the skip key that follows, and the instant of the data."""

    ids: Mapping[str, str]
    key: str
    as_of: datetime


def reads_of(ground: Ground, dataset: Dataset) -> Reads:
    """What a model reads; all of it is there."""
    inputs = ground.bound.inputs[dataset.name]
    ids = held.ids(ground, inputs)
    key = key_of(dataset, ground.bound.facts[dataset.name], _makings(ground, tuple(ids)), ground.when)
    assert key is not None
    return Reads(ids, key, held.as_of(ground, tuple(ids), ground.started_at))


def _makings(ground: Ground, names: tuple[str, ...]) -> dict[str, Makings]:
    """What datasets follow from whose steps have ended; worked out once a run, those above them first."""
    waiting = list(names)
    while waiting:
        name = waiting[-1]
        missing = [each for each in ground.bound.inputs[name] if each not in ground.makings]
        if missing and name not in ground.makings:
            waiting += missing
            continue
        waiting.pop()
        if name not in ground.makings:
            ground.makings[name] = _made(ground, name)
    return {name: ground.makings[name] for name in names}


def _made(ground: Ground, name: str) -> Makings:
    """A model that is as its text says today is known by its columns, any other dataset by its version alone."""
    dataset, version = ground.project.datasets[name], ground.shelf.version(name)
    if dataset.is_load or version is None:
        return of_version(version)
    facts = ground.bound.facts[name]
    inputs = {each: ground.makings[each] for each in ground.bound.inputs[name]}
    if key_of(dataset, facts, inputs, ground.when) != version.skip_key:
        return of_version(version)
    return of_model(dataset, facts, inputs, ground.when, version.id)
