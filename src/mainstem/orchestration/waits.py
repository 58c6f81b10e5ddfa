"""Who is made after whom: datasets after what they read, refer to, and are compared with by their checks."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from mainstem.core.dataset import QUARANTINE, Check, Column, Dataset
from mainstem.core.kinds import find
from mainstem.core.problem import Problem
from mainstem.core.project import Project
from mainstem.orchestration.bound_macros import Macros
from mainstem.orchestration.graph import one_cycle


def compared_by(check: Check) -> tuple[str, ...]:
    """The datasets that a check reads beyond its own."""
    return tuple(name.removesuffix(QUARANTINE) for name in find("checks", check.kind).reads(check.options)[1])


def compared_with(dataset: Dataset) -> tuple[str, ...]:
    """Other datasets that the checks of a dataset read."""
    others = (name for check in dataset.checks for name in compared_by(check))
    return tuple(dict.fromkeys(name for name in others if name != dataset.name))


def waits(
    project: Project, inputs: Mapping[str, tuple[str, ...]], macros: Macros
) -> tuple[Mapping[str, tuple[str, ...]], list[Problem]]:
    """Who is made after whom, checks and references counted.

    T003 for each check that compares with what is made after its dataset, I034 for each column that refers to that.
    """
    compared = [
        (dataset, partial(_too_early, dataset, check), other)
        for dataset in project.datasets.values()
        for check in dataset.checks
        for other in (*compared_by(check), *_read_by_macros(macros, check))
        if other in inputs and other != dataset.name
    ]
    compared += [
        (dataset, partial(_in_circle, dataset, column), column.refers_to[0])
        for dataset in project.datasets.values()
        for column in dataset.columns
        if column.refers_to is not None and column.refers_to[0] in inputs
    ]
    found = dict(inputs)
    for dataset, _, other in compared:
        found[dataset.name] = tuple(dict.fromkeys((*found[dataset.name], other)))
    if not one_cycle(found) or one_cycle(inputs):
        return found, []
    problems = []
    found = dict(inputs)  # one after the other, to tell which of them closes a circle
    for dataset, problem, other in compared:
        longer = {**found, dataset.name: tuple(dict.fromkeys((*found[dataset.name], other)))}
        if one_cycle(longer):
            problems.append(problem(other))
        else:
            found = longer
    return found, problems


def _read_by_macros(macros: Macros, check: Check) -> tuple[str, ...]:
    """Datasets that macros of a check's SQL read."""
    if not macros.all:
        return ()
    measure = find("checks", check.kind).sql(check.options, "checked", None).measure
    return tuple(name.removesuffix(QUARANTINE) for name in macros.reads(macros.used(measure)))


def _too_early(dataset: Dataset, check: Check, other: str) -> Problem:
    return Problem(
        "T003",
        f'check "{check.id}" compares "{dataset.name}" with "{other}", which is made after it',
        f'check it where both are made: write it as a check of kind `sql` at "{other}"',
        check.place,
    )


def _in_circle(dataset: Dataset, column: Column, other: str) -> Problem:
    itself = "itself" if other == dataset.name else f'"{other}", which is made after it'
    return Problem(
        "I034",
        f'column "{column.name}" of "{dataset.name}" refers to {itself}',
        f'check it where both are made: write a check of kind `relationships` or `sql` at "{other}"',
        column.place,
    )
