"""Steps run after their inputs, past failures, each once."""

from __future__ import annotations

import threading

import pytest

from mainstem.core.problem import Problem, WorldError
from mainstem.core.reached import Reached
from mainstem.core.run import Done, Step
from mainstem.orchestration.execute import execute
from mainstem.orchestration.ground import Progress, unheard

INPUTS = {"a": (), "b": ("a",), "c": ("b",), "x": (), "y": ("x",)}
STEPS = [Step(name, "build", "", INPUTS[name]) for name in INPUTS]


def finished(step: Step) -> Done:
    return Done(step.dataset, "committed", "", None)


def test_inputs_come_first() -> None:
    order: list[str] = []
    lock = threading.Lock()

    def do(step: Step) -> Done:
        with lock:
            assert set(step.inputs) <= set(order)
            order.append(step.dataset)
        return finished(step)

    done, failures = execute(STEPS, INPUTS, do, unheard)
    assert sorted(each.dataset for each in done) == sorted(INPUTS)
    assert failures == []


def test_other_branches_go_on_and_what_hangs_below_is_not_tried() -> None:
    def do(step: Step) -> Done:
        if step.dataset == "a":
            raise WorldError(Problem("G001", "the source is away", "wait"))
        return finished(step)

    done, failures = execute(STEPS, INPUTS, do, unheard)
    assert {each.dataset for each in done} == {"x", "y"}
    assert {each.dataset: each.blocked_by for each in failures} == {"a": None, "b": "a", "c": "a"}
    assert {each.problem.code for each in failures if each.blocked_by} == {"O003"}


def test_a_bug_is_raised_after_the_steps_under_way() -> None:
    def do(step: Step) -> Done:
        if step.dataset == "a":
            raise ZeroDivisionError
        return finished(step)

    with pytest.raises(ZeroDivisionError):
        execute(STEPS, INPUTS, do, unheard)


def test_progress_counts_to_the_end() -> None:
    heard: list[Progress] = []
    execute(STEPS, INPUTS, finished, heard.append, workers=1)
    ended = [progress.done for progress in heard if progress.what == "step-done"]
    assert ended == [1, 2, 3, 4, 5]
    assert {progress.total for progress in heard} == {5}


@pytest.mark.parametrize("what", ["step-begun", "step-done"])
def test_the_keyboard_is_heard_wherever_it_comes(what: str) -> None:
    stopped = threading.Event()

    def do(step: Step) -> Done:
        if step.dataset == "x":
            assert stopped.wait(30), "nobody stopped it"
        return finished(step)

    def listen(progress: Progress) -> None:
        if (progress.what, progress.subject) == (what, "a" if what == "step-done" else "b"):
            raise KeyboardInterrupt

    steps = [STEPS[3], STEPS[0], STEPS[1]]
    with pytest.raises(KeyboardInterrupt):
        execute(steps, INPUTS, do, listen, workers=3, cancel=stopped.set)
    assert stopped.is_set()


def test_a_step_that_takes_long_is_told_of_while_others_come_and_go() -> None:
    told, asked = threading.Event(), []

    def do(step: Step) -> Done:
        if step.dataset == "a":
            assert told.wait(30), "nobody was told how far it is"
        return finished(step)

    def listen(progress: Progress) -> None:
        if progress.reached is not None:
            assert (progress.what, progress.subject) == ("step-at", "a")
            told.set()

    def ask(name: str) -> Reached | None:
        asked.append(name)
        return Reached("building", 2.0)

    done, _ = execute(STEPS, INPUTS, do, listen, workers=2, ask=ask)
    assert len(done) == len(STEPS)
    assert set(asked) == {"a"}


def test_steps_that_end_at_once_are_never_asked() -> None:
    def ask(name: str) -> Reached | None:
        raise AssertionError(name)

    done, _ = execute(STEPS, INPUTS, finished, unheard, ask=ask)
    assert len(done) == len(STEPS)
