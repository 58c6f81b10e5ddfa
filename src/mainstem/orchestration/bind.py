"""Ties the project's datasets together by their SQL: inputs, order, columns, types; touches no data."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mainstem.core.dataset import QUARANTINE, Dataset, Load, Model, SqlFacts
from mainstem.core.place import Place
from mainstem.core.ports import Engine
from mainstem.core.problem import Problem, raise_all
from mainstem.core.project import Macro, Project
from mainstem.core.release import Field
from mainstem.core.tags import REST
from mainstem.governance.lineage import query_name
from mainstem.lifecycle.requirements import wanted
from mainstem.lifecycle.requirements.digests import entry_problems
from mainstem.lifecycle.requirements.probe import Probe
from mainstem.orchestration import mentions
from mainstem.orchestration.binding import Work, resolve
from mainstem.orchestration.bound_columns import empty, load_fields, model_fields, quarantine_fields, takes, with_added
from mainstem.orchestration.bound_macros import Macros
from mainstem.orchestration.bound_programs import bind_program, program_inputs
from mainstem.orchestration.bound_rows import bind_rows
from mainstem.orchestration.fits import query_problems
from mainstem.orchestration.graph import in_order, one_cycle
from mainstem.orchestration.limits import filter_problems, limit_problems
from mainstem.orchestration.waits import waits
from mainstem.sql.facts import EVERYTHING, with_columns


@dataclass(frozen=True, slots=True)
class Bound:
    """A project whose names are resolved.

    `inputs` names the datasets that each dataset reads (a quarantine counts as its dataset). `order` is one in which
    all can be made. `facts` has what the SQL of each model says. `fields` are columns and types; None where a table of
    a source promises none and was never loaded, and for what reads such a table. `outputs` names the datasets
    that each output reads. `waits` is `inputs` with the datasets that checks compare with: steps run in this order.
    `probes` are what requirements want measured of each dataset.
    """

    order: tuple[str, ...]
    inputs: Mapping[str, tuple[str, ...]]
    facts: Mapping[str, SqlFacts]
    fields: Mapping[str, tuple[Field, ...] | None]
    outputs: Mapping[str, tuple[str, ...]]
    waits: Mapping[str, tuple[str, ...]]
    probes: Mapping[str, Sequence[Probe]]


def bind(project: Project, known: Mapping[str, tuple[Field, ...]], texts: Any, engine: Callable[[], Engine]) -> Bound:
    """Resolve every name of the project; one ProjectError with all problems if any name or type is wrong.

    `known` has the columns of loads that were loaded before. `texts` is a `sql.cache.FactsCache`. `engine` opens an
    engine for the types of models whose text or inputs are new; it is not called when there are none. Of a project
    that was read in part, nothing is said of what is lost.
    """
    work = Work(project, known, texts, engine, macros=Macros(project.macros, texts))
    inputs = {name: _inputs(work, dataset) for name, dataset in project.datasets.items()}
    order = in_order(inputs)
    if len(order) < len(inputs):
        _report_cycle(work, inputs)
    try:
        for name in order:
            _bind_columns(work, project.datasets[name], inputs[name])
        for macro in project.macros:
            takes(work, work.macros.used(macro.text))
        work.problems += limit_problems(project, work.fields, texts, lambda: empty(work, ()))
    finally:
        if work.empty is not None:
            work.empty[0].close()
            work.empty[1].close()
    outputs = {name: _output_inputs(work, name) for name in project.outputs}
    mentions.look(work)
    work.problems += filter_problems(project, texts)
    work.problems += [*work.macros.problems, *entry_problems(project.agreements)]
    after, too_early = waits(project, inputs, work.macros)
    work.problems += too_early
    raise_all(dict.fromkeys(work.problems))
    return Bound(in_order(after), inputs, work.facts, work.fields, outputs, after, wanted.probes(project))


def _inputs(work: Work, dataset: Dataset) -> tuple[str, ...]:
    if isinstance(dataset.made_by, Load) or dataset.made_by.rows is not None:
        return ()
    if dataset.made_by.program is not None:
        return program_inputs(work, dataset, dataset.made_by.program)
    used = work.macros.used(dataset.made_by.sql)
    found = work.texts.inputs(dataset.made_by.sql, dataset.place, _called(used))
    work.problems += found.problems
    if found.problems:
        work.broken.add(dataset.name)
    work.problems += [_volatile(dataset.made_by, name) for name in dict.fromkeys(found.volatile)]
    return resolve(work, {**work.macros.reads(used), **found.inputs}, dataset.name)


def _called(used: Iterable[Macro]) -> frozenset[str]:
    return frozenset(macro.name for macro in used)


def _facts(work: Work, sql: str, place: Place, inputs: Sequence[str]) -> SqlFacts:
    """What a text says. What comes out of a macro that reads datasets may be anything of theirs."""
    used = work.macros.used(sql)
    facts: SqlFacts = work.texts.facts(sql, place, _columns_in_scope(work, inputs), _called(used))
    reads = work.macros.reads(used)
    if not reads:
        return facts
    return replace(facts, inputs={**reads, **facts.inputs}, unresolved=frozenset({*facts.columns, REST}))


def _volatile(model: Model, name: str) -> Problem:
    """A function that no rerun repeats, at its first mention."""
    found = re.search(rf"\b{re.escape(name)}\b", model.sql, re.IGNORECASE)
    before = model.sql[: found.start()] if found else ""
    place = Place(model.place.file, before.count("\n") + 1, len(before) - before.rfind("\n")) if found else model.place
    return Problem(
        "T009",
        f'"{name}" in a model gives another result at every run',
        "remove it, or derive the value from columns (md5 of the key instead of a random id)",
        place,
    )


def _report_cycle(work: Work, inputs: Mapping[str, tuple[str, ...]]) -> None:
    cycle = one_cycle(inputs)
    work.broken.update(set(inputs) - set(in_order(inputs)))
    work.problems.append(
        Problem(
            "T002",
            "models read each other in a circle: " + " reads ".join((cycle[0], *reversed(cycle))),
            "move what they share into a model that both read",
            work.project.datasets[cycle[0]].place,
        )
    )


def _bind_columns(work: Work, dataset: Dataset, inputs: Sequence[str]) -> None:
    if isinstance(dataset.made_by, Load):
        work.fields[dataset.name] = load_fields(work, dataset)
        return
    if dataset.made_by.rows is not None:
        bind_rows(work, dataset, dataset.made_by.rows)
        return
    if dataset.name in work.broken or any(name in work.broken for name in inputs):
        work.broken.add(dataset.name)
        work.fields[dataset.name] = None
        return
    if dataset.made_by.program is not None:
        bind_program(work, dataset, dataset.made_by.program)
        return
    if not takes(work, work.macros.used(dataset.made_by.sql)):
        work.broken.add(dataset.name)
        work.fields[dataset.name] = None
        return
    facts = _facts(work, dataset.made_by.sql, dataset.place, inputs)
    work.problems += facts.problems
    if facts.problems:
        work.broken.add(dataset.name)
        work.fields[dataset.name] = None
        work.facts[dataset.name] = facts
        return
    facts, fields = with_added(dataset.made_by, facts, model_fields(work, dataset, dataset.made_by, inputs))
    work.fields[dataset.name] = fields
    work.facts[dataset.name] = facts if fields is None else with_columns(facts, tuple(f.name for f in fields))


def _columns_in_scope(work: Work, inputs: Sequence[str]) -> dict[str, tuple[str, ...] | None]:
    scope: dict[str, tuple[str, ...] | None] = {}
    for name in inputs:
        fields = work.fields.get(name)
        scope[name] = None if fields is None else tuple(f.name for f in fields)
        if work.project.datasets[name].is_load:
            scope[name + QUARANTINE] = tuple(f.name for f in quarantine_fields())
    return scope


def _output_inputs(work: Work, name: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for query in work.project.outputs[name].queries:
        used = work.macros.used(query.sql)
        inputs = work.texts.inputs(query.sql, query.place, _called(used))
        work.problems += inputs.problems
        resolved = resolve(work, {**work.macros.reads(used), **inputs.inputs}, name)
        found.update(dict.fromkeys(resolved))
        if not inputs.problems and all(base in work.fields for base in resolved):
            facts = _facts(work, query.sql, query.place, resolved)
            work.problems += facts.problems
            work.facts[query_name(name, query.name)] = facts
            is_whole = not facts.problems and EVERYTHING not in facts.unresolved
            if is_whole and name not in work.project.lost:
                work.problems += query_problems(work.project.outputs[name], query.name, facts.columns)
    return tuple(found)
