"""Batches of rows as programs make them: lists of dictionaries, Arrow tables, frames; in temporary tables."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from mainstem.core.dataset import Dataset
from mainstem.core.ports import Reading, Session
from mainstem.core.problem import Problem, WorldError
from mainstem.core.release import Field
from mainstem.lifecycle.generation.documents import Documents
from mainstem.lifecycle.generation.plain_values import Seen
from mainstem.sql.quote import literal, quote

_as_json = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode


class Batches:
    """Rows of batches in the order in which they came; `shown` is the program that made them, for origins.

    Dictionaries wait in one table, Arrow data in one for each set of columns that came. A value keeps its type where
    all batches agree on it, else the column is text.
    """

    def __init__(self, session: Session, dataset: Dataset, shown: str) -> None:
        self.session, self.dataset, self.shown = session, dataset, shown
        self.documents = Documents(session)
        self.count = 0
        session.count_by(lambda: self.count)
        self._number = 0
        self._seen: dict[str, Seen] = {}
        self._frames: dict[tuple[tuple[str, str], ...], str] = {}

    @property
    def teardown(self) -> tuple[str, ...]:
        frames = tuple(f"drop table if exists {table}" for table in self._frames.values())
        return (*self.documents.teardown, *frames)

    def drop(self) -> None:
        """Nothing is left of what came."""
        for statement in self.teardown:
            self.session.execute(statement)

    def add(self, batch: Any) -> int:
        """How many rows a batch has. WorldError G062 if it is none."""
        self._number += 1
        if batch is None:
            return 0
        if isinstance(batch, Mapping):
            batch = [batch]
        if isinstance(batch, Sequence) and not isinstance(batch, str | bytes):
            count = self._add_dictionaries(batch)
        elif hasattr(batch, "__arrow_c_stream__") or hasattr(batch, "__arrow_c_array__"):
            count = self._add_frame(batch)
        else:
            raise self._refused(f"is of type {type(batch).__name__}")
        self.count += count
        return count

    def _refused(self, words: str) -> WorldError:
        mend = "yield lists of dictionaries, Arrow tables, or frames of pandas or Polars"
        what = f"batch {self._number} of {self.shown} {words}"
        return WorldError(Problem("G062", what, mend, self.dataset.place))

    def _add_dictionaries(self, rows: Sequence[Any]) -> int:
        texts = [self._text(number, row) for number, row in enumerate(rows, start=1)]
        self.documents.add(texts, f"{self.shown} batch {self._number} row ")
        return len(rows)

    def _text(self, number: int, row: Any) -> str:
        """A dictionary as JSON text whose values are the exact texts of its own."""
        if not isinstance(row, Mapping):
            raise self._refused(f"has a row {number} that is of type {type(row).__name__}")
        texts: dict[str, str | None] = {}
        for key, value in row.items():
            name = key if isinstance(key, str) else repr(key)
            try:
                seen = self._seen.get(name) or self._seen.setdefault(name, Seen())
                texts[name] = seen.text(value)
            except (TypeError, RecursionError) as error:
                words = f"has in row {number} a value of type {error} in {name!r}"
                raise self._refused(
                    words if isinstance(error, TypeError) else f"has a row {number} in itself"
                ) from None
        made = _as_json(texts)
        return made if made.isascii() or _is_unicode(made) else json.dumps(texts)

    def _add_frame(self, frame: Any) -> int:
        from arro3.core import RecordBatchReader, Table

        try:
            whole = frame if hasattr(frame, "__arrow_c_stream__") else Table.from_batches([frame])
            stream = RecordBatchReader.from_stream(whole)
            fields = [stream.schema.field(i) for i in range(len(stream.schema))]
            columns = tuple((each.name, str(each.type)) for each in fields)
        except Exception as error:  # noqa: BLE001 - whatever a library of the user's raises
            raise self._refused(f"is no Arrow data: {error}") from None
        names = [name for name, _ in columns]
        if len({name.lower() for name in names}) < len(names):
            raise self._refused("has two columns of one name")
        table = self._frames.setdefault(columns, f"{self.documents.rows}_frame{len(self._frames) + 1}")
        try:
            return self.session.take(table, stream)
        except WorldError as error:
            raise self._refused(f"cannot be read: {error.problems[0].what}") from None

    def reading(self, position: Any, *, is_complete: bool) -> Reading:
        """All that was added. WorldError G009."""
        whole = self._documents()
        parts = [(whole.select, {each.name: each.type for each in whole.columns})] if whole.columns else []
        for number, (columns, table) in enumerate(self._frames.items(), start=1):
            if "_origin" in dict(columns):
                mend = "give the column another name"
                raise WorldError(Problem("G009", 'a batch has a column "_origin"', mend, self.dataset.place))
            types = {each.name: each.type for each in self.session.describe(f"select * from {table}")}
            where = literal(f"{self.shown} {f'table {number} ' if len(self._frames) > 1 else ''}row ")
            shown = "".join(f"{quote(name)}, " for name in types)
            parts.append((f"select {shown}{where} || (rowid + 1) as _origin from {table}", types))
        return Reading(
            select=_united(parts) if parts else whole.select,
            columns=tuple(Field(name, type_) for name, type_ in _agreed(parts).items()),
            position=position,
            teardown=self.teardown,
            broken=whole.broken,
            is_complete=is_complete,
            is_loose=bool(self.dataset.key),
            notes=(*self._notes(), *_notes(parts)),
        )

    def _documents(self) -> Reading:
        return self.documents.reading(self.dataset, (), None, {name: seen.type for name, seen in self._seen.items()})

    def _notes(self) -> list[str]:
        return [
            f'column "{name}" holds {seen.mixture}: it is read as text'
            for name, seen in self._seen.items()
            if seen.mixture
        ]


def _is_unicode(text: str) -> bool:
    """Whether a text can be written down. One that cannot is escaped, which the engine refuses to read as JSON."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _agreed(parts: Sequence[tuple[str, Mapping[str, str]]]) -> dict[str, str]:
    """The type of each column: that of all parts which have it, else VARCHAR."""
    types: dict[str, str] = {}
    for _, columns in parts:
        for name, type_ in columns.items():
            types[name] = type_ if types.setdefault(name, type_) == type_ else "VARCHAR"
    return types


def _united(parts: Sequence[tuple[str, Mapping[str, str]]]) -> str:
    """One SELECT of the rows of all parts, with the columns of all."""
    types = _agreed(parts)
    selects = []
    for select, columns in parts:
        values = "".join(
            f"{_value(name, columns.get(name), type_)} as {quote(name)}, " for name, type_ in types.items()
        )
        selects.append(f"select {values}_origin from ({select})")
    return " union all ".join(selects)


def _value(name: str, here: str | None, wanted: str) -> str:
    if here is None:
        return f"cast(null as {wanted})"
    return quote(name) if here == wanted else f"cast({quote(name)} as {wanted})"


def _notes(parts: Sequence[tuple[str, Mapping[str, str]]]) -> list[str]:
    agreed = _agreed(parts)
    found = []
    for name, type_ in agreed.items():
        kinds = sorted({columns[name] for _, columns in parts if name in columns})
        if type_ == "VARCHAR" and len(kinds) > 1:
            found.append(f'column "{name}" comes as {" and as ".join(kinds)}: it is read as text')
    return found
