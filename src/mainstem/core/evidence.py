"""Measured facts, and what follows from them: evidence, slices, verdicts (requirements-evaluation, sections 3 to 6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

EVIDENCE_KINDS = (
    "published",
    "version",
    "partition",
    "measured",
    "read",
    "settled",
    "refreshed",
    "request",
    "delivered",
    "watch",
    "gap",
    "exception",
    "proof",
    "drill",
    "run",
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One measured fact: a row of the ledger, never changed, never removed.

    `subject` is a dataset, a table of a source, an output or an observer. `version` is `Version.id` (or a release
    id for outputs). `at` is valid time; `until` the end of a stretch. `value` and `total` are raw (872 of 900), in
    `unit`. `outcome`: measured | errored | gone | ok | refused. `definition` is the digest of the check, SQL or
    probe used; of a version, the marks of all checks and probes that it was held to, None where it was not measured.
    `recorded_at` is None until the ledger has written it, `id` 0 likewise; `id` is the order of recording.
    `facts` is JSON data of the kind:
      published  release, why (publish | rollback | promote)
      version    parent (Version.id or None), as_of (instant text: data as of), newest (instant text: newest
                 event time or None), fingerprint, rows, bytes
      partition  fingerprint        (value = rows; outcome "gone" when the partition vanished)
      measured   check (its id), sql (what measured it), severity, reason (when errored), sample (file of failed rows)
      delivered  release; of a sync also inserts, updates, deletes, unchanged, refused (rows), codes of problems
                 (value = rows sent)
      read       position, is_whole (nothing of the position is left out), rows, started, sql; one row a look (label
                 None), and one row a partition label whose source total was taken in the same read (value None,
                 total = the source's total, facts.measure says of what)
                 A load that read rows has loaded, set_aside, deduplicated, unchanged (they sum up to rows),
                 brought (rows that no read before had), seconds, bytes, notes, breaches (of what is expected)
      settled    action (replay | discard), why, and how many rows went where: tried, loaded, superseded, staying,
                 settled_before; or discarded  (value = rows that left the quarantine)
      refreshed  how (incrementally or in full, and why so)
      gap        reason
    """

    kind: str
    subject: str
    at: datetime
    env: str | None = None
    version: str | None = None
    label: str | None = None
    until: datetime | None = None
    value: Decimal | None = None
    total: Decimal | None = None
    unit: str | None = None
    outcome: str | None = None
    definition: str | None = None
    run: str | None = None
    step: str | None = None
    attempt: int | None = None
    skew_s: float = 0.0
    recorded_at: datetime | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    id: int = 0


@dataclass(frozen=True, slots=True)
class Slice:
    """One label of an objective's calendar, judged.

    `state`: good | bad | unmeasured | idle | pending | before | unbuilt | exception.
    `opens`, `closes`, `due` are instants. `reason` is one sentence fragment that a stakeholder understands.
    `ready_at` is set for ready_by. `margin` is the distance to the limit in the measure's unit (positive = good).
    `mended`: bad then, put right since. `evidence` are ids of the rows that decided.
    """

    label: str
    state: str
    opens: datetime
    closes: datetime
    due: datetime
    reason: str = ""
    value: Decimal | None = None
    ready_at: datetime | None = None
    margin: float | None = None
    mended: bool = False
    evidence: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Budget:
    """How many slices may be bad, how many were. `n` of the nominal window were counted."""

    allowed: int
    bad: int
    unmeasured: int
    n: int
    nominal: int
    coverage: Decimal | None
    words: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The status of a requirement at a moment, with what decided it.

    `status`: met | at_risk | violated | unverified | draft | retired. `would_be` is the status that a draft (or the
    new text of a suspect one) would have. `flags`: suspect, waived, mended. `reasons` are sentences, the
    deciding one first. `rule` is the version of the measure's rule.
    """

    requirement: str
    status: str
    at: datetime
    reasons: tuple[str, ...]
    flags: tuple[str, ...] = ()
    would_be: str | None = None
    budget: Budget | None = None
    slices: tuple[Slice, ...] = ()
    evidence: tuple[int, ...] = ()
    rule: str = ""
