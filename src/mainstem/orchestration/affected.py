"""Who is affected by a load that stops: what is made of it, and whose it is, in words."""

from __future__ import annotations

from dataclasses import replace

from mainstem.core.dataset import QUARANTINE
from mainstem.core.problem import Problem, WorldError
from mainstem.core.project import Project
from mainstem.governance.reach import reached
from mainstem.orchestration.bind import Bound

_STOPS = frozenset({"I005", "I006", "I009", "I035"})
"""Codes of a source that is no longer as agreed: nothing is wrong here, and others have to hear of it."""

_MOST = 5


def with_affected(project: Project, bound: Bound, name: str, error: WorldError) -> WorldError:
    """The same problems; the last of a source that is no longer as agreed says who keeps the rows of before."""
    *before, last = error.problems
    words = affected(project, bound, name) if last.code in _STOPS else ""
    return WorldError(*before, _with(last, words)) if words else error


def affected(project: Project, bound: Bound, name: str) -> str:
    """Datasets, outputs, requirements and people that a dataset reaches; "" where nothing does."""
    found = reached(project, bound.facts, name, name + QUARANTINE)
    datasets = [each for each in found.datasets if each not in (name, name + QUARANTINE)]
    parts = (("", datasets), ("outputs ", found.outputs), ("requirements ", found.requirements), ("for ", found.people))
    return "; ".join(f"{title}{_listed(names)}" for title, names in parts if names)


def _listed(names: tuple[str, ...] | list[str]) -> str:
    more = len(names) - _MOST
    return ", ".join(names[:_MOST]) + (f" and {more} more" if more > 0 else "")


def _with(problem: Problem, words: str) -> Problem:
    return replace(problem, what=f"{problem.what}; what was released stays in {words}")
