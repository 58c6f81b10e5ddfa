"""Ties the project's datasets together by their SQL: inputs, order, columns, types; touches no data."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mainstem.core.dataset import QUARANTINE, Dataset, Load, Model, SqlFacts
from mainstem.core.kinds import find
from mainstem.core.place import Place
from mainstem.core.ports import Engine
from mainstem.core.problem import MainstemError, Problem, nearest, raise_all
from mainstem.core.project import Macro, Project
from mainstem.core.release import Field
from mainstem.core.requirement import Requirement
from mainstem.core.tags import REST
from mainstem.governance.lineage import query_name
from mainstem.lifecycle.requirements import wanted
from mainstem.lifecycle.requirements.digests import entry_problems
from mainstem.lifecycle.requirements.probe import Probe
from mainstem.orchestration.bound_macros import Macros
from mainstem.orchestration.fits import model_fields, query_problems
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


@dataclass(slots=True)
class _Work:
    """What binding has found so far."""

    project: Project
    known: Mapping[str, tuple[Field, ...]]
    texts: Any
    engine: Callable[[], Engine]
    problems: list[Problem] = field(default_factory=list)
    facts: dict[str, SqlFacts] = field(default_factory=dict)
    fields: dict[str, tuple[Field, ...] | None] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    empty: Any = None
    placed: set[str] = field(default_factory=set)
    shapes: dict[str, str] = field(default_factory=dict)
    macros: Macros = field(default_factory=lambda: Macros((), None))
    made: set[str] = field(default_factory=set)

    def shape(self, name: str) -> str:
        """Columns and types of a dataset as one text."""
        if name not in self.shapes:
            self.shapes[name] = ", ".join(f"{f.name} {f.type}" for f in self.fields[name] or ())
        return self.shapes[name]


def bind(project: Project, known: Mapping[str, tuple[Field, ...]], texts: Any, engine: Callable[[], Engine]) -> Bound:
    """Resolve every name of the project; one ProjectError with all problems if any name or type is wrong.

    `known` has the columns of loads that were loaded before. `texts` is a `sql.cache.FactsCache`. `engine` opens an
    engine for the types of models whose text or inputs are new; it is not called when there are none. Of a project
    that was read in part, nothing is said of what is lost.
    """
    work = _Work(project, known, texts, engine, macros=Macros(project.macros, texts))
    inputs = {name: _inputs(work, dataset) for name, dataset in project.datasets.items()}
    order = in_order(inputs)
    if len(order) < len(inputs):
        _report_cycle(work, inputs)
    try:
        for name in order:
            _bind_columns(work, project.datasets[name], inputs[name])
        for macro in project.macros:
            _takes(work, work.macros.used(macro.text))
        work.problems += limit_problems(project, work.fields, texts, lambda: _empty(work, ()))
    finally:
        if work.empty is not None:
            work.empty[0].close()
            work.empty[1].close()
    outputs = {name: _output_inputs(work, name) for name in project.outputs}
    for dataset in project.datasets.values():
        _check_columns_named(work, dataset)
        _check_checks(work, dataset)
        _check_references(work, dataset)
    _check_requirements(work)
    work.problems += filter_problems(project, texts)
    work.problems += [*work.macros.problems, *entry_problems(project.agreements)]
    after, too_early = waits(project, inputs, work.macros)
    work.problems += too_early
    raise_all(dict.fromkeys(work.problems))
    return Bound(in_order(after), inputs, work.facts, work.fields, outputs, after, wanted.probes(project))


def _inputs(work: _Work, dataset: Dataset) -> tuple[str, ...]:
    if isinstance(dataset.made_by, Load):
        return ()
    used = work.macros.used(dataset.made_by.sql)
    found = work.texts.inputs(dataset.made_by.sql, dataset.place, _called(used))
    work.problems += found.problems
    if found.problems:
        work.broken.add(dataset.name)
    work.problems += [_volatile(dataset.made_by, name) for name in dict.fromkeys(found.volatile)]
    return _resolve(work, {**work.macros.reads(used), **found.inputs}, dataset.name)


def _called(used: Iterable[Macro]) -> frozenset[str]:
    return frozenset(macro.name for macro in used)


def _facts(work: _Work, sql: str, place: Place, inputs: Sequence[str]) -> SqlFacts:
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


def _resolve(work: _Work, inputs: Mapping[str, Place], reader: str) -> tuple[str, ...]:
    known = work.project.datasets
    names: dict[str, None] = {}
    for name, place in inputs.items():
        base = name.removesuffix(QUARANTINE)
        if base in known and (base == name or known[base].is_load):
            names[base] = None
            continue
        work.broken.add(reader)
        if not work.project.is_lost(base):
            work.problems.append(
                Problem("T001", f'dataset "{name}" does not exist', nearest(name, list(known), kind="datasets"), place)
            )
    return tuple(names)


def _report_cycle(work: _Work, inputs: Mapping[str, tuple[str, ...]]) -> None:
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


def _bind_columns(work: _Work, dataset: Dataset, inputs: Sequence[str]) -> None:
    if isinstance(dataset.made_by, Load):
        work.fields[dataset.name] = _load_fields(work, dataset)
        return
    if dataset.name in work.broken or any(name in work.broken for name in inputs):
        work.broken.add(dataset.name)
        work.fields[dataset.name] = None
        return
    if not _takes(work, work.macros.used(dataset.made_by.sql)):
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
    fields = _model_fields(work, dataset, dataset.made_by, inputs)
    work.fields[dataset.name] = fields
    work.facts[dataset.name] = facts if fields is None else with_columns(facts, tuple(f.name for f in fields))


def _columns_in_scope(work: _Work, inputs: Sequence[str]) -> dict[str, tuple[str, ...] | None]:
    scope: dict[str, tuple[str, ...] | None] = {}
    for name in inputs:
        fields = work.fields.get(name)
        scope[name] = None if fields is None else tuple(f.name for f in fields)
        if work.project.datasets[name].is_load:
            scope[name + QUARANTINE] = tuple(f.name for f in quarantine_fields())
    return scope


def quarantine_fields() -> tuple[Field, ...]:
    """The columns of every quarantine."""
    from mainstem.lifecycle.storage.quarantine import FIELDS

    return FIELDS


def _load_fields(work: _Work, dataset: Dataset) -> tuple[Field, ...] | None:
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


def _model_fields(work: _Work, dataset: Dataset, model: Model, inputs: Sequence[str]) -> tuple[Field, ...] | None:
    """Columns and types of a model, from the cache or from the engine."""
    scope = {name: work.fields[name] for name in inputs}
    if "macros" in work.project.lost or any(fields is None for fields in scope.values()):
        return None
    shapes = [f"{name}:{work.shape(name)}" for name in inputs]
    macros = [macro.text for macro in work.macros.used(model.sql)]
    wanted = "\n".join((str(model.kind == "view"), model.sql, *shapes, *macros))
    key = hashlib.sha256(wanted.encode()).hexdigest()
    cached = work.texts.fields(key)
    if cached is not None:
        return tuple(Field(name, type_) for name, type_ in cached)
    try:
        fields = _describe(work, model, inputs)
    except MainstemError as error:
        work.broken.add(dataset.name)
        work.problems += [_placed(problem, dataset.place) for problem in error.problems]
        return None
    work.texts.remember_fields(key, [(f.name, f.type) for f in fields])
    return fields


def _takes(work: _Work, used: Sequence[Macro]) -> bool:
    """Whether the engine takes these macros; told where they are written if not, and left open where they read what
    is not known yet."""
    named = work.macros.reads(used)
    reads = _resolve(work, named, "macros")
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


def _make_macros(work: _Work, used: Sequence[Macro], reads: Sequence[str]) -> None:
    session = _empty(work, reads)
    for macro in used:
        if macro.name not in work.made:
            session.execute(macro.sql)
            work.made.add(macro.name)


def _describe(work: _Work, model: Model, inputs: Sequence[str]) -> tuple[Field, ...]:
    session = _empty(work, inputs)
    _make_macros(work, work.macros.used(model.sql), inputs)
    return model_fields(model, session.describe(model.sql))


def _empty(work: _Work, inputs: Sequence[str]) -> Any:
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


def _output_inputs(work: _Work, name: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for query in work.project.outputs[name].queries:
        used = work.macros.used(query.sql)
        inputs = work.texts.inputs(query.sql, query.place, _called(used))
        work.problems += inputs.problems
        resolved = _resolve(work, {**work.macros.reads(used), **inputs.inputs}, name)
        found.update(dict.fromkeys(resolved))
        if not inputs.problems and all(base in work.fields for base in resolved):
            facts = _facts(work, query.sql, query.place, resolved)
            work.problems += facts.problems
            work.facts[query_name(name, query.name)] = facts
            is_whole = not facts.problems and EVERYTHING not in facts.unresolved
            if is_whole and name not in work.project.lost:
                work.problems += query_problems(work.project.outputs[name], query.name, facts.columns)
    return tuple(found)


def _names(work: _Work, dataset: str) -> tuple[str, ...] | None:
    fields = work.fields.get(dataset)
    return None if fields is None else tuple(f.name for f in fields)


def _require(work: _Work, dataset: str, column: str, place: Place, role: str) -> None:
    names = _names(work, dataset)
    if names is not None and column.lower() not in {name.lower() for name in names}:
        work.problems.append(
            Problem(
                "T005",
                f'{role} names "{column}", which is no column of "{dataset}"',
                nearest(column, list(names), kind="columns"),
                place,
            )
        )


def _check_references(work: _Work, dataset: Dataset) -> None:
    for column in dataset.columns:
        if column.refers_to is None:
            continue
        other, name = column.refers_to
        if other in work.project.datasets:
            _require(work, other, name, column.place, f'column "{column.name}"')
        elif not work.project.is_lost(other):
            mend = nearest(other, list(work.project.datasets), kind="datasets")
            work.problems.append(Problem("T001", f'dataset "{other}" does not exist', mend, column.place))


def _check_columns_named(work: _Work, dataset: Dataset) -> None:
    for column in dataset.key:
        _require(work, dataset.name, column, dataset.place, "the key")
    if dataset.time_column:
        _require(work, dataset.name, dataset.time_column, dataset.place, "`time_column`")
    if not dataset.is_load:
        for declared in dataset.columns:
            _require(work, dataset.name, declared.name, declared.place, "`columns:`")


def _check_checks(work: _Work, dataset: Dataset) -> None:
    for check in dataset.checks:
        columns, others = find("checks", check.kind).reads(check.options)
        for column in columns:
            _require(work, dataset.name, column, check.place, f'check "{check.id}"')
        for other in others:
            _resolve(work, {other: check.place}, dataset.name)


def _people(project: Project, requirement: Requirement) -> str:
    """Those to whom a requirement is promised."""
    needed = [project.needs[need].stakeholder for need in requirement.needs if need in project.needs]
    return ", ".join(dict.fromkeys((*needed, *((requirement.for_,) if requirement.for_ else ()))))


def _check_requirements(work: _Work) -> None:
    for requirement in work.project.requirements.values():
        if requirement.retired:
            continue
        whose = f'requirement "{requirement.id}" (for {_people(work.project, requirement) or "nobody"})'
        for bound in requirement.binds:
            dataset, _, column = bound.rpartition(".")
            if bound not in work.project.datasets and dataset in work.project.datasets:
                _require(work, dataset, column, requirement.place, whose)
        objective = requirement.objective
        if objective is None:
            continue
        for name in ("partition", "columns", "by"):
            named = getattr(objective.options, name, None)
            for column in (named,) if isinstance(named, str) else named or ():
                _require(work, objective.of, column, objective.place, whose)
