"""Why data is needed: goals, stakeholders, needs, requirements, definitions, decisions, as people wrote them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from mainstem.core.place import Place


@dataclass(frozen=True, slots=True)
class Retired:
    """An item that is kept for its history only."""

    at: date
    because: str


@dataclass(frozen=True, slots=True)
class Goal:
    id: str
    title: str
    place: Place
    owner: str | None = None
    measure: Mapping[str, str] | None = None
    worth: str | None = None
    stop: str | None = None
    review: date | None = None
    aliases: tuple[str, ...] = ()
    retired: Retired | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Stakeholder:
    """`side`: downstream | upstream | sponsor | governance. `technical`: low | medium | high."""

    id: str
    title: str
    place: Place
    side: str = "downstream"
    technical: str = "low"
    contact: str | None = None
    goals: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    retired: Retired | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    ask: str
    owner: str | None = None
    due: date | None = None


@dataclass(frozen=True, slots=True)
class Cited:
    """Where in an interview something was said; `lines` are first and last."""

    interview: str
    lines: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Need:
    id: str
    title: str
    stakeholder: str
    place: Place
    goal: str | None = None
    action: str = ""
    decision_cadence: str | None = None
    today: str = ""
    pains: tuple[str, ...] = ()
    worth: str | None = None
    cost_of_wrong: str | None = None
    fallback: str | None = None
    open_questions: tuple[OpenQuestion, ...] = ()
    source: Cited | None = None
    aliases: tuple[str, ...] = ()
    retired: Retired | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Objective:
    """What is measured, and how much of it may fail.

    `kind` names the measure of the catalogue; `of` the dataset or output it is about; `options` is the frozen
    options class of that measure. Exactly one of `misses` (whole slices) and `target` (share, 0 to 1) is given;
    both are None only for a hard rule without a window. `window` and `slice` are label units: "28d", "1d".
    `days` are the regular weekdays (0 = Monday), empty for all; `hours` first and last local time, None for all.
    `zone` is an IANA name. `starts` is the optional `from:`.
    """

    kind: str
    of: str
    options: Any
    place: Place
    zone: str
    misses: int | None = None
    target: Decimal | None = None
    window: str | None = None
    slice: str = "1d"
    share: Decimal = Decimal(1)
    days: tuple[int, ...] = ()
    hours: tuple[time, time] | None = None
    starts: date | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """A named showing of a functional requirement. `kind`: answers | returns | test | accepted_by.

    `of` is what it is about: an output, an output's block, a test, a stakeholder.
    """

    kind: str
    of: str
    place: Place
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Requirement:
    """`class_`: functional | non-functional | constraint. `priority`: must | should | could | wont.

    `for_` is a stakeholder named directly where no need is written yet. `owed_by` is None where the project's
    owner owes it (and then needs no agreement of his own).
    """

    id: str
    title: str
    place: Place
    statement: str
    class_: str = "non-functional"
    characteristic: str | None = None
    priority: str = "should"
    needs: tuple[str, ...] = ()
    for_: str | None = None
    rationale: str = ""
    binds: tuple[str, ...] = ()
    objective: Objective | None = None
    proofs: tuple[Proof, ...] = ()
    owed_by: str | None = None
    uses: tuple[str, ...] = ()
    source: Cited | None = None
    aliases: tuple[str, ...] = ()
    retired: Retired | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Definition:
    """What a word means here: a sentence, and the SQL or the metric that says it exactly."""

    id: str
    title: str
    place: Place
    term: str
    sentence: str
    sql: str | None = None
    metric: str | None = None
    owner: str | None = None
    aliases: tuple[str, ...] = ()
    retired: Retired | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """A choice between options. `body` holds criteria, options and revisit as written (scored later)."""

    id: str
    title: str
    place: Place
    status: str = "proposed"
    date: date | None = None
    requirements: tuple[str, ...] = ()
    chosen: str | None = None
    body: Mapping[str, Any] | None = None
    aliases: tuple[str, ...] = ()
    retired: Retired | None = None
    text: str = ""


Item = Goal | Stakeholder | Need | Requirement | Definition | Decision


@dataclass(frozen=True, slots=True)
class Agreement:
    """One entry of `requirements/agreements/<id>.yml`.

    `kind`: agreed | waived | exception. `by` is the stakeholder (agreed, waived). `label` is the slice taken out
    (exception). `recorded_at` is when the ledger first saw the entry; None before it did.
    `text` is the full canonical text agreed to (statement, objective ...). `links` maps ids to their digests.
    """

    requirement: str
    kind: str
    at: datetime
    place: Place
    by: str | None = None
    recorded_by: str | None = None
    promise: str | None = None
    binding: str | None = None
    links: Mapping[str, str] | None = None
    text: Mapping[str, Any] | None = None
    until: datetime | None = None
    because: str = ""
    label: str | None = None
    recorded_at: datetime | None = None
