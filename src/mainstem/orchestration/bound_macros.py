"""Macros as binding sees them: what they read and whether the engine takes them, each problem at its own line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mainstem.core.place import Place
from mainstem.core.problem import Problem
from mainstem.core.project import Macro
from mainstem.orchestration.macros import used_macros


@dataclass(slots=True)
class Macros:
    """The macros of a project. `texts` is a `sql.cache.FactsCache`; `problems` grow as macros are looked at."""

    all: Sequence[Macro]
    texts: Any
    problems: list[Problem] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    _reads: dict[str, Mapping[str, Place]] = field(default_factory=dict)

    def used(self, sql: str) -> tuple[Macro, ...]:
        """Those that a text calls, directly or not, in an order in which they can be made."""
        return used_macros(sql, self.all)

    def reads(self, used: Iterable[Macro]) -> dict[str, Place]:
        """The datasets that these macros read themselves, each with the place of its first mention."""
        found: dict[str, Place] = {}
        for macro in used:
            for name, place in self._own(macro).items():
                found.setdefault(name, place)
        return found

    def _own(self, macro: Macro) -> Mapping[str, Place]:
        if macro.name not in self._reads:
            self._reads[macro.name] = self._read(macro)
        return self._reads[macro.name]

    def _read(self, macro: Macro) -> dict[str, Place]:
        found: dict[str, Place] = {}
        names = frozenset(other.name for other in self.used(macro.text))
        for body in macro.bodies:
            inputs = self.texts.inputs(body, macro.place, names)
            problems = [*inputs.problems, *(_impure(macro, name) for name in inputs.volatile)]
            if inputs.reads_clock:
                problems.append(_reads_clock(macro))
            if problems:
                self.broken.add(macro.name)
                self.problems += problems
            found |= inputs.inputs
        return found


def _impure(macro: Macro, name: str) -> Problem:
    what = f'"{name}" in macro "{macro.name}" gives another result at every run'
    return Problem("T009", what, "remove it, or make it a parameter of the macro", macro.place)


def _reads_clock(macro: Macro) -> Problem:
    found = re.search(r"\w*(?:current|local|now|today|age|ago)\w*", macro.text.partition(" as ")[2], re.IGNORECASE)
    word = found.group() if found else "now()"
    what = f'macro "{macro.name}" reads the clock, which only the text of a model may'
    return Problem("T009", what, f"make the time a parameter, and call it with {word}", macro.place)
