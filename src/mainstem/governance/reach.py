"""Whom a change touches: datasets, outputs, requirements, people."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from mainstem.core.dataset import QUARANTINE, Load
from mainstem.core.problem import Problem, ProjectError, nearest
from mainstem.core.project import Project
from mainstem.core.requirement import Requirement
from mainstem.governance.lineage import Facts, dataset_of, downstream, is_query, upstream


@dataclass(frozen=True, slots=True)
class Reached:
    """What a change touches, the changed things included: each sorted, all by name or id.

    `columns` are those that were followed one by one; a dataset that is touched as a whole has none here.
    """

    datasets: tuple[str, ...]
    columns: tuple[str, ...]
    outputs: tuple[str, ...]
    requirements: tuple[str, ...]
    people: tuple[str, ...]


def split_name(project: Project, name: str) -> tuple[str, str | None]:
    """`schema.table` or `schema.table.column` as dataset and column; `table` alone is `main.table`.

    ProjectError M004 where the project has no such dataset.
    """
    parts = name.split(".", 2)
    dataset = ".".join(parts[:2]) if len(parts) > 1 else f"main.{name}"
    load = project.datasets.get(dataset.removesuffix(QUARANTINE))
    if dataset in project.datasets or (load is not None and load.is_load):
        return dataset, parts[2] if len(parts) > 2 else None
    mend = nearest(dataset, list(project.datasets), kind="datasets")
    raise ProjectError(Problem("M004", f'dataset "{dataset}" does not exist', mend))


def reached(project: Project, facts: Facts, *names: str) -> Reached:
    """What a change of the named datasets or columns touches.

    A requirement is touched when something that it binds, measures or proves is touched; its people are those who
    need it and those who owe it. ProjectError M004 or M005 for an unknown name.
    """
    starts = [split_name(project, name) for name in names]
    nodes = {f"{dataset}.{column.lower()}" if column else dataset for dataset, column in starts}
    nodes |= {edge.target for edge in downstream(facts, *starts)}
    queries = {node for node in nodes if is_query(node)}
    outputs = {query.partition("#")[0] for query in queries}
    touched = nodes - queries
    requirements = [item for item in project.requirements.values() if _is_touched(item, touched, outputs)]
    people = {person for item in requirements for person in _people(project, item)}
    people |= {person for output in outputs for person in _output_people(project, output)}
    return Reached(
        datasets=tuple(sorted({dataset_of(node) for node in touched})),
        columns=tuple(sorted(node for node in touched if dataset_of(node) != node)),
        outputs=tuple(sorted(outputs)),
        requirements=tuple(sorted(item.id for item in requirements)),
        people=tuple(sorted(people)),
    )


def owners(project: Project, facts: Facts, name: str) -> tuple[str, ...]:
    """Whose data a dataset or column comes from, itself included: owners of datasets and sources, sorted."""
    dataset, column = split_name(project, name)
    origins = {dataset_of(edge.origin) for edge in upstream(facts, dataset, column)} | {dataset}
    found = set()
    for each in (project.datasets.get(origin.removesuffix(QUARANTINE)) for origin in origins):
        if each is not None:
            source = project.sources.get(each.made_by.source) if isinstance(each.made_by, Load) else None
            found |= {each.owner, source.owner if source else None}
    return tuple(sorted(person for person in found if person))


def _is_touched(item: Requirement, touched: AbstractSet[str], outputs: AbstractSet[str]) -> bool:
    if item.retired:
        return False
    named = [*item.binds, *(proof.of for proof in item.proofs)]
    if item.objective is not None:
        named.append(item.objective.of)
    whole = {dataset_of(node) for node in touched}
    return any(
        name in outputs or name in whole or name.lower() in touched or dataset_of(name) in touched for name in named
    )


def _people(project: Project, item: Requirement) -> set[str]:
    needed = {project.needs[need].stakeholder for need in item.needs if need in project.needs}
    return needed | {person for person in (item.for_, item.owed_by or project.owner) if person}


def _output_people(project: Project, name: str) -> set[str]:
    output = project.outputs.get(name)
    if output is None:
        return set()
    needed = {project.needs[need].stakeholder for need in output.needs if need in project.needs}
    return needed | ({output.owner} if output.owner else set())
