"""Parameters of outputs: values that a reader gives, of a type, bound and never pasted into SQL."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, TypeVar

from mainstem.core.problem import Problem, ProjectError, nearest

ParameterType = Literal["bigint", "boolean", "date", "decimal", "double", "integer", "timestamp", "varchar"]

EXAMPLES: Mapping[str, str] = {
    "bigint": "42",
    "boolean": "true",
    "date": "2013-12-31",
    "decimal": "9.99",
    "double": "0.5",
    "integer": "42",
    "timestamp": "2013-12-31T05:15",
    "varchar": "text",
}
"""A value of each type."""

_ASIDE = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"", re.DOTALL)
"""Comments, texts and quoted names of SQL, in which a `$name` is none."""
T = TypeVar("T")

_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_BOOLEANS = {"true": True, "false": False, "yes": True, "no": False}
_READERS: Mapping[str, Callable[[str], Any]] = {
    "bigint": int,
    "boolean": _BOOLEANS.__getitem__,
    "date": date.fromisoformat,
    "decimal": Decimal,
    "double": float,
    "integer": int,
    "timestamp": datetime.fromisoformat,
    "varchar": str,
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One value that a reader may give; `$name` in the SELECT. Without `default` and not `required` it is NULL."""

    type: ParameterType
    default: str | None = None
    required: bool = False
    description: str = ""

    def __post_init__(self) -> None:
        if self.default is None:
            return
        if self.required:
            what = "the parameter is required and has a default, which nobody could ever get"
            raise ProjectError(Problem("V003", what, "keep one of them"))
        try:
            value_of(self.type, self.default)
        except ValueError:
            what = f'the default "{self.default}" is no {self.type}'
            raise ProjectError(
                Problem("V003", what, f"write the default as a {self.type}, or change the type")
            ) from None


def require_names(params: Mapping[str, Parameter]) -> None:
    """ProjectError V004 for every parameter whose name could not stand behind a `$`."""
    wrong = [name for name in params if not _NAME.fullmatch(name)]
    if wrong:
        mend = "use lower-case letters, digits and underscores, a letter first"
        raise ProjectError(*(Problem("V004", f'"{name}" cannot name a parameter', mend) for name in wrong))


def used(sql: str, values: Mapping[str, T]) -> dict[str, T]:
    """The parameters that a SELECT names; the engine takes no others.

    >>> used("select $day -- and $not_this", {"day": 1, "not_this": 2})
    {'day': 1}
    """
    text = _ASIDE.sub(" ", sql)
    return {name: value for name, value in values.items() if re.search(rf"\${re.escape(name)}\b", text)}


def value_of(type_: str, text: str) -> Any:
    """The value that a text gives. ValueError where it gives none."""
    try:
        return _READERS[type_](text)
    except (KeyError, InvalidOperation) as error:
        raise ValueError(text) from error


def texts_given(params: Mapping[str, Parameter], given: Mapping[str, str]) -> dict[str, tuple[str, str] | None]:
    """Type and text of every parameter, None where it has no value.

    ProjectError V020 with every problem: unknown, missing, or no value of its type.
    """
    problems = [
        Problem("V020", f'parameter "{name}" is not known', nearest(name, list(params), kind="parameters"))
        for name in given
        if name not in params
    ]
    found: dict[str, tuple[str, str] | None] = {}
    for name, parameter in params.items():
        text = given.get(name, parameter.default)
        if text is None:
            if parameter.required:
                what = f'parameter "{name}" is missing'
                problems.append(Problem("V020", what, f"add {name}=..., of type {parameter.type}"))
            found[name] = None
            continue
        try:
            value_of(parameter.type, text)
        except ValueError:
            what = f'parameter "{name}" is "{text}", which is no {parameter.type}'
            problems.append(Problem("V020", what, f"write one such as {EXAMPLES[parameter.type]}"))
        found[name] = (parameter.type, text)
    if problems:
        raise ProjectError(*problems)
    return found


def parameters_of(written: Mapping[str, Any]) -> dict[str, Parameter]:
    """The parameters of an output from its keys as they were written (`Output.options`)."""
    return {
        name: Parameter(
            keys["type"],
            keys.get("default"),
            required=_BOOLEANS.get(str(keys.get("required", "false")).lower(), False),
            description=keys.get("description", ""),
        )
        for name, keys in (written.get("params") or {}).items()
    }
