"""JSON texts of objects, each with the place it comes from, as rows: in a temporary table of the session."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mainstem.core.dataset import Dataset
from mainstem.core.ports import Reading, Session
from mainstem.core.problem import Problem, WorldError
from mainstem.core.release import Field
from mainstem.lifecycle.generation import json_lines
from mainstem.lifecycle.generation.exploding import explode, refuse_missing
from mainstem.lifecycle.generation.file_options import POSITION
from mainstem.lifecycle.generation.nulls import with_nulls
from mainstem.project.pairing import at_source
from mainstem.sql.quote import quote

_TABLES = itertools.count(1)
_MOST_CHARACTERS = 4 << 20


@dataclass(frozen=True, slots=True)
class Explosion:
    """The list at `path` of each object, whose elements are the rows, with values of `parents` from around it."""

    path: str
    parents: Mapping[str, str]


class Documents:
    """JSON texts on their way into a table of (f, n, t): number of the batch, number of the row in it, text.

    Memory is bounded by one batch. Where each batch comes from is in a table beside it; what is no object goes into
    another one, with the reason.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.rows = f"documents_{next(_TABLES)}"
        self.batches, self.broken = f"{self.rows}_batches", f"{self.rows}_broken"
        self.origin = f"(select words from {self.batches} where batch = f) || n"
        self._waiting: list[tuple[int, int, str]] = []
        self._origins: list[tuple[int, str]] = []
        self._characters = self._batch = self.count = 0
        session.count_by(lambda: self.count)
        session.execute(f"create temp table {self.rows} (f integer, n bigint, t varchar)")
        session.execute(f"create temp table {self.batches} (batch integer, words varchar)")
        session.execute(f"create temp table {self.broken} (_origin varchar, raw varchar, reason varchar)")

    @property
    def teardown(self) -> tuple[str, ...]:
        return tuple(f"drop table if exists {table}" for table in (self.rows, self.batches, self.broken))

    def drop(self) -> None:
        """Nothing is left of what was read."""
        for statement in self.teardown:
            self.session.execute(statement)

    def add(self, texts: Sequence[str], origin: str) -> None:
        """Rows that come together; `origin` and their number from 1 say where each is from."""
        self._origins.append((self._batch, origin))
        for number, text in enumerate(texts, start=1):
            self._waiting.append((self._batch, number, text))
            self._characters += len(text)
            if self._characters > _MOST_CHARACTERS:
                self._pour()
        self._batch += 1
        self.count += len(texts)

    def _pour(self) -> None:
        if self._origins:
            batches, words = zip(*self._origins, strict=True)
            self.session.take(self.batches, _table(batch=("int32", batches), words=("utf8", words)))
        if self._waiting:
            batches, numbers, texts = zip(*self._waiting, strict=True)
            rows = _table(f=("int32", batches), n=("int64", numbers), t=("utf8", texts))
            self.session.take(self.rows, rows)
        self._origins.clear()
        self._waiting.clear()
        self._characters = 0

    def reading(
        self,
        dataset: Dataset,
        nulls: Sequence[str],
        position: Any,
        known: Mapping[str, str] | None = None,
        explosion: Explosion | None = None,
    ) -> Reading:
        """All that was added, as texts, with the types that all values of a key show; `known` are the types of keys
        whose texts are exactly those of a value, and are read as such. WorldError G009 and G038."""
        self._pour()
        session, rows = self.session, self.rows
        names = list(json_lines.keys(session, rows, self.broken, self.origin))
        if known is None:
            json_lines.mend_decimals(session, rows)
        origin, more = self.origin, ""
        if explosion is not None:
            names, origin, more = self._exploded(explosion, dataset), f"{self.origin} || '/' || p", "p, "
        if "_origin" in names:
            mend = "read it under another name at the source"
            raise WorldError(Problem("G009", 'the rows have a key "_origin"', mend, dataset.place))
        here = at_source([column.name for column in dataset.columns], names, dataset.columns)
        wanted = [column.original or column.name for column in dataset.columns]
        missing = [name for name, found in zip(wanted, here, strict=True) if found is None]
        types = ["VARCHAR"] * (len(names) + len(missing))
        if known is not None:
            types = [known.get(name, "VARCHAR") for name in [*names, *missing]]
        elif not dataset.columns:
            types = list(json_lines.types(session, rows, names))
        values = "".join(
            f"{_value(name, type_ if known else 'VARCHAR', nulls)} as {quote(name)}, "
            for name, type_ in zip([*names, *missing], types, strict=True)
        )
        return Reading(
            select=f"select {values}{origin} as _origin from ({json_lines.select(rows, [*names, *missing], more)})",
            columns=tuple(map(Field, [*names, *missing], types)),
            position=position,
            teardown=self.teardown,
            broken=f"select _origin, raw, reason from {self.broken}",
        )

    def _exploded(self, explosion: Explosion, dataset: Dataset) -> list[str]:
        """Replace the rows by the elements of a list in each; the names of their columns. WorldError G038."""
        refuse_missing(self.session, self.rows, explosion.path, dataset)
        taken = explode(self.session, self.rows, self.broken, self.origin, explosion.path, explosion.parents)
        if taken:
            mend = "give the column from around another name in `parent`"
            if POSITION in taken:
                mend = "read the list as a column, without `explode`"
            what = f'the elements of "{explosion.path}" have a key "{taken[0]}" already'
            raise WorldError(Problem("G038", what, mend, dataset.place))
        names = json_lines.keys(self.session, self.rows, self.broken, self.origin)
        return list(dict.fromkeys([*explosion.parents, POSITION, *names]))


def _table(**columns: tuple[str, Sequence[Any]]) -> Any:
    """Columns as Arrow data, each of a type of Arrow's."""
    from arro3.core import Array, DataType, Table

    made: dict[str, Any] = {
        name: Array(list(values), type=getattr(DataType, type_)()) for name, (type_, values) in columns.items()
    }
    return Table.from_pydict(made)


def _value(name: str, type_: str, nulls: Sequence[str]) -> str:
    text = with_nulls(json_lines.value(name), nulls)
    return text if type_ == "VARCHAR" else f"cast({text} as {type_})"
