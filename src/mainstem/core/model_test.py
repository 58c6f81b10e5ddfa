"""Tests of models, as people wrote them: rows that a model is given, and rows that are expected of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from mainstem.core.place import Place


@dataclass(frozen=True, slots=True)
class Cell:
    """One value as its author wrote it; `text` None is NULL. Of a list or mapping, `is_nested`, it is the JSON text."""

    text: str | None
    place: Place = field(compare=False, repr=False)
    is_nested: bool = field(default=False, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows as they are written, each with its cells by column.

    `columns` are all that are named, in order of first mention, each with the place of that.
    """

    columns: Mapping[str, Place] = field(compare=False)
    cells: tuple[Mapping[str, Cell], ...]


@dataclass(frozen=True, slots=True)
class Given:
    """The rows of one dataset that a model reads. `name` is `schema.table`, `place` is where it is named."""

    name: str
    place: Place = field(compare=False)
    rows: Rows


@dataclass(frozen=True, slots=True)
class ModelTest:
    """What a model, or one of its CTEs, makes of given rows.

    `model` is the model's full name, `model_place` is where it is named. `given` are rows of what it reads; what is
    not given is empty. `expect` are the rows wanted, in the columns that they name, in any order unless `ordered`.
    `cte` names the CTE whose rows they are (None: the model's own). `now` is the clock that the model sees.
    """

    name: str
    place: Place = field(compare=False)
    model: str
    model_place: Place = field(compare=False)
    expect: Rows
    given: tuple[Given, ...] = ()
    cte: str | None = None
    cte_place: Place | None = field(default=None, compare=False)
    now: datetime | None = None
    ordered: bool = False
    description: str = field(default="", compare=False)

    @property
    def digest(self) -> str:
        """Equal for tests that show the same, whatever they are called and wherever they stand."""
        given = [(each.name, each.rows.cells) for each in self.given]
        said = repr((self.model, self.cte, self.now, self.ordered, given, self.expect.cells))
        return "sha256:" + hashlib.sha256(said.encode()).hexdigest()
