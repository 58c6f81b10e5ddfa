"""Owns the text of a promise as people agree to it, its digests, and the way back from that text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, time
from decimal import Decimal
from typing import Any

from mainstem.core.dataset import Check, Severity
from mainstem.core.kinds import find
from mainstem.core.problem import Problem
from mainstem.core.project import Project
from mainstem.core.requirement import Agreement, Definition, Goal, Need, Objective, Proof, Requirement
from mainstem.lifecycle.requirements.promise import Promise, promise_of
from mainstem.lifecycle.requirements.restore import plain, plain_digest, restore

_PEOPLE = ("stakeholder", "as", "by")
"""Options of proofs that name somebody."""


def agreed_text(requirement: Requirement, project: Project) -> dict[str, Any]:
    """Everything that is agreed to: lists, mappings and text only, canonical, enough to judge by without the item.

    Beside the item's own fields it holds the content of the checks and definitions that it names, and `parties`:
    who has to agree. Both digests of an agreement are digests of this text.
    """
    promise = promise_of(project, requirement)
    text = {
        "statement": requirement.statement,
        "class": requirement.class_,
        "characteristic": requirement.characteristic,
        "priority": requirement.priority,
        "objective": _objective_text(requirement.objective),
        "checks": {id: _check_text(check) for id, check in promise.checks.items()},
        "definitions": {id: definition_text(each) for id, each in promise.definitions.items()},
        "proofs": [_proof_text(proof, project) for proof in requirement.proofs],
        "binds": sorted(set(requirement.binds)),
        "parties": sorted(parties(requirement, project)),
    }
    found: dict[str, Any] = plain(text)
    return found


def parties(requirement: Requirement, project: Project) -> tuple[str, ...]:
    """Who must agree: every stakeholder whose need it serves, and who owes it where somebody is named for that."""
    found: dict[str, None] = {}
    for id in requirement.needs:
        need = project.item(id)
        if isinstance(need, Need):
            found[_id(need.stakeholder, project)] = None
    for name in (requirement.for_, requirement.owed_by):
        if name is not None:
            found[_id(name, project)] = None
    return tuple(found)


def _id(name: str, project: Project) -> str:
    """The id that a name stands for today."""
    item = project.item(name)
    return item.id if item is not None else name


def _objective_text(objective: Objective | None) -> dict[str, Any] | None:
    """With every default filled in."""
    if objective is None:
        return None
    return {
        "measure": objective.kind,
        "of": objective.of,
        "options": objective.options,
        "zone": objective.zone,
        "misses": objective.misses,
        "target": objective.target,
        "window": objective.window,
        "slice": objective.slice,
        "share": objective.share,
        "days": sorted(objective.days),
        "hours": list(objective.hours) if objective.hours else None,
        "from": objective.starts,
    }


def _check_text(check: Check) -> dict[str, Any]:
    return {"kind": check.kind, "options": check.options, "per": check.per}


def _proof_text(proof: Proof, project: Project) -> dict[str, Any]:
    options = {key: _id(str(value), project) if key in _PEOPLE else value for key, value in proof.options.items()}
    of = _id(proof.of, project) if proof.kind == "accepted_by" else proof.of
    return {"kind": proof.kind, "of": of, "options": options}


def definition_text(definition: Definition) -> dict[str, Any]:
    """What a definition says, without its names."""
    found: dict[str, Any] = plain(
        {
            "term": definition.term,
            "sentence": definition.sentence,
            "sql": definition.sql,
            "metric": definition.metric,
        }
    )
    return found


def promise_digest(text: Mapping[str, Any]) -> str:
    """The digest that asks the stakeholders: of an agreed text without the names of datasets and checks."""
    kept = {key: value for key, value in text.items() if key not in ("binds", "parties")}
    kept["checks"] = set_of(text.get("checks", {}))
    kept["definitions"] = set_of(text.get("definitions", {}))
    objective = text.get("objective")
    if objective:
        measure = find("measures", objective["measure"])
        names = {*measure.CHECKS, *measure.DATASETS}
        options = {key: value for key, value in objective.get("options", {}).items() if key not in names}
        kept["objective"] = {**objective, "of": None, "options": options}
    return plain_digest(kept)


def with_names_of_today(text: Mapping[str, Any], project: Project) -> Mapping[str, Any]:
    """An agreed text in which people who were renamed since go by their new ids."""
    if not text.get("proofs"):
        return text
    proofs = [
        {
            **proof,
            "of": _id(proof["of"], project) if proof["kind"] == "accepted_by" else proof["of"],
            "options": {
                key: _id(value, project) if key in _PEOPLE else value for key, value in proof.get("options", {}).items()
            },
        }
        for proof in text["proofs"]
    ]
    return {**text, "proofs": proofs}


def set_of(named: Mapping[str, Any]) -> list[Any]:
    """The contents of a mapping without their names, in one order."""
    return sorted(named.values(), key=plain_digest)


def binding_digest(text: Mapping[str, Any]) -> str:
    """The digest that asks the engineer: of what the promise is bound to."""
    objective = text.get("objective") or {}
    bound: dict[str, Any] = {"binds": text.get("binds"), "of": objective.get("of")}
    if objective:
        options = objective.get("options", {})
        bound |= {name: options.get(name) for name in find("measures", objective["measure"]).DATASETS}
    return plain_digest(bound)


def measured_names(text: Mapping[str, Any]) -> frozenset[str]:
    """The datasets that a text is judged on; without an objective what it binds."""
    objective = text.get("objective")
    if not objective:
        return frozenset(text.get("binds", ()))
    options = objective.get("options", {})
    others = (options.get(name) for name in find("measures", objective["measure"]).DATASETS)
    return frozenset(name for name in (objective["of"], *others) if name is not None)


def link_digests(requirement: Requirement, project: Project) -> dict[str, str]:
    """The digest of each need it serves, of the goals behind them, and of the definitions it uses, by id."""
    found: dict[str, str] = {}
    for id in requirement.needs:
        need = project.item(id)
        if not isinstance(need, Need):
            continue
        found[need.id] = need_digest(need)
        goal = project.item(need.goal) if need.goal else None
        if isinstance(goal, Goal):
            found[goal.id] = goal_digest(goal)
    for id in requirement.uses:
        definition = project.item(id)
        if isinstance(definition, Definition):
            found[definition.id] = plain_digest(definition_text(definition))
    return found


def need_digest(need: Need) -> str:
    """Of what somebody does with the data, and how often: not of today's pains, nor of notes.

    Whose need it is, and which goal it serves, are told by `parties` and by the links themselves.
    """
    return plain_digest({"action": need.action or need.title, "cadence": need.decision_cadence})


def goal_digest(goal: Goal) -> str:
    """Of what shall be reached: the measure, or the title where there is none."""
    return plain_digest({"measure": goal.measure or goal.title})


def from_agreed(text: Mapping[str, Any], requirement: Requirement) -> Requirement:
    """The requirement as it was when the text was agreed to; what the text does not hold is taken from today's.

    Raises ValueError when the text does not describe an objective.
    """
    objective = text.get("objective")
    return replace(
        requirement,
        statement=text.get("statement", ""),
        class_=text.get("class", requirement.class_),
        characteristic=text.get("characteristic"),
        priority=text.get("priority", requirement.priority),
        binds=tuple(text.get("binds", ())),
        objective=_objective(objective, requirement) if objective else None,
        proofs=tuple(
            Proof(proof["kind"], proof["of"], requirement.place, dict(proof.get("options", {})))
            for proof in text.get("proofs", ())
        ),
    )


def _objective(text: Mapping[str, Any], requirement: Requirement) -> Objective:
    options = restore(find("measures", text["measure"]).Options, text.get("options", {}))
    misses, target, starts = text.get("misses"), text.get("target"), text.get("from")
    hours = tuple(time.fromisoformat(each) for each in text.get("hours", ()))
    return Objective(
        kind=text["measure"],
        of=text["of"],
        options=options,
        place=requirement.objective.place if requirement.objective else requirement.place,
        zone=text["zone"],
        misses=None if misses is None else int(misses),
        target=None if target is None else Decimal(target),
        window=text.get("window"),
        slice=text["slice"],
        share=Decimal(text.get("share", 1)),
        days=tuple(int(each) for each in text.get("days", ())),
        hours=(hours[0], hours[1]) if len(hours) == 2 else None,
        starts=date.fromisoformat(starts) if starts else None,
    )


def agreed_promise(text: Mapping[str, Any], requirement: Requirement, project: Project) -> Promise:
    """The promise that a text describes, with the checks as they were then.

    Names of datasets that the project no longer has are taken from today's item: a rename changes no promise.
    """
    then = _with_tables_of_today(from_agreed(text, requirement), requirement, project)
    checks = {id: _check(id, check, requirement) for id, check in text.get("checks", {}).items()}
    definitions = {
        id: Definition(
            id,
            id,
            requirement.place,
            each.get("term", ""),
            each.get("sentence", ""),
            each.get("sql"),
            each.get("metric"),
        )
        for id, each in text.get("definitions", {}).items()
    }
    return Promise(then, checks, definitions)


def _with_tables_of_today(then: Requirement, today: Requirement, project: Project) -> Requirement:
    """A requirement of the past, bound as it is today wherever what it was bound to is gone."""
    if any(name.rpartition(".")[0] not in project.datasets and not _is_there(name, project) for name in then.binds):
        then = replace(then, binds=today.binds)
    if then.objective is None or today.objective is None or then.objective.kind != today.objective.kind:
        return then
    options = then.objective.options
    for name in find("measures", then.objective.kind).DATASETS:
        if not _is_there(getattr(options, name), project):
            options = replace(options, **{name: getattr(today.objective.options, name)})
    of = then.objective.of if _is_there(then.objective.of, project) else today.objective.of
    return replace(then, objective=replace(then.objective, of=of, options=options))


def _is_there(name: str, project: Project) -> bool:
    return name in project.datasets or name.partition("#")[0] in project.outputs


def _check(id: str, text: Mapping[str, Any], requirement: Requirement) -> Check:
    options = restore(find("checks", text["kind"]).Options, text.get("options", {}), requirement.place)
    return Check(id, text["kind"], options, requirement.place, Severity.ERROR, text.get("per", "partition"))


def entry_problems(entries: Mapping[str, tuple[Agreement, ...]]) -> tuple[Problem, ...]:
    """Agreements whose digests do not fit their text (somebody edited what was agreed to); waivers without an end."""
    found: list[Problem] = []
    for id, given in entries.items():
        for entry in given:
            if entry.kind == "waived" and entry.until is None:
                mend = "say until when: until: 2014-01-31T00:00:00-05:00"
                found.append(Problem("R067", f'the waiver of "{id}" by "{entry.by}" has no end', mend, entry.place))
            if entry.kind != "agreed" or entry.text is None:
                continue
            for name, made, kept in (
                ("promise", promise_digest, entry.promise),
                ("binding", binding_digest, entry.binding),
            ):
                if kept is not None and kept != made(entry.text):
                    what = f'the {name} digest in an agreement to "{id}" by "{entry.by}" does not fit its text'
                    mend = f"undo the edit of the entry, and agree anew: mainstem agree {id} --by {entry.by}"
                    found.append(Problem("R066", what, mend, entry.place))
    return tuple(found)
