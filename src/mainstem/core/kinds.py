"""Finds kinds (of sources, checks, measures, outputs, targets, engines) by entry point: the only dynamic import."""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from mainstem.core.problem import Problem, ProjectError, nearest

GROUPS = ("sources", "checks", "measures", "outputs", "targets", "engines")


@cache
def _entries(group: str) -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=f"mainstem.{group}")}


def names(group: str) -> tuple[str, ...]:
    """The kinds there are, sorted."""
    return tuple(sorted(_entries(group)))


@cache
def find(group: str, name: str) -> Any:
    """The module that implements a kind; ProjectError P001 if there is none."""
    entry = _entries(group).get(name)
    if entry is None:
        noun = group[:-1]
        raise ProjectError(
            Problem("P001", f'"{name}" is no kind of {noun}', nearest(name, names(group), kind=f"kinds of {noun}"))
        )
    return entry.load()
