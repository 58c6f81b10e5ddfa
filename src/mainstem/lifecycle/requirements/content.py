"""Owns the rule of content measures: every version that readers had at any moment of a slice reaches the limit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from mainstem.core.evidence import Evidence, Slice
from mainstem.lifecycle.requirements import words as say
from mainstem.lifecycle.requirements.calendar import Span
from mainstem.lifecycle.requirements.history import History, Live
from mainstem.lifecycle.requirements.log import Log
from mainstem.lifecycle.requirements.promise import IN_GAP, Standing, judged

Passes = Callable[[Decimal, Decimal | None], bool]
"""Whether one measurement that has no total is good."""


@dataclass(frozen=True, slots=True)
class Measurand:
    """Something measured of every version: id and definition of the rows, and the share of good rows wanted.

    `name` and `good` are words: the name of what is measured, and what a good row does. `passes` decides where
    rows have no total (a count of rows), and then on each partition alone.
    """

    id: str
    definition: str
    at_least: Decimal
    passes: Passes
    name: str
    good: str


@dataclass(frozen=True, slots=True)
class _Tally:
    """The sums over the partitions of a version; `unmeasured` partitions hold `unknown` rows."""

    value: Decimal = Decimal(0)
    total: Decimal = Decimal(0)
    failed: int = 0
    unmeasured: int = 0
    unknown: Decimal = Decimal(0)


@dataclass(slots=True)
class Content:
    """Judges slices by the versions live in them.

    What a version's share is comes from one `measured` row about the whole version (label None), or else from the
    newest valid row of each of its partitions, added up. A version of which neither is complete is unmeasured.
    """

    subject: str
    log: Log
    at: datetime
    measurands: Sequence[Measurand]
    zone: str
    history: History = field(init=False)
    _standings: dict[str, Standing] = field(default_factory=dict)
    _tallies: dict[tuple[str, str], _Tally] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.history = self.log.history(self.subject)

    def judge(self, span: Span) -> Slice:
        """Bad as soon as a bad version was live; good or unmeasured once the slice is over; pending until then."""
        until = min(span.closes, self.at + timedelta(microseconds=1))
        worst, unmeasured = None, None
        for live in self.history.stretches(span.opens, until):
            found = self._in_gap(live, span) or self.standing(live.version)
            if found.state == "bad":
                since = say.moment(max(live.since, span.opens), span.opens, self.zone)
                found = Standing("bad", f"{found.reason}, seen from {since}", found.value, found.margin, found.evidence)
                mended = (now := self.now(None)) is not None and now.state == "good"
                return judged(span, "bad", found, mended=mended)
            if found.state == "unmeasured":
                unmeasured = unmeasured or found
            elif worst is None or (found.margin or 0) < (worst.margin or 0):
                worst = found
        if span.due > self.at:
            return judged(span, "pending", worst or unmeasured or Standing("", "nothing is known yet"))
        if unmeasured is None and (gap := self.log.gap(self.subject, span.opens, span.closes)):
            unmeasured = Standing("unmeasured", IN_GAP, evidence=(gap.row.id,))
        if unmeasured is None and worst is not None:
            return judged(span, "good", worst)
        return judged(span, "unmeasured", unmeasured or Standing("unmeasured", "there was no table"))

    def now(self, newest: Slice | None) -> Standing | None:
        """How what readers have now stands; unmeasured where the newest attempt to measure it could not be made."""
        del newest
        live = self.history.live(self.at)
        if live is None or live.version is None:
            return None
        for each in self.measurands:
            if self.history.is_last_attempt_errored(live.version, each.id, each.definition):
                return Standing("unmeasured", f"{each.name} could not be measured")
        return self.standing(live.version)

    def breaks(self, since: datetime | None) -> list[tuple[datetime, datetime | None]]:
        """The stretches, oldest first, in which readers had a bad version; the end is None while it lasts."""
        first = self.history.first
        if first is None:
            return []
        found: list[tuple[datetime, datetime | None]] = []
        for live in self.history.stretches(since or first.since, self.at + timedelta(microseconds=1)):
            if self.standing(live.version).state != "bad":
                continue
            until = live.until if live.until is not None and live.until <= self.at else None
            if found and found[-1][1] == live.since:
                found[-1] = (found[-1][0], until)
            else:
                found.append((live.since, until))
        return found

    def standing(self, version: str | None) -> Standing:
        """How one version stands."""
        if version is None:
            return Standing("unmeasured", "there was no table")
        found = self._standings.get(version)
        if found is None:
            found = self._standings[version] = self._judge_version(version)
        return found

    def _judge_version(self, version: str) -> Standing:
        found = [self._measure(version, each) for each in self.measurands]
        for state in ("bad", "unmeasured"):
            for standing in found:
                if standing.state == state:
                    return standing
        return min(found, key=lambda standing: standing.margin or 0, default=Standing("unmeasured", "nothing is named"))

    def _measure(self, version: str, each: Measurand) -> Standing:
        row = self.history.measurement(version, None, each.id, each.definition)
        if row is not None and row.value is not None:
            return _standing(each, _add(_Tally(), None, row, each), (row.id,))
        if not self.history.has_partitions:
            why = "could not be measured" if row is not None else "was not measured"
            return Standing("unmeasured", f"{each.name} {why}", evidence=(row.id,) if row else ())
        tally = self._tally(version, each)
        ids = tuple(
            row.id
            for change in self.history.changes(version)
            if (row := self._partition_row(version, change.label, each)) is not None
        )
        return _standing(each, tally, ids)

    def _tally(self, version: str, each: Measurand) -> _Tally:
        """The sums of a version: those of its parent, with the partitions exchanged that it changed."""
        path = [version]
        while (each.id, path[-1]) not in self._tallies and (parent := self.history.parent(path[-1])):
            path.append(parent)
        for name in reversed(path):
            if (each.id, name) not in self._tallies:
                parent = self.history.parent(name)
                tally = self._tallies[each.id, parent] if parent else _Tally()
                for change in self.history.changes(name):
                    tally = self._exchange(tally, parent, name, change, each)
                self._tallies[each.id, name] = tally
        return self._tallies[each.id, version]

    def _exchange(self, tally: _Tally, parent: str | None, version: str, change: Evidence, each: Measurand) -> _Tally:
        label = change.label
        assert label is not None
        if parent is not None:
            before = self.history.partition(parent, label)
            if before is not None and before.outcome != "gone":
                tally = _add(tally, before, self._partition_row(parent, label, each), each, sign=-1)
        if change.outcome != "gone":
            tally = _add(tally, change, self._partition_row(version, label, each), each)
        return tally

    def _partition_row(self, version: str, label: str | None, each: Measurand) -> Evidence | None:
        return self.history.measurement(version, label, each.id, each.definition)

    def _in_gap(self, live: Live, span: Span) -> Standing | None:
        """Unmeasured, where the ledger does not know whether a version lived to see the slice."""
        if live.since >= span.opens:
            return None
        gap = self.log.gap(self.subject, live.since, span.opens)
        return None if gap is None else Standing("unmeasured", IN_GAP, evidence=(gap.row.id,))


def _add(tally: _Tally, partition: Evidence | None, row: Evidence | None, each: Measurand, sign: int = 1) -> _Tally:
    if row is None or row.value is None:
        rows = (partition.value if partition else None) or Decimal(0)
        return replace(tally, unmeasured=tally.unmeasured + sign, unknown=tally.unknown + sign * rows)
    if row.total is None:
        return tally if each.passes(row.value, None) else replace(tally, failed=tally.failed + sign)
    return replace(tally, value=tally.value + sign * row.value, total=tally.total + sign * row.total)


def _standing(each: Measurand, tally: _Tally, evidence: tuple[int, ...]) -> Standing:
    """Bad only if it stays so even were every row good that was not measured."""
    share = tally.value / tally.total if tally.total else Decimal(1)
    margin = float(share - each.at_least)
    if tally.failed:
        return Standing("bad", f"{each.name} failed", Decimal(0), -1.0, evidence)
    counted = f"{tally.value:,f} of {tally.total:,f} rows {each.good}"
    if tally.value + tally.unknown < each.at_least * (tally.total + tally.unknown):
        return Standing("bad", f"only {counted} ({say.share(share)})", share, margin, evidence)
    if tally.unmeasured:
        return Standing("unmeasured", f"{each.name} was not measured on all of the table", evidence=evidence)
    words = counted if tally.value == tally.total else f"{counted} ({say.share(share)})"
    if not tally.total:
        words = f"all rows {each.good}"
    return Standing("good", words, share, margin, evidence)
