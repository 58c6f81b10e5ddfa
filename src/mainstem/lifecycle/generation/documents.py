"""JSON texts of objects, each with the place it comes from, as rows: in a temporary table of the session."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from typing import Any

from mainstem.core.dataset import Dataset
from mainstem.core.ports import Reading, Session
from mainstem.core.problem import Problem, WorldError
from mainstem.core.release import Field
from mainstem.lifecycle.generation import json_lines
from mainstem.lifecycle.generation.nulls import with_nulls
from mainstem.project.pairing import at_source
from mainstem.sql.quote import literal, quote

ORIGIN = "p || n"
"""SQL of where a row of the table comes from."""

_TABLES = itertools.count(1)
_MOST_CHARACTERS = 4 << 20


class Documents:
    """JSON texts on their way into a table of (f, n, p, t): number of the batch, of the row, origin, text.

    Memory is bounded by one batch. What is no object goes into a table of its own, with the reason.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.rows = f"documents_{next(_TABLES)}"
        self.broken = f"{self.rows}_broken"
        self._waiting: list[tuple[int, int, str, str]] = []
        self._characters = self._batch = 0
        session.execute(f"create temp table {self.rows} (f integer, n bigint, p varchar, t varchar)")
        session.execute(f"create temp table {self.broken} (_origin varchar, raw varchar, reason varchar)")

    @property
    def teardown(self) -> tuple[str, ...]:
        return tuple(f"drop table if exists {table}" for table in (self.rows, self.broken))

    def drop(self) -> None:
        """Nothing is left of what was read."""
        for statement in self.teardown:
            self.session.execute(statement)

    def add(self, texts: Sequence[str], origin: str) -> None:
        """Rows that come together; `origin` and their number from 1 say where each is from."""
        for number, text in enumerate(texts, start=1):
            self._waiting.append((self._batch, number, origin, text))
            self._characters += len(text)
            if self._characters > _MOST_CHARACTERS:
                self._pour()
        self._batch += 1

    def _pour(self) -> None:
        from arro3.core import Array, DataType, Table

        if not self._waiting:
            return
        batches, numbers, origins, texts = zip(*self._waiting, strict=True)
        columns: dict[str, Any] = {
            "f": Array(list(batches), type=DataType.int32()),
            "n": Array(list(numbers), type=DataType.int64()),
            "p": Array(list(origins), type=DataType.utf8()),
            "t": Array(list(texts), type=DataType.utf8()),
        }
        self.session.take(self.rows, Table.from_pydict(columns))
        self._waiting.clear()
        self._characters = 0

    def reading(
        self, dataset: Dataset, nulls: Sequence[str], position: Any, known: Mapping[str, str] | None = None
    ) -> Reading:
        """All that was added, as texts, with the types that all values of a key show; `known` are the types of keys
        whose texts are exactly those of a value, and are read as such. WorldError G009."""
        self._pour()
        session, rows = self.session, self.rows
        names = list(json_lines.keys(session, rows, self.broken, ORIGIN))
        if "_origin" in names:
            mend = "read it under another name at the source"
            raise WorldError(Problem("G009", 'the rows have a key "_origin"', mend, dataset.place))
        if known is None:
            json_lines.mend_decimals(session, rows)
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
            select=f"select {values}{ORIGIN} as _origin from ({_objects(rows, [*names, *missing])})",
            columns=tuple(map(Field, [*names, *missing], types)),
            position=position,
            teardown=self.teardown,
            broken=f"select _origin, raw, reason from {self.broken}",
        )


def _value(name: str, type_: str, nulls: Sequence[str]) -> str:
    text = with_nulls(json_lines.value(name), nulls)
    return text if type_ == "VARCHAR" else f"cast({text} as {type_})"


def _objects(rows: str, names: Sequence[str]) -> str:
    """A SELECT of `p`, `n` and `o`, which holds each key's value as text; nested values are JSON."""
    if not names:
        return f"select p, n from {rows}"
    structure = json.dumps(dict.fromkeys(names, "VARCHAR"), ensure_ascii=False)
    return f"select p, n, json_transform(t, {literal(structure)}) as o from {rows}"
