"""Which measured checks were kept: read from evidence, by the checks as they are written now."""

from __future__ import annotations

from collections.abc import Sequence

from mainstem.core.dataset import Check, Severity
from mainstem.core.evidence import Evidence
from mainstem.core.kinds import find
from mainstem.core.ports import Ledger
from mainstem.core.project import Project
from mainstem.core.run import Run
from mainstem.lifecycle.requirements.probe import check_definition


def check_of(project: Project, row: Evidence) -> Check | None:
    """The check that a piece of evidence measured; None if it was none, or is written otherwise now."""
    dataset = project.datasets.get(row.subject)
    for check in dataset.checks if dataset else ():
        if check.id == row.facts.get("check") and check_definition(check) == row.definition:
            return check
    return None


def passed(check: Check, row: Evidence) -> bool:
    """Whether what was measured keeps the check; one that could not be run keeps nothing."""
    if row.value is None:
        return False
    kept: bool = find("checks", check.kind).passes(check.options, row.value, row.total)
    return kept


def published_failing(project: Project, ledger: Ledger, done: Run) -> Sequence[tuple[Check, Evidence]]:
    """Checks of a run's finished steps that fail without standing against publication, `info` left out."""
    made = {
        step.version.id for step in done.done if step.version is not None and step.outcome in ("committed", "checked")
    }
    if not made:
        return []
    rows = ledger.evidence(env=done.env, kinds=["measured"], since=done.started_at)
    found = [(check_of(project, row), row) for row in rows if row.run == done.id and row.version in made]
    return [
        (check, row)
        for check, row in found
        if check is not None and check.severity != Severity.INFO and not passed(check, row)
    ]


def in_words(row: Evidence, *, holds: bool = False) -> str:
    """`fails for 1 of 3 rows on 2026-01-05`, `holds for 3 of 3 rows`, `counts 2`, or why it could not be run."""
    if row.value is None:
        return f"could not be run: {row.facts.get('reason', 'the engine refused')}"
    where = f" on {row.label}" if row.label else ""
    if row.total is None:
        return f"counts {row.value}{where}"
    if holds:
        return f"holds for {row.value} of {row.total} rows{where}"
    return f"fails for {row.total - row.value} of {row.total} rows{where}"
