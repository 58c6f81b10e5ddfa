"""What is known of a project's datasets without running anything."""

from __future__ import annotations

from mainstem.core.project import Project
from mainstem.core.release import Field
from mainstem.orchestration.state import read_state


def known_fields(project: Project, env: str) -> dict[str, tuple[Field, ...]]:
    """Columns of datasets that were loaded or built before; {} for a project that never ran (no ledger is made)."""
    from mainstem.ledger.sqlite import is_made, open_ledger

    if not is_made(project.ledger):
        return {}
    ledger = open_ledger(project.ledger)
    try:
        return read_state(ledger, env).fields()
    finally:
        ledger.close()
