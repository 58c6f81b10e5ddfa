"""How each column of a made table is made: as its author says, or as its contract suggests."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from mainstem.core.dataset import Column, Dataset, Load, Source
from mainstem.core.problem import Problem, nearest
from mainstem.lifecycle.generation.synthetic_options import TableOptions, Value, share
from mainstem.lifecycle.generation.synthetic_pattern import matching
from mainstem.sql.types import SECOND_DIGITS, Type, parse_type

_NAMED: tuple[tuple[str, str], ...] = (
    (r"e_?mail", "email"),
    (r"phone|mobile", "phone"),
    (r"first_?name|given_?name", "first_name"),
    (r"last_?name|surname|family_?name", "last_name"),
    (r"company|organi[sz]ation", "company"),
    (r"city|town", "city"),
    (r"country", "country"),
    (r"url|website|homepage", "url"),
    (r"(full_?)?name|person|customer_name", "name"),
)
"""By what a column or a tag of it is called, the kind of its texts."""

_NUMBERS = frozenset({"sequence", "number", "normal", "lognormal", "exponential"})
_TEXTS = frozenset({"pattern", "text", *(kind for _, kind in _NAMED)})


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """One column: its type, how it is made, whether each row has a value of its own, and the share without one."""

    column: Column
    type: Type
    value: Value
    is_unique: bool = False
    nulls: float = 0.0

    @property
    def name(self) -> str:
        return self.column.name


def options_of(dataset: Dataset) -> TableOptions:
    """What the table's author says."""
    assert isinstance(dataset.made_by, Load)
    options: TableOptions = dataset.made_by.options
    return options


def planned(dataset: Dataset) -> list[ColumnPlan]:
    """The plan of each column that can be made; one that cannot is left empty by whoever reads the plans."""
    found = []
    options, faulty = options_of(dataset), share(options_of(dataset).faults.nulls, "nulls")
    for column in dataset.columns:
        type_ = parse_type(column.type or "varchar")
        is_unique = column.unique or dataset.key[:1] == (column.name,)
        value = options.values.get(column.name) or _suggested(column, type_, dataset.schema, is_unique=is_unique)
        if value is not None:
            is_free = not column.required and column.name not in {*dataset.key, dataset.time_column}
            nulls = share(value.nulls, "nulls") or (faulty if is_free else 0.0)
            found.append(ColumnPlan(column, type_, value, is_unique, nulls))
    return found


def _suggested(column: Column, type_: Type, schema: str, *, is_unique: bool) -> Value | None:
    """What the contract alone suggests; None where it says too little."""
    plain = Value(column.place, "text")
    if column.accepted is not None:
        return replace(plain, kind="choice", of=column.accepted) if column.accepted else None
    if column.references is not None and column.references.startswith(f"{schema}."):
        return replace(plain, kind="reference", to=column.references.partition(".")[2])
    if column.matches is not None:
        return replace(plain, kind="pattern", matches=column.matches)
    if type_.name != "VARCHAR":
        kind = _by_type(type_, is_unique=is_unique)
        return replace(plain, kind=kind) if kind else None  # type: ignore[arg-type]
    named = _named(column)
    if is_unique and named not in {"email", "url"}:
        return replace(plain, kind="sequence")
    return replace(plain, kind=named or "text")  # type: ignore[arg-type]


def _by_type(type_: Type, *, is_unique: bool) -> str | None:
    if type_.is_number:
        return "sequence" if is_unique else "number"
    if type_.name in SECOND_DIGITS or type_.name in {"DATE", "TIME"}:
        return "time"
    return {"UUID": "uuid", "BOOLEAN": "boolean"}.get(type_.name)


def _named(column: Column) -> str | None:
    words = [column.name, *sorted(column.tags)]
    return next((kind for form, kind in _NAMED if any(re.search(rf"(^|_){form}($|_)", word) for word in words)), None)


