"""The nouns of a load: what is wanted, where it goes, which columns it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mainstem.core.dataset import Column, Load
from mainstem.core.release import DataFile, Field
from mainstem.sql.types import INSTANT, Type


@dataclass(frozen=True, slots=True)
class TotalWanted:
    """A total to take from the source in the same read: `expression` (`count(*)`, `sum(amount)`) over the table's
    columns, for each partition label of the column `by`."""

    name: str
    expression: str
    by: str


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a load writes, and what it needs to know of how tables are kept.

    `folder` and `rejects` are the folders of the data table and of its quarantine; file names begin with `prefix`.
    `store` gives, for a SELECT and its columns, the SELECT with types that can be stored, and these columns.
    `relation` gives SQL usable in FROM that reads files of the table with the columns asked for.
    `touched` gives the files that hold a row whose values of some columns are in a relation.
    `label` gives, for a column and its type, the SQL of a row's partition label.
    `set_aside` is SQL usable in FROM of all that was set aside so far, None for nothing.
    `known` has, for columns that refer to another dataset, a SELECT of its values as `known`.
    """

    folder: Path
    rejects: Path
    prefix: str
    store: Callable[[str, tuple[Field, ...]], tuple[str, tuple[Field, ...]]]
    relation: Callable[[Sequence[DataFile], Sequence[Field]], str]
    touched: Callable[[Sequence[str], str], tuple[DataFile, ...]]
    label: Callable[[str, str], str]
    set_aside: str | None = None
    known: Mapping[str, str] = field(default_factory=dict)


def added_fields(load: Load, fields: Sequence[Field]) -> tuple[Field, ...]:
    """The columns that the write mode adds to these of the source. Since when a row holds is of the type of the column
    that says so."""
    types = {field.name: field.type for field in fields}
    return tuple(Field(name, types.get(load.effective or "", INSTANT)) for name in load.added)


@dataclass(frozen=True, slots=True)
class Target:
    """A column of the table as it is loaded.

    `source` is the number of the column at the source, None where it has none: NULL. `raw` is the type in which it
    is read, `type` the one it gets. `choices` are types to try instead, the best first: it gets the one that every
    value fits, else `type`. `column` is the contract's. `original` is the name at the source, None where it has none.
    """

    name: str
    type: Type
    raw: Type
    source: int | None = None
    column: Column | None = None
    choices: tuple[Type, ...] = ()
    original: str | None = None

    @property
    def wanted(self) -> Type:
        """The best type that values may turn out to have."""
        return self.choices[0] if self.choices else self.type
