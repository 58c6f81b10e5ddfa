"""Owns how far suspicion spreads: one link, from goals to needs and from requirements to decisions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from mainstem.core.evidence import Verdict
from mainstem.core.project import Project
from mainstem.core.requirement import Need
from mainstem.lifecycle.requirements.force import in_force


def suspects(
    project: Project, verdicts: Mapping[str, Verdict], at: datetime, known: datetime | None = None
) -> dict[str, tuple[str, ...]]:
    """Everything that is suspect, by id, with sentences that say why.

    A requirement is suspect where its text, or anything linked when it was agreed to, was changed since. A need is
    suspect where the goal behind it was. A decision is suspect where a requirement that it names is, unless that
    requirement is met. It goes no further.
    """
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for id, verdict in verdicts.items():
        if "suspect" not in verdict.flags:
            continue
        requirement = project.requirements[id]
        force = in_force(project, requirement, at, at if known is None else known)
        found[id] |= dict.fromkeys(force.suspects)
        for name in requirement.needs:
            need = project.item(name)
            goal = project.item(need.goal) if isinstance(need, Need) and need.goal else None
            if need is not None and goal is not None and goal.id in force.changed:
                found[need.id][f'its goal "{goal.id}" was changed after "{id}" was agreed to'] = None
        if verdict.status == "met":
            continue
        for decision in project.decisions.values():
            if any(project.item(name) is requirement for name in decision.requirements):
                found[decision.id][f'it was made for "{id}", which is suspect'] = None
    return {id: tuple(words) for id, words in found.items()}
