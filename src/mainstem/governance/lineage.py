"""Walks along lineage: where values come from, and where they go."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from mainstem.core.dataset import SqlFacts
from mainstem.core.problem import Problem, ProjectError, nearest
from mainstem.core.tags import REST

Facts = Mapping[str, SqlFacts]
"""What each SELECT says: by dataset, and by `query_name` for the queries of outputs."""


@dataclass(frozen=True, slots=True)
class Edge:
    """One thing depends on another.

    `origin` and `target` are datasets, columns (`schema.table.column`, lower case) or queries of outputs. `by`:
      value       the values of the origin reach the target
      influence   the origin decides which rows of the target there are, or in which order
      unresolved  the target could not be traced, so everything in scope counts
      reads       the target reads the origin (between datasets, where no column was asked for)
    """

    origin: str
    target: str
    by: str


@dataclass(frozen=True, slots=True)
class Branch:
    """A thing, how it hangs on the one above it ("" for the root), and what hangs on it.

    `is_repeated`: its branches are shown elsewhere in the tree.
    """

    name: str
    by: str
    branches: tuple[Branch, ...] = ()
    is_repeated: bool = False


def query_name(output: str, query: str) -> str:
    """The key of an output's query in `Facts`.

    >>> query_name("dashboards/morning", "by_route")
    'dashboards/morning#by_route'
    """
    return f"{output}#{query}"


def is_query(name: str) -> bool:
    """A node is a query of an output, not a dataset or column."""
    return "#" in name


def dataset_of(name: str) -> str:
    """The dataset of a column; a dataset or a query is its own.

    >>> dataset_of("marts.delays.p90")
    'marts.delays'
    """
    return name if is_query(name) else ".".join(name.split(".", 2)[:2])


def upstream(facts: Facts, dataset: str, column: str | None = None) -> tuple[Edge, ...]:
    """Every edge that leads to the dataset or column, nearest first.

    ProjectError M005 where the dataset's SELECT has no such column.
    """
    web = _web(facts)
    return _walk([_start(facts, dataset, column)], lambda name: _edges_to(web, name), lambda edge: edge.origin)


def downstream(facts: Facts, *starts: tuple[str, str | None]) -> tuple[Edge, ...]:
    """Every edge that leads away from the datasets or columns, nearest first.

    A column that influences a dataset touches all of it, and so everything that reads it.
    ProjectError M005 where a dataset's SELECT has no such column.
    """
    web = _web(facts)
    nodes = [_start(facts, dataset, column) for dataset, column in starts]
    return _walk(nodes, lambda name: _edges_from(web, name), lambda edge: edge.target)


def lineage_tree(facts: Facts, direction: Literal["up", "down"], dataset: str, column: str | None = None) -> Branch:
    """`upstream` or `downstream` as a tree with the asked thing at its root; a thing unfolds where it is nearest."""
    if direction == "up":
        ends = [(edge.target, edge.origin, edge.by) for edge in upstream(facts, dataset, column)]
    else:
        ends = [(edge.origin, edge.target, edge.by) for edge in downstream(facts, (dataset, column))]
    return _tree(_start(facts, dataset, column), ends)


@dataclass(frozen=True, slots=True)
class _Own:
    """The facts of one SELECT, lower case, quick to ask. `is_open`: it has columns that its text does not name."""

    inputs: tuple[str, ...]
    columns: tuple[str, ...]
    values: Mapping[str, frozenset[str]]
    influences: frozenset[str]
    is_open: bool


@dataclass(frozen=True, slots=True)
class _Web:
    own: Mapping[str, _Own]
    readers: Mapping[str, tuple[str, ...]]


def _web(facts: Facts) -> _Web:
    own = {name: _own(each) for name, each in facts.items()}
    readers: dict[str, list[str]] = {}
    for name, each in own.items():
        for origin in each.inputs:
            readers.setdefault(origin, []).append(name)
    return _Web(own, {name: tuple(found) for name, found in readers.items()})


def _own(facts: SqlFacts) -> _Own:
    unresolved = {column.lower() for column in facts.unresolved}
    values = {
        column.lower(): frozenset(base.lower() for base in bases)
        for column, bases in facts.lineage.items()
        if column.lower() not in unresolved
    }
    columns = tuple(column.lower() for column in facts.columns)
    influences = frozenset(base.lower() for base in facts.influences)
    return _Own(tuple(facts.inputs), columns, values, influences, REST in unresolved)


def _start(facts: Facts, dataset: str, column: str | None) -> str:
    own = facts.get(dataset)
    if column is None:
        return dataset
    is_closed = own is not None and REST not in own.unresolved
    if own is not None and is_closed and column.lower() not in {name.lower() for name in own.columns}:
        mend = nearest(column, own.columns, kind="columns")
        raise ProjectError(Problem("M005", f'column "{column}" is not in dataset "{dataset}"', mend))
    return f"{dataset}.{column.lower()}"


def _walk(
    starts: Iterable[str], edges: Callable[[str], Iterable[Edge]], end: Callable[[Edge], str]
) -> tuple[Edge, ...]:
    found: dict[Edge, None] = {}
    waiting = deque(starts)
    seen = set(waiting)
    while waiting:
        for edge in edges(waiting.popleft()):
            found.setdefault(edge)
            if end(edge) not in seen:
                seen.add(end(edge))
                waiting.append(end(edge))
    return tuple(found)


def _edges_to(web: _Web, name: str) -> list[Edge]:
    dataset = dataset_of(name)
    own = web.own.get(dataset)
    if own is None:
        return []
    if dataset == name:
        return [Edge(origin, name, "reads") for origin in own.inputs]
    column = name[len(dataset) + 1 :]
    if column in own.values:
        edges = [Edge(origin, name, "value") for origin in sorted(own.values[column])]
    else:
        edges = [Edge(origin, name, "unresolved") for origin in own.inputs]
    return edges + [Edge(origin, name, "influence") for origin in sorted(own.influences)]


def _edges_from(web: _Web, name: str) -> list[Edge]:
    dataset = dataset_of(name)
    readers = web.readers.get(dataset, ())
    if dataset == name:
        return [Edge(name, reader, "reads") for reader in readers]
    return [edge for reader in readers for edge in _column_edges(name, reader, web.own[reader])]


def _column_edges(name: str, reader: str, own: _Own) -> list[Edge]:
    found: dict[Edge, None] = {}
    if name in own.influences:
        found[Edge(name, reader, "influence")] = None
    if own.is_open:
        found[Edge(name, reader, "unresolved")] = None
    for column in own.columns:
        target = reader if is_query(reader) else f"{reader}.{column}"
        if column not in own.values:
            found.setdefault(Edge(name, target, "unresolved"))
        elif name in own.values[column]:
            found.setdefault(Edge(name, target, "value"))
    return list(found)


def _tree(root: str, ends: Iterable[tuple[str, str, str]]) -> Branch:
    below: dict[str, list[tuple[str, str]]] = {}
    for parent, child, by in ends:
        below.setdefault(parent, []).append((child, by))
    owner: dict[str, tuple[str, str]] = {}
    order = [root]
    for name in order:  # grows while it is walked: breadth first
        for child, by in below.get(name, ()):
            if child != root and child not in owner:
                owner[child] = (name, by)
                order.append(child)
    built: dict[str, tuple[Branch, ...]] = {}
    for name in reversed(order):
        built[name] = tuple(
            Branch(child, by, built[child] if owner.get(child) == (name, by) else (), owner.get(child) != (name, by))
            for child, by in below.get(name, ())
        )
    return Branch(root, "", built[root])
