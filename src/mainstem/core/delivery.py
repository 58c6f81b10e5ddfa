"""Rows that leave for another system: where they go, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mainstem.core.place import Place
from mainstem.core.problem import Problem

Row = tuple[Any, ...]


class RowsRefusedError(Exception):
    """The other system takes none of the rows of a batch; its own words say why."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A table of another system. `columns` are its names for the columns of a row, in order; `key` are some of them.

    `mode`: upsert (new rows are inserted, those there are updated), insert (those there stay as they are), mirror (as
    upsert, and rows are deleted).
    """

    table: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    mode: str
    place: Place

    @property
    def key_positions(self) -> tuple[int, ...]:
        """Where in a row its key stands."""
        return tuple(self.columns.index(name) for name in self.key)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one sync would send, or has sent, from a release; counts are rows.

    `unchanged` were sent before and are the same. `refused` counts, by the words of the other system, rows that it did
    not take. `examples` are keys of a few rows that go out, by what is done to them; none where the reader of the sync
    sees tagged columns as they are. `problems` is not empty where the sync was not carried out, or not to its end.
    """

    output: str
    env: str
    release: str
    to: str
    inserts: int = 0
    updates: int = 0
    deletes: int = 0
    unchanged: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)
    examples: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    @property
    def rows(self) -> int:
        """Rows that go out."""
        return self.inserts + self.updates + self.deletes

    @property
    def is_whole(self) -> bool:
        """Whether everything arrived."""
        return not self.problems and not self.refused
