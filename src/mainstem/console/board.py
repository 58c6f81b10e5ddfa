"""The scoreboard: whose requirements are kept, and what moved since yesterday."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup

from mainstem.console import look
from mainstem.console.site import Now
from mainstem.console.svg import el
from mainstem.core.evidence import Verdict
from mainstem.core.project import Project
from mainstem.core.requirement import Requirement
from mainstem.core.words import local, zone_name
from mainstem.lifecycle.requirements import words as say
from mainstem.lifecycle.requirements.calendar import read_calendar


@dataclass(frozen=True, slots=True)
class Row:
    """A requirement on the board. `budget` is its short form, `words` the sentence behind it."""

    requirement: Requirement
    verdict: Verdict
    reason: str
    strip: Markup
    budget: str
    words: str
    since: str | None


@dataclass(frozen=True, slots=True)
class Group:
    """The requirements of one stakeholder, most pressing first. `aim` is what he wants the data for."""

    id: str
    title: str
    aim: str
    status: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Due:
    """The next instant at which something has to be ready."""

    at: datetime
    words: str
    requirement: Requirement


@dataclass(frozen=True, slots=True)
class Change:
    """A status that is another one than a day before; None: it was not there."""

    requirement: Requirement
    before: str | None
    now: str


@dataclass(frozen=True, slots=True)
class Board:
    """Everything on the page. `counts` has each status that occurs, the most pressing first."""

    headline: str
    judged: str
    counts: Mapping[str, int]
    bar: Markup
    groups: tuple[Group, ...]
    changes: tuple[Change, ...]
    due: Due | None
    run: Mapping[str, Any] | None
    suspects: tuple[tuple[str, str, tuple[str, ...]], ...]


def board(now: Now, runs: Sequence[Mapping[str, Any]], status: str | None = None) -> Board:
    """The scoreboard; with `status` only requirements that stand so are listed."""
    verdicts = now.judged.verdicts
    tally = Counter(verdict.status for verdict in verdicts.values())
    counts = {each: tally[each] for each in look.ORDER if tally[each]}
    return Board(
        headline(counts),
        _judged_words(now, counts),
        counts,
        _bar(counts),
        _groups(now, status),
        _changes(now),
        next_due(now.project, now.judged.verdicts, now.judged.at),
        runs[0] if runs else None,
        _suspects(now),
    )


def headline(counts: Mapping[str, int]) -> str:
    """One sentence that says how things stand.

    >>> headline({"violated": 1, "met": 3, "draft": 1})
    '3 of 4 agreed requirements are kept'
    """
    agreed = sum(count for status, count in counts.items() if status not in ("draft", "retired"))
    kept = counts.get("met", 0) + counts.get("at_risk", 0)
    if not counts:
        return "No requirement is written yet"
    if not agreed:
        return "Nobody has agreed to a requirement yet"
    if kept == agreed:
        return "The one agreed requirement is kept" if agreed == 1 else f"All {agreed} agreed requirements are kept"
    verb = "is" if kept == 1 else "are"
    return f"{kept or 'None'} of {agreed} agreed requirements {verb} kept"


def _judged_words(now: Now, counts: Mapping[str, int]) -> str:
    """`Judged at 05:20 New York on 1 January 2014. One is violated, two cannot be verified.`"""
    at, zone = now.judged.at, now.zone
    there = local(at, zone)
    day, _, clock = there.rpartition(" ")
    parts = []
    for status, one, many in (
        ("violated", "is violated", "are violated"),
        ("unverified", "cannot be verified", "cannot be verified"),
        ("at_risk", "is close to its limit", "are close to their limits"),
    ):
        count = counts.get(status, 0)
        if count:
            parts.append(f"{say.count(count)} {one if count == 1 else many}")
    said = f"{say.listed(parts)}." if parts else ""
    return f"Judged at {clock} {zone_name(zone)} on {day}. {said[:1].upper()}{said[1:]}".strip()


def _bar(counts: Mapping[str, int]) -> Markup:
    """The statuses as one bar, the kept ones first."""
    total = sum(counts.values())
    if not total:
        return Markup("")
    x, parts, gap = 0.0, [], 4
    kinds = [status for status in ("met", "at_risk", "violated", "unverified", "draft", "retired") if status in counts]
    free = 1000 - gap * (len(kinds) - 1)
    for status in kinds:
        width = free * counts[status] / total
        title = el("title", f"{counts[status]} {look.word(status)}")
        parts.append(el("rect", title, x=x, y=0, width=width, height=12, class_=f"b-{status}"))
        x += width + gap
    label = ", ".join(f"{counts[status]} {look.word(status)}" for status in kinds)
    return el(
        "svg", *parts, viewBox="0 0 1000 12", preserveAspectRatio="none", class_="bar", role="img", aria_label=label
    )


def _groups(now: Now, status: str | None) -> tuple[Group, ...]:
    judged = now.judged
    served = judged.by_stakeholder
    placed = {id for ids in served.values() for id in ids}
    others = tuple(id for id in judged.verdicts if id not in placed)
    found = [
        Group(
            name,
            now.project.stakeholders[name].title,
            _aim(now.project, name),
            judged.stakeholders.get(name) or "draft",
            _rows(now, ids, status),
        )
        for name, ids in served.items()
    ]
    if others:
        found.append(Group("nobody", "Nobody in particular", "", "draft", _rows(now, others, status)))
    return tuple(sorted((each for each in found if each.rows), key=lambda each: look.ORDER.index(each.status)))


def _aim(project: Project, stakeholder: str) -> str:
    """What the stakeholder does with the data, in the words of his needs."""
    titles = [need.title for need in project.needs.values() if need.stakeholder == stakeholder]
    return "; ".join(title[:1].lower() + title[1:] for title in titles)


def _rows(now: Now, ids: Sequence[str], status: str | None) -> tuple[Row, ...]:
    verdicts = now.judged.verdicts
    wanted = [id for id in ids if status is None or verdicts[id].status == status]
    return tuple(_row(now, id) for id in sorted(wanted, key=lambda each: look.ORDER.index(verdicts[each].status)))


def _row(now: Now, id: str) -> Row:
    verdict = now.judged.verdicts[id]
    reason = verdict.reasons[0] if verdict.reasons else ""
    if verdict.would_be:
        reason = f"as worded it would be {look.word(verdict.would_be)}; {reason}"
    words = verdict.budget.words if verdict.budget else ""
    before = now.before.verdicts.get(id)
    since = before.status if before and before.status != verdict.status else None
    requirement = now.project.requirements[id]
    return Row(requirement, verdict, reason, look.strip(verdict.slices), budget_words(verdict), words, since)


def budget_words(verdict: Verdict) -> str:
    """How much may be missed and how much was, in four words."""
    budget = verdict.budget
    if budget is None:
        return ""
    if budget.bad > budget.allowed:
        return f"{budget.bad} missed, {budget.allowed} allowed"
    if not budget.allowed:
        return "no miss so far"
    return f"{budget.bad} of {budget.allowed} allowed used"


def _changes(now: Now) -> tuple[Change, ...]:
    found = []
    for id, verdict in now.judged.verdicts.items():
        before = now.before.verdicts.get(id)
        if before is None or before.status != verdict.status:
            found.append(Change(now.project.requirements[id], before.status if before else None, verdict.status))
    return tuple(sorted(found, key=lambda each: look.ORDER.index(each.now)))


def next_due(project: Project, verdicts: Mapping[str, Verdict], at: datetime) -> Due | None:
    """The next deadline of any agreed `ready_by`, None where there is none; a draft binds nobody."""
    found: list[Due] = []
    for id, verdict in verdicts.items():
        requirement = project.requirements[id]
        objective = requirement.objective
        if verdict.status in ("draft", "retired") or objective is None or objective.kind != "ready_by":
            continue
        calendar = read_calendar(objective)
        first = calendar.number_at(at) - 8
        spans = (calendar.span(number) for number in range(first, first + 40))
        due = next((span.due for span in spans if span.due > at and calendar.is_regular(span)), None)
        if due is not None:
            found.append(Due(due, say.due(due, at, objective.zone), requirement))
    return min(found, key=lambda each: each.at, default=None)


def _suspects(now: Now) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """Needs and decisions that are to be looked at again: id, title, why."""
    found = []
    for id, why in now.judged.suspects.items():
        if id not in now.judged.verdicts:
            item = now.project.item(id)
            found.append((id, item.title if item else id, why))
    return tuple(found)
