"""`ready_by`: a partition is there, complete and checked, by a clock time (ODCS: time of availability)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from mainstem.core.evidence import Evidence, Slice
from mainstem.core.kinds import find
from mainstem.core.problem import Problem
from mainstem.core.requirement import Objective
from mainstem.lifecycle.requirements import words as say
from mainstem.lifecycle.requirements.calendar import Calendar, Span, read_calendar
from mainstem.lifecycle.requirements.history import History, Live
from mainstem.lifecycle.requirements.log import Log
from mainstem.lifecycle.requirements.probe import check_definition, no_probes, no_totals
from mainstem.lifecycle.requirements.promise import IN_GAP, Promise, Standing, judged

TERM = "time of availability"
UNIT = "minutes"
FAMILY = "deadline"
RULE = "ready_by/1"
MISS = "late"
CHECKS = ("passing",)
DATASETS: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Options:
    """`partition` is the time column; `deadline` such as `+1d 05:15`; `passing` are ids of checks of the dataset."""

    partition: str
    deadline: str
    passing: tuple[str, ...] = ()


@dataclass(slots=True)
class ReadyBy:
    """Judges by `published`, `version`, `partition` and `measured` rows of the dataset.

    A slice is good when at its due instant the live version holds the partition, its data is as of the partition's
    close or later, and every check of `passing` passes on the partition. Nothing published is a fact: bad.
    """

    promise: Promise
    log: Log
    at: datetime
    history: History = field(init=False)
    definitions: dict[str, str] = field(init=False)
    calendar: Calendar = field(init=False)
    contents: dict[tuple[str, str], Standing] = field(default_factory=dict)
    has_skew: bool = field(init=False)

    def __post_init__(self) -> None:
        self.calendar = self.promise.calendar
        self.history = self.log.history(self.promise.objective.of)
        self.has_skew = self.history.has_skew
        self.definitions = {id: check_definition(check) for id, check in self.promise.checks.items()}

    def judge(self, span: Span) -> Slice:
        """Good, bad or unmeasured once it is due; pending until then, with the time it became ready."""
        if span.due > self.at:
            ready_at = self._ready_at(span, self.at)
            words = f"ready at {self._clock(ready_at)}" if ready_at else "not ready yet"
            return judged(span, "pending", Standing("", words), ready_at)
        standing = self._at(span, span.due)
        if standing.state == "good":
            return self._good(span, standing)
        gap = self.log.gap(self.promise.objective.of, span.closes, span.due)
        if gap is not None:
            return judged(span, "unmeasured", Standing("", IN_GAP, evidence=(gap.row.id,)))
        if standing.state == "unmeasured":
            return judged(span, "unmeasured", standing)
        return self._bad(span, standing)

    def now(self, newest: Slice | None) -> Standing | None:
        """Whether what readers have now still fulfils the newest counted slice."""
        if newest is None:
            return None
        span = self.calendar.labelled(newest.label)
        return None if span is None else self._at(span, self.at)

    def _at(self, span: Span, at: datetime) -> Standing:
        """Whether the condition holds for the partition at an instant."""
        live = self.history.live(at)
        if live is None or live.version is None:
            return Standing("bad", f"there was no table at {self._clock(at)}")
        content = self._content(live.version, span)
        if content.state == "bad":
            return content if content.reason else Standing("bad", f"not in the table at {self._clock(at)}")
        state = self.history.state(live.version, at)
        if state is None:
            return Standing("unmeasured", "when its data was loaded is not recorded", evidence=(live.row.id,))
        if state.as_of < span.closes:
            loaded = say.moment(state.as_of, span.closes, self._zone)
            ended = say.label(span.label, span.closes, self._zone)
            words = f"what was there had been loaded on {loaded}, before {ended} was over"
            return Standing("bad", words, evidence=(live.row.id, state.row.id))
        return Standing(content.state, content.reason, evidence=(live.row.id, state.row.id, *content.evidence))

    def _content(self, version: str, span: Span) -> Standing:
        """Whether a version holds the partition (bad without a reason: it does not) and passes the checks on it."""
        found = self.contents.get((version, span.label))
        if found is None:
            found = self.contents[version, span.label] = self._judge_content(version, span)
        return found

    def _judge_content(self, version: str, span: Span) -> Standing:
        label = span.partition or span.label
        row = self.history.partition(version, label)
        if row is None or row.outcome == "gone" or row.value == 0:
            return Standing("bad")
        evidence = [row.id]
        unmeasured = ""
        for id in getattr(self.promise.objective.options, "passing", ()):
            found = self._check(version, label, id)
            evidence += found.evidence
            if found.state == "bad":
                return Standing("bad", found.reason, evidence=tuple(evidence))
            unmeasured = unmeasured or found.reason
        return Standing("unmeasured" if unmeasured else "good", unmeasured, evidence=tuple(evidence))

    def _check(self, version: str, label: str, id: str) -> Standing:
        check = self.promise.checks.get(id)
        if check is None:
            return Standing("unmeasured", f'the check "{id}" does not exist')
        row = self.history.measurement(version, label, id, self.definitions[id])
        if row is None:
            return Standing("unmeasured", f'the check "{id}" was not run')
        if row.value is None:
            return Standing("unmeasured", could_not_run(id, row), evidence=(row.id,))
        if not find("checks", check.kind).passes(check.options, row.value, row.total):
            return Standing("bad", f'the check "{id}" failed ({_counted(row)})', evidence=(row.id,))
        return Standing("good", evidence=(row.id,))

    def _good(self, span: Span, standing: Standing) -> Slice:
        ready_at = self._ready_at(span, span.due)
        assert ready_at is not None
        if self._is_within_skew(span):
            words = "the margin is smaller than the difference between the clocks of two machines"
            return judged(span, "unmeasured", Standing("", words, evidence=standing.evidence))
        gap = self.log.gap(self.promise.objective.of, ready_at, span.due)
        if gap is not None:
            return judged(span, "unmeasured", Standing("", IN_GAP, evidence=(gap.row.id,)))
        margin = (span.due - ready_at).total_seconds() / 60
        words = f"ready at {self._clock(ready_at)}, {say.length(span.due - ready_at)} to spare"
        return judged(span, "good", Standing("", words, margin=margin, evidence=standing.evidence), ready_at)

    def _bad(self, span: Span, standing: Standing) -> Slice:
        if self._is_within_skew(span):
            words = "the margin is smaller than the difference between the clocks of two machines"
            return judged(span, "unmeasured", Standing("", words, evidence=standing.evidence))
        ready_at = self._ready_after(span)
        is_wrong = self._is_wrong_content(span)
        next_due = self.calendar.span(span.number + 1).due
        is_late = ready_at is not None and ready_at < next_due and not is_wrong
        words, margin = standing.reason, None
        if ready_at is not None and is_late:
            words = f"ready at {self._clock(ready_at)}, {say.length(ready_at - span.due)} late"
            margin = (span.due - ready_at).total_seconds() / 60
        else:
            words = self._blocked(span) or words
        mended = ready_at is not None and not is_late and self._at(span, self.at).state == "good"
        if mended and ready_at is not None:
            words += f"; put right on {say.moment(ready_at, span.due, self._zone)}"
        found = Standing("", words, margin=margin, evidence=standing.evidence)
        return judged(span, "bad", found, ready_at, mended=mended)

    def _blocked(self, span: Span) -> str:
        """Why nothing was published, where a check stood against it."""
        for id in getattr(self.promise.objective.options, "passing", ()):
            for label in (span.partition, None):
                for row in self.history.attempts(id, label):
                    is_of_then = span.closes <= row.at <= span.due and not self._was_published(row)
                    if is_of_then and row.outcome == "errored":
                        return f"nothing was published: {could_not_run(id, row)}"
                    if is_of_then and row.value is not None and not self._passes(id, row):
                        return f'nothing was published: the check "{id}" failed ({_counted(row)})'
        return ""

    def _was_published(self, row: Evidence) -> bool:
        return any(live.version == row.version for live in self.history.stretches(row.at, self.at))

    def _passes(self, id: str, row: Evidence) -> bool:
        check = self.promise.checks.get(id)
        return check is None or find("checks", check.kind).passes(check.options, row.value, row.total)

    def _is_wrong_content(self, span: Span) -> bool:
        """Whether readers had the partition at its due instant, but not as it should be."""
        live = self.history.live(span.due)
        if live is None or live.version is None:
            return False
        row = self.history.partition(live.version, span.partition or span.label)
        return row is not None and row.outcome != "gone" and row.value != 0

    def _holds_from(self, live: Live, span: Span) -> datetime | None:
        """From when on, within a stretch, the condition held; None if it did not."""
        if live.version is None:
            return None
        since = self.history.reaches(live.version, span.closes)
        if since is None or (live.until is not None and since >= live.until):
            return None
        return max(since, live.since) if self._content(live.version, span).state == "good" else None

    def _ready_at(self, span: Span, until: datetime) -> datetime | None:
        """The start of the unbroken stretch, up to an instant, in which the condition held; None if it does not."""
        number = self.history.number_live(until)
        if number is None:
            return None
        start = self._holds_from(self.history.stretch(number), span)
        if start is None or start > until:
            return None
        while start == self.history.stretch(number).since and number > 0:
            earlier = self._holds_from(self.history.stretch(number - 1), span)
            if earlier is None:
                break
            number, start = number - 1, earlier
        return start

    def _ready_after(self, span: Span) -> datetime | None:
        """When the condition first held after the due instant; None if it never did."""
        live = self.history.live(span.due)
        candidates = [live] if live else []
        for stretch in (*candidates, *self.history.publications_after(span.due)):
            if stretch.since > self.at:
                break
            start = self._holds_from(stretch, span)
            if start is not None and span.due < start <= self.at:
                return start
        return None

    def _is_within_skew(self, span: Span) -> bool:
        """Whether a publication lies nearer to the due instant than the writer's clock can be trusted."""
        if not self.has_skew:
            return False
        number = self.history.number_live(span.due)
        around = [self.history.stretch(number)] if number is not None else []
        around += [live for live, _ in zip(self.history.publications_after(span.due), range(1), strict=False)]
        return any(abs((live.since - span.due).total_seconds()) < abs(live.row.skew_s) for live in around)

    @property
    def _zone(self) -> str:
        return self.promise.objective.zone

    def _clock(self, at: datetime) -> str:
        return say.clock(at, self._zone)


