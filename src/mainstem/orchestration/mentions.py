"""Datasets and columns that are named beside SQL: keys, references, checks, requirements."""

from __future__ import annotations

from mainstem.core.dataset import Dataset
from mainstem.core.kinds import find
from mainstem.core.problem import Problem, nearest
from mainstem.core.project import Project
from mainstem.core.requirement import Requirement
from mainstem.orchestration.binding import Work, require, resolve


def look(work: Work) -> None:
    """Find what is named and is not there; every finding goes to the problems of `work`."""
    for dataset in work.project.datasets.values():
        _columns_named(work, dataset)
        _checks(work, dataset)
        _references(work, dataset)
    _requirements(work)


def _references(work: Work, dataset: Dataset) -> None:
    for column in dataset.columns:
        if column.refers_to is None:
            continue
        other, name = column.refers_to
        if other in work.project.datasets:
            require(work, other, name, column.place, f'column "{column.name}"')
        elif not work.project.is_lost(other):
            mend = nearest(other, list(work.project.datasets), kind="datasets")
            work.problems.append(Problem("T001", f'dataset "{other}" does not exist', mend, column.place))


def _columns_named(work: Work, dataset: Dataset) -> None:
    for column in dataset.key:
        require(work, dataset.name, column, dataset.place, "the key")
    if dataset.time_column:
        require(work, dataset.name, dataset.time_column, dataset.place, "`time_column`")
    if not dataset.is_load:
        for declared in dataset.columns:
            require(work, dataset.name, declared.name, declared.place, "`columns:`")


def _checks(work: Work, dataset: Dataset) -> None:
    for check in dataset.checks:
        columns, others = find("checks", check.kind).reads(check.options)
        for column in columns:
            require(work, dataset.name, column, check.place, f'check "{check.id}"')
        for other in others:
            resolve(work, {other: check.place}, dataset.name)
        of_others = getattr(find("checks", check.kind), "reads_of_others", None)
        for other, names in of_others(check.options).items() if of_others else ():
            for column in names:
                require(work, other, column, check.place, f'check "{check.id}"')


def _people(project: Project, requirement: Requirement) -> str:
    """Those to whom a requirement is promised."""
    needed = [project.needs[need].stakeholder for need in requirement.needs if need in project.needs]
    return ", ".join(dict.fromkeys((*needed, *((requirement.for_,) if requirement.for_ else ()))))


def _requirements(work: Work) -> None:
    for requirement in work.project.requirements.values():
        if requirement.retired:
            continue
        whose = f'requirement "{requirement.id}" (for {_people(work.project, requirement) or "nobody"})'
        for bound in requirement.binds:
            dataset, _, column = bound.rpartition(".")
            if bound not in work.project.datasets and dataset in work.project.datasets:
                require(work, dataset, column, requirement.place, whose)
        objective = requirement.objective
        if objective is None:
            continue
        for name in ("partition", "columns", "by"):
            named = getattr(objective.options, name, None)
            for column in (named,) if isinstance(named, str) else named or ():
                require(work, objective.of, column, objective.place, whose)
