"""Owns the status of one promise on one log at one moment: the table of statuses, first match."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mainstem.core.evidence import Budget, Slice
from mainstem.core.project import Project
from mainstem.lifecycle.requirements import words as say
from mainstem.lifecycle.requirements.budget import count, noun
from mainstem.lifecycle.requirements.content import Content
from mainstem.lifecycle.requirements.log import Log
from mainstem.lifecycle.requirements.probe import check_definition
from mainstem.lifecycle.requirements.promise import Promise, measure_of, named_checks
from mainstem.lifecycle.requirements.proofs import Shown, climb
from mainstem.lifecycle.requirements.risk import SIGNS, Case, summary
from mainstem.lifecycle.requirements.window import Terms, look

_LOOK_AHEAD = 400


@dataclass(frozen=True, slots=True)
class Judgement:
    """How a promise stands: `status` is violated | unverified | at_risk | met, the deciding reason first."""

    promise: Promise
    status: str
    reasons: tuple[str, ...]
    budget: Budget | None = None
    slices: tuple[Slice, ...] = ()
    evidence: tuple[int, ...] = ()
    rule: str = ""

    @property
    def is_mended(self) -> bool:
        """Whether a bad slice has been put right since."""
        return any(each.mended for each in self.slices if each.state == "bad")


def judge(project: Project, promise: Promise, log: Log, at: datetime, terms: Terms) -> Judgement:
    """The status of a promise, by the rules of the table, first match; without what it rests on."""
    case = _case(promise, log, at, terms) if promise.requirement.objective is not None else None
    shown = climb(promise.requirement, project, log, at) if promise.requirement.proofs else None
    status, reasons = _status(project, promise, log, case, shown, terms, at)
    if case is None:
        return Judgement(promise, status, reasons, evidence=shown.evidence if shown else (), rule="proofs/1")
    return Judgement(
        promise,
        status,
        reasons,
        case.budget,
        case.window.slices,
        _evidence(case, shown),
        measure_of(promise.objective).RULE,
    )


def _case(promise: Promise, log: Log, at: datetime, terms: Terms) -> Case:
    judge = measure_of(promise.objective).prepare(promise, log, at)
    window = look(promise, judge, log, at, terms)
    newest = window.counted[-1] if window.counted else None
    return Case(promise, window, count(promise.objective, window, at), judge.now(newest), at)


def _evidence(case: Case, shown: Shown | None) -> tuple[int, ...]:
    """The rows that decided: those of bad slices, of the newest, of what is live, and of proofs."""
    decided = [each.evidence for each in case.window.counted if each.state == "bad"]
    decided += [each.evidence for each in case.window.counted[-1:]]
    decided += [case.now.evidence if case.now else (), shown.evidence if shown else ()]
    return tuple(dict.fromkeys(row for rows in decided for row in rows))


def _status(
    project: Project, promise: Promise, log: Log, case: Case | None, shown: Shown | None, terms: Terms, at: datetime
) -> tuple[str, tuple[str, ...]]:
    broken = _violations(case, shown, log, terms)
    if broken:
        return "violated", broken
    unknown = _unknowns(project, promise, case, shown, terms, at)
    if unknown:
        return "unverified", unknown
    if case is None:
        return "met", (shown.words if shown else "",)
    is_settled_now = _is_hard(case) and _is_about_now(case)
    risks = () if is_settled_now else tuple(words for sign in SIGNS if (words := sign(case)))
    if risks:
        return "at_risk", risks if case.budget.words in risks else (*risks, case.budget.words)
    return "met", (summary(case), case.budget.words, *_breaks(case, log, terms))


def _is_hard(case: Case) -> bool:
    return case.promise.objective.window is None


def _violations(case: Case | None, shown: Shown | None, log: Log, terms: Terms) -> tuple[str, ...]:
    """Broken, even if everything unmeasured was good."""
    found: list[str] = []
    if case is not None and _is_hard(case) and _is_about_now(case):
        if case.now is not None and case.now.state == "bad":
            found += [case.now.reason, *_breaks(case, log, terms)]
    elif case is not None and case.budget.bad > case.budget.allowed:
        newest = [each for each in case.window.counted if each.state == "bad"][-1]
        name = say.label(newest.label, case.at, case.promise.objective.zone)
        found += [case.budget.words, f"{name}: {newest.reason}"]
    if shown is not None and shown.state == "failed":
        found.append(shown.words)
    return tuple(found)


def _is_about_now(case: Case) -> bool:
    """Whether the newest measurement says all: a hard rule about what readers have."""
    return measure_of(case.promise.objective).FAMILY in ("content", "outside")


def _breaks(case: Case, log: Log, terms: Terms) -> tuple[str, ...]:
    """The history of a hard rule about content: broken from when to when."""
    if not _is_hard(case) or measure_of(case.promise.objective).FAMILY != "content":
        return ()
    judge = measure_of(case.promise.objective).prepare(case.promise, log, case.at)
    assert isinstance(judge, Content)
    zone = case.promise.objective.zone
    said: list[str] = []
    for since, until in judge.breaks(terms.since):
        begun = say.moment(since, case.at, zone)
        said.append(f"broken from {begun} to {say.moment(until, case.at, zone)}" if until else f"broken since {begun}")
    return tuple(said)


def _unknowns(
    project: Project, promise: Promise, case: Case | None, shown: Shown | None, terms: Terms, at: datetime
) -> tuple[str, ...]:
    """Why it cannot be said whether it is kept."""
    if case is None and shown is None:
        return ("nothing says how it is measured: it has neither objective nor proofs",)
    found = [*gone(project, promise)]
    if case is not None:
        found += _unmeasured(case, terms, at)
    if shown is not None and shown.state == "missing":
        found.append(shown.words)
    return tuple(found)


def gone(project: Project, promise: Promise) -> list[str]:
    """What the promise binds or names and the project no longer has, a sentence each."""
    names = [name for name in promise.requirement.binds if not _exists(project, name)]
    objective = promise.requirement.objective
    if objective is None:
        return [f'"{name}", which it binds, does not exist' for name in names]
    measure = measure_of(objective)
    measured = [objective.of, *(getattr(objective.options, name) for name in measure.DATASETS)]
    names += [name for name in measured if not _exists(project, name) and name not in names]
    dataset = project.datasets.get(objective.of)
    there = {check.id: check_definition(check) for check in dataset.checks} if dataset else {}
    checks = [
        id
        for id in named_checks(objective)
        if id not in promise.checks or (id not in there and check_definition(promise.checks[id]) not in there.values())
    ]
    return [f'"{name}", which it binds, does not exist' for name in names] + [
        f'the check "{id}", which it names, does not exist' for id in checks
    ]


def _exists(project: Project, name: str) -> bool:
    if name in project.datasets or name in project.outputs:
        return True
    return name.rpartition(".")[0] in project.datasets or name.partition("#")[0] in project.outputs


def _unmeasured(case: Case, terms: Terms, at: datetime) -> list[str]:
    is_settled_now = _is_hard(case) and _is_about_now(case)
    if not case.window.counted and not is_settled_now:
        return [_first_due(case, terms, at)]
    found: list[str] = []
    if not is_settled_now and case.window.counted[-1].state == "unmeasured":
        newest = case.window.counted[-1]
        name = say.label(newest.label, at, case.promise.objective.zone)
        found.append(f"{name} is not measured: {newest.reason}")
    family = measure_of(case.promise.objective).FAMILY
    if family != "deadline" and (case.now is None or case.now.state == "unmeasured"):
        reason = case.now.reason if case.now else "nothing has been published yet"
        found.append(f"what is shown now is not measured: {reason}")
    budget = case.budget
    if not is_settled_now and budget.bad + budget.unmeasured > budget.allowed:
        what = noun(case.promise.objective)
        said = f"{budget.unmeasured} of {budget.n} {say.plural(what, budget.n)}"
        found.append(f"{said} could not be measured, too many to say that it is kept: {budget.words}")
    return found


def _first_due(case: Case, terms: Terms, at: datetime) -> str:
    """What has to be waited for before anything counts."""
    if all(each.state in ("unbuilt", "pending") for each in case.window.slices):
        first = "nothing has been published yet"
    else:
        first = "nothing counts yet"
    calendar, start = case.promise.calendar, terms.start(case.promise)
    number = calendar.number_at(at if start is None else max(at, start))
    for ahead in range(-_LOOK_AHEAD, _LOOK_AHEAD):
        span = calendar.span(number + ahead)
        is_after = start is None or span.opens >= start
        if span.due > at and is_after and calendar.is_regular(span) and span.label not in (terms.exceptions or {}):
            return f"{first}: first one due {say.due(span.due, at, case.promise.objective.zone)}"
    return first
