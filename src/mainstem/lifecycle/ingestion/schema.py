"""Which columns a load has: the contract's, the table's, and those that are new at the source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mainstem.core.dataset import Column, Dataset, Load
from mainstem.core.ports import Reading, Session
from mainstem.core.problem import Problem, ProjectError, WorldError, nearest
from mainstem.core.release import Field
from mainstem.lifecycle.ingestion.target import Target
from mainstem.project.pairing import pair
from mainstem.sql.types import Type, parse_type, widens

TEXT = parse_type("VARCHAR")


@dataclass(frozen=True, slots=True)
class Schema:
    """`targets` in the table's order. `strange` are the columns at the source (number, name) whose rows are set aside
    wherever they hold a value."""

    targets: tuple[Target, ...]
    strange: tuple[tuple[int, str], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Here:
    """A column at the source: its number, its field there, the type it is read in, its name here, its contract."""

    number: int
    field: Field
    raw: Type
    name: str
    column: Column | None


def decide(session: Session, dataset: Dataset, reading: Reading, base: Sequence[Field]) -> Schema:
    """Bring contract, source and table (`base`, empty for a new one) together, by `on_schema_change`.

    ProjectError I003; WorldError I001, I005, I006, I009, all of a kind at once.
    """
    contract = _contract_types(session, dataset.columns)
    here = _columns_here(session, dataset, reading)
    added = _load(dataset).added
    known = {field.name: parse_type(field.type) for field in base if field.name not in added}
    _refuse_added(dataset, here)
    strange = _strange(dataset, here, known)
    if strange and _load(dataset).on_schema_change == "freeze":
        raise _frozen(dataset, strange)
    kept = [each for each in here if each not in strange or _load(dataset).on_schema_change == "evolve"]
    targets = {each.name: _target(dataset, each, contract, known.get(each.name)) for each in kept}
    missing = [column for column in dataset.columns if column.name not in targets] if here else []
    _refuse_missing(dataset, missing, [each.field.name for each in here])
    _refuse_needed(dataset, here, targets)
    for column in dataset.columns:
        type_ = contract.get(column.name) or known.get(column.name) or TEXT
        targets.setdefault(column.name, Target(column.name, type_, type_, None, column))
    if _load(dataset).write != "replace":
        for name, type_ in known.items():
            targets.setdefault(name, Target(name, type_, type_))
    order = dict.fromkeys([*known, *(column.name for column in dataset.columns), *targets])
    grows = _load(dataset).on_schema_change == "evolve"
    return Schema(
        tuple(targets[name] for name in order if name in targets),
        () if grows else tuple((each.number, each.field.name) for each in strange),
        (
            *(
                f'column "{each.field.name}" is new at the source: it is loaded as "{each.name}"'
                for each in strange
                if grows
            ),
            *(f'column "{column.name}" is not at the source: it is NULL' for column in missing),
        ),
    )


def _load(dataset: Dataset) -> Load:
    assert isinstance(dataset.made_by, Load)
    return dataset.made_by


def _contract_types(session: Session, columns: Sequence[Column]) -> dict[str, Type]:
    """The engine's own text of each type that the contract gives. ProjectError I003 for those it does not know."""
    typed = [(column, column.type) for column in columns if column.type is not None]
    if not typed:
        return {}
    asked = ", ".join(f"cast(null as {type_}) as c{i}" for i, (_, type_) in enumerate(typed))
    try:
        fields = session.describe(f"select {asked}")
    except WorldError:
        raise ProjectError(
            *(_unknown_type(column) for column, type_ in typed if not _is_known(session, type_))
        ) from None
    return {column.name: parse_type(field.type) for (column, _), field in zip(typed, fields, strict=True)}


def _is_known(session: Session, type_: str) -> bool:
    try:
        session.describe(f"select cast(null as {type_}) as c")
    except WorldError:
        return False
    return True


def _unknown_type(column: Column) -> Problem:
    what = f'type "{column.type}" of column "{column.name}" is unknown'
    return Problem("I003", what, "use one such as BIGINT, DECIMAL(18,2), VARCHAR, DATE, TIMESTAMP", column.place)


