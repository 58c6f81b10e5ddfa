"""Parameters of outputs: values that a reader gives, of a type, bound and never pasted into SQL."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from mainstem.core.problem import Problem, ProjectError

ParameterType = Literal["bigint", "boolean", "date", "decimal", "double", "integer", "timestamp", "varchar"]

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
            _READERS[self.type](self.default)
        except (ValueError, KeyError, InvalidOperation):
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


def parameter_value(parameter: Parameter, text: str) -> Any:
    """The value that a reader wrote, of the parameter's type; ValueError if it is none."""
    try:
        return _READERS[parameter.type](text)
    except (KeyError, InvalidOperation):
        raise ValueError(f'"{text}" is no {parameter.type}') from None


def parameters_of(written: Mapping[str, Any]) -> dict[str, Parameter]:
    """The parameters of an output from its keys as they were written (`Output.options`)."""
    return {
        name: Parameter(
            keys["type"], keys.get("default"), required=_BOOLEANS.get(str(keys.get("required", "false")).lower(), False)
        )
        for name, keys in (written.get("params") or {}).items()
    }
