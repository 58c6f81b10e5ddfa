"""Owns when a test of a model proves something of what is live: the same test, on the text that made it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from mainstem.core.canonical import digest
from mainstem.core.dataset import Model
from mainstem.core.evidence import Evidence
from mainstem.core.model_test import ModelTest
from mainstem.core.project import Macro, Project
from mainstem.core.requirement import Proof
from mainstem.lifecycle.requirements.log import Log


def beneath(project: Project, test: ModelTest, fingerprint: str, called: Sequence[Macro]) -> dict[str, Any]:
    """What a result of a test rests on, as facts of its `proof` row: the test, the model's text and what it is
    given, macros, the zone."""
    macros = {macro.name: digest(macro.text) for macro in called}
    return {
        "variables": _variables(project, test),
        "proof": "test",
        "test": test.digest,
        "model": test.model,
        "fingerprint": fingerprint,
        "macros": macros,
        "zone": project.timezone,
    }


def _variables(project: Project, test: ModelTest) -> str:
    """The digest of the values that the model's text is given; empty where there are none."""
    dataset = project.datasets.get(test.model)
    values = dataset.made_by.variables if dataset is not None and isinstance(dataset.made_by, Model) else {}
    return digest(values) if values else ""


def live_fingerprint(log: Log, model: str, at: datetime) -> str | None:
    """The fingerprint of the text that made the live version of a model; None where none is live."""
    history = log.history(model)
    live = history.live(at)
    state = history.state(live.version, at) if live is not None and live.version is not None else None
    return None if state is None else state.row.facts.get("fingerprint")


def is_about(row: Evidence, project: Project, proof: Proof, log: Log, at: datetime) -> bool:
    """Whether a row tells of the test as it is written now, and of the model as it is live."""
    test = project.tests.get(proof.of)
    if test is None or row.facts.get("test") != test.digest or row.facts.get("zone") != project.timezone:
        return False
    if row.facts.get("variables", "") != _variables(project, test):
        return False
    macros = {macro.name: macro for macro in project.macros}
    called: dict[str, str] = row.facts.get("macros") or {}
    if any(name not in macros or digest(macros[name].text) != known for name, known in called.items()):
        return False
    live = live_fingerprint(log, test.model, at)
    return live is not None and row.facts.get("fingerprint") == live
