"""Loads that read another system in another environment, as the settings say: nothing of them passes over."""

from __future__ import annotations

from dataclasses import replace

from mainstem.core.dataset import Dataset, Load
from mainstem.core.ports import Ledger
from mainstem.core.project import Project
from mainstem.orchestration.state import State


def reads_another(project: Project, dataset: Dataset, env: str, other: str) -> bool:
    """Whether a load's source is said to be another one in these two environments."""
    load = dataset.made_by
    if not isinstance(load, Load):
        return False
    here, there = (project.environment(name).sources.get(load.source) for name in (env, other))
    return here != there


def without_others(project: Project, ledger: Ledger, state: State) -> State:
    """The state without loads that another environment made from another system: they begin anew here.

    Else what is new at this system would be added to rows of the other one, from where that one was read to.
    """
    if not any(each.sources for each in project.environments.values()):
        return state
    foreign = {name for name in state.bases if _is_from_elsewhere(project, ledger, state, name)}
    bases = {name: version for name, version in state.bases.items() if name not in foreign}
    return replace(state, bases=bases, pending=state.pending - foreign)


def _is_from_elsewhere(project: Project, ledger: Ledger, state: State, name: str) -> bool:
    dataset, base = project.datasets.get(name), state.bases[name]
    if dataset is None or not dataset.is_load or not base.table:
        return False
    owner = ledger.table_owner(base.table) or state.env
    return reads_another(project, dataset, state.env, owner)