def _columns_here(session: Session, dataset: Dataset, reading: Reading) -> list[_Here]:
    """The columns at the source; WorldError I001 where two of them would get one name."""
    pairs = pair([field.name for field in reading.columns], dataset.columns)
    taken: dict[str, str] = {}
    problems = []
    for field, (name, _) in zip(reading.columns, pairs, strict=True):
        if name in taken:
            what = f'columns "{taken[name]}" and "{field.name}" would both be named "{name}"'
            mend = f"declare one of them under another name, with `original: {field.name}`"
            problems.append(Problem("I001", what, mend, dataset.place))
        taken.setdefault(name, field.name)
    if problems:
        raise WorldError(*problems)
    raws = [parse_type(field.type) for field in session.describe(reading.select)]
    return [
        _Here(number, field, raw, name, column)
        for number, (field, raw, (name, column)) in enumerate(zip(reading.columns, raws, pairs, strict=False))
    ]


def _refuse_added(dataset: Dataset, here: Sequence[_Here]) -> None:
    """WorldError I022 where the source has a column of a name that the write mode needs."""
    problems = [
        Problem(
            "I022",
            f'column "{each.field.name}" of the source has the name of one that the load adds',
            f"declare it under another name, with `original: {each.field.name}`",
            dataset.place,
        )
        for each in here
        if each.name in _load(dataset).added
    ]
    if problems:
        raise WorldError(*problems)


def _strange(dataset: Dataset, here: Sequence[_Here], known: Mapping[str, Type]) -> list[_Here]:
    """Columns that neither contract nor table knows; none where there is neither."""
    if not dataset.columns and not known:
        return []
    return [each for each in here if each.column is None and each.name not in known]


def _frozen(dataset: Dataset, strange: Sequence[_Here]) -> WorldError:
    mend = "add it to the contract, or write `on_schema_change: evolve` or `quarantine`"
    return WorldError(
        *(Problem("I005", f'column "{each.field.name}" is new at the source', mend, dataset.place) for each in strange)
    )


def _target(dataset: Dataset, here: _Here, contract: Mapping[str, Type], known: Type | None) -> Target:
    """The type of a column: the contract's, else the table's, else what the source suggests if every value fits.

    A table that is replaced as a whole and may evolve keeps its type only as long as every value fits. Another one that
    may evolve takes the source's type where that is a wider one.
    """
    wanted = contract.get(here.column.name) if here.column else None
    load = _load(dataset)
    is_free = known is None or (load.write == "replace" and load.on_schema_change == "evolve")
    if wanted is not None or not is_free:
        type_ = wanted or known or here.raw
        if wanted is None and known is not None and load.on_schema_change == "evolve":
            there = parse_type(here.field.type)
            type_ = there if widens(known, there) else known
        return Target(here.name, type_, here.raw, here.number, here.column, original=here.field.name)
    suggested = parse_type(here.field.type)
    choices = tuple(type_ for type_ in (known, suggested) if type_ is not None and type_.text != here.raw.text)
    if known is not None and known.text == here.raw.text:
        choices = ()
    return Target(here.name, here.raw, here.raw, here.number, here.column, choices, here.field.name)


def _refuse_missing(dataset: Dataset, missing: Sequence[Column], names: Sequence[str]) -> None:
    frozen = _load(dataset).on_schema_change == "freeze"
    problems = [
        Problem(
            "I006",
            f'column "{column.original or column.name}" of the contract is not at the source',
            nearest(column.original or column.name, names, kind="columns"),
            column.place,
        )
        for column in missing
        if frozen or column.required
    ]
    if problems:
        raise WorldError(*problems)


def _refuse_needed(dataset: Dataset, here: Sequence[_Here], targets: Mapping[str, Target]) -> None:
    """WorldError I009 where the source lacks what names a row, orders rows or dates them."""
    load = _load(dataset)
    wanted: dict[str | None, str] = {
        dataset.time_column: "time column",
        load.cursor: "cursor",
        load.revision: "revision",
        load.deleted: "deleted",
        load.effective: "effective",
        **dict.fromkeys(dataset.key, "key"),
    }
    names = [each.field.name for each in here]
    problems = [
        Problem(
            "I009",
            f'{role} "{name}" is not a column at the source',
            nearest(name, names, kind="columns"),
            dataset.place,
        )
        for name, role in wanted.items()
        if here and name is not None and name not in targets
    ]
    if problems:
        raise WorldError(*problems)
