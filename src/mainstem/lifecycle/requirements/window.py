"""Owns which slices are looked at and which of them count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from mainstem.core.evidence import Slice
from mainstem.lifecycle.requirements.calendar import Calendar, Span
from mainstem.lifecycle.requirements.log import Log
from mainstem.lifecycle.requirements.promise import IN_GAP, Judge, Promise, Standing, judged

_COUNTED = frozenset({"good", "bad", "unmeasured"})
_OPEN = "pending"


@dataclass(frozen=True, slots=True)
class Window:
    """Slices oldest first: those of the window, and behind them those still pending.

    `nominal` is how many regular slices the window has.
    """

    slices: tuple[Slice, ...]
    nominal: int

    @property
    def counted(self) -> tuple[Slice, ...]:
        """Those that decide."""
        return tuple(each for each in self.slices if each.state in _COUNTED)

    @property
    def pending(self) -> tuple[Slice, ...]:
        """Those that are not decided yet."""
        return tuple(each for each in self.slices if each.state == _OPEN)


@dataclass(frozen=True, slots=True)
class Terms:
    """From when on slices count (None: from the beginning of the evidence), and the declared exceptions.

    `before` judges slices that opened earlier, by the text then in force; None where there was none.
    """

    since: datetime | None = None
    exceptions: Mapping[str, datetime] | None = None
    before: tuple[Calendar, Judge] | None = None

    def start(self, promise: Promise) -> datetime | None:
        """From when on slices of this promise count: its `from`, else `since`; None for a draft."""
        starts = promise.objective.starts
        if starts is None or self.since is None:
            return self.since
        return datetime.combine(starts, time.min, ZoneInfo(promise.objective.zone))


def look(promise: Promise, judge: Judge, log: Log, at: datetime, terms: Terms) -> Window:
    """The newest decided slices of the window, judged, and those pending.

    Without a window it is the newest decided slice alone. Slices that opened before `terms.since` are `before`;
    those due before the first publication `unbuilt`; those excepted in time `exception`: none of them counts, and
    each keeps its place in the window.
    """
    calendar = promise.calendar
    slicing = _Slicing(calendar, promise, judge, log, at, terms)
    number = calendar.number_at(at)
    pending: list[Slice] = []
    newest: Slice | None = None
    while newest is None:
        span = calendar.span(number)
        if calendar.is_regular(span):
            found = slicing.slice(span)
            if found.due > at and found.state not in _COUNTED:
                pending.append(found)
            else:
                newest = found
        number -= 1
    first = number + 2 - (calendar.window or 1)
    older = [slicing.slice(span) for span in calendar.regular(first, number)]
    return Window((*reversed(older), newest, *reversed(pending)), len(older) + 1)


@dataclass(frozen=True, slots=True)
class _Slicing:
    calendar: Calendar
    promise: Promise
    judge: Judge
    log: Log
    at: datetime
    terms: Terms

    def slice(self, span: Span) -> Slice:
        """One slice, judged if it counts."""
        declared = (self.terms.exceptions or {}).get(span.label)
        if declared is not None and declared < span.opens:
            return judged(span, "exception", Standing("", "an exception, declared beforehand"))
        start = self.terms.start(self.promise)
        if start is not None and span.opens < start:
            return self._before(span)
        first = self.log.history(self.promise.objective.of).first
        if (first is None or span.due < first.since) and span.due <= self.at:
            return self._unbuilt(span)
        return self.judge.judge(span)

    def _unbuilt(self, span: Span) -> Slice:
        gap = self.log.gap(self.promise.objective.of, span.opens, span.due)
        if gap is not None:
            return judged(span, "unmeasured", Standing("", IN_GAP, evidence=(gap.row.id,)))
        return judged(span, "unbuilt", Standing("", "nothing had been published yet"))

    def _before(self, span: Span) -> Slice:
        words = "before the agreement"
        if self.terms.before is not None:
            calendar, judge = self.terms.before
            earlier = calendar.labelled(span.label)
            if earlier is not None:
                words = f"under the earlier wording: {judge.judge(earlier).state}"
        return judged(span, "before", Standing("", words))
