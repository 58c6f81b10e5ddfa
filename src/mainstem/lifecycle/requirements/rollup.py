"""Owns the roll-up of verdicts to stakeholders, needs and goals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from mainstem.core.evidence import Verdict
from mainstem.core.project import Project
from mainstem.core.requirement import Need, Requirement

ORDER = ("violated", "unverified", "at_risk", "met")
"""Statuses, the gravest first."""


@dataclass(frozen=True, slots=True)
class Rollup:
    """Status by id. None where no requirement gives one; "draft" where there are only drafts."""

    stakeholders: Mapping[str, str | None]
    needs: Mapping[str, str | None]
    goals: Mapping[str, str | None]


def roll_up(project: Project, verdicts: Mapping[str, Verdict]) -> Rollup:
    """The gravest status of what each stakeholder, need and goal has a right to.

    A must gives its status, a should at most "at risk", a waived one that is not met "at risk"; could, wont, drafts
    and retired ones give nothing. A stakeholder has a right to the requirements that serve a need of theirs, or are
    written for them directly.
    """
    given: dict[str, dict[str, list[str]]] = {kind: defaultdict(list) for kind in ("stakeholder", "need", "goal")}
    for id, verdict in verdicts.items():
        requirement = project.requirements[id]
        status = _given(requirement, verdict)
        if status is None:
            continue
        for kind, name in _behind(project, requirement):
            given[kind][name].append(status)
    return Rollup(
        {id: _gravest(given["stakeholder"][id]) for id in project.stakeholders},
        {id: _gravest(given["need"][id]) for id in project.needs},
        {id: _gravest(given["goal"][id]) for id in project.goals},
    )


def _given(requirement: Requirement, verdict: Verdict) -> str | None:
    if verdict.status == "draft":
        return "draft"
    if verdict.status not in ORDER or requirement.priority not in ("must", "should"):
        return None
    is_soft = requirement.priority == "should" or "waived" in verdict.flags
    return "at_risk" if is_soft and verdict.status != "met" else verdict.status


def _behind(project: Project, requirement: Requirement) -> list[tuple[str, str]]:
    """Needs, stakeholders and goals behind a requirement, each once."""
    found: dict[tuple[str, str], None] = {}
    people = [requirement.for_] if requirement.for_ else []
    for name in requirement.needs:
        need = project.item(name)
        if isinstance(need, Need):
            found["need", need.id] = None
            people.append(need.stakeholder)
            if need.goal and (goal := project.item(need.goal)):
                found["goal", goal.id] = None
    for name in people:
        if person := project.item(name):
            found["stakeholder", person.id] = None
    return list(found)


def _gravest(given: list[str]) -> str | None:
    for status in ORDER:
        if status in given:
            return status
    return "draft" if given else None


def fails(project: Project, verdicts: Mapping[str, Verdict]) -> tuple[str, ...]:
    """The ids for which `status --fail-on violated` fails: a must that is violated and not waived."""
    return tuple(
        id
        for id, verdict in verdicts.items()
        if verdict.status == "violated"
        and project.requirements[id].priority == "must"
        and "waived" not in verdict.flags
    )
