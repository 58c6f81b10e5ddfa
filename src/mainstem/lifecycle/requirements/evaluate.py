"""Judges requirements: the status of each at a moment, from evidence and agreements alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mainstem.core.evidence import Verdict
from mainstem.core.problem import Problem, nearest, raise_all
from mainstem.core.project import Project
from mainstem.core.requirement import Requirement
from mainstem.lifecycle.requirements import words as say
from mainstem.lifecycle.requirements.calendar import Calendar
from mainstem.lifecycle.requirements.digests import agreed_promise
from mainstem.lifecycle.requirements.force import Force, in_force
from mainstem.lifecycle.requirements.judging import Judgement, judge
from mainstem.lifecycle.requirements.log import Log
from mainstem.lifecycle.requirements.promise import Judge, Promise, measure_of, promise_of
from mainstem.lifecycle.requirements.risk import rests_on
from mainstem.lifecycle.requirements.window import Terms


@dataclass(frozen=True, slots=True)
class _Judged:
    """A requirement with what is in force of it. `other` judges today's text where another one is in force."""

    requirement: Requirement
    force: Force
    judgement: Judgement
    other: Judgement | None = None


def evaluate(
    project: Project,
    log: Log,
    at: datetime,
    known: datetime | None = None,
    *,
    requirements: Sequence[str] | None = None,
    ancestors: Mapping[str, frozenset[str]] | None = None,
    broken: Mapping[str, frozenset[str]] | None = None,
) -> dict[str, Verdict]:
    """The verdict on each requirement at `at`, by what the ledger knew at `known` (default: at that moment).

    `requirements` are ids or aliases, None for all. `ancestors` are the strict ancestors of each dataset and output,
    by lineage; `broken` the datasets whose contract is broken at `at`, each with the sorts of promise concerned
    (timing, content). ProjectError: R060 for an unknown id, R001 to R006 for an objective that cannot be read.
    """
    known = at if known is None else known
    log = log.as_known(known)
    wanted = _wanted(project, requirements)
    above = ancestors or {}
    judged = {
        id: _judge(project, project.requirements[id], log, at, known) for id in _with_ancestors(project, wanted, above)
    }
    violated = {id: each.judgement.promise for id, each in judged.items() if _breaks_a_promise(each)}
    verdicts: dict[str, Verdict] = {}
    for id in wanted:
        requirement = project.requirements[id]
        if requirement.retired is not None:
            verdicts[id] = Verdict(id, "retired", at, (f"retired: {requirement.retired.because}",))
        else:
            verdicts[id] = _verdict(judged[id], at, above, {k: v for k, v in violated.items() if k != id}, broken or {})
    return verdicts


def _breaks_a_promise(judged: _Judged) -> bool:
    """Whether others that rest on it are at risk."""
    found = judged.judgement
    return not judged.force.is_draft and found.status == "violated" and found.promise.requirement.objective is not None


def _wanted(project: Project, requirements: Sequence[str] | None) -> list[str]:
    if requirements is None:
        return list(project.requirements)
    found: list[str] = []
    problems: list[Problem] = []
    for name in requirements:
        item = project.item(name)
        if isinstance(item, Requirement):
            found.append(item.id)
        else:
            mend = nearest(name, list(project.requirements), kind="requirements")
            problems.append(Problem("R060", f'requirement "{name}" does not exist', mend))
    raise_all(problems)
    return found


def _with_ancestors(project: Project, wanted: Iterable[str], above: Mapping[str, frozenset[str]]) -> list[str]:
    """The requirements asked for, and those that they may rest on; without retired ones."""
    asked = set(wanted)
    reached: set[str] = set()
    for id in asked:
        objective = project.requirements[id].objective
        if objective is not None:
            reached |= above.get(objective.of, frozenset())
    return [
        id
        for id, each in project.requirements.items()
        if each.retired is None and (id in asked or (each.objective is not None and each.objective.of in reached))
    ]


def _judge(project: Project, requirement: Requirement, log: Log, at: datetime, known: datetime) -> _Judged:
    force = in_force(project, requirement, at, known)
    today = promise_of(project, requirement)
    if force.is_draft:
        return _Judged(requirement, force, judge(project, today, log, at, Terms(None, force.exceptions)))
    terms = Terms(force.epochs[-1].since, force.exceptions, _judge_before(project, requirement, force, log, at))
    if not (force.is_reworded or force.is_rebound):
        return _Judged(requirement, force, judge(project, today, log, at, terms))
    agreed = agreed_promise(force.epochs[-1].text, requirement, project)
    other = judge(project, today, log, at, Terms(None, force.exceptions))
    return _Judged(requirement, force, judge(project, agreed, log, at, terms), other)


def _judge_before(
    project: Project, requirement: Requirement, force: Force, log: Log, at: datetime
) -> tuple[Calendar, Judge] | None:
    """The judge of the slices that opened under the text agreed to before."""
    if len(force.epochs) < 2:
        return None
    promise = agreed_promise(force.epochs[-2].text, requirement, project)
    if promise.requirement.objective is None:
        return None
    return promise.calendar, measure_of(promise.objective).prepare(promise, log, at)


def _verdict(
    judged: _Judged,
    at: datetime,
    above: Mapping[str, frozenset[str]],
    violated: Mapping[str, Promise],
    broken: Mapping[str, frozenset[str]],
) -> Verdict:
    found = _resting(judged.judgement, above, violated, broken)
    force = judged.force
    verdict = Verdict(
        judged.requirement.id,
        found.status,
        at,
        (*found.reasons, *_beside(judged, at)),
        _flags(judged),
        budget=found.budget,
        slices=found.slices,
        evidence=found.evidence,
        rule=found.rule,
    )
    if force.is_draft:
        asked = f"not agreed yet by {say.listed(force.missing)}" if force.missing else "nobody has to agree to it yet"
        return replace(verdict, status="draft", would_be=found.status, reasons=(asked, *verdict.reasons))
    if judged.other is not None:
        return replace(verdict, would_be=_resting(judged.other, above, violated, broken).status)
    return verdict


def _resting(
    found: Judgement,
    above: Mapping[str, frozenset[str]],
    violated: Mapping[str, Promise],
    broken: Mapping[str, frozenset[str]],
) -> Judgement:
    """The judgement, at risk where what it rests on is broken."""
    if found.status not in ("met", "at_risk") or found.promise.requirement.objective is None:
        return found
    words = rests_on(found.promise, above, violated, broken)
    if not words:
        return found
    reasons = (*found.reasons, words) if found.status == "at_risk" else (words, *found.reasons)
    return replace(found, status="at_risk", reasons=reasons)


def _flags(judged: _Judged) -> tuple[str, ...]:
    force = judged.force
    flags = (
        ("suspect", bool(force.suspects)),
        ("waived", force.waiver is not None),
        ("mended", judged.judgement.is_mended),
    )
    return tuple(name for name, is_set in flags if is_set)


def _beside(judged: _Judged, at: datetime) -> list[str]:
    """What is said beside the status: suspicion, waiver."""
    force = judged.force
    said = list(force.suspects)
    if judged.other is not None:
        said.append(f"the text agreed to is judged; the new one would be {judged.other.status.replace('_', ' ')}")
    if force.missing and not force.is_draft:
        said.append(f"not agreed yet by {say.listed(force.missing)}")
    if force.waiver is not None and force.waiver.until is not None:
        objective = judged.requirement.objective
        until = say.moment(force.waiver.until, at, objective.zone if objective else "UTC")
        said.append(f"waived by {force.waiver.by} until {until}: {force.waiver.because}")
    return said
