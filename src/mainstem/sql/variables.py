"""Variables in SQL: `$name` where a value may stand, put in as a typed literal, never as text of any other sort."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from mainstem.core.dataset import Variable
from mainstem.core.place import Place
from mainstem.core.problem import Problem
from mainstem.sql.quote import literal

_PIECE = re.compile(
    r"""--[^\n]* | /\*.*?\*/ | [eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*' | "(?:[^"]|"")*" | \$(\w*)\$.*?\$\1\$
    | (?<![\w$])\$(?P<name>\w+)""",
    re.VERBOSE | re.DOTALL,
)
"""What a `$` may stand in without being a variable's, and variables."""


def named(sql: str) -> Iterator[tuple[str, int]]:
    """The names of variables in a text, each with the index of its `$`; comments, texts and quoted names have none.

    >>> list(named("select $day, '$no' -- $nor_this"))
    [('day', 7)]
    """
    if "$" in sql:
        yield from ((found["name"], found.start()) for found in _PIECE.finditer(sql) if found["name"])


def put_in(sql: str, variables: Mapping[str, Variable]) -> str:
    """The text with each variable as a literal of its type; those that are not given stay.

    >>> put_in("select $day", {"day": Variable("day", "date", "2026-01-31")})
    "select CAST('2026-01-31' AS DATE)"
    """
    pieces: list[str] = []
    done = 0
    for start, end, piece in _edits(sql, variables):
        pieces += [sql[done:start], piece]
        done = end
    return "".join([*pieces, sql[done:]])


def as_written(problem: Problem, sql: str, variables: Mapping[str, Variable]) -> Problem:
    """A problem of the text with its variables put in, placed as in the text without."""
    place = problem.place
    if place is None or not place.column:
        return problem
    before = sum(len(line) + 1 for line in sql.split("\n")[: place.line - 1])
    column = place.column
    for start, end, piece in _edits(sql, variables):
        at = start - before + 1  # the column of what was put in: a literal has no line breaks
        if sql.count("\n", 0, start) + 1 == place.line and at < column:
            column = max(at, column - (len(piece) - (end - start)))
    return replace(problem, place=Place(place.file, place.line, column))


def used(texts: Iterable[str], variables: Mapping[str, Variable]) -> dict[str, Variable]:
    """The variables that texts name."""
    names = {name for text in texts for name, _ in named(text)}
    return {name: each for name, each in variables.items() if name in names}


def _edits(sql: str, variables: Mapping[str, Variable]) -> Iterator[tuple[int, int, str]]:
    for name, start in named(sql):
        if name in variables:
            yield start, start + len(name) + 1, _literal(variables[name])


def _literal(variable: Variable) -> str:
    """An exact number keeps all its digits only as it is written."""
    if variable.type == "decimal":
        return f"({variable.value})"
    return f"CAST({literal(variable.value)} AS {variable.type.upper()})"
