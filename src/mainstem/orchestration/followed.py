"""What the datasets of a run follow from, once their steps have ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mainstem.core.dataset import Dataset
from mainstem.orchestration.ground import Ground
from mainstem.orchestration.makings import Makings, key_of, of_model, of_version, read_by


def told(ground: Ground, dataset: Dataset) -> dict[str, Any] | None:
    """What evidence keeps of a model's version, so that a later plan can say what differs; None for a load."""
    facts = ground.bound.facts.get(dataset.name)
    if dataset.is_load or facts is None:
        return None
    inputs = ground.bound.inputs[dataset.name]
    made = of_model(dataset, facts, makings_of(ground, inputs), ground.when, None)
    return {"rows": made.rows, "columns": dict(made.columns), "reads": read_by(facts)}


def makings_of(ground: Ground, names: Sequence[str]) -> dict[str, Makings]:
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
