"""Owns the promise: a requirement as it is judged, and what a measure of the catalogue must offer to judge it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from mainstem.core.dataset import Check
from mainstem.core.evidence import Slice
from mainstem.core.kinds import find
from mainstem.core.problem import Problem
from mainstem.core.project import Project
from mainstem.core.requirement import Definition, Objective, Requirement
from mainstem.lifecycle.requirements.calendar import Calendar, Span, read_calendar
from mainstem.lifecycle.requirements.log import Log
from mainstem.lifecycle.requirements.probe import Probe, Total

IN_GAP = "the ledger has a gap here"
"""Said of a slice of which the ledger does not know enough."""


@dataclass(frozen=True, slots=True)
class Promise:
    """A requirement with the content of everything it names: the text of today, or the text agreed to.

    `checks` maps the ids that the objective names to the checks meant; ids that do not exist are absent.
    `definitions` likewise.
    """

    requirement: Requirement
    checks: Mapping[str, Check] = field(default_factory=dict)
    definitions: Mapping[str, Definition] = field(default_factory=dict)

    @property
    def objective(self) -> Objective:
        """The objective; only for requirements that have one."""
        assert self.requirement.objective is not None
        return self.requirement.objective

    @property
    def calendar(self) -> Calendar:
        """The slices of the objective; ProjectError where its text describes none."""
        return read_calendar(self.objective)


@dataclass(frozen=True, slots=True)
class Standing:
    """How something stands at a moment: `state` is good | bad | unmeasured.

    `reason` is a sentence fragment for people. `value` is the share or number measured, `margin` the distance to
    the limit in the measure's unit (positive = good). `evidence` are the rows that decided.
    """

    state: str
    reason: str = ""
    value: Decimal | None = None
    margin: float | None = None
    evidence: tuple[int, ...] = ()


def judged(
    span: Span, state: str, standing: Standing, ready_at: datetime | None = None, *, mended: bool = False
) -> Slice:
    """The slice of a label, in the state given, for the reasons that the standing gives."""
    return Slice(
        span.label,
        state,
        span.opens,
        span.closes,
        span.due,
        standing.reason,
        standing.value,
        ready_at,
        standing.margin,
        mended,
        standing.evidence,
    )


class Judge(Protocol):
    """Judges the slices of one promise on one log at one moment."""

    def judge(self, span: Span) -> Slice:
        """The slice of that label: good, bad, unmeasured, or pending while it can still be good."""
        ...

    def now(self, newest: Slice | None) -> Standing | None:
        """How what readers have now stands, `newest` being the newest counted slice; None if nothing can be said."""
        ...


class Measure(Protocol):
    """A measure of the catalogue: one module in `measures`, one entry point in group `mainstem.measures`.

    `Options` is the frozen class of its keys. `TERM` is the term of the standards, `UNIT` the unit of margins.
    `FAMILY`: deadline | age | content | outside. `RULE` names the version of the rule. `MISS` is the adjective of a
    bad slice ("late"). `CHECKS` and `DATASETS` name the options that hold ids of checks and names of datasets.
    """

    Options: type
    TERM: str
    UNIT: str
    FAMILY: str
    RULE: str
    MISS: str
    CHECKS: tuple[str, ...]
    DATASETS: tuple[str, ...]

    def prepare(self, promise: Promise, log: Log, at: datetime) -> Judge: ...

    def probes(self, objective: Objective) -> tuple[Probe, ...]:
        """What the run must measure on each new version beyond the dataset's checks."""
        ...

    def totals(self, objective: Objective) -> tuple[Total, ...]:
        """Which totals the run must take of a source in the same read as its rows."""
        ...

    def problems(self, objective: Objective) -> tuple[Problem, ...]:
        """What is wrong with the options, beyond their types."""
        ...

    def words(self, objective: Objective) -> str:
        """The promise in a few words: "ready by 05:15 New York on the next day"."""
        ...


def measure_of(objective: Objective) -> Measure:
    """The measure an objective names; ProjectError P001 if there is none."""
    found: Measure = find("measures", objective.kind)
    return found


def named_checks(objective: Objective) -> tuple[str, ...]:
    """The ids of the checks that an objective names, in its order."""
    measure = measure_of(objective)
    return tuple(id for name in measure.CHECKS for id in getattr(objective.options, name))


def promise_of(project: Project, requirement: Requirement) -> Promise:
    """The promise as the project's text has it today."""
    definitions = {item.id: item for id in requirement.uses if isinstance(item := project.item(id), Definition)}
    objective = requirement.objective
    if objective is None:
        return Promise(requirement, {}, definitions)
    dataset = project.datasets.get(objective.of)
    there = {check.id: check for check in dataset.checks} if dataset else {}
    checks = {id: there[id] for id in named_checks(objective) if id in there}
    return Promise(requirement, checks, definitions)
