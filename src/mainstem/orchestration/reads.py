"""What a model reads in a run: the versions of its inputs, and what their rows follow from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from mainstem.core.dataset import Dataset
from mainstem.orchestration import held
from mainstem.orchestration.followed import makings_of
from mainstem.orchestration.ground import Ground
from mainstem.orchestration.makings import key_of


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
    key = key_of(dataset, ground.bound.facts[dataset.name], makings_of(ground, tuple(ids)), ground.when)
    assert key is not None
    return Reads(ids, key, held.as_of(ground, tuple(ids), ground.started_at))
