"""A point-in-time correct set of examples to learn from: `serving/training/*.yml`."""

from __future__ import annotations

from dataclasses import dataclass

from mainstem.core.problem import Problem, ProjectError


@dataclass(frozen=True, slots=True)
class Options:
    """Keys of a training set beyond title, owner, needs and `sql`; all name columns.

    `entity`: what an example is about. `event_time`: the instant at which the label was not yet known.
    `label`: what is to be learnt. `features`: what may be known at that instant.
    """

    entity: tuple[str, ...]
    event_time: str
    label: str
    features: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.label.lower() in {feature.lower() for feature in self.features}:
            what = f'the label "{self.label}" is among the features, so the answer is given away'
            raise ProjectError(Problem("V006", what, 'remove it from "features"'))
