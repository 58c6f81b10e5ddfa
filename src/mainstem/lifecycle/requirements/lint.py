"""Lints requirements: errors that stand against agreeing, and advice that never blocks."""

from __future__ import annotations

from collections.abc import Mapping

from mainstem.core.place import Place
from mainstem.core.problem import Problem, ProjectError
from mainstem.core.project import Project
from mainstem.core.requirement import Objective, Requirement
from mainstem.lifecycle.requirements.budget import allows_no_miss, nominal
from mainstem.lifecycle.requirements.calendar import read_calendar
from mainstem.lifecycle.requirements.digests import entry_problems
from mainstem.lifecycle.requirements.graph import graph_advice
from mainstem.lifecycle.requirements.limits import one_share
from mainstem.lifecycle.requirements.promise import measure_of
from mainstem.lifecycle.requirements.statement import sentence_advice, sentence_problems


def lint(
    project: Project, ancestors: Mapping[str, frozenset[str]] | None = None
) -> tuple[tuple[Problem, ...], tuple[Problem, ...]]:
    """Errors and advice about all requirements, each in the order of their places.

    Errors are contradictions: nobody can agree to such a requirement, or judge it. Advice is what could be said
    better, or leads nowhere. `ancestors` are strict ancestors of datasets, by lineage; without them nothing is said
    of what a promise rests on.
    """
    live = [each for each in project.requirements.values() if each.retired is None]
    errors = [problem for each in live for problem in problems_of(project, each)]
    errors += entry_problems(project.agreements)
    advice = [problem for each in live for problem in (*sentence_advice(each), *_objective_advice(each))]
    if not errors:
        advice += graph_advice(project, ancestors or {})
    return _in_order(errors), _in_order(advice)


def problems_of(project: Project, requirement: Requirement) -> tuple[Problem, ...]:
    """What must be mended before anybody can agree to this requirement."""
    del project
    found = sentence_problems(requirement)
    if requirement.objective is not None:
        found += _objective_problems(requirement.objective)
    return tuple(found)


def _objective_problems(objective: Objective) -> list[Problem]:
    """What cannot be judged: slice, window, deadline, limits, more misses than slices."""
    try:
        read_calendar(objective)
    except ProjectError as error:
        return list(error.problems)
    found = list(measure_of(objective).problems(objective))
    if objective.target is not None:
        found += one_share("target", objective.target, objective)
    if objective.misses is not None and objective.window is not None and objective.misses >= nominal(objective):
        what = f"`misses: {objective.misses}` allows every slice of {objective.window} to be bad"
        found.append(Problem("R009", what, f"write less than {nominal(objective)}", objective.place))
    return found


def _objective_advice(requirement: Requirement) -> list[Problem]:
    objective = requirement.objective
    if objective is None or _objective_problems(objective):
        return []
    found: list[Problem] = []
    if objective.kind == "ready_by" and not objective.options.passing:
        what = f'"{requirement.id}" counts a table with half its rows as ready'
        found.append(Problem("R034", what, "name checks of the partition: passing: [row_count]", objective.place))
    if allows_no_miss(objective):
        slices = nominal(objective)
        what = f"target {objective.target} allows none of {slices} slices in {objective.window} to be bad"
        mend = f"write `misses: 0` if that is meant; `misses: 1` needs a target of {1 - 1 / slices:.2f} or less"
        found.append(Problem("R035", what, mend, objective.place))
    return found


def _in_order(problems: list[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda problem: (problem.place or Place(""), problem.code)))
