"""Owns at risk: the six signs that a promise is close to being broken, in their order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from mainstem.core.evidence import Budget, Slice
from mainstem.lifecycle.requirements import words as say
from mainstem.lifecycle.requirements.budget import noun
from mainstem.lifecycle.requirements.forecast import slices_left
from mainstem.lifecycle.requirements.promise import Promise, Standing, measure_of
from mainstem.lifecycle.requirements.window import Window

SORTS = {"deadline": "timing", "age": "timing", "content": "content", "outside": "content"}
"""What sort of thing each family of measures promises: a broken promise only endangers those of its own sort."""


@dataclass(frozen=True, slots=True)
class Case:
    """One promise with its judged window; `now` is how what readers have now stands."""

    promise: Promise
    window: Window
    budget: Budget
    now: Standing | None
    at: datetime


def spent(case: Case) -> str:
    """Budget: less than a quarter of it is left."""
    bad, allowed = case.budget.bad, case.budget.allowed
    return case.budget.words if bad > 0 and 4 * (allowed - bad) < allowed else ""


def last(case: Case) -> str:
    """Last: the newest counted slice is bad."""
    newest = case.window.counted[-1] if case.window.counted else None
    if newest is None or newest.state != "bad":
        return ""
    name = say.label(newest.label, case.at, case.promise.objective.zone)
    return f"the last {noun(case.promise.objective)} was missed ({name}): {newest.reason}"


def withdrawn(case: Case) -> str:
    """Withdrawn: the newest slice was good, but what is live now does not fulfil it."""
    newest = case.window.counted[-1] if case.window.counted else None
    is_timed = measure_of(case.promise.objective).FAMILY == "deadline"
    if not is_timed or newest is None or newest.state != "good" or case.now is None or case.now.state != "bad":
        return ""
    name = say.label(newest.label, case.at, case.promise.objective.zone)
    return f"{name} was ready in time and has been withdrawn since: {case.now.reason}"


def running_late(case: Case) -> str:
    """Running late: a pending slice is not ready, and it is later than on any good day of the window."""
    if measure_of(case.promise.objective).FAMILY != "deadline":
        return ""
    spare = [each.due - each.ready_at for each in case.window.counted if each.state == "good" and each.ready_at]
    for each in case.window.pending:
        if each.ready_at is None and spare and each.due - case.at < min(spare):
            name = say.label(each.label, case.at, case.promise.objective.zone)
            latest = say.clock(each.due - min(spare), case.promise.objective.zone)
            return f"{name} is not ready yet, and on every good day it was by {latest}"
    return ""


def forecast(case: Case) -> str:
    """Forecast: the margin shrinks from slice to slice and will soon be used up.

    An age grows by itself from slice to slice where slices are shorter than a day: that foretells nothing.
    """
    if measure_of(case.promise.objective).FAMILY == "age" and case.promise.calendar.unit == "s":
        return ""
    points = [
        (position, each.margin)
        for position, each in enumerate(case.window.slices)
        if each.state == "good" and each.margin is not None
    ]
    left = slices_left(points)
    if left is None:
        return ""
    number = max(round(left), 1)
    what = noun(case.promise.objective)
    newest = _spare(case.window.counted, case)
    return f"its margin shrinks steadily{newest}: used up in about {say.count(number)} {say.plural(what, number)}"


def _spare(counted: tuple[Slice, ...], case: Case) -> str:
    good = [each for each in counted if each.state == "good" and each.margin is not None]
    if not good or good[-1].margin is None:
        return ""
    unit = measure_of(case.promise.objective).UNIT
    seconds = {"minutes": 60, "hours": 3600}.get(unit)
    if seconds is None:
        return ""
    return f" ({say.length(timedelta(seconds=good[-1].margin * seconds))} left)"


SIGNS: tuple[Callable[[Case], str], ...] = (spent, last, withdrawn, running_late, forecast)
"""What a promise shows of itself; each gives a sentence, or nothing. The sixth sign is `rests_on`."""


def rests_on(
    promise: Promise,
    ancestors: Mapping[str, frozenset[str]],
    violated: Mapping[str, Promise],
    broken: Mapping[str, frozenset[str]],
) -> str:
    """Rests on: a violated requirement, or a broken contract, of a strict ancestor, of the same sort.

    `violated` are the violated requirements by id, `broken` the sorts in which a dataset's contract is broken. Cost,
    use and latency are not passed on.
    """
    objective = promise.objective
    sort = SORTS.get(measure_of(objective).FAMILY)
    above = ancestors.get(objective.of, frozenset()) - {objective.of}
    for id, other in violated.items():
        if other.objective.of in above and SORTS.get(measure_of(other.objective).FAMILY) == sort:
            return f'it rests on "{other.objective.of}", which breaks a promise: {other.requirement.title} ({id})'
    for name in sorted(above):
        if sort in broken.get(name, ()):
            return f'it rests on "{name}", whose contract is broken'
    return ""


def summary(case: Case) -> str:
    """One sentence about a promise that is kept."""
    newest = case.window.counted[-1] if case.window.counted else None
    said = measure_of(case.promise.objective).words(case.promise.objective)
    if case.promise.objective.window is None and case.now is not None and case.now.reason:
        return f"{said}; now {case.now.reason}"
    return said if newest is None else f"{said}; last {newest.reason}"
