"""One requirement: whose need, what was promised, how it stands, and the evidence down to the SQL."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup, escape

from mainstem.console import look
from mainstem.console.site import Now
from mainstem.console.timeline import drawn, graph
from mainstem.core.evidence import Evidence, Slice, Verdict
from mainstem.core.project import Project
from mainstem.core.requirement import Agreement, Goal, Need, Proof, Requirement
from mainstem.lifecycle.requirements import words as say
from mainstem.lifecycle.requirements.force import in_force
from mainstem.lifecycle.requirements.promise import measure_of
from mainstem.lifecycle.requirements.proofs import climb
from mainstem.orchestration.judge import people_of

_NUMBER = re.compile(
    r"\d{1,2}:\d{2}(?:\s[A-Z][A-Za-z]+/[A-Za-z_]+|\sUTC)?"
    r"|\d+(?:\.\d+)?\s?(?:%|per cent\b)"
    r"|\b(?:\d[\d,.]*|one|two|three|four|five|six|seven|eight|nine|ten|fifteen|thirty|sixty)\s"
    r"(?:seconds?|minutes?|hours?|days?|weeks?|months?)\b",
    re.IGNORECASE,
)
_PROOFS = {
    "answers": "{of} answers",
    "returns": "{of} returns what was expected",
    "test": "the test {of} holds",
    "accepted_by": "{of} accepts it",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A proof and how it stands: held | failed | missing."""

    words: str
    state: str
    row: Evidence | None

    @property
    def status(self) -> str:
        return {"held": "met", "failed": "violated", "missing": "draft"}[self.state]


@dataclass(frozen=True, slots=True)
class Piece:
    """A slice with the rows of evidence that decided it."""

    slice: Slice
    label: str
    rows: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Everything on the page of one requirement."""

    requirement: Requirement
    verdict: Verdict
    goals: tuple[Goal, ...]
    needs: tuple[Need, ...]
    people: tuple[str, ...]
    statement: Markup
    measure: str
    budget: str
    picture: Markup | None
    pieces: tuple[Piece, ...]
    proofs: tuple[Shown, ...]
    rung: str
    agreed: tuple[tuple[str, Agreement], ...]
    missing: tuple[str, ...]
    suspects: tuple[str, ...]
    waiver: Agreement | None
    before: str | None


def page(now: Now, id: str) -> Page:
    """The page of the requirement of that id."""
    project, at = now.judged.project, now.judged.at
    requirement = project.requirements[id]
    verdict = now.judged.verdicts[id]
    force = in_force(project, requirement, at, at)
    needs = tuple(project.needs[need] for need in requirement.needs if need in project.needs)
    goals = tuple(
        {need.goal: project.goals[need.goal] for need in needs if need.goal and need.goal in project.goals}.values()
    )
    objective = requirement.objective
    made = graph(objective, verdict.slices) if objective else None
    shown = climb(requirement, project, now.judged.log, at) if requirement.proofs else None
    agreed = [entry for entry in project.agreements.get(id, ()) if entry.kind == "agreed"]
    before = now.before.verdicts.get(id)
    return Page(
        requirement=requirement,
        verdict=verdict,
        goals=goals,
        needs=needs,
        people=tuple(_title(project, name) for name in people_of(project, id)),
        statement=marked(" ".join(requirement.statement.split()), _names(project, requirement)),
        measure=measure_of(objective).words(objective) if objective else "",
        budget=_budget_words(verdict),
        picture=drawn(made) if made else None,
        pieces=_pieces(now, verdict, objective.zone if objective else now.zone),
        proofs=tuple(_shown(now, requirement, proof) for proof in requirement.proofs),
        rung=shown.words if shown and shown.state != "held" else "",
        agreed=tuple((_title(project, entry.by), entry) for entry in {e.by: e for e in agreed}.values()),
        missing=tuple(_title(project, name) for name in force.missing),
        suspects=force.suspects,
        waiver=force.waiver,
        before=before.status if before and before.status != verdict.status else None,
    )


def _title(project: Project, id: str | None) -> str:
    item = project.item(id) if id else None
    return item.title if item else id or "nobody"


def _names(project: Project, requirement: Requirement) -> dict[str, str]:
    """Names that may stand in the sentence, with the address of each."""
    found = {name: f"/catalog/{name}" for name in project.datasets}
    return found | {
        name: f"/dashboards/{name.partition('/')[2]}" for name in requirement.binds if name.startswith("dashboards/")
    }


def marked(sentence: str, names: dict[str, str]) -> Markup:
    """A sentence with its numbers and the names of datasets marked.

    >>> marked("a.b shall hold <x> by 05:15 UTC", {"a.b": "/catalog/a.b"})
    Markup('<mark><a href="/catalog/a.b">a.b</a></mark> shall hold &lt;x&gt; by <mark>05:15 UTC</mark>')
    """
    known = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    pattern = re.compile(
        f"({_NUMBER.pattern})" + (rf"|(?<![\w./])({known})(?![\w/]|\.\w)" if known else "|(?!)()"), re.IGNORECASE
    )
    parts, end = [], 0
    for found in pattern.finditer(sentence):
        parts.append(escape(sentence[end : found.start()]))
        end = found.end()
        address = names.get(found[0])
        inner = Markup('<a href="{}">{}</a>').format(address, found[0]) if address else escape(found[0])
        parts.append(Markup("<mark>{}</mark>").format(inner))
    return Markup("").join([*parts, escape(sentence[end:])])


def _budget_words(verdict: Verdict) -> str:
    words = verdict.budget.words if verdict.budget else ""
    return "" if words in verdict.reasons else words


def _pieces(now: Now, verdict: Verdict, zone: str) -> tuple[Piece, ...]:
    """Slices that say something, the newest first."""
    return tuple(
        Piece(
            piece,
            say.label(piece.label, now.judged.at, zone),
            tuple(now.judged.evidence[number] for number in piece.evidence if number in now.judged.evidence),
        )
        for piece in reversed(verdict.slices)
        if piece.state not in ("before", "unbuilt")
    )


def _shown(now: Now, requirement: Requirement, proof: Proof) -> Shown:
    alone = climb(replace(requirement, proofs=(proof,)), now.judged.project, now.judged.log, now.judged.at)
    row = now.judged.evidence.get(alone.evidence[-1]) if alone.evidence else None
    of = _title(now.project, proof.of) if proof.kind == "accepted_by" else proof.of
    state = "missing" if row is None or row.outcome == "errored" else "held" if row.outcome == "ok" else "failed"
    return Shown(_PROOFS[proof.kind].format(of=of), state, row)


def counted(row: Evidence) -> str:
    """What a piece of evidence counted: `872 of 900 rows`."""
    said = " of ".join(look.number(_plain(each)) for each in (row.value, row.total) if each is not None)
    return f"{said} {row.unit or ''}".strip()


def _plain(value: object) -> object:
    number = float(str(value))
    return int(number) if number == int(number) else number


def facts(row: Evidence) -> Sequence[tuple[str, str]]:
    """What else is known of a piece of evidence, without its SQL."""
    return [
        (name, str(fact))
        for name, fact in row.facts.items()
        if name not in ("sql", "fingerprint", "sample") and fact is not None and not isinstance(fact, dict | list)
    ]
