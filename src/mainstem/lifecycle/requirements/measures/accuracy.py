"""`accuracy`: what readers have agrees with the source's own totals, label by label (reconciliation)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from mainstem.core.evidence import Evidence, Slice
from mainstem.core.problem import Problem
from mainstem.core.requirement import Objective
from mainstem.lifecycle.requirements import words as say
from mainstem.lifecycle.requirements.calendar import Span
from mainstem.lifecycle.requirements.history import History
from mainstem.lifecycle.requirements.limits import share_problems
from mainstem.lifecycle.requirements.log import Log
from mainstem.lifecycle.requirements.probe import Probe, Total
from mainstem.lifecycle.requirements.promise import IN_GAP, Promise, Standing, judged

TERM = "accuracy"
UNIT = "share"
FAMILY = "outside"
RULE = "accuracy/1"
MISS = "inaccurate"
CHECKS: tuple[str, ...] = ()
DATASETS = ("against",)


@dataclass(frozen=True, slots=True)
class Options:
    """`value` and `total` are SQL aggregates: one over the dataset, one over the table `against`.

    `by` is a column of both; `at_least` how much of each total must be met (a surplus counts like a lack).
    """

    value: str
    against: str
    total: str
    by: str
    at_least: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One version held against the totals of one read, `at` when readers had it and the read had begun."""

    at: datetime
    version: str
    standing: Standing


