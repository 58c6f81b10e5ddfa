"""Owns the highest rung: a stakeholder has looked, and says that it is what was asked for."""

from __future__ import annotations

from datetime import datetime

from mainstem.core.evidence import Evidence
from mainstem.core.problem import Problem, ProjectError, nearest
from mainstem.core.project import Project
from mainstem.core.release import Release
from mainstem.core.requirement import Requirement
from mainstem.lifecycle.requirements.proofs import proof_definition, shown_digest
from mainstem.lifecycle.requirements.restore import plain_digest


def accept(project: Project, id: str, by: str, release: Release, at: datetime) -> Evidence:
    """The evidence that a stakeholder accepts what a requirement's outputs show, as it is worded and built now.

    ProjectError R060 no such requirement, R073 it is retired, R061 no such stakeholder, R080 it does not ask them.
    """
    item = project.item(id)
    if not isinstance(item, Requirement):
        what = f'requirement "{id}" does not exist'
        raise ProjectError(Problem("R060", what, nearest(id, list(project.requirements), kind="requirements")))
    if item.retired is not None:
        what = f'"{item.id}" was retired on {item.retired.at}: {item.retired.because}'
        raise ProjectError(Problem("R073", what, "write a new item, or remove `retired:`", item.place))
    person = next((each for each in project.stakeholders.values() if by in (each.id, *each.aliases)), None)
    if person is None:
        mend = nearest(by, list(project.stakeholders), kind="stakeholders")
        raise ProjectError(Problem("R061", f'stakeholder "{by}" does not exist', mend))
    asked = {proof.of: proof for proof in item.proofs if proof.kind == "accepted_by"}
    names = {alias: id for id in asked for alias in _names(project, id)}
    if person.id not in names:
        what = f'"{item.id}" does not ask "{person.id}" to accept it'
        mend = (
            f"those who are asked: {', '.join(asked)}" if asked else f"add `- {{accepted_by: {person.id}}}` to proofs"
        )
        raise ProjectError(Problem("R080", what, mend, item.place))
    facts = {
        "proof": "accepted_by",
        "by": person.id,
        "statement": plain_digest(item.statement),
        "shown": shown_digest(item, project),
    }
    definition = proof_definition(item, asked[names[person.id]])
    return Evidence(
        "proof",
        item.id,
        at,
        release.env,
        release.id,
        label=person.id,
        outcome="ok",
        definition=definition,
        facts=facts,
    )


def _names(project: Project, id: str) -> tuple[str, ...]:
    """Every name of a stakeholder who is named by id or alias."""
    found = project.item(id)
    return (id, found.id) if found is not None else (id,)


def same_acceptance(row: Evidence, new: Evidence) -> bool:
    """Whether a row says already what the new one would say: the same person, of the same words and outputs."""
    return (row.kind, row.subject, row.definition, row.outcome) == (
        new.kind,
        new.subject,
        new.definition,
        new.outcome,
    ) and row.facts.get("shown") == new.facts["shown"]
