"""What binding has found so far, and names held against it: datasets that are read, columns that are named."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mainstem.core.dataset import QUARANTINE, SqlFacts
from mainstem.core.place import Place
from mainstem.core.ports import Engine
from mainstem.core.problem import Problem, nearest
from mainstem.core.project import Project
from mainstem.core.release import Field
from mainstem.orchestration.bound_macros import Macros


@dataclass(slots=True)
class Work:
    """What binding has found so far."""

    project: Project
    known: Mapping[str, tuple[Field, ...]]
    texts: Any
    engine: Callable[[], Engine]
    problems: list[Problem] = field(default_factory=list)
    facts: dict[str, SqlFacts] = field(default_factory=dict)
    fields: dict[str, tuple[Field, ...] | None] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    empty: Any = None
    placed: set[str] = field(default_factory=set)
    shapes: dict[str, str] = field(default_factory=dict)
    macros: Macros = field(default_factory=lambda: Macros((), None))
    made: set[str] = field(default_factory=set)

    def shape(self, name: str) -> str:
        """Columns and types of a dataset as one text."""
        if name not in self.shapes:
            self.shapes[name] = ", ".join(f"{f.name} {f.type}" for f in self.fields[name] or ())
        return self.shapes[name]


def resolve(work: Work, inputs: Mapping[str, Place], reader: str) -> tuple[str, ...]:
    """The datasets that these names are of, a quarantine being of its dataset. What is none breaks the reader, T001."""
    known = work.project.datasets
    names: dict[str, None] = {}
    for name, place in inputs.items():
        base = name.removesuffix(QUARANTINE)
        if base in known and (base == name or known[base].is_load):
            names[base] = None
            continue
        work.broken.add(reader)
        if not work.project.is_lost(base):
            work.problems.append(
                Problem("T001", f'dataset "{name}" does not exist', nearest(name, list(known), kind="datasets"), place)
            )
    return tuple(names)


def _names(work: Work, dataset: str) -> tuple[str, ...] | None:
    fields = work.fields.get(dataset)
    return None if fields is None else tuple(f.name for f in fields)


def require(work: Work, dataset: str, column: str, place: Place, role: str) -> None:
    """Hold a named column against those of its dataset, T005; where they are not known nothing is said."""
    names = _names(work, dataset)
    if names is not None and column.lower() not in {name.lower() for name in names}:
        work.problems.append(
            Problem(
                "T005",
                f'{role} names "{column}", which is no column of "{dataset}"',
                nearest(column, list(names), kind="columns"),
                place,
            )
        )
