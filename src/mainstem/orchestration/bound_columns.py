"""Columns and types of datasets before there are rows: as they were loaded, as promised, as the engine says."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from mainstem.core.dataset import QUARANTINE, Dataset, Load, Model, SqlFacts
from mainstem.core.place import Place
from mainstem.core.problem import MainstemError, Problem
from mainstem.core.project import Macro
from mainstem.core.release import Field
from mainstem.orchestration import fits
from mainstem.orchestration.binding import Work, resolve
from mainstem.sql.variables import as_written, named, put_in


def quarantine_fields() -> tuple[Field, ...]:
    """The columns of every quarantine."""
    from mainstem.lifecycle.storage.quarantine import FIELDS

    return FIELDS


def load_fields(work: Work, dataset: Dataset) -> tuple[Field, ...] | None:
    """Columns and types of a load: as it was loaded before, else as promised; None where neither says."""
    if work.project.is_lost(dataset.name):
        return None
    if dataset.name in work.known:
        return _with_added(dataset, work.known[dataset.name])
    if not dataset.columns or any(column.type is None for column in dataset.columns):
        return None
    from mainstem.lifecycle.storage.types import stored_fields

    try:
        declared = stored_fields([Field(column.name, column.type or "") for column in dataset.columns])
        return _with_added(dataset, declared)
    except MainstemError as error:
        work.problems += [replace(problem, place=problem.place or dataset.place) for problem in error.problems]
        return None


def _with_added(dataset: Dataset, fields: tuple[Field, ...]) -> tuple[Field, ...]:
    """The columns of a load with those that its write mode adds, from the first load on."""
    from mainstem.lifecycle.ingestion.target import added_fields

    assert isinstance(dataset.made_by, Load)
    there = {field.name for field in fields}
    return (*fields, *(each for each in added_fields(dataset.made_by, fields) if each.name not in there))


def model_fields(work: Work, dataset: Dataset, model: Model, inputs: Sequence[str]) -> tuple[Field, ...] | None:
    """Columns and types of a model, from the cache or from the engine."""
    scope = {name: work.fields[name] for name in inputs}
    if "macros" in work.project.lost or any(fields is None for fields in scope.values()):
        return None
    if any(name not in model.variables for name, _ in named(model.sql)):  # one without a value, which was told
        return None
    shapes = [f"{name}:{work.shape(name)}" for name in inputs]
    macros = [macro.text for macro in work.macros.used(model.sql)]
    wanted = "\n".join((str(model.kind == "view"), put_in(model.sql, model.variables), *shapes, *macros))
    key = hashlib.sha256(wanted.encode()).hexdigest()
    cached = work.texts.fields(key)
    if cached is not None:
        return tuple(Field(name, type_) for name, type_ in cached)
    try:
        fields = _describe(work, model, inputs)
    except MainstemError as error:
        work.broken.add(dataset.name)
        written = (as_written(problem, model.sql, model.variables) for problem in error.problems)
        work.problems += [_placed(problem, dataset.place) for problem in written]
        return None
    work.texts.remember_fields(key, [(f.name, f.type) for f in fields])
    return fields


def with_added(
    model: Model, facts: SqlFacts, fields: tuple[Field, ...] | None
) -> tuple[SqlFacts, tuple[Field, ...] | None]:
    """Facts and columns with those that the kind of the model adds: instants of the run, or of the column that says
    since when a row holds."""
    from mainstem.lifecycle.ingestion.target import added_fields

    if model.as_load is None or not model.as_load.added:
        return facts, fields
    since = facts.lineage.get(model.effective or "", frozenset())
    facts = replace(facts, lineage={**facts.lineage, **dict.fromkeys(model.as_load.added, since)})
    return facts, None if fields is None else (*fields, *added_fields(model.as_load, fields))


def takes(work: Work, used: Sequence[Macro]) -> bool:
    """Whether the engine takes these macros; told where they are written if not, and left open where they read what
    is not known yet."""
    named = work.macros.reads(used)
    reads = resolve(work, named, "macros")
    is_whole = len(reads) == len({name.removesuffix(QUARANTINE) for name in named})
    if not is_whole or any(macro.name in work.macros.broken for macro in used):
        return False
    if any(name in work.broken for name in reads):
        return False
    if "macros" in work.project.lost or any(work.fields.get(name) is None for name in reads):
        return True
    shapes = [f"{name}:{work.shape(name)}" for name in reads]
    for number, macro in enumerate(used):
        texts = [each.text for each in used[: number + 1]]
        key = hashlib.sha256("\n".join(("macro", *texts, *shapes)).encode()).hexdigest()
        if work.texts.fields(key) is not None:
            continue
        try:
            _make_macros(work, used[: number + 1], reads)
        except MainstemError as error:
            work.macros.broken.add(macro.name)
            work.problems += [_placed(problem, macro.place) for problem in error.problems]
            return False
        work.texts.remember_fields(key, [])
    return True


def _make_macros(work: Work, used: Sequence[Macro], reads: Sequence[str]) -> None:
    session = empty(work, reads)
    for macro in used:
        if macro.name not in work.made:
            session.execute(macro.sql)
            work.made.add(macro.name)


def _describe(work: Work, model: Model, inputs: Sequence[str]) -> tuple[Field, ...]:
    session = empty(work, inputs)
    _make_macros(work, work.macros.used(model.sql), inputs)
    return fits.model_fields(model, session.describe(put_in(model.sql, model.variables)))


def empty(work: Work, inputs: Sequence[str]) -> Any:
    """A session in which these datasets are there, without rows."""
    if work.empty is None:
        engine = work.engine()
        work.empty = (engine.session(), engine)
    session, engine = work.empty
    for name in inputs:
        if name not in work.placed:
            work.placed.add(name)
            engine.bind(name, (), work.fields[name] or ())
            if work.project.datasets[name].is_load:
                engine.bind(name + QUARANTINE, (), quarantine_fields())
    return session


def _placed(problem: Problem, place: Place) -> Problem:
    """The engine's problem at its line of the file: the text handed over has the file's lines."""
    line = problem.place.line if problem.place else 0
    column = problem.place.column if problem.place else 0
    if problem.code.startswith("E"):
        problem = replace(problem, code="T004")
    return replace(problem, place=Place(place.file, line or place.line, column or place.column))