@dataclass(slots=True)
class Accuracy:
    """Judges by comparisons. One needs three sorts of rows, all with the same `run`:

    - `read` rows of the table `against`: one a look (label None, value = rows read), and one a label with its
      `total` and `facts.measure` = the id of the objective's `Total`. A look that found nothing new (value 0, no
      totals) says that the totals of the last read that led to its version still hold;
    - a `version` row of the dataset: the run made that version, or confirmed it;
    - `measured` rows of the objective's `Probe`: a value for each label, measured on this version or on an earlier
      one in which that partition is the same. A label the dataset has no partition for counts 0.

    Totals of another read are never used: a source that moves on would look like an error.
    """

    promise: Promise
    log: Log
    at: datetime
    history: History = field(init=False)
    probe: Probe = field(init=False)
    comparisons: list[Comparison] = field(init=False)

    def __post_init__(self) -> None:
        self.history = self.log.history(self.promise.objective.of)
        self.probe = probes(self.promise.objective)[0]
        self.comparisons = self._compare_all()

    def judge(self, span: Span) -> Slice:
        """Bad as soon as one comparison of what was live is; unmeasured without any; pending until the slice ends."""
        end = min(span.closes, self.at + timedelta(microseconds=1))
        found = [each.standing for each in self.comparisons if span.opens <= each.at < end]
        for standing in found:
            if standing.state == "bad":
                now = self.now(None)
                return judged(span, "bad", standing, mended=now is not None and now.state == "good")
        if span.due > self.at:
            return judged(span, "pending", found[0] if found else Standing("", "not compared yet"))
        for standing in found:
            if standing.state == "unmeasured":
                return judged(span, "unmeasured", standing)
        if found:
            return judged(span, "good", min(found, key=lambda standing: standing.margin or 0))
        gap = self.log.gap(self.promise.objective.of, span.opens, span.closes)
        words = IN_GAP if gap else f"nothing was compared with {self.promise.objective.options.against}"
        return judged(span, "unmeasured", Standing("unmeasured", words))

    def now(self, newest: Slice | None) -> Standing | None:
        """The newest comparison of what is live; unmeasured if it was never compared, or could not be measured."""
        del newest
        live = self.history.live(self.at)
        if live is None or live.version is None:
            return None
        if self.history.is_last_attempt_errored(live.version, self.probe.id, self.probe.definition):
            return Standing("unmeasured", "what is shown could not be measured")
        for each in reversed(self.comparisons):
            if each.version == live.version:
                return each.standing
        against = self.promise.objective.options.against
        return Standing("unmeasured", f"what is shown now was not compared with {against}")

    def _compare_all(self) -> list[Comparison]:
        reads: dict[str | None, list[Evidence]] = defaultdict(list)
        for row in self.log.reads(self.promise.objective.options.against):
            if row.at <= self.at:
                reads[row.run].append(row)
        versions = {row.run: row.version for row in self.history.versions if row.version is not None}
        wanted = totals(self.promise.objective)[0].id
        found: list[Comparison] = []
        known: dict[str | None, dict[str, Evidence]] = {}
        for run, rows in reads.items():
            labelled = {row.label: row for row in rows if row.label and row.facts.get("measure") == wanted}
            is_idle = any(row.label is None and row.value == 0 for row in rows)
            of = rows[0].version
            before = labelled or (known.get(of, {}) if is_idle else {})
            known[of] = before
            version = versions.get(run) if run is not None else None
            at = None if version is None else self._seen_from(version, rows[0].at)
            if version is not None and at is not None and before:
                found.append(Comparison(at, version, self._compare(version, before)))
        return found

    def _seen_from(self, version: str, read_at: datetime) -> datetime | None:
        """When readers had a version, at or after a read; None if they never did."""
        live = self.history.live(read_at)
        if live is not None and live.version == version:
            return read_at
        after = self.history.publications_after(read_at)
        return next((stretch.since for stretch in after if stretch.version == version), None)

    def _compare(self, version: str, labelled: dict[str, Evidence]) -> Standing:
        """The worst label decides, of equals the newest; bad goes before unmeasured."""
        by_label = self.history.labelled(version, self.probe.id, self.probe.definition)
        found = [self._one(version, label, row, by_label) for label, row in sorted(labelled.items(), reverse=True)]
        for state in ("bad", "unmeasured"):
            for standing in found:
                if standing.state == state:
                    return standing
        return min(found, key=lambda standing: standing.margin or 0)

    def _one(self, version: str, label: str, read: Evidence, by_label: dict[str, Evidence]) -> Standing:
        objective = self.promise.objective
        if read.total is None:
            return Standing("unmeasured", f"the total of {objective.options.against} is not known", evidence=(read.id,))
        row = self.history.measurement(version, label, self.probe.id, self.probe.definition)
        evidence: tuple[int, ...] = (read.id,)
        if row is not None and row.value is not None:
            value, evidence = row.value, (row.id, read.id)
        elif self._is_absent(version, label, by_label):
            value = Decimal(0)
        else:
            return Standing("unmeasured", "what is shown could not be measured", evidence=(read.id,))
        apart = abs(value - read.total)
        share = max(1 - apart / read.total, Decimal(0)) if read.total else Decimal(0 if apart else 1)
        of = f"{value:,f} of {read.total:,f} in {objective.options.against} for {self._named(label)}"
        is_good = share >= objective.options.at_least
        words = of if is_good else f"{of}: {say.share(share)}, {say.share(objective.options.at_least)} is promised"
        margin = float(share - objective.options.at_least)
        return Standing("good" if is_good else "bad", words, share, margin, evidence)

    def _named(self, label: str) -> str:
        return say.label(label, self.at, self.promise.objective.zone) if _is_date(label) else label

    def _is_absent(self, version: str, label: str, by_label: dict[str, Evidence]) -> bool:
        """Whether the version is known to hold nothing under a label."""
        if self.history.has_partitions and _is_date(label):
            row = self.history.partition(version, label)
            return row is None or row.outcome == "gone"
        return bool(by_label)


def _is_date(label: str) -> bool:
    try:
        date.fromisoformat(label)
    except ValueError:
        return False
    return True


def prepare(promise: Promise, log: Log, at: datetime) -> Accuracy:
    """The judge of this promise."""
    return Accuracy(promise, log, at)


def probes(objective: Objective) -> tuple[Probe, ...]:
    """One: `value` by label."""
    options = objective.options
    return (Probe(f"{options.value} by {options.by}", objective.of, options.value, by=options.by),)


def totals(objective: Objective) -> tuple[Total, ...]:
    """One: the `total` of the source's table, by label."""
    options = objective.options
    return (Total(f"{options.total} by {options.by}", options.against, options.total, options.by),)


def problems(objective: Objective) -> tuple[Problem, ...]:
    """A limit that is no share."""
    return share_problems(objective)


def words(objective: Objective) -> str:
    """`agrees with operations.flights, at least 99.9%`."""
    return f"agrees with {objective.options.against}{say.at_least(objective.options.at_least)}"
