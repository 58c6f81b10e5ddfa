"""A draft without what reads something that is not there; checks put where they belong."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from mainstem.core.place import Place
from mainstem.dataops.imports.draft import Draft, DraftCheck, DraftModel, DraftTable, LeftOut
from mainstem.sql.facts import read_facts, read_inputs

Dataset = DraftModel | DraftTable
_T = TypeVar("_T")


def inputs(sql: str) -> tuple[str, ...]:
    """The datasets that a SELECT reads."""
    return tuple(read_inputs(sql, Place("")).inputs)


def reads(model: DraftModel) -> tuple[str, ...]:
    """The datasets that a model reads."""
    return inputs(model.sql) if model.content is None else ()


def compared(check: DraftCheck) -> tuple[str, ...]:
    """The datasets that a check compares with."""
    if check.kind == "sql":
        return inputs(check.options)
    return (check.options["to"],) if check.kind == "relationships" else ()


def pruned(draft: Draft) -> Draft:
    """Without models, checks and uses of what is not there; all of it said."""
    names = draft.names
    lost = {each.name: gone for each in draft.models if (gone := _missing(reads(each), names))}
    if lost:
        return pruned(without_models(draft, {name: _not_there(gone) for name, gone in lost.items()}))
    said: list[LeftOut] = []

    def kept(check: DraftCheck) -> bool:
        gone = _missing(compared(check), names)
        if gone:
            said.append(LeftOut("test", check.name, check.place, _not_there(gone)))
        return not gone

    draft = with_checks(draft, lambda dataset: tuple(filter(kept, dataset.checks)))
    loose = [(each, _missing(inputs(each.sql), names)) for each in draft.loose]
    said += [LeftOut("test", each.name, each.place, _not_there(gone)) for each, gone in loose if gone]
    for use in draft.uses:
        gone_reads = (name for name in use.reads if name not in names)
        said += [
            LeftOut("reading", f"{name} of {use.title}", use.place, "it is not carried over") for name in gone_reads
        ]
    uses = tuple(replace(use, reads=tuple(name for name in use.reads if name in names)) for use in draft.uses)
    there = tuple(each for each, gone in loose if not gone)
    tests = [(each, _missing((each.model, *each.given), names)) for each in draft.tests]
    said += [LeftOut("unit test", each.foreign, each.place, _not_there(gone)) for each, gone in tests if gone]
    kept_tests = tuple(each for each, gone in tests if not gone)
    return replace(draft, uses=uses, loose=there, tests=kept_tests, left_out=(*draft.left_out, *said))


def without_models(draft: Draft, why: Mapping[str, str]) -> Draft:
    """Without these models and their checks."""
    gone = [each for each in draft.models if each.name in why]
    said = [LeftOut(each.noun, each.foreign, each.place, why[each.name], len(each.checks)) for each in gone]
    models = tuple(each for each in draft.models if each.name not in why)
    return replace(draft, models=models, left_out=(*draft.left_out, *said))


def with_checks(draft: Draft, checks: Callable[[Dataset], tuple[DraftCheck, ...]]) -> Draft:
    """The draft with other checks at each dataset."""
    models = tuple(replace(each, checks=checks(each)) for each in draft.models)
    tables = tuple(replace(each, checks=checks(each)) for each in draft.tables)
    return replace(draft, models=models, tables=tables)


def distinct(draft: Draft) -> Draft:
    """Tests and uses of one name by numbers."""
    tests = tuple(
        replace(each, name=name) for each, name in _numbered(draft.tests, [each.name for each in draft.tests])
    )
    uses = tuple(replace(each, id=id) for each, id in _numbered(draft.uses, [each.id for each in draft.uses]))
    return replace(draft, tests=tests, uses=uses)


def _numbered(things: Sequence[_T], names: Sequence[str]) -> Iterator[tuple[_T, str]]:
    taken: set[str] = set()
    for thing, name in zip(things, names, strict=True):
        free = next(each for n in itertools.count(1) if (each := name if n == 1 else f"{name}-{n}") not in taken)
        taken.add(free)
        yield thing, free


def placed(draft: Draft) -> Draft:
    """Each SELECT that finds failing rows as a check of the dataset made last among those that it reads."""
    depth = _depths(draft)
    found: dict[str, list[DraftCheck]] = {}
    said = [
        LeftOut("test", each.name, each.place, "it reads no dataset") for each in draft.loose if not inputs(each.sql)
    ]
    for each in draft.loose:
        read = inputs(each.sql)
        if read:
            check = DraftCheck("sql", each.sql, each.name, each.place, each.severity)
            found.setdefault(max(read, key=lambda name: depth.get(name, 0)), []).append(check)
    draft = replace(draft, loose=(), left_out=(*draft.left_out, *said))
    return with_checks(draft, lambda dataset: (*dataset.checks, *found.get(dataset.name, ())))


def _depths(draft: Draft) -> dict[str, int]:
    """How many steps from a source each dataset is at most; circles are left as they are."""
    parents = {each.name: reads(each) for each in draft.models}
    depth = dict.fromkeys(draft.names, 0)
    for _ in range(len(parents)):
        deeper = {name: 1 + max((depth.get(each, 0) for each in read), default=0) for name, read in parents.items()}
        if all(depth[name] == value for name, value in deeper.items()):
            break
        depth.update(deeper)
    return depth


def completed(draft: Draft) -> Draft:
    """Contracts with the columns that models read and no file of the old project says: these have no type yet."""
    nothing: dict[str, None] = dict.fromkeys(draft.names)
    read: dict[str, set[str]] = {}
    for model in (each for each in draft.models if each.content is None):
        facts = read_facts(model.sql, Place(""), nothing)
        for base in {*facts.influences, *(base for bases in facts.lineage.values() for base in bases)}:
            dataset, _, column = base.rpartition(".")
            read.setdefault(dataset, set()).add(column)
    tables = tuple(_with_columns(each, sorted(read.get(each.name, ()))) for each in draft.tables)
    return replace(draft, tables=tables)


def _with_columns(table: DraftTable, read: Iterable[str]) -> DraftTable:
    there = {name.lower() for name in table.columns}
    new = [name for name in read if name.lower() not in there and name != "*" and name.isidentifier()]
    if not table.columns or not new:
        return table
    return replace(table, columns={**table.columns, **{name.lower(): {} for name in new}})


def _missing(read: Iterable[str], names: frozenset[str]) -> str | None:
    return next((name for name in read if name not in names), None)


def _not_there(name: str) -> str:
    return f'it reads "{name}", which is not carried over'
