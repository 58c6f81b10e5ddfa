"""Asks steps that take long how far they are, about once a second."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field

from mainstem.core.reached import Reached

ROUND_S = 1.0


@dataclass(slots=True)
class Rounds:
    """`ask` tells how far a step is, in a thread of its own: an answer that is long in coming keeps nobody waiting.

    Only steps that were under way a round before are asked; most steps never are. `answer` is on its way, None between.
    """

    ask: Callable[[str], Reached | None]
    answer: Future[Mapping[str, Reached | None]] | None = None
    _before: frozenset[str] = frozenset()
    _since_s: float = field(default_factory=time.monotonic)

    def go_on(self, pool: Executor, running: Collection[str]) -> Mapping[str, Reached]:
        """What steps have answered that are still running; and the next round, if it is time for it."""
        found: Mapping[str, Reached | None] = {}
        if self.answer is not None and self.answer.done():
            found, self.answer = self.answer.result(), None
        if self.answer is None and time.monotonic() >= self._since_s + ROUND_S:
            names = self._before.intersection(running)
            self._before, self._since_s = frozenset(running), time.monotonic()
            self.answer = pool.submit(self._ask_all, names) if names else None
        return {name: reached for name, reached in found.items() if reached is not None and name in running}

    def _ask_all(self, names: Collection[str]) -> Mapping[str, Reached | None]:
        return {name: self.ask(name) for name in names}
