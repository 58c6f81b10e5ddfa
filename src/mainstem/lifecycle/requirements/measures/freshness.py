"""`freshness`: the newest event that readers see is never older than a limit (ISO 25012: currentness)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mainstem.core.evidence import Slice
from mainstem.core.problem import Problem, ProjectError
from mainstem.core.requirement import Objective
from mainstem.lifecycle.requirements import words as say
from mainstem.lifecycle.requirements.calendar import Span, duration_s
from mainstem.lifecycle.requirements.history import History, Live
from mainstem.lifecycle.requirements.log import Log
from mainstem.lifecycle.requirements.probe import no_probes, no_totals
from mainstem.lifecycle.requirements.promise import IN_GAP, Promise, Standing, judged

TERM = "currentness"
UNIT = "hours"
FAMILY = "age"
RULE = "freshness/1"
MISS = "stale"
CHECKS: tuple[str, ...] = ()
DATASETS: tuple[str, ...] = ()
_MOMENT = timedelta(microseconds=1)
_AHEAD = timedelta(minutes=5)
"""How far the event times of a source may lie after the publication before its clock is distrusted."""


@dataclass(frozen=True, slots=True)
class Options:
    """`at_most` is a duration such as `30h`."""

    at_most: str


@dataclass(slots=True)
class Freshness:
    """Judges by `published` rows and the newest event time in `version` rows (`facts.newest`).

    A slice is good when the greatest age reached while it ran (just before each publication, and at its end) is
    within the limit. No event time, or one later than its publication and five minutes, is unmeasured.
    """

    promise: Promise
    log: Log
    at: datetime
    limit: timedelta = field(init=False)
    history: History = field(init=False)

    def __post_init__(self) -> None:
        objective = self.promise.objective
        self.limit = timedelta(seconds=duration_s(objective.options.at_most, objective.place))
        self.history = self.log.history(objective.of)

    def judge(self, span: Span) -> Slice:
        """Bad as soon as the limit is passed; good or unmeasured once it is over; pending until then."""
        end = min(span.closes, self.at)
        worst: Standing | None = None
        unmeasured: Standing | None = None
        for live in self.history.stretches(span.opens, min(span.closes, self.at + _MOMENT)):
            found = self._greatest_age(live, min(live.until or end, end))
            if found.state == "bad":
                return judged(span, "bad", found)
            if found.state == "unmeasured":
                unmeasured = unmeasured or found
            elif worst is None or (found.margin or 0) < (worst.margin or 0):
                worst = found
        if span.due > self.at:
            return judged(span, "pending", worst or unmeasured or Standing("", "nothing is known yet"))
        if unmeasured is None and worst is not None:
            return judged(span, "good", worst)
        return judged(span, "unmeasured", unmeasured or Standing("unmeasured", "there was no table"))

    def now(self, newest: Slice | None) -> Standing | None:
        """The age of what readers have now."""
        del newest
        live = self.history.live(self.at)
        return None if live is None else self._greatest_age(live, self.at)

    def _greatest_age(self, live: Live, until: datetime) -> Standing:
        """The age that a stretch reached at its end, or when the ledger's memory of it ends."""
        gap = self.log.gap(self.promise.objective.of, live.since, until)
        if gap is not None:
            sure = self._age(live, max(gap.since, live.since))
            return sure if sure.state == "bad" else Standing("unmeasured", IN_GAP, evidence=(gap.row.id,))
        return self._age(live, until)

    def _age(self, live: Live, until: datetime) -> Standing:
        state = None if live.version is None else self.history.state(live.version, until)
        evidence = (live.row.id,) if state is None else (live.row.id, state.row.id)
        if state is None or state.newest is None:
            return Standing("unmeasured", "the newest event time is not known", evidence=evidence)
        if state.newest > live.since + _AHEAD:
            ahead = say.length(state.newest - live.since)
            words = f"its newest event lies {ahead} after its publication: the clock of the source is wrong"
            return Standing("unmeasured", words, evidence=evidence)
        age = until - state.newest
        margin = (self.limit - age).total_seconds() / 3600
        limit = say.length(self.limit)
        words = f"{say.length(age)} old" if age <= self.limit else f"{say.length(age)} old, {limit} is the limit"
        return Standing("good" if age <= self.limit else "bad", words, margin=margin, evidence=evidence)


def prepare(promise: Promise, log: Log, at: datetime) -> Freshness:
    """The judge of this promise."""
    return Freshness(promise, log, at)


probes = no_probes  # the newest event time comes with each version
totals = no_totals


def problems(objective: Objective) -> tuple[Problem, ...]:
    """A limit that is no duration."""
    try:
        duration_s(objective.options.at_most, objective.place)
    except ProjectError as error:
        return error.problems
    return ()


def words(objective: Objective) -> str:
    """`never older than 30 hours`."""
    return f"never older than {say.length(timedelta(seconds=duration_s(objective.options.at_most, objective.place)))}"