def could_not_run(check: str, row: Evidence) -> str:
    """A check that errored, in words."""
    reason = row.facts.get("reason")
    return f'the check "{check}" could not be run' + (f": {reason}" if reason else "")


def _counted(row: Evidence) -> str:
    assert row.value is not None
    return f"{row.value:,f}" if row.total is None else f"{row.value:,f} of {row.total:,f}"


def prepare(promise: Promise, log: Log, at: datetime) -> ReadyBy:
    """The judge of this promise."""
    return ReadyBy(promise, log, at)


probes = no_probes  # the checks of `passing` are the dataset's own
totals = no_totals


def problems(objective: Objective) -> tuple[Problem, ...]:
    """Slices shorter than a day; a deadline before the slice is over."""
    calendar = read_calendar(objective)
    if calendar.unit == "s":
        what = f'ready_by is judged by day, and a slice is "{objective.slice}"'
        return (Problem("R008", what, "write slice: 1d, 1w or 1mo, or promise freshness", objective.place),)
    span = calendar.span(calendar.number_at(datetime(2013, 7, 1, 12, tzinfo=UTC)))
    if span.due < span.closes:
        what = f'deadline "{objective.options.deadline}" lies before the slice is over, so no slice can be good'
        return (Problem("R005", what, 'name a time after the slice: "+1d 05:15"', objective.place),)
    return ()


def words(objective: Objective) -> str:
    """`ready by 05:15 New York`."""
    deadline = objective.options.deadline.split()[-1]
    return f"ready by {deadline} {objective.zone.rpartition('/')[2].replace('_', ' ')}"