def problems(source: Source, tables: Mapping[str, Dataset], root: Path) -> Iterator[Problem]:
    """What of the tables of a source cannot be made as it is written: G071 to G077."""
    del source, root
    for dataset in tables.values():
        if not dataset.columns:
            what = f'made rows follow from a contract, and "{dataset.name}" has none'
            yield Problem("G071", what, "add `columns:`, each with its type", dataset.place)
            continue
        yield from _unfit(dataset)
        for plan in planned(dataset):
            yield from _wrong(plan, dataset, tables)


def _unfit(dataset: Dataset) -> Iterator[Problem]:
    options, names = options_of(dataset), [column.name for column in dataset.columns]
    for name, value in options.values.items():
        if name not in names:
            what = f'`values` tells of column "{name}", which the contract does not have'
            yield Problem("G072", what, nearest(name, names, kind="columns"), value.place)
    made = {plan.name for plan in planned(dataset)}
    for column in dataset.columns:
        if column.name not in made and (column.required or column.name in dataset.key):
            what = f'nothing says how values of column "{column.name}" are made'
            yield Problem("G073", what, f"add `values: {{{column.name}: {{kind: choice, of: [...]}}}}`", column.place)
    drift = options.faults.drift
    if drift and drift.add.column in names:
        what = f'column "{drift.add.column}" of the drift is in the contract already'
        yield Problem("G077", what, "give it another name", dataset.place)
    if share(options.faults.bad, "bad") and not breakable(dataset):
        what = f'the contract of "{dataset.name}" promises nothing that a bad row could break'
        yield Problem("G077", what, "give columns types, or require them; or remove `bad`", dataset.place)


def breakable(dataset: Dataset) -> dict[str, str]:
    """By column, SQL of a value that breaks its contract, as text."""
    found = {}
    for plan in planned(dataset):
        column = plan.column
        if column.name in dataset.key:
            continue
        if plan.type.name != "VARCHAR" or column.accepted is not None:
            found[column.name] = "'?'"
        elif column.required:
            found[column.name] = "null"
    return found


def _wrong(plan: ColumnPlan, dataset: Dataset, tables: Mapping[str, Dataset]) -> Iterator[Problem]:
    value, kind = plan.value, plan.type.name
    is_time = kind in SECOND_DIGITS or kind in {"DATE", "TIME"}
    unfit = (
        (value.kind in _NUMBERS and not (plan.type.is_number or kind == "VARCHAR"))
        or (value.kind in _TEXTS and kind != "VARCHAR")
        or (value.kind == "time" and not (is_time or kind == "VARCHAR"))
        or (value.kind == "uuid" and kind not in {"UUID", "VARCHAR"})
        or (value.kind == "boolean" and kind != "BOOLEAN")
    )
    if unfit:
        what = f'values of kind {value.kind} are no {plan.column.type}, the type of column "{plan.name}"'
        yield Problem("G075", what, "write another `kind`, or another type in the contract", value.place)
    if value.kind == "pattern" and matching(value.matches or "", str) is None:
        what = f'the pattern of column "{plan.name}" is too complicated to make texts of'
        mend = f"add `values: {{{plan.name}: {{kind: pattern, matches: ...}}}}` with signs, classes and counts only"
        yield Problem("G073", what, mend, value.place)
    if value.season and value.season.weekdays and options_of(dataset).per_day is not None:
        what = "every day has as many rows as `per_day` says"
        yield Problem("G075", what, "remove `weekdays`", value.place)
    if value.kind == "reference":
        yield from _lost(plan, tables)


def _lost(plan: ColumnPlan, tables: Mapping[str, Dataset]) -> Iterator[Problem]:
    """A reference that leads nowhere."""
    table, _, name = (plan.value.to or "").partition(".")
    if table not in tables:
        what = f'"{plan.value.to}" leads to no table of this source'
        yield Problem("G074", what, nearest(table, sorted(tables), kind="tables"), plan.value.place)
        return
    numbered = [each.name for each in planned(tables[table]) if each.value.kind in {"sequence", "uuid"}]
    if name not in numbered:
        what = f'"{plan.value.to}" is no column that numbers the rows of its table'
        mend = nearest(name, numbered, kind="such columns") if numbered else f"give {table} a column of kind sequence"
        yield Problem("G074", what, mend, plan.value.place)
