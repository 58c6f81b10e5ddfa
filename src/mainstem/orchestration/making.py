"""The rows of a model as a SELECT that a session can run, whatever language the model is written in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mainstem.core.dataset import Dataset, Model, Program, Variable
from mainstem.core.place import Place
from mainstem.core.ports import Engine, Session
from mainstem.core.problem import Problem, WorldError
from mainstem.core.words import counted
from mainstem.lifecycle.ingestion.casts import cast
from mainstem.lifecycle.transformation.programs import take_rows
from mainstem.orchestration import bound_rows
from mainstem.orchestration.blame import may_quote
from mainstem.orchestration.bound_programs import declared
from mainstem.orchestration.ground import Ground
from mainstem.sql.clock import bind_clock
from mainstem.sql.quote import quote
from mainstem.sql.types import parse_type
from mainstem.sql.variables import put_in

_MADE = "mainstem_made"
"""The temporary table of what a program returned."""


def select_of(ground: Ground, session: Session, dataset: Dataset, model: Model) -> str:
    """A SELECT of the model's rows, in this session; what a SELECT of its own reads has to be ready."""
    if model.rows is not None:
        return bound_rows.select_of(session, dataset, model.rows, ground.bound.fields[dataset.name] or ())
    if model.program is not None:
        return _of_program(ground, session, dataset, model, model.program)
    return bind_clock(put_in(model.sql, model.variables), ground.started_at, ground.project.timezone)


def _of_program(ground: Ground, session: Session, dataset: Dataset, model: Model, program: Program) -> str:
    """A SELECT of what the function returns; what it says of rows is told only where none of them is tagged."""
    has_tags = may_quote(ground.tags, (dataset.name, *ground.bound.inputs[dataset.name]))
    root = ground.project.root
    return program_select(ground.engine, session, dataset, program, model.variables, root, quotes=not has_tags)


def program_select(
    engine: Engine,
    session: Session,
    dataset: Dataset,
    program: Program,
    variables: Mapping[str, Variable],
    root: Path,
    *,
    quotes: bool,
) -> str:
    """Run a program over what is bound in the engine; a SELECT of what it returns, in the types that are declared."""
    reading = engine.session()
    try:
        take_rows(session, reading, program, variables, root, _MADE, quotes=quotes)
    finally:
        reading.close()
    types = declared(dataset)
    return f"select * from {_MADE}" if types is None else _typed(session, program, types)


def _typed(session: Session, program: Program, types: Mapping[str, str]) -> str:
    """A SELECT of the rows in their declared types. WorldError T027 where a column is missing, is one too many, or
    has values that are none of its type."""
    at = Place(program.module, program.line, 1)
    found = {field.name: field.type for field in session.describe(f"select * from {_MADE}")}
    words = [(f'no column "{name}"', "return it, or remove it from `columns`") for name in types if name not in found]
    words += [(f'a column "{name}", which is not declared', "declare it, too") for name in found if name not in types]
    if words:
        raise WorldError(*(Problem("T027", f'"{program.function}" returns {what}', mend, at) for what, mend in words))
    casts = [
        cast(parse_type(found[name]), parse_type(type_), quote(name), f"p{i}", f"v{i}")
        for i, (name, type_) in enumerate(types.items())
    ]
    prepared = ", ".join(f"{each.prepared} as p{i}" for i, each in enumerate(casts))
    values = ", ".join(f"{each.value} as v{i}" for i, each in enumerate(casts))
    held = f"(select *, {values} from (select *, {prepared} from {_MADE}))"
    asked = ", ".join(f"count(*) filter (where {each.misfit or 'false'})" for each in casts)
    (counts,) = session.rows(f"select {asked} from {held}")
    problems = [
        Problem("T027", f'{counted(count, "value")} of column "{name}" cannot be {types[name]}', "convert them", at)
        for name, count in zip(types, counts, strict=True)
        if count
    ]
    if problems:
        raise WorldError(*problems)
    shown = ", ".join(f"v{i} as {quote(name)}" for i, name in enumerate(types))
    return f"select {shown} from {held}"
