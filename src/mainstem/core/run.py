"""What will be done (plan) and what was done (run)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from mainstem.core.change import Breaking, ColumnChange, Estimate
from mainstem.core.problem import Problem
from mainstem.core.release import Release, Version


@dataclass(frozen=True, slots=True)
class Look:
    """What a glance at one table of a source showed, before anything is read.

    `state`: new | nothing | unsure (only reading tells) | unknown (not reached). `detail` says it in words ("2 new
    files", "cursor moved to ...").
    """

    dataset: str
    state: str
    detail: str


@dataclass(frozen=True, slots=True)
class Mended:
    """A row as JSON text that takes the place of one that was set aside, and the line of the file that it stands in."""

    row: str
    line: int


@dataclass(frozen=True, slots=True)
class Review:
    """What somebody does with rows that were set aside.

    `action`: replay (hold them to the contract again) | discard. `reason` picks those whose reason contains it, None
    all. `mended` maps ids or origins of rows to what takes their place, None for no file. `who` and `why` are
    recorded.
    """

    dataset: str
    action: str
    who: str
    why: str = ""
    reason: str | None = None
    mended: Mapping[str, Mended] | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One action on one dataset.

    `action`: load | build | view | check | replay | discard | adopt | skip. A check computes no rows: it measures the
    version that is there; replay and discard settle rows that were set aside; adopt takes a branch's version over.
    `why` is one sentence. `inputs` are the datasets
    it reads.
    `commits` is True, False, or None for "only if its inputs really bring something new".

    `change` is added | changed (its text means something else) | text (only its words) |
    affected (what it reads is made in another way) | data (newer rows) | perhaps (newer rows, if there are any) and ""
    for no change. Where the plan was explained, `columns` are those that differ, as far as that can be told, and
    `estimate` is what it may come to.
    """

    dataset: str
    action: str
    why: str
    inputs: tuple[str, ...] = ()
    commits: bool | None = True
    touches: tuple[str, ...] = ()
    change: str = ""
    columns: tuple[ColumnChange, ...] = ()
    estimate: Estimate | None = None

    @property
    def is_still(self) -> bool:
        """Whether there is nothing to compute or to measure."""
        return self.action in ("skip", "adopt")


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in an order in which they can run. `touched` maps requirement ids to the datasets of theirs that change;
    `outputs` and `people` are those that the change reaches.
    `removed` are datasets of the release that the project no longer has. Where the plan was explained, `breaking` are
    columns that go or get another type, `estimate` is what all steps may come to, `currency` that of its prices."""

    env: str
    base: Release | None
    steps: tuple[Step, ...]
    removed: tuple[str, ...] = ()
    touched: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    breaking: tuple[Breaking, ...] = ()
    estimate: Estimate | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """A step that did not succeed. `state` says what is left where. `blocked_by` names the failed step upstream when
    this one was never tried. `others` are further problems of the same step, such as a second failing check."""

    dataset: str
    problem: Problem
    state: str
    blocked_by: str | None = None
    others: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Done:
    """A step that ended well. `outcome`: committed | unchanged | recovered | kept | adopted (from a branch) | checked
    (nothing new, but measured again). `counts` are those of a load or a review by name, `notes` what it has to tell
    beside, `how` the way in which an incremental model was brought up to date."""

    dataset: str
    outcome: str
    why: str
    version: Version | None
    rows: int | None = None
    rejected: int = 0
    gone: int = 0
    seconds: float = 0.0
    counts: Mapping[str, int] = field(default_factory=dict)
    reasons: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    how: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of a plan. `release` is None when nothing was published; `published` is the release readers see."""

    id: str
    env: str
    started_at: datetime
    finished_at: datetime
    plan: Plan
    done: tuple[Done, ...]
    failures: tuple[Failure, ...]
    release: Release | None
