"""Python models: what they read and what is known of their columns, without running them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mainstem.core.canonical import digest
from mainstem.core.dataset import QUARANTINE, Dataset, Model, Program, SqlFacts
from mainstem.core.problem import MainstemError, Problem, nearest
from mainstem.core.release import Field
from mainstem.core.tags import REST
from mainstem.orchestration.binding import Work, resolve
from mainstem.orchestration.bound_columns import quarantine_fields, with_added
from mainstem.sql.facts import with_columns


def program_inputs(work: Work, dataset: Dataset, program: Program) -> tuple[str, ...]:
    """The datasets that its parameters are; T001 for what is none."""
    named = {name: program.places[parameter] for parameter, name in program.inputs.items()}
    return resolve(work, named, dataset.name)


def bind_program(work: Work, dataset: Dataset, program: Program) -> None:
    """Columns and facts: the columns are those that it declares with types, else those it had when it last ran, else
    unknown. T023 for a `lineage` that names what is not there."""
    problems = list(_lineage_problems(work, program))
    work.problems += problems
    fields = _fields(work, dataset)
    if problems:
        work.broken.add(dataset.name)
        fields = None
    assert isinstance(dataset.made_by, Model)
    facts, fields = with_added(dataset.made_by, _facts(work, dataset, program, fields), fields)
    work.fields[dataset.name] = fields
    work.facts[dataset.name] = facts if fields is None else with_columns(facts, tuple(field.name for field in fields))


def declared(dataset: Dataset) -> dict[str, str] | None:
    """The types of all columns by name; None where not every one is declared with a type."""
    types = {column.name: column.type for column in dataset.columns if column.type}
    return types if types and len(types) == len(dataset.columns) else None


def _fields(work: Work, dataset: Dataset) -> tuple[Field, ...] | None:
    from mainstem.lifecycle.storage.types import stored_fields

    types = declared(dataset)
    if types is None:
        return work.known.get(dataset.name)
    try:
        return stored_fields([Field(name, type_) for name, type_ in types.items()])
    except MainstemError as error:
        work.problems += [
            Problem(each.code, each.what, each.mend, each.place or dataset.place) for each in error.problems
        ]
        return None


def _facts(work: Work, dataset: Dataset, program: Program, fields: Sequence[Field] | None) -> SqlFacts:
    typed = [(column.name, column.type) for column in dataset.columns if column.type]
    meaning = digest([program.digest, dict(program.inputs), dict(program.variables), typed])
    names = tuple(field.name for field in fields or ())
    said = {name.lower(): frozenset(bases) for name, bases in (program.lineage or {}).items()}
    unresolved = {name for name in names if name.lower() not in said}
    return SqlFacts(
        inputs={name: program.places[parameter] for parameter, name in program.inputs.items()},
        columns=names,
        lineage={name: said.get(name.lower(), frozenset()) for name in names},
        influences=frozenset(
            f"{name}.{column}" for name in program.inputs.values() for column in _columns(work, name) or ()
        ),
        fingerprint=meaning,
        unresolved=frozenset(unresolved if names else {REST}),
    )


def _columns(work: Work, name: str) -> tuple[str, ...] | None:
    """The columns of an input in lower case; None where they are not known yet."""
    fields = quarantine_fields() if name.endswith(QUARANTINE) else work.fields.get(name)
    return None if fields is None else tuple(field.name.lower() for field in fields)


def _lineage_problems(work: Work, program: Program) -> Iterator[Problem]:
    inputs: Mapping[str, tuple[str, ...] | None] = {
        name.lower(): _columns(work, name) for name in program.inputs.values()
    }
    for output, bases in (program.lineage or {}).items():
        place = program.places[f"lineage:{output}"]
        for base in bases:
            dataset, _, column = base.rpartition(".")
            if dataset not in inputs:
                mend = f"write `schema.table.column` of an input; {nearest(dataset, list(inputs), kind='inputs')}"
                yield Problem("T023", f'"{base}", from which "{output}" comes, is no column of an input', mend, place)
            elif (known := inputs[dataset]) is not None and column not in known:
                yield Problem(
                    "T023",
                    f'"{base}", from which "{output}" comes, does not exist',
                    nearest(column, known, kind="columns"),
                    place,
                )
