"""Owns the indexed view of the evidence that every verdict is drawn from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mainstem.core.evidence import Evidence
from mainstem.lifecycle.requirements.history import History, recorded

_ENVIRONMENTAL = frozenset({"published", "request", "run", "delivered"})
_HISTORY = {"published": "published", "version": "versions", "partition": "partitions", "measured": "measured"}


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of which the ledger knows nothing: it was lost, rebuilt or pruned. `until` None: to this day."""

    since: datetime
    until: datetime | None
    row: Evidence


class Log:
    """The evidence about one environment, each row once, indexed by dataset when first asked for.

    Rows are taken in the order in which they were recorded. Rows of kinds that belong to an environment
    (published, request, run, delivered) count only where it is `env`; versions, partitions and measurements count
    wherever they were made.
    """

    def __init__(self, evidence: Sequence[Evidence], env: str) -> None:
        self.env = env
        self._evidence = evidence
        self._rows: dict[str, History] = defaultdict(History)
        self._histories: dict[str, History] = {}
        self._reads: dict[str, list[Evidence]] = defaultdict(list)
        self._proofs: dict[str, list[Evidence]] = defaultdict(list)
        self._gaps: list[tuple[str, Gap]] = []
        self._newest: datetime | None = None
        self._releases: dict[datetime, str | None] = {}
        for row in evidence:
            self._take(row)

    def _take(self, row: Evidence) -> None:
        at = recorded(row)
        if self._newest is None or at > self._newest:
            self._newest = at
        kind = row.kind
        if kind in _ENVIRONMENTAL and row.env != self.env:
            return
        if kind in _HISTORY:
            getattr(self._rows[row.subject], _HISTORY[kind]).append(row)
        elif kind == "read":
            self._reads[row.subject].append(row)
        elif kind in ("proof", "drill"):
            self._proofs[row.subject].append(row)
        elif kind == "gap" and row.env in (None, self.env):
            self._gaps.append((row.subject, Gap(row.at, row.until, row)))

    def as_known(self, known: datetime) -> Log:
        """The log as it was at an earlier moment: only rows recorded by then."""
        if self._newest is None or self._newest <= known:
            return self
        return Log([row for row in self._evidence if recorded(row) <= known], self.env)

    def history(self, subject: str) -> History:
        """The evidence about one dataset; an empty history where there is none."""
        found = self._histories.get(subject)
        if found is None:
            rows = self._rows.get(subject)
            found = self._histories[subject] = (rows or History()).index()
        return found

    def reads(self, subject: str) -> Sequence[Evidence]:
        """Every look at a table of a source, in order of recording."""
        return self._reads.get(subject, ())

    def proofs(self, requirement: str) -> Sequence[Evidence]:
        """Every proof about a requirement, in order of recording."""
        return self._proofs.get(requirement, ())

    def gap(self, subject: str, since: datetime, until: datetime) -> Gap | None:
        """The first gap of the ledger that touches a stretch; one whose subject is "ledger" is about all."""
        for name, gap in self._gaps:
            if name in ("", "ledger", subject) and gap.since < until and (gap.until is None or gap.until > since):
                return gap
        return None

    def release(self, at: datetime) -> str | None:
        """The release that was live at an instant; None before the first publication."""
        if at not in self._releases:
            self._releases[at] = self._release(at)
        return self._releases[at]

    def _release(self, at: datetime) -> str | None:
        newest: Evidence | None = None
        for history in self._rows.values():
            for row in history.published:
                if row.at <= at and (newest is None or (row.at, row.id) >= (newest.at, newest.id)):
                    newest = row
        return None if newest is None else newest.facts.get("release")
