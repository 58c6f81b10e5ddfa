"""What `@` means in SQLMesh's SQL: variables as values, bounds of time by names of their own, all else refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mainstem.dataops.imports.refusal import NotCarriedError

_AT = re.compile(
    r"""('(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/) | @\{(\w+)\} | @(\w+)(\s*\()?""",
    re.VERBOSE | re.DOTALL,
)
_BOUND = re.compile(r"(start|end)_(ds|date|ts|dt|tstz|epoch|millis|hour)", re.IGNORECASE)
_MARK = "bound_of_time_"

BOUNDS = frozenset(
    f"{_MARK}{side}_{unit}"
    for side in ("start", "end")
    for unit in ("ds", "date", "ts", "dt", "tstz", "epoch", "millis", "hour")
)
"""The names by which bounds of time stand in a text."""


def resolved(sql: str, variables: Mapping[str, Any], this_model: str | None = None) -> str:
    """The text without `@`; `NotCarriedError` with a line of the text for a macro that is code.

    `variables` by small names; `this_model` is what `@this_model` stands for.
    """

    def replaced(found: re.Match[str]) -> str:
        if found[1]:
            return found[1]
        name = (found[2] or found[3]).lower()
        line = sql.count("\n", 0, found.start()) + 1
        if name == "var" and found[4]:
            raise NotCarriedError('it asks for a variable by "@VAR(...)": write "@name"', line)
        if found[4]:
            raise NotCarriedError(f'it calls the macro "@{found[3]}", which is code', line)
        if name == "this_model" and this_model is not None:
            return this_model
        if _BOUND.fullmatch(name):
            return _MARK + name
        if name in variables:
            return str(variables[name]) if found[2] else literal(variables[name])
        raise NotCarriedError(f'"@{found[2] or found[3]}" is nothing that the project gives a value', line)

    return _AT.sub(replaced, sql)


def with_bounds(sql: str) -> str:
    """The text with bounds of time that are written as `'{{ start_ds }}'` written as `@start_ds`."""
    return re.sub(rf"'\{{\{{\s*({_BOUND.pattern})\s*\}}\}}'", r"@\1", sql)


def shown(text: str) -> str:
    """A message in which bounds of time have the names that their author gave them."""
    return text.replace(_MARK, "@")


def literal(value: Any) -> str:
    """A value of the configuration as SQL."""
    if value is None:
        return "null"
    if isinstance(value, bool | int | float):
        return str(value).lower()
    return "'" + str(value).replace("'", "''") + "'"
