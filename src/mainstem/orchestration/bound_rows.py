"""Rows that the project holds itself: held to their types while names are bound, before any data is touched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mainstem.core.canonical import digest
from mainstem.core.dataset import Dataset, Rows, SqlFacts
from mainstem.core.place import Place
from mainstem.core.ports import Session
from mainstem.core.problem import MainstemError, Problem
from mainstem.core.release import Field
from mainstem.lifecycle.generation.sniff import suggested
from mainstem.lifecycle.ingestion.casts import Cast, cast
from mainstem.orchestration.binding import Work
from mainstem.orchestration.bound_columns import empty
from mainstem.sql.quote import literal, quote
from mainstem.sql.types import parse_type

_TEXT = parse_type("VARCHAR")
_TABLE = "mainstem_given"
_MOST_TOLD = 20


def bind_rows(work: Work, dataset: Dataset, rows: Rows) -> None:
    """Columns, types and facts of the rows; T020 for each value that its column's type does not hold."""
    from mainstem.lifecycle.storage.types import stored_fields

    meaning = digest([rows.digest, [(column.name, column.type) for column in dataset.columns]])
    work.facts[dataset.name] = _facts(rows, meaning)
    key = f"rows {meaning}"
    cached = work.texts.fields(key)
    if cached is None:
        session = empty(work, ())
        try:
            _pour(session, rows)
            types = _types(session, dataset, rows)
            problems = list(_misfits(session, dataset, types))
            cached = [(f.name, f.type) for f in stored_fields([Field(*each) for each in types.items()])]
        except MainstemError as error:
            problems = [
                Problem(each.code, each.what, each.mend, each.place or dataset.place) for each in error.problems
            ]
        finally:
            session.execute(f"drop table if exists {_TABLE}")
        if problems:
            work.problems += problems
            work.broken.add(dataset.name)
            work.fields[dataset.name] = None
            return
        assert cached is not None
        work.texts.remember_fields(key, cached)
    work.fields[dataset.name] = tuple(Field(name, type_) for name, type_ in cached)


def select_of(session: Session, dataset: Dataset, rows: Rows, fields: Sequence[Field]) -> str:
    """A SELECT of the rows in their types, put into a temporary table of the session."""
    _pour(session, rows)
    declared = _declared(dataset)
    casts = _casts({field.name: declared.get(field.name) or field.type for field in fields})
    prepared = ", ".join(f"{each.prepared} as p{i}" for i, each in enumerate(casts))
    shown = ", ".join(f"{each.value} as {quote(field.name)}" for each, field in zip(casts, fields, strict=True))
    return f"select {shown} from (select {prepared} from {_TABLE} order by line)"


def _facts(rows: Rows, meaning: str) -> SqlFacts:
    lineage: Mapping[str, frozenset[str]] = dict.fromkeys(rows.names, frozenset())
    return SqlFacts({}, rows.names, lineage, frozenset(), meaning)


def _pour(session: Session, rows: Rows) -> None:
    from arro3.core import Array, DataType, Table

    columns: dict[str, Any] = {"line": Array(rows.lines, DataType.int64())}
    for i in range(len(rows.names)):
        columns[f"r{i}"] = Array([row[i] for row in rows.values], DataType.string())
    session.take(_TABLE, Table.from_pydict(columns))


def _types(session: Session, dataset: Dataset, rows: Rows) -> dict[str, str]:
    """The declared type of each column, else one that every value fits."""
    names = ", ".join(f"r{i} as {quote(name)}" for i, name in enumerate(rows.names))
    found = suggested(session, f"select {names} from {_TABLE}", rows.names)
    return {**dict(zip(rows.names, found, strict=True)), **_declared(dataset, rows.names)}


def _declared(dataset: Dataset, names: Sequence[str] | None = None) -> dict[str, str]:
    return {each.name: each.type for each in dataset.columns if each.type and (names is None or each.name in names)}


def _casts(types: Mapping[str, str]) -> list[Cast]:
    return [cast(_TEXT, parse_type(type_), f"r{i}", f"p{i}", f"v{i}") for i, type_ in enumerate(types.values())]


def _misfits(session: Session, dataset: Dataset, types: Mapping[str, str]) -> Iterator[Problem]:
    casts = _casts(types)
    prepared = ", ".join(f"{each.prepared} as p{i}" for i, each in enumerate(casts))
    values = ", ".join(f"{each.value} as v{i}" for i, each in enumerate(casts))
    held = f"select *, {values} from (select *, {prepared} from {_TABLE})"
    wrong = [
        f"select line, {literal(name)} as name, r{i} as value, {i} as place from ({held}) where {each.misfit}"
        for i, (name, each) in enumerate(zip(types, casts, strict=True))
        if each.misfit
    ]
    if not wrong:
        return
    found = session.rows(
        f"select line, name, value from ({' union all '.join(wrong)}) order by line, place limit {_MOST_TOLD}"
    )
    for line, name, value in found:
        what, mend = f'"{value}" in column "{name}" is no {types[name]}', "correct the value, or the type of the column"
        yield Problem("T020", what, mend, Place(dataset.place.file, line, 1))
