"""Carries out the steps of a plan: in order, independent branches in parallel, past failures."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

from mainstem.core.problem import MainstemError, Problem
from mainstem.core.reached import Reached
from mainstem.core.run import Done, Failure, Step
from mainstem.orchestration.ground import Listener, Progress
from mainstem.orchestration.rounds import ROUND_S, Rounds

_LEFT = "nothing of this attempt can be read, what is released stays"
_PATIENCE_S = 0.1
_MEASURED = "no row was computed, what is released stays"


@dataclass(slots=True)
class _Execution:
    """Steps on their way: who waits for whom, what ended how."""

    steps: Mapping[str, Step]
    inputs: Mapping[str, Sequence[str]]
    do: Callable[[Step], Done]
    listen: Listener
    waiting: dict[str, set[str]] = field(default_factory=dict)
    children: dict[str, list[str]] = field(default_factory=dict)
    ready: list[str] = field(default_factory=list)
    done: list[Done] = field(default_factory=list)
    failures: dict[str, Failure] = field(default_factory=dict)
    bugs: list[BaseException] = field(default_factory=list)
    work: int = 0
    worked: int = 0

    def prepare(self) -> None:
        """Find who waits for whom."""
        self.children = {name: [] for name in self.steps}
        for name in self.steps:
            self.waiting[name] = {parent for parent in self.inputs[name] if parent in self.steps}
            for parent in self.waiting[name]:
                self.children[parent].append(name)
        self.work = sum(_is_work(step) for step in self.steps.values())
        self.ready = [name for name, parents in self.waiting.items() if not parents]

    def tell(self, what: str, name: str, detail: str = "", reached: Reached | None = None) -> None:
        self.listen(Progress(what, name, detail, self.worked, self.work, reached))

    def next_to_start(self) -> str | None:
        """The next step that needs a thread; those that need none, or are blocked, are ended on the way."""
        while self.ready:
            name = self.ready.pop(0)
            blocked = next((parent for parent in self.inputs[name] if parent in self.failures), None)
            if blocked is not None:
                self.failures[name] = _blocked(name, self.failures[blocked])
                self.worked += _is_work(self.steps[name])
                self.release_children(name)
            elif self.steps[name].is_still:
                self.collect(name, lambda name=name: self.do(self.steps[name]))  # type: ignore[misc]
            else:
                return name
        return None

    def collect(self, name: str, outcome: Callable[[], Done]) -> None:
        """The end of a step, good or bad."""
        self.worked += _is_work(self.steps[name])
        try:
            self.done.append(outcome())
            self.tell("step-done", name, self.done[-1].outcome)
        except MainstemError as error:
            first, *others = error.problems
            left = _MEASURED if self.steps[name].action == "check" else _LEFT
            self.failures[name] = Failure(name, first, left, others=tuple(others))
            self.tell("step-failed", name, "; ".join(problem.what for problem in error.problems))
        except KeyboardInterrupt:  # of the person at the keyboard, who waits for nothing
            raise
        except BaseException as error:  # noqa: BLE001 - raised again once the other steps have ended
            self.bugs.append(error)
        self.release_children(name)

    def release_children(self, name: str) -> None:
        for child in self.children[name]:
            self.waiting[child].discard(name)
            if not self.waiting[child]:
                self.ready.append(child)


def execute(
    steps: Sequence[Step],
    inputs: Mapping[str, Sequence[str]],
    do: Callable[[Step], Done],
    listen: Listener,
    workers: int | None = None,
    cancel: Callable[[], None] = lambda: None,
    ask: Callable[[str], Reached | None] = lambda _: None,
) -> tuple[list[Done], list[Failure]]:
    """Every step once, after its inputs. What hangs below a failed step is not tried and says whose fault it is.

    `workers` is the number of threads (default: as many as the machine has cores). An exception that is no
    MainstemError is a bug: steps already begun are finished, then it is raised. At KeyboardInterrupt those are stopped
    by `cancel`, which is called until they have ended. `ask` tells how far a step is that takes long.
    """
    execution = _Execution({step.dataset: step for step in steps}, inputs, do, listen)
    execution.prepare()
    running: dict[Future[Done], str] = {}
    threads = workers or os.cpu_count() or 2
    rounds = Rounds(ask)
    with ThreadPoolExecutor(max_workers=threads + 1) as pool:  # one asks: an answer may keep others waiting
        try:
            while True:
                while len(running) < threads and not execution.bugs:
                    name = execution.next_to_start()
                    if name is None:
                        break
                    execution.tell("step-begun", name)
                    running[pool.submit(do, execution.steps[name])] = name
                if not running:
                    break
                awaited: list[Future[Any]] = [*running, *([rounds.answer] if rounds.answer else [])]
                for future in wait(awaited, ROUND_S, return_when=FIRST_COMPLETED).done:
                    if future in running:
                        execution.collect(running.pop(future), future.result)
                for name, reached in rounds.go_on(pool, running.values()).items():
                    execution.tell("step-at", name, reached=reached)
        except KeyboardInterrupt:  # wherever it came in the loop: the pool would wait for what is still running
            while wait(running, timeout=_PATIENCE_S).not_done:
                cancel()  # again and again: a step may have been between two queries
            raise
    if execution.bugs:
        raise execution.bugs[0]
    return execution.done, list(execution.failures.values())


def _is_work(step: Step) -> bool:
    """What is skipped ends at once, and would only make a run look further than it is."""
    return not step.is_still


def _blocked(name: str, failure: Failure) -> Failure:
    culprit = failure.blocked_by or failure.dataset
    problem = Problem("O003", f'"{name}" was not tried: "{culprit}" failed', f'mend "{culprit}" first')
    return Failure(name, problem, _LEFT, blocked_by=culprit)
