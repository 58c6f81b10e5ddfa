"""Makes the entries of agreement files (agreed, waived, exception) and refuses what nobody may promise."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from mainstem.core.problem import Problem, ProjectError, nearest, raise_all
from mainstem.core.project import Project
from mainstem.core.requirement import Definition, Item, Requirement, Stakeholder
from mainstem.lifecycle.requirements import words as say
from mainstem.lifecycle.requirements.budget import allows_no_miss
from mainstem.lifecycle.requirements.digests import (
    agreed_text,
    binding_digest,
    definition_text,
    link_digests,
    parties,
    promise_digest,
)
from mainstem.lifecycle.requirements.lint import problems_of
from mainstem.lifecycle.requirements.restore import plain_digest


def agree(project: Project, id: str, by: str, at: datetime, recorded_by: str | None = None) -> Mapping[str, Any]:
    """The entry that says that a stakeholder agrees to a requirement, or to a definition, as it is written now.

    `at` is shown in the project's time zone. ProjectError with every reason why it cannot be agreed to: R060 no such
    item, R061 no such stakeholder, R062 the stakeholder has no part in it, R063 a must that nothing measures, R064 a
    target that allows no miss, R051 a definition that says nothing, R073 retired; and what `lint` finds wrong.
    """
    item = _item(project, id)
    person = _stakeholder(project, by)
    if isinstance(item, Definition):
        return _agree_definition(project, item, person, at, recorded_by)
    raise_all([*_not_agreeable(project, item), *_no_part(item, person, parties(item, project))])
    text = agreed_text(item, project)
    return _without_none(
        {
            "agreed": person.id,
            "at": _shown(project, at),
            "recorded_by": recorded_by,
            "promise": promise_digest(text),
            "binding": binding_digest(text),
            "links": link_digests(item, project) or None,
            "text": text,
        }
    )


def waive(project: Project, id: str, by: str, at: datetime, until: datetime, because: str) -> Mapping[str, Any]:
    """The entry that lets a requirement be broken until a moment, without alarm.

    ProjectError: R060, R061; R067 `until` is not later than `at`; R068 who owes it cannot waive it, only those whose
    need it serves, owners of the goals behind it, sponsors and governance; R069 no reason is given.
    """
    item = _item(project, id)
    person = _stakeholder(project, by)
    problems: list[Problem] = []
    if until <= at:
        what = f"a waiver until {_shown(project, until)} has ended at {_shown(project, at)}"
        problems.append(Problem("R067", what, "give a later moment: --until 2014-01-31"))
    problems += _no_reason(because)
    allowed = _may_waive(project, item)
    if person.id not in allowed:
        what = f'"{person.id}" cannot waive "{item.id}"'
        problems.append(Problem("R068", what, f"those who can are: {', '.join(allowed) or 'nobody yet'}"))
    raise_all(problems)
    return {"waived": person.id, "at": _shown(project, at), "until": _shown(project, until), "because": because}


def declare_exception(project: Project, id: str, label: str, at: datetime, because: str) -> Mapping[str, Any]:
    """The entry that takes one slice out: a holiday, an announced maintenance.

    ProjectError: R060; R069 no reason; R070 no slice of the objective is called so; R071 the slice has already opened.
    """
    item = _item(project, id)
    problems = _no_reason(because)
    if not isinstance(item, Requirement) or item.objective is None:
        what = f'"{item.id}" has no slices, because it has no objective'
        raise ProjectError(Problem("R070", what, "name a requirement with an objective"), *problems)
    from mainstem.lifecycle.requirements.calendar import read_calendar

    calendar = read_calendar(item.objective)
    span = calendar.labelled(label)
    if span is None:
        example = calendar.span(calendar.number_at(at) + 1).label
        what = f'"{label}" is no slice of "{item.id}"'
        problems.append(Problem("R070", what, f"write it as its label: {example}"))
    elif span.opens <= at:
        opened = say.moment(span.opens, at, item.objective.zone)
        mend = f"declare exceptions beforehand; for this one ask for a waiver: mainstem waive {item.id}"
        problems.append(Problem("R071", f'slice "{label}" of "{item.id}" has been open since {opened}', mend))
    raise_all(problems)
    return {"exception": label, "at": _shown(project, at), "because": because}


def _item(project: Project, id: str) -> Requirement | Definition:
    item = project.item(id)
    if not isinstance(item, Requirement | Definition):
        known = [*project.requirements, *project.definitions]
        what = f'requirement "{id}" does not exist'
        raise ProjectError(Problem("R060", what, nearest(id, known, kind="requirements and definitions")))
    if item.retired is not None:
        what = f'"{item.id}" was retired on {item.retired.at}: {item.retired.because}'
        raise ProjectError(Problem("R073", what, "write a new item, or remove `retired:`", item.place))
    return item


def _stakeholder(project: Project, name: str) -> Stakeholder:
    person = project.item(name)
    if not isinstance(person, Stakeholder):
        mend = nearest(name, list(project.stakeholders), kind="stakeholders")
        raise ProjectError(Problem("R061", f'stakeholder "{name}" does not exist', mend))
    return person


def _no_part(item: Item, person: Stakeholder, wanted: tuple[str, ...]) -> list[Problem]:
    if person.id in wanted:
        return []
    mend = f"who must agree: {', '.join(wanted)}" if wanted else "name the needs that it serves: needs: [...]"
    return [Problem("R062", f'"{person.id}" has no part in "{item.id}"', mend, item.place)]


def _not_agreeable(project: Project, item: Requirement) -> list[Problem]:
    """Everything that stands against a promise, whoever makes it."""
    found = list(problems_of(project, item))
    if item.priority == "must" and item.objective is None and not item.proofs:
        what = f'"{item.id}" is a must, and nothing says how it is measured'
        found.append(Problem("R063", what, "add an `objective:` or `proofs:`", item.place))
    if item.objective is not None and allows_no_miss(item.objective):
        what = f"target {item.objective.target} over {item.objective.window} allows no miss"
        mend = "write `misses: 0` if that is meant, or remove window and target to make it a rule without any end"
        found.append(Problem("R064", what, mend, item.objective.place))
    for id in item.uses:
        definition = project.item(id)
        if isinstance(definition, Definition) and not (definition.sql or definition.metric):
            found.append(_says_nothing(definition))
    return found


def _says_nothing(definition: Definition) -> Problem:
    what = f'definition "{definition.id}" has neither `sql` nor `metric`'
    return Problem("R051", what, "say exactly what the term means, in SQL or by a metric", definition.place)


def _agree_definition(
    project: Project, definition: Definition, person: Stakeholder, at: datetime, recorded_by: str | None
) -> Mapping[str, Any]:
    wanted = definition_parties(project, definition)
    empty = [] if definition.sql or definition.metric else [_says_nothing(definition)]
    raise_all([*empty, *_no_part(definition, person, wanted)])
    text = {**definition_text(definition), "parties": sorted(wanted)}
    entry = {"agreed": person.id, "at": _shown(project, at), "recorded_by": recorded_by}
    return _without_none({**entry, "promise": plain_digest(definition_text(definition)), "text": text})


def definition_parties(project: Project, definition: Definition) -> tuple[str, ...]:
    """Everybody behind the requirements that use it, and its owner."""
    found: dict[str, None] = {}
    for requirement in project.requirements.values():
        if any(project.item(name) is definition for name in requirement.uses):
            found.update(dict.fromkeys(parties(requirement, project)))
    if definition.owner is not None and (owner := project.item(definition.owner)):
        found[owner.id] = None
    return tuple(found)


def _may_waive(project: Project, item: Requirement | Definition) -> tuple[str, ...]:
    if isinstance(item, Definition):
        return definition_parties(project, item)
    debtor = project.item(item.owed_by) if item.owed_by else None
    found = {name: None for name in parties(item, project) if debtor is None or name != debtor.id}
    for id in link_digests(item, project):
        goal = project.goals.get(id)
        owner = project.item(goal.owner) if goal and goal.owner else None
        if owner is not None:
            found[owner.id] = None
    for person in project.stakeholders.values():
        if person.side in ("sponsor", "governance"):
            found[person.id] = None
    return tuple(found)


def _no_reason(because: str) -> list[Problem]:
    if because.strip():
        return []
    return [Problem("R069", "no reason is given", 'say why: --because "airport closed"')]


def _shown(project: Project, at: datetime) -> str:
    return at.astimezone(ZoneInfo(project.timezone)).isoformat()


def _without_none(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if value is not None}
