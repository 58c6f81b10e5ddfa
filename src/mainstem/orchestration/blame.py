"""Whose text an engine's complaint is about: it knows lines and columns, the caller knows the file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from mainstem.core.place import Place
from mainstem.core.problem import Problem, WorldError
from mainstem.core.tags import ColumnTags

HUSHED = "[redacted]"
_ABOUT_ROWS = frozenset({"E003", "E006", "E009"})
"""What an engine says while it computes, and may quote a row for: conversion, constraint, and all else."""

_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|\b\d[\d.,:eE+-]*")


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


def hushed(error: WorldError, said: str) -> WorldError:
    """The same problems without any value of a row: what is quoted stays only where it stands in `said`, too."""
    return WorldError(*(_hushed(problem, said) for problem in error.problems))


def _hushed(problem: Problem, said: str) -> Problem:
    return replace(problem, what=hush(problem.what, said)) if problem.code in _ABOUT_ROWS else problem


def hush(words: str, said: str) -> str:
    """Words of an engine without the values that they quote; what stands in `said` somebody wrote, and it stays.

    >>> hush("Could not convert string 'a@b.org' to INT32", "select cast(mail as int)")
    "Could not convert string '[redacted]' to INT32"
    """

    def judged(found: re.Match[str]) -> str:
        quoted = found[0]
        if quoted.strip("'\"") in said:
            return quoted
        return f"{quoted[0]}{HUSHED}{quoted[0]}" if quoted[0] in "'\"" else HUSHED

    return _QUOTED.sub(judged, words)


def may_quote(tags: Mapping[str, ColumnTags], names: Iterable[str]) -> bool:
    """Whether a word about the rows of these datasets could be a tagged value."""
    return any(found for name in names for found in tags.get(name, {}).values())
