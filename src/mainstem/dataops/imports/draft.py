"""What a foreign project becomes, before it is written: datasets, people, and what was left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mainstem.core.place import Place


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something of the foreign project that is not carried over, and how many `tests` of it go with it. `place` lies in
    that project."""

    noun: str
    name: str
    place: Place
    why: str
    tests: int = 0


@dataclass(frozen=True, slots=True)
class DraftCheck:
    """A check as it will be written: `kind` with its `options`. `name` and `place` are those of the foreign test.

    `alone`: it is not joined with others of its kind.
    """

    kind: str
    options: Any
    name: str
    place: Place
    severity: str = "error"
    alone: bool = False


@dataclass(frozen=True, slots=True)
class DraftModel:
    """A model: `name` is the dataset's, `foreign` is what it was called. `columns` are notes on columns, as written.

    `content` are the bytes of a CSV file, for a model that is one; else `sql` is its SELECT.
    """

    name: str
    foreign: str
    place: Place
    sql: str = ""
    noun: str = "model"
    kind: str = "table"
    key: tuple[str, ...] = ()
    time_column: str | None = None
    description: str = ""
    owner: str | None = None
    tags: tuple[str, ...] = ()
    columns: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    checks: tuple[DraftCheck, ...] = ()
    content: bytes | None = None


@dataclass(frozen=True, slots=True)
class DraftTable:
    """A table of a source, `name` with its schema; `columns` are its contract."""

    name: str
    foreign: str
    place: Place
    noun: str = "source"
    description: str = ""
    tags: tuple[str, ...] = ()
    columns: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    checks: tuple[DraftCheck, ...] = ()


@dataclass(frozen=True, slots=True)
class LooseCheck:
    """A SELECT that finds failing rows, of no dataset yet: it goes to the last one that it reads."""

    name: str
    place: Place
    sql: str
    severity: str = "error"


Row = Mapping[str, str | None]
"""A row of a test as it will be written; None is NULL."""


@dataclass(frozen=True, slots=True)
class DraftTest:
    """A test of a model: rows given by dataset, rows expected of the model or of its `cte`. `now` is what its clock
    shows, as it will be written."""

    name: str
    foreign: str
    place: Place
    model: str
    given: Mapping[str, tuple[Row, ...]]
    expect: tuple[Row, ...]
    description: str = ""
    cte: str | None = None
    now: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """A stakeholder: somebody who owns, or uses."""

    id: str
    title: str
    side: str = "governance"
    contact: str | None = None


@dataclass(frozen=True, slots=True)
class Use:
    """What somebody does with datasets: becomes a need, a requirement to be completed, and for a dashboard a page."""

    id: str
    title: str
    place: Place
    person: str
    reads: tuple[str, ...]
    description: str = ""
    url: str | None = None
    is_dashboard: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """A foreign project, carried over as far as it can be. `found` counts what there was, by noun; `remarks` are about
    what is carried over and should be looked at."""

    project: str
    dialect: str
    models: tuple[DraftModel, ...] = ()
    tables: tuple[DraftTable, ...] = ()
    loose: tuple[LooseCheck, ...] = ()
    people: tuple[Person, ...] = ()
    uses: tuple[Use, ...] = ()
    tests: tuple[DraftTest, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    remarks: tuple[LeftOut, ...] = ()
    found: Mapping[str, int] = field(default_factory=dict)

    @property
    def names(self) -> frozenset[str]:
        """The datasets."""
        return frozenset([*(each.name for each in self.models), *(each.name for each in self.tables)])
