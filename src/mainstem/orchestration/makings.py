"""What the content of each dataset follows from, column by column, so that only what reads a change is built again.

Two versions of a dataset whose makings are equal hold the same rows in these columns (decision 0023).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from mainstem.core.dataset import Dataset, Model, SqlFacts
from mainstem.core.project import Macro
from mainstem.core.release import Version
from mainstem.governance.lineage import dataset_of
from mainstem.orchestration.macros import used_macros
from mainstem.orchestration.state import model_skip_key

When = tuple[datetime, str, Sequence[Macro]]
"""The run's clock, the zone, the macros."""

_COLUMNS = "columns"
"""Stands beside the inputs in a skip key where some of them are read by column: no dataset is called so."""


@dataclass(frozen=True, slots=True)
class Makings:
    """What one dataset's content follows from.

    `whole` is the id of its version, None while that is still to be made. `rows` says which rows there are, `columns`
    (lower case) what makes each value of a row; both are "" and empty where only the version as a whole is known.
    """

    whole: str | None
    rows: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)


def of_version(version: Version | None) -> Makings:
    """A version of which nothing is known but itself: of a load, or of another text than today's."""
    return Makings(version.id if version else None)


def of_model(
    dataset: Dataset, facts: SqlFacts, inputs: Mapping[str, Makings], when: When, whole: str | None
) -> Makings:
    """What a model comes to if it is built from today's text over inputs with these makings."""
    model = dataset.made_by
    assert isinstance(model, Model)
    if not facts.frame or not _goes_by_columns(model, facts, when):
        return Makings(whole)
    if facts.made.keys() != {name.lower() for name in facts.columns}:
        return Makings(whole)
    rows = [_rows(inputs[name]) for name in inputs]
    decide = [_value(base, inputs) for base in sorted(facts.influences)]
    if None in rows or None in decide:
        return Makings(whole)
    named = [f"{name}={mark}" for name, mark in zip(inputs, rows, strict=True)]
    variables = [repr(each) for each in model.variables.values()]
    framed = _digest((facts.frame, model.kind, *variables, *named, *_texts(decide)))
    columns: dict[str, str] = {}
    for name, bases in facts.lineage.items():
        values = [_value(base, inputs) for base in sorted(bases)]
        if None in values:
            return Makings(whole)
        columns[name.lower()] = _digest((framed, facts.made[name.lower()], *_texts(values)))
    return Makings(whole, framed, columns)


def planned(
    dataset: Dataset,
    facts: SqlFacts | None,
    inputs: Mapping[str, Makings],
    base: Version | None,
    key: str | None,
    *,
    stays: bool,
    when: When,
) -> Makings:
    """What a dataset follows from when a plan is carried out; `stays`: with the version `base`, if there is one.

    `key` is what `key_of` says of a model.
    """
    if facts is None or (stays and base is None):
        return of_version(base if stays else None)
    if stays and base is not None and base.skip_key != key:
        return of_version(base)
    return of_model(dataset, facts, inputs, when, base.id if stays and base else None)


def key_of(dataset: Dataset, facts: SqlFacts, inputs: Mapping[str, Makings], when: When) -> str | None:
    """The skip key of a model over inputs with these makings; None where it follows from what is still to be made.

    A view follows its inputs version by version, since readers see them through it.
    """
    model = dataset.made_by
    assert isinstance(model, Model)
    read = _read(facts, inputs) if model.kind != "view" and _goes_by_columns(model, facts, when) else {}
    marks: dict[str, str] = {}
    for name, made in inputs.items():
        mark = _mark(made, read[name]) if name in read else made.whole
        if mark is None:
            return None
        marks[name] = mark
    if any(name in read and inputs[name].columns for name in inputs):
        marks[_COLUMNS] = "\x1f".join(facts.columns)
    return model_skip_key(dataset, facts, marks, when)


def _goes_by_columns(model: Model, facts: SqlFacts, when: When) -> bool:
    """Whether a text can be taken apart: its rows follow from named columns, and neither clock nor macro is in it.

    Rows of a model that keeps those it had follow from its past, too.
    """
    if model.as_load is not None:
        return False
    is_traced = facts.is_settled and not facts.unresolved and not facts.reads_clock
    return is_traced and not used_macros(model.sql, when[2])


def _read(facts: SqlFacts, inputs: Iterable[str]) -> dict[str, set[str]]:
    """The columns that a model reads of each input (lower case); () of one of which only rows are counted."""
    read: dict[str, set[str]] = {name: set() for name in inputs}
    for base in _bases(facts):
        dataset = dataset_of(base)
        if dataset in read:
            read[dataset].add(base[len(dataset) + 1 :].lower())
    return read


def read_by(facts: SqlFacts) -> list[str]:
    """The base columns (lower case) that a SELECT reads: those shown, and those that decide rows."""
    return sorted({base.lower() for base in _bases(facts)})


def _bases(facts: SqlFacts) -> Iterator[str]:
    yield from facts.influences
    for bases in facts.lineage.values():
        yield from bases


def _mark(made: Makings, columns: set[str]) -> str | None:
    """What the rows of these columns follow from; the version as a whole where one of them is not told apart."""
    if not made.rows or not columns <= made.columns.keys():
        return made.whole
    return _digest((made.rows, *(f"{name}={made.columns[name]}" for name in sorted(columns))))


def _rows(made: Makings) -> str | None:
    return made.rows or made.whole


def _value(base: str, inputs: Mapping[str, Makings]) -> str | None:
    """What makes a base column, together with its name."""
    dataset = dataset_of(base)
    made = inputs.get(dataset)
    if made is None:
        return base  # the quarantine of a load, whose version is among the rows
    column = base[len(dataset) + 1 :].lower()
    found = made.columns.get(column) or made.whole
    return None if found is None else f"{base.lower()}={found}"


def _texts(values: Iterable[str | None]) -> list[str]:
    return [value for value in values if value is not None]


def _digest(parts: Iterable[str]) -> str:
    return hashlib.blake2b("\x00".join(parts).encode(), digest_size=16).hexdigest()
