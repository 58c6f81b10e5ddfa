"""The macros of a dbt project and of its packages, found in files and compiled when they are first called."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import Template, TemplateSyntaxError
from jinja2.sandbox import SandboxedEnvironment

from mainstem.dataops.imports.refusal import NotCarriedError, Returned

_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
_BLOCK = re.compile(
    r"\{%-?\s*(macro|test|data_test)\s+(\w+)\s*(\(.*?\))?\s*-?%\}(.*?)\{%-?\s*end\1\s*-?%\}",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Macro:
    """A macro's text, as a template in which nothing else stands; its lines are those of the file."""

    package: str
    name: str
    file: str
    line: int
    text: str


def blanked(text: str) -> str:
    """The text with comments of Jinja blanked out, line for line."""
    return _COMMENT.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), text)


def find_macros(package: str, file: str, text: str) -> Iterator[Macro]:
    """Every macro of a file; a generic test `x` is the macro `test_x`."""
    for found in _BLOCK.finditer(blanked(text)):
        kind, name, head, body = found.groups()
        name = name if kind == "macro" else f"test_{name}"
        line = text.count("\n", 0, found.start()) + 1
        lines = "\n" * (line - 1)
        inner = f"{lines}{{% macro {name}{head or '()'} %}}{_trimmed(found.group(), body)}{{% endmacro %}}"
        yield Macro(package, name, file, line, inner)


def _trimmed(block: str, body: str) -> str:
    """The body, with white space dropped at the ends where a sign asks for it."""
    opening = block[: block.index("%}") + 2]
    closing = block[block.rindex("{%") :]
    if opening.endswith("-%}"):
        lines = body[: len(body) - len(body.lstrip())].count("\n")
        body = "{#" + "\n" * lines + "#}" + body.lstrip()
    return body.rstrip() if closing.startswith("{%-") else body


class Package:
    """The macros of one package, by their names: what `name.macro()` in a text means."""

    def __init__(self, name: str, macros: Mapping[str, Callable[..., Any]]) -> None:
        self._name = name
        self._macros = macros

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("__"):
            raise AttributeError(name)
        if name in self._macros:
            return self._macros[name]
        raise NotCarriedError(f'"{self._name}.{name}" is a macro that the importer does not know')


def callables(macros: Iterable[Macro], environment: SandboxedEnvironment) -> dict[str, dict[str, Callable[..., Any]]]:
    """By package and name, what a text calls."""
    found: dict[str, dict[str, Callable[..., Any]]] = {}
    for macro in macros:
        found.setdefault(macro.package, {})[macro.name] = _callable(macro, environment)
    return found


def _callable(macro: Macro, environment: SandboxedEnvironment) -> Callable[..., Any]:
    compiled: list[Any] = []

    def call(*args: Any, **named: Any) -> Any:
        if not compiled:
            try:
                code = environment.compile(macro.text, macro.file, macro.file)
                module = Template.from_code(environment, code, environment.globals).make_module()
            except TemplateSyntaxError as error:
                why = f'macro "{macro.name}" is no Jinja that can be read: {error.message}'
                raise NotCarriedError(why, error.lineno, macro.file) from None
            compiled.append(getattr(module, macro.name))
        try:
            return compiled[0](*args, **named)
        except Returned as returned:
            return returned.value

    return call
