"""Lints the graph of goals, stakeholders, needs, requirements, outputs and decisions: what leads nowhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import Any

from mainstem.core.problem import Problem
from mainstem.core.project import Project
from mainstem.core.requirement import Need, Objective, Requirement
from mainstem.lifecycle.requirements.budget import allowance, nominal
from mainstem.lifecycle.requirements.calendar import read_calendar
from mainstem.lifecycle.requirements.digests import parties

_LIMITS = ("at_least", "at_most", "deadline")


def graph_advice(project: Project, ancestors: Mapping[str, frozenset[str]]) -> list[Problem]:
    """Everything that leads nowhere, is said twice, or cannot be carried by what it rests on."""
    live = [each for each in project.requirements.values() if each.retired is None]
    return [
        *(problem for each in live for problem in _requirement(project, each)),
        *_needs_and_goals(project, live),
        *_outputs(project, live),
        *_decisions(project),
        *_definitions(project),
        *_twice(live),
        *_carried(live, ancestors),
    ]


def _requirement(project: Project, each: Requirement) -> Iterable[Problem]:
    needs = [need for name in each.needs if isinstance(need := project.item(name), Need)]
    if not needs:
        what = f'requirement "{each.id}" serves no need'
        yield Problem("R040", what, "write the need, and name it here: needs: [...]", each.place)
    for need in needs:
        if need.goal is None:
            what = f'requirement "{each.id}" leads to no goal: need "{need.id}" has none'
            yield Problem("R041", what, f'add `goal:` to "{need.id}"', need.place)
    if each.priority == "must" and each.objective is None and not each.proofs:
        what = f'requirement "{each.id}" is a must, and nothing says how it is measured'
        yield Problem("R042", what, "add an `objective:` or `proofs:`", each.place)
    served = [name for name in parties(each, project) if name != each.owed_by]
    if len(served) > 1:
        people = ", ".join(served)
        what = f'requirement "{each.id}" serves {len(served)} stakeholders: {people}'
        yield Problem("R047", what, "all of them must agree to it; write one for each if they may part", each.place)


def _needs_and_goals(project: Project, live: list[Requirement]) -> Iterable[Problem]:
    served = {item.id for each in live for name in each.needs if (item := project.item(name))}
    for need in project.needs.values():
        if need.id not in served and need.retired is None:
            what = f'need "{need.id}" has no requirement'
            yield Problem("R045", what, f"write what must be true of the data: needs: [{need.id}]", need.place)
    wanted = {item.id for need in project.needs.values() if need.goal and (item := project.item(need.goal))}
    for goal in project.goals.values():
        if goal.id not in wanted and goal.retired is None:
            what = f'goal "{goal.id}" has no need'
            yield Problem("R044", what, f"ask who works towards it, and add goal: {goal.id} to the need", goal.place)


def _outputs(project: Project, live: list[Requirement]) -> Iterable[Problem]:
    bound = {name.partition("#")[0] for each in live for name in each.binds}
    bound |= {each.objective.of for each in live if each.objective}
    for output in project.outputs.values():
        if output.name not in bound:
            what = f'no requirement binds output "{output.name}": who asked for this?'
            yield Problem("R043", what, f"write the requirement, or remove {output.place.file}", output.place)


def _decisions(project: Project) -> Iterable[Problem]:
    for decision in project.decisions.values():
        if not decision.requirements and decision.retired is None:
            what = f'decision "{decision.id}" names no requirement'
            yield Problem("R046", what, "name what it decides for: requirements: [...]", decision.place)


def _definitions(project: Project) -> Iterable[Problem]:
    for definition in project.definitions.values():
        if not (definition.sql or definition.metric) and definition.retired is None:
            what = f'definition "{definition.id}" has neither `sql` nor `metric`'
            yield Problem("R051", what, "say exactly what the term means, in SQL or by a metric", definition.place)


def _twice(live: list[Requirement]) -> Iterable[Problem]:
    """The same thing promised twice: with the same limit (duplicate), or with another (contradiction)."""
    same: dict[str, list[Requirement]] = defaultdict(list)
    for each in live:
        if each.objective is not None:
            same[repr(_apart_from_limits(each.objective))].append(each)
    for group in same.values():
        for first, second in combinations(group, 2):
            assert first.objective is not None
            assert second.objective is not None
            of = f'"{first.id}" and "{second.id}"'
            kind, name = first.objective.kind, first.objective.of
            if _terms(first.objective) == _terms(second.objective):
                what = f"{of} promise the same {kind} of {name}"
                yield Problem("R048", what, "let one requirement name the needs of both", second.place)
            else:
                what = f"{of} promise different {kind} of {name}"
                yield Problem("R049", what, "the stricter one decides: settle it with both owners", second.place)


def _apart_from_limits(objective: Objective) -> Any:
    options = objective.options
    names = [name for name in options.__dataclass_fields__ if name not in _LIMITS and name != "passing"]
    return (objective.kind, objective.of, [(name, getattr(options, name)) for name in names])


def _terms(objective: Objective) -> Any:
    return (objective.options, objective.zone, objective.misses, objective.target, objective.window, objective.slice)


def _carried(live: list[Requirement], ancestors: Mapping[str, frozenset[str]]) -> Iterable[Problem]:
    """A deadline that what it rests on cannot carry: upstream may fail more often, or comes no earlier."""
    timed = [(each, each.objective) for each in live if each.objective and each.objective.kind == "ready_by"]
    for each, objective in timed:
        for other, above in timed:
            if above.of == objective.of or above.of not in ancestors.get(objective.of, frozenset()):
                continue
            said = f'"{each.id}" rests on "{other.id}"'
            allowed, given = _allowed(above), _allowed(objective)
            if allowed > given:
                what = f"{said}, which may fail {allowed} times where it may fail {given} times"
                yield Problem("R050", what, "tell both owners: less can be promised, or more must be", each.place)
            if _sample_due(above) >= _sample_due(objective):
                what = f"{said}, which is not due any earlier"
                yield Problem("R050", what, "leave time for the run between the two deadlines", each.place)


def _allowed(objective: Objective) -> int:
    return allowance(objective, nominal(objective))


def _sample_due(objective: Objective) -> Any:
    calendar = read_calendar(objective)
    return calendar.span(735_000 if calendar.unit == "d" else 0 if calendar.unit == "w" else 24_000).due
