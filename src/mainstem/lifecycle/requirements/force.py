"""Owns what is in force of a requirement at a moment: the text agreed to, waivers, exceptions, suspicion."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mainstem.core.project import Project
from mainstem.core.requirement import Agreement, Requirement
from mainstem.lifecycle.requirements.digests import (
    agreed_text,
    link_digests,
    measured_names,
    parties,
    promise_digest,
    with_names_of_today,
)


@dataclass(frozen=True, slots=True)
class Epoch:
    """A text that all its parties agreed to, and since when."""

    since: datetime
    promise: str
    text: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Force:
    """What is in force of one requirement at a moment.

    `epochs` are the texts that were ever in force, the present one last; none: a draft. `missing` are the
    stakeholders who still have to agree to today's text. `suspects` are sentences: what is not as it was when the
    promise was agreed to; `changed` the ids of needs, goals and definitions among it. `is_reworded`: today's text
    promises something else than the text in force. `is_rebound`: it is about something else, though what it was
    about still exists (else that was renamed, which bothers nobody). `exceptions` maps
    labels to when the ledger first saw the declaration.
    """

    epochs: tuple[Epoch, ...] = ()
    missing: tuple[str, ...] = ()
    suspects: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    is_reworded: bool = False
    is_rebound: bool = False
    waiver: Agreement | None = None
    exceptions: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def is_draft(self) -> bool:
        return not self.epochs


def in_force(project: Project, requirement: Requirement, at: datetime, known: datetime) -> Force:
    """What was in force at `at`, by what the ledger knew at `known`.

    An entry that the ledger has not seen yet counts from its own `at`, except an exception, which does not count.
    """
    entries = [
        entry
        for id in (requirement.id, *requirement.aliases)
        for entry in project.agreements.get(id, ())
        if entry.at <= at and (entry.recorded_at or entry.at) <= known
    ]
    today = agreed_text(requirement, project)
    agreed = sorted((entry for entry in entries if entry.kind == "agreed"), key=lambda entry: entry.at)
    epochs, latest = _epochs(agreed, project, today)
    is_same = bool(epochs) and epochs[-1].text == today
    promise = epochs[-1].promise if is_same else promise_digest(today)
    is_reworded = bool(epochs) and epochs[-1].promise != promise
    missing = tuple(
        party
        for party in parties(requirement, project)
        if party not in latest or _promise(latest[party], project, today) != promise
    )
    changed = _changed_links(requirement, project, latest.values()) if epochs else {}
    left = _left(epochs[-1].text, today, project) if epochs and not is_same else ()
    reworded = ["its text was changed after it was agreed to"] if is_reworded else []
    reworded += [f'it was agreed to for "{name}", to which it is bound no more' for name in left]
    return Force(
        epochs,
        missing,
        (*reworded, *changed.values()),
        tuple(changed),
        is_reworded,
        bool(left),
        _waiver(entries, at),
        _exceptions(entries),
    )


def _epochs(
    agreed: Sequence[Agreement], project: Project, today: Mapping[str, Any]
) -> tuple[tuple[Epoch, ...], dict[str, Agreement]]:
    """Texts in force, one after the other, and the newest entry of each party.

    A text comes into force when the last of its parties agrees to it. Agreeing again to the same promise begins
    nothing anew.
    """
    epochs: list[Epoch] = []
    latest: dict[str, Agreement] = {}
    for entry in agreed:
        promise = _promise(entry, project, today)
        text = entry.text if entry.text is not None else today if promise == promise_digest(today) else None
        if entry.by is None or text is None:
            continue
        latest[_party(entry.by, project)] = entry
        wanted = [_party(name, project) for name in text.get("parties", ())]
        if any(name not in latest or _promise(latest[name], project, today) != promise for name in wanted):
            continue
        if epochs and epochs[-1].promise == promise:
            epochs[-1] = Epoch(epochs[-1].since, promise, text)
        else:
            epochs.append(Epoch(entry.at, promise, text))
    return tuple(epochs), latest


def _left(then: Mapping[str, Any], today: Mapping[str, Any], project: Project) -> tuple[str, ...]:
    """What a text was about, is about no more, and is still there."""
    there = (project.datasets, project.outputs)
    names = measured_names(then) - measured_names(today)
    return tuple(sorted(name for name in names if any(name in kind for kind in there)))


def _party(name: str, project: Project) -> str:
    item = project.item(name)
    return item.id if item is not None else name


def _promise(entry: Agreement, project: Project, today: Mapping[str, Any]) -> str:
    """The promise digest of an entry, as it would be with the names of today."""
    if entry.promise is not None and not (entry.text and entry.text.get("proofs")):
        return entry.promise
    return promise_digest(today if entry.text is None else with_names_of_today(entry.text, project))


def _waiver(entries: Sequence[Agreement], at: datetime) -> Agreement | None:
    active = [e for e in entries if e.kind == "waived" and e.until is not None and e.until > at]
    return max(active, key=lambda entry: entry.at, default=None)


def _exceptions(entries: Sequence[Agreement]) -> dict[str, datetime]:
    """When the ledger first saw each label declared."""
    found: dict[str, datetime] = {}
    for entry in entries:
        if entry.kind == "exception" and entry.label and entry.recorded_at:
            found[entry.label] = min(entry.recorded_at, found.get(entry.label, entry.recorded_at))
    return found


def _changed_links(requirement: Requirement, project: Project, latest: Iterable[Agreement]) -> dict[str, str]:
    """What stands behind it and is not as it was when each party agreed: a sentence by id."""
    found: dict[str, str] = {}
    now = link_digests(requirement, project)
    for entry in latest:
        if entry.links is None:
            continue
        then = {_party(id, project): kept for id, kept in entry.links.items()}
        for id in sorted({*then, *now}):
            if id not in now:
                found[id] = f'"{id}" is no longer behind it'
            elif id not in then:
                found[id] = f'"{id}" is behind it now, and was not when it was agreed to'
            elif then[id] != now[id]:
                found[id] = f'"{id}" was changed after it was agreed to'
    return found
