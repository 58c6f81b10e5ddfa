"""Judges an environment's requirements from the ledger: the fifth of a run's calls, repeatable at any time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from mainstem.core.canonical import canonical_json, digest
from mainstem.core.evidence import EVIDENCE_KINDS, Evidence, Verdict
from mainstem.core.ports import Ledger
from mainstem.core.project import Project
from mainstem.core.release import Release
from mainstem.core.requirement import Agreement
from mainstem.lifecycle.requirements.evaluate import evaluate
from mainstem.lifecycle.requirements.log import Log
from mainstem.lifecycle.requirements.rollup import roll_up
from mainstem.lifecycle.requirements.spread import suspects
from mainstem.orchestration.bind import Bound
from mainstem.orchestration.graph import ancestors

DECIDING = tuple(kind for kind in EVIDENCE_KINDS if kind not in ("request", "watch", "settled", "refreshed"))
"""Evidence that measures of today read. Requests come by the thousand, and no measure asks for them yet."""


@dataclass(frozen=True)
class Judged:
    """Verdicts of an environment at a moment, with roll-ups (None where no requirement gives a status) and evidence.

    `suspects` are requirements, needs and decisions that a change since an agreement puts in doubt, each with why.
    """

    project: Project
    env: str
    at: datetime
    release: Release | None
    verdicts: Mapping[str, Verdict]
    stakeholders: Mapping[str, str | None]
    needs: Mapping[str, str | None]
    goals: Mapping[str, str | None]
    evidence: Mapping[int, Evidence]
    log: Log
    suspects: Mapping[str, tuple[str, ...]]

    @cached_property
    def by_stakeholder(self) -> dict[str, tuple[str, ...]]:
        """Ids of requirements by the stakeholders whose needs they serve, in the order of the files."""
        found: dict[str, list[str]] = {}
        for id in self.verdicts:
            for stakeholder in people_of(self.project, id):
                found.setdefault(stakeholder, []).append(id)
        return {name: tuple(found[name]) for name in self.project.stakeholders if name in found}

    def facts_of(self, number: int) -> Mapping[str, Any]:
        """One piece of evidence as data."""
        row = self.evidence[number]
        return {
            "id": row.id,
            "kind": row.kind,
            "subject": row.subject,
            "label": row.label,
            "version": row.version,
            "at": row.at,
            "value": row.value,
            "total": row.total,
            "outcome": row.outcome,
            "run": row.run,
            "facts": row.facts,
        }


def people_of(project: Project, id: str) -> tuple[str, ...]:
    """The stakeholders whose needs a requirement serves."""
    requirement = project.requirements[id]
    named = [project.needs[need].stakeholder for need in requirement.needs if need in project.needs]
    return tuple(dict.fromkeys((*named, *((requirement.for_,) if requirement.for_ else ()))))


def judge(
    project: Project, ledger: Ledger, env: str, at: datetime, bound: Bound | None = None, *, record: bool = False
) -> Judged:
    """Every requirement at `at`, by what the ledger knew then.

    With `record` the ledger notes agreements, waivers and exceptions that it sees for the first time. `bound` gives
    the lineage by which one requirement rests on another; it is made where it is needed.
    """
    release = ledger.current(env)
    seen = witnessed(project, ledger, at) if record else project
    rows = ledger.evidence(env=env, kinds=DECIDING) if project.requirements else []
    log = Log(rows, env)
    above: Mapping[str, frozenset[str]] = {}
    if any(requirement.objective for requirement in project.requirements.values()):
        above = _ancestors(bound or _bound(project, release))
    verdicts = evaluate(seen, log, at, ancestors=above)
    rolled = roll_up(seen, verdicts)
    return Judged(
        seen,
        env,
        at,
        release,
        verdicts,
        rolled.stakeholders,
        rolled.needs,
        rolled.goals,
        {row.id: row for row in rows},
        log,
        suspects(seen, verdicts, at),
    )


def _bound(project: Project, release: Release | None) -> Bound:
    from mainstem.orchestration.reading import bound_to

    return bound_to(project, release)


def _ancestors(bound: Bound) -> dict[str, frozenset[str]]:
    above = ancestors(bound.inputs, bound.order)
    for output, inputs in bound.outputs.items():
        above[output] = frozenset(inputs).union(*(above.get(name, frozenset()) for name in inputs))
    return above


def witnessed(project: Project, ledger: Ledger, at: datetime) -> Project:
    """The project with `recorded_at` put into its agreements: when the ledger first saw each entry."""
    entries = {_entry_digest(entry): entry for each in project.agreements.values() for entry in each}
    if not entries:
        return project
    seen = ledger.see({name: canonical_json(entry) for name, entry in entries.items()}, at)
    agreements = {
        id: tuple(replace(entry, recorded_at=seen[_entry_digest(entry)]) for entry in each)
        for id, each in project.agreements.items()
    }
    return replace(project, agreements=agreements)


def _entry_digest(entry: Agreement) -> str:
    return digest(replace(entry, recorded_at=None))
