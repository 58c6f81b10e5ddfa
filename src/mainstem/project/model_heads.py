"""What is said of a model beside what makes its rows: the same keys, whatever language it is written in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mainstem.core.dataset import Check, Column, Dataset, Model
from mainstem.core.place import Place
from mainstem.core.problem import Problem, ProjectError
from mainstem.project.checks import read_checks
from mainstem.project.columns import read_given, read_notes
from mainstem.project.nodes import Keys
from mainstem.project.shape import Form, shape


@dataclass(frozen=True, slots=True)
class ModelKeys:
    """What a model's head says of it, apart from columns and checks."""

    kind: Literal["table", "view", "incremental", "append", "merge", "scd2"] = "table"
    description: str = ""
    key: tuple[str, ...] = ()
    time_column: str | None = None
    owner: str | None = None
    tags: frozenset[str] = frozenset()
    refresh: Literal["auto", "incremental", "full"] = "auto"
    effective: str | None = None

    def __post_init__(self) -> None:
        if self.kind in ("merge", "scd2") and not self.key:
            mend = "add `key: [...]`, the columns whose values name a row"
            raise ProjectError(
                Problem("T028", f"`kind: {self.kind}` writes rows by their key, and there is none", mend)
            )
        if self.effective is not None and self.kind != "scd2":
            mend = "write `kind: scd2`, or remove it"
            raise ProjectError(Problem("T028", "`effective` says since when a row of a history holds", mend))


_ALSO: Mapping[str, Any] = {"columns": Any, "checks": Any}
_HINTS = {
    "name": "remove it: the path of the file is the name (`models/marts/x.sql` is `marts.x`)",
    "depends_on": "remove it: what the SELECT reads is what it depends on",
    "tests": "write `checks:`",
}
MODEL = Form(
    ModelKeys,
    also=_ALSO,
    hints={**_HINTS, "materialized": "write `kind: table`, `view`, `incremental`, `append`, `merge` or `scd2`"},
)
"""The head of a model."""

ROWS = Form(
    ModelKeys,
    given=frozenset({"kind", "refresh", "effective"}),
    also=_ALSO,
    hints={**_HINTS, "kind": "remove it: a CSV file is a table", "types": "write `columns: {name: type}`"},
)
"""The file beside a CSV file: what its columns are, and what is said of any model."""


PROGRAM = Form(
    ModelKeys,
    given=frozenset({"refresh"}),
    narrowed={"kind": Literal["table", "append", "merge", "scd2"]},
    also={**_ALSO, "inputs": Any, "lineage": Any},
    hints=_HINTS,
)
"""What a function's decorator says: the keys of any head, and what the function reads."""


@dataclass(frozen=True, slots=True)
class ReadModel:
    """A model, and the keys of its head for the places of what they name. `dataset` is None after a problem."""

    dataset: Dataset | None
    keys: Keys


@dataclass(frozen=True, slots=True)
class Head:
    """A head, read."""

    keys: ModelKeys
    columns: tuple[Column, ...] = ()
    checks: tuple[Check, ...] = ()

    def dataset(self, name: str, place: Place, model: Model) -> Dataset:
        """The dataset that the model makes."""
        keys = self.keys
        return Dataset(
            name,
            place,
            model,
            columns=self.columns,
            key=keys.key,
            time_column=keys.time_column,
            checks=self.checks,
            owner=keys.owner,
            description=keys.description,
            tags=keys.tags,
        )


def read_head(form: Form, keys: Keys, problems: list[Problem]) -> Head | None:
    """What the keys say; None after a problem with one of them. Only a SELECT gives types by itself: of another
    language the value of a column is its type."""
    said: ModelKeys | None = shape(form, keys, problems)
    columns = (read_notes if form is MODEL else read_given)(keys.get("columns"), problems)
    checks = read_checks(keys.get("checks"), said.time_column if said else None, problems)
    return Head(said, columns, checks) if said else None
