"""Owns the rungs of a functional requirement: it exists, answers, behaves, is accepted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mainstem.core.evidence import Evidence
from mainstem.core.project import Project
from mainstem.core.requirement import Proof, Requirement
from mainstem.lifecycle.requirements.calendar import duration_s
from mainstem.lifecycle.requirements.log import Log
from mainstem.lifecycle.requirements.restore import plain_digest
from mainstem.lifecycle.requirements.tested import is_about

RUNGS = {"answers": "answers", "returns": "behaves", "test": "behaves", "accepted_by": "accepted"}
"""Which rung each kind of proof stands on, in the order in which they are climbed."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What the proofs of a requirement show: `state` is held | failed | missing, `words` a sentence."""

    state: str
    words: str
    evidence: tuple[int, ...] = ()


def proof_definition(requirement: Requirement, proof: Proof) -> str:
    """The `definition` of the evidence of a proof: what was shown, and for an acceptance the sentence accepted."""
    said = requirement.statement if proof.kind == "accepted_by" else None
    return plain_digest({"kind": proof.kind, "of": proof.of, "options": proof.options, "statement": said})


def shown_digest(requirement: Requirement, project: Project) -> str:
    """The digest of what a person has before the eyes who accepts: the outputs that the requirement binds."""
    outputs = [project.outputs[name] for name in requirement.binds if name in project.outputs]
    seen = [(each.name, each.text, [(query.name, query.sql) for query in each.queries]) for each in outputs]
    return plain_digest(seen)


def climb(requirement: Requirement, project: Project, log: Log, at: datetime) -> Shown:
    """How far up the rungs the live release is proved.

    A proof is a `proof` or `drill` row whose subject is the requirement's id, whose definition is that of the proof
    (`proof_definition`), and whose version is the live release; an acceptance, a test of a person, holds for later
    releases too, as long as the text of the outputs that were looked at is the same, and a test of a model as long as
    test and model are. The newest row counts: outcome ok, refused (it is not so), or errored (it could not be shown).
    """
    results = [(proof, newest_row(requirement, proof, project, log, at)) for proof in requirement.proofs]
    evidence = tuple(row.id for _, row in results if row is not None)
    for proof, row in results:
        if row is not None and row.outcome in ("refused", "failed"):
            reason = row.facts.get("reason")
            return Shown("failed", f"{_name(proof)} is not so" + (f": {reason}" if reason else ""), evidence)
    held = {RUNGS[proof.kind] for proof, row in results if row is not None and row.outcome == "ok"}
    lacking = [proof for proof, row in results if row is None or row.outcome != "ok"]
    missing = _missing(requirement, project, held, lacking)
    tried = [
        row.facts["reason"]
        for _, row in results
        if row is not None and row.outcome == "errored" and "reason" in row.facts
    ]
    if missing and tried:
        missing += f"; it was tried: {tried[0]}"
    return Shown("missing", missing, evidence) if missing else Shown("held", "every proof holds", evidence)


def newest_row(requirement: Requirement, proof: Proof, project: Project, log: Log, at: datetime) -> Evidence | None:
    """The newest row that tells how a proof stands with what is live; None where there is none."""
    release = log.release(at)
    rows = [row for row in log.proofs(requirement.id) if row.at <= at]
    definition = proof_definition(requirement, proof)
    age = proof.options.get("max_age")
    oldest = None if age is None else at - timedelta(seconds=duration_s(str(age), proof.place))
    for row in reversed(rows):
        if row.definition != definition or (oldest is not None and row.at < oldest):
            continue
        if proof.kind == "accepted_by":
            shown = shown_digest(requirement, project)
            return row if row.facts.get("shown", shown) == shown else None
        if proof.kind == "test":
            if is_about(row, project, proof, log, at):
                return row
            continue
        if release is not None and row.version == release:
            return row
    return None


def _missing(requirement: Requirement, project: Project, held: set[str], lacking: Sequence[Proof]) -> str:
    """The lowest rung that is not reached, in words; empty when all are."""
    by_rung = {RUNGS[proof.kind]: proof for proof in reversed(lacking)}
    if "answers" not in held or "answers" in by_rung:
        return "not yet shown that it answers"
    if "behaves" not in held or "behaves" in by_rung:
        return "answers, but nothing shows yet that it does what the sentence says" + _untested(lacking)
    wants_people = any(name.startswith("dashboards/") for name in requirement.binds)
    if "accepted" in by_rung:
        return f"works as tested; not yet accepted by {_person(by_rung['accepted'].of, project)}"
    if wants_people and "accepted" not in held:
        return "works as tested; nobody was asked to accept it"
    return ""


def _untested(lacking: Sequence[Proof]) -> str:
    """What to do about tests that were not run on what is live."""
    names = [proof.of for proof in lacking if proof.kind == "test"]
    return f": run `mainstem test {' '.join(names)}`" if names else ""


def _person(id: str, project: Project) -> str:
    stakeholder = project.stakeholders.get(id)
    title = (stakeholder.title if stakeholder else id).removeprefix("The ")
    return f"the {title[:1].lower()}{title[1:]}"


def _name(proof: Proof) -> str:
    return {
        "answers": f'that "{proof.of}" answers',
        "returns": f'what "{proof.of}" should return',
        "test": f'what the test "{proof.of}" expects',
        "accepted_by": f'that "{proof.of}" accepts it',
    }[proof.kind]
