"""Walks along lineage: where values come from, where they go, and whom a change would touch."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from mainstem.core.dataset import QUARANTINE, SqlFacts
from mainstem.core.problem import Problem, ProjectError, nearest
from mainstem.core.project import Project
from mainstem.core.requirement import Requirement

Facts = Mapping[str, SqlFacts]
"""What each SELECT says: by dataset, and by `output#query` (see `query_name`) for the queries of outputs."""


@dataclass(frozen=True, slots=True)
class Edge:
    """One thing depends on another.

    `origin` and `target` are datasets, columns (`schema.table.column`) or queries of outputs. `by`:
      value      the values of the origin reach the target
      influence  the origin decides which rows of the target there are, or in which order
      unresolved the target could not be traced, so everything in scope counts
      reads      the target reads the origin (between datasets, where no column was asked for)
    """

    origin: str
    target: str
    by: str


@dataclass(frozen=True, slots=True)
class Branch:
    """A thing, how it hangs on the one above it ("" for the root), and what hangs on it.

    `is_repeated`: it stands elsewhere in the tree already, with its branches.
    """

    name: str
    by: str
    branches: tuple[Branch, ...] = ()
    is_repeated: bool = False


@dataclass(frozen=True, slots=True)
class Reached:
    """What a change of one thing touches, itself included: each sorted, all by name or id."""

    datasets: tuple[str, ...]
    columns: tuple[str, ...]
    outputs: tuple[str, ...]
    requirements: tuple[str, ...]
    people: tuple[str, ...]


def query_name(output: str, query: str) -> str:
    """The key of an output's query in `Facts`.

    >>> query_name("dashboards/morning", "by_route")
    'dashboards/morning#by_route'
    """
    return f"{output}#{query}"


def upstream(facts: Facts, dataset: str, column: str | None = None) -> tuple[Edge, ...]:
    """Every edge that leads to the dataset or column, nearest first.

    ProjectError M011 where the dataset's SELECT has no such column.
    """
    start = _start(facts, dataset, column)
    return _walk(start, lambda name: _edges_to(facts, name), lambda edge: edge.origin)


def downstream(facts: Facts, dataset: str, column: str | None = None) -> tuple[Edge, ...]:
    """Every edge that leads away from the dataset or column, nearest first.

    A column that influences a dataset touches all of it, and so everything that reads it.
    ProjectError M011 where the dataset's SELECT has no such column.
    """
    start = _start(facts, dataset, column)
    return _walk(start, lambda name: _edges_from(facts, name), lambda edge: edge.target)


def upward_tree(facts: Facts, dataset: str, column: str | None = None) -> Branch:
    """`upstream` as a tree with the asked thing at its root."""
    edges = upstream(facts, dataset, column)
    return _tree(_start(facts, dataset, column), edges, lambda edge: (edge.target, edge.origin))


def downward_tree(facts: Facts, dataset: str, column: str | None = None) -> Branch:
    """`downstream` as a tree with the asked thing at its root."""
    edges = downstream(facts, dataset, column)
    return _tree(_start(facts, dataset, column), edges, lambda edge: (edge.origin, edge.target))


def reached(project: Project, facts: Facts, name: str) -> Reached:
    """The datasets, outputs, requirements and people that a change of a dataset or column touches.

    A requirement is touched when what it binds, measures or proves is; its people are those who need it and those
    who owe it. ProjectError M010 or M011 for an unknown name.
    """
    dataset, column = split_name(project, name)
    touched = {_start(facts, dataset, column)} | {edge.target for edge in downstream(facts, dataset, column)}
    queries = {node for node in touched if "#" in node}
    tables = {_table(node) for node in touched - queries}
    outputs = {node.partition("#")[0] for node in queries}
    requirements = [
        item for item in project.requirements.values() if not item.retired and _is_touched(item, touched, outputs)
    ]
    people = {person for item in requirements for person in _people(project, item)}
    for output in outputs & project.outputs.keys():
        people |= _output_people(project, output)
    return Reached(
        datasets=tuple(sorted(tables)),
        columns=tuple(sorted(node for node in touched - queries if node.count(".") > 1)),
        outputs=tuple(sorted(outputs)),
        requirements=tuple(sorted(item.id for item in requirements)),
        people=tuple(sorted(people)),
    )


def split_name(project: Project, name: str) -> tuple[str, str | None]:
    """`schema.table` or `schema.table.column` of the project as dataset and column; `table` alone is `main.table`.

    ProjectError M010 where there is no such dataset.
    """
    parts = name.split(".", 2)
    dataset = ".".join(parts[:2]) if len(parts) > 1 else f"main.{name}"
    base = dataset.removesuffix(QUARANTINE)
    is_known = base in project.datasets and (base == dataset or project.datasets[base].is_load)
    if not is_known:
        mend = nearest(dataset, list(project.datasets), kind="datasets")
        raise ProjectError(Problem("M010", f'dataset "{dataset}" does not exist', mend))
    return dataset, parts[2] if len(parts) > 2 else None


def _start(facts: Facts, dataset: str, column: str | None) -> str:
    if column is None:
        return dataset
    own = facts.get(dataset)
    if own is None:
        return f"{dataset}.{column.lower()}"
    known = {name.lower() for name in own.columns}
    if column.lower() not in known:
        mend = nearest(column, own.columns, kind="columns")
        raise ProjectError(Problem("M011", f'column "{column}" is not in dataset "{dataset}"', mend))
    return f"{dataset}.{column.lower()}"


def _walk(start: str, edges: Callable[[str], Iterable[Edge]], end: Callable[[Edge], str]) -> tuple[Edge, ...]:
    found: dict[Edge, None] = {}
    seen = {start}
    waiting = deque([start])
    while waiting:
        for edge in edges(waiting.popleft()):
            found.setdefault(edge)
            if end(edge) not in seen:
                seen.add(end(edge))
                waiting.append(end(edge))
    return tuple(found)


def _tree(root: str, edges: Iterable[Edge], ends: Callable[[Edge], tuple[str, str]]) -> Branch:
    below: dict[str, list[tuple[str, str]]] = {}
    for edge in edges:
        here, there = ends(edge)
        below.setdefault(here, []).append((there, edge.by))
    # Breadth first, so that a thing shows its branches where it stands nearest to the root.
    order = [root]
    owners: dict[str, tuple[str, int]] = {}
    for name in order:
        for position, (child, _) in enumerate(below.get(name, ())):
            if child != root and child not in owners:
                owners[child] = (name, position)
                order.append(child)
    built: dict[str, tuple[Branch, ...]] = {}
    for name in reversed(order):
        built[name] = tuple(
            Branch(child, by, built[child]) if owners.get(child) == (name, position) else Branch(child, by, (), True)
            for position, (child, by) in enumerate(below.get(name, ()))
        )
    return Branch(root, "", built[root])


def _edges_to(facts: Facts, name: str) -> list[Edge]:
    own = facts.get(name)
    if own is not None:
        return [Edge(origin, name, "reads") for origin in own.inputs]
    own, column = facts.get(_table(name)), name.split(".", 2)[2] if name.count(".") > 1 else ""
    if own is None or not column:
        return []
    by_column = {key.lower(): bases for key, bases in own.lineage.items()}
    if column in {key.lower() for key in own.unresolved} or column not in by_column:
        edges = [Edge(origin, name, "unresolved") for origin in own.inputs]
    else:
        edges = [Edge(origin.lower(), name, "value") for origin in sorted(by_column[column])]
    return edges + [Edge(origin.lower(), name, "influence") for origin in sorted(own.influences)]


def _edges_from(facts: Facts, name: str) -> list[Edge]:
    table = _table(name)
    if table == name:
        return [Edge(name, target, "reads") for target, own in facts.items() if name in own.inputs]
    found: list[Edge] = []
    for target, own in facts.items():
        if table in own.inputs:
            found += _from_column(name, target, own)
    return found


def _from_column(name: str, target: str, own: SqlFacts) -> list[Edge]:
    if name in {base.lower() for base in own.influences}:
        return [Edge(name, target, "influence")]
    unresolved = {column.lower() for column in own.unresolved}
    by_column = {column.lower(): bases for column, bases in own.lineage.items()}
    found: list[Edge] = []
    for column in (shown.lower() for shown in own.columns):
        there = f"{target}.{column}" if "#" not in target else target
        if column in unresolved or column not in by_column:
            found.append(Edge(name, there, "unresolved"))
        elif name in {base.lower() for base in by_column[column]}:
            found.append(Edge(name, there, "value"))
    return list(dict.fromkeys(found))


def _table(name: str) -> str:
    if "#" in name:
        return name
    return ".".join(name.split(".", 2)[:2])


def _is_touched(item: Requirement, touched: set[str], outputs: set[str]) -> bool:
    tables = {_table(node) for node in touched if "#" not in node}
    whole = {node for node in touched if "#" not in node and node.count(".") == 1}
    bound = list(item.binds) + [proof.of for proof in item.proofs]
    if item.objective is not None:
        bound.append(item.objective.of)
    return any(
        name in outputs or name in tables or name.lower() in touched or (name.count(".") > 1 and _table(name) in whole)
        for name in bound
    )


def _people(project: Project, item: Requirement) -> set[str]:
    people = {person for person in (item.for_, item.owed_by or project.owner) if person}
    for need in item.needs:
        if need in project.needs:
            people.add(project.needs[need].stakeholder)
    return people


def _output_people(project: Project, name: str) -> set[str]:
    output = project.outputs[name]
    people = {output.owner} if output.owner else set()
    return people | {project.needs[need].stakeholder for need in output.needs if need in project.needs}
