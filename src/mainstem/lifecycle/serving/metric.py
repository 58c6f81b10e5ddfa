"""A number with one definition, by dimensions: `serving/metrics/*.yml`."""

from __future__ import annotations

from dataclasses import dataclass

from mainstem.core.problem import Problem, ProjectError


@dataclass(frozen=True, slots=True)
class Options:
    """Keys of a metric beyond title, owner, needs and `sql`.

    `measure` is an aggregate expression over the rows of `sql`, `dimensions` the columns by which it may be split,
    `unit` a word such as `minutes` or `percent`.
    """

    measure: str
    dimensions: tuple[str, ...] = ()
    unit: str | None = None

    def __post_init__(self) -> None:
        if not self.measure.strip():
            what = "the metric measures nothing"
            raise ProjectError(Problem("V005", what, "write an aggregate, such as `measure: sum(flights)`"))
