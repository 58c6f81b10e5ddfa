"""Whose text an engine's complaint is about: it knows lines and columns, the caller knows the file."""

from __future__ import annotations

from dataclasses import replace

from mainstem.core.place import Place
from mainstem.core.problem import Problem, WorldError


def in_file(error: WorldError, file: str) -> WorldError:
    """The same problems; those of an engine that name no file are those of `file`."""
    return WorldError(*(_in_file(problem, file) for problem in error.problems))


def _in_file(problem: Problem, file: str) -> Problem:
    if problem.place is not None and not problem.place.file:
        return replace(problem, place=replace(problem.place, file=file))
    if problem.place is None and problem.code.startswith("E"):
        return replace(problem, place=Place(file))
    return problem


def without(error: WorldError, lead: int) -> WorldError:
    """The same problems, in the columns that they have without the `lead` characters put before the first line."""
    return WorldError(*(_without(problem, lead) for problem in error.problems))


def _without(problem: Problem, lead: int) -> Problem:
    place = problem.place
    if place is None or place.line != 1:
        return problem
    if place.column <= lead:
        return replace(problem, place=None)
    return replace(problem, place=replace(place, column=place.column - lead))
