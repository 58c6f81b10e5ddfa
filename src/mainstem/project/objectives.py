"""Objectives: what is measured, in which window, and how much of it may fail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import Any

from mainstem.core.kinds import find, names
from mainstem.core.place import Place
from mainstem.core.problem import Problem
from mainstem.core.requirement import Objective
from mainstem.project.checks import one_kind
from mainstem.project.nodes import Keys, Node, Text, as_keys, texts
from mainstem.project.scalars import DURATION, SCALARS
from mainstem.project.shape import Form, shape
from mainstem.project.zones import zone_problem


@dataclass(frozen=True, slots=True)
class ObjectiveKeys:
    """The keys of an objective beside its measure; see `core.requirement.Objective`."""

    misses: int | None = None
    target: Decimal | None = None
    window: str | None = None
    slice: str = "1d"
    share: Decimal = Decimal(1)
    days: tuple[str, ...] = ()
    hours: str | tuple[time, time] | None = None
    timezone: str | None = None
    from_: date | None = None


OBJECTIVE = Form(ObjectiveKeys, also={"measure": Any})

_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LONG_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def read_objective(node: Node, zone: str, problems: list[Problem]) -> Objective | None:
    """An objective in a project whose time zone is `zone`; None after a problem."""
    keys = as_keys(node, '"objective"', problems)
    if keys is None:
        return None
    before = len(problems)
    said: ObjectiveKeys | None = shape(OBJECTIVE, keys, problems)
    measure = _read_measure(keys, problems)
    _check_zone(keys, problems)
    days = _days(keys, problems)
    if said is None:
        return None
    _check_allowance(said, keys, problems)
    hours = _hours(said.hours, keys, problems)
    if measure is None or len(problems) > before:
        return None
    return Objective(
        *measure,
        zone=said.timezone or zone,
        misses=said.misses,
        target=said.target,
        window=said.window,
        slice=said.slice,
        share=said.share,
        days=days,
        hours=hours,
        starts=said.from_,
    )


def _read_measure(keys: Keys, problems: list[Problem]) -> tuple[str, str, Any, Place] | None:
    """Kind, subject, options and place of the measure."""
    node = keys.get("measure")
    if node is None:
        mend = "add `measure: {ready_by: marts.x, ...}`"
        problems.append(Problem("P008", 'key "measure" is missing', mend, keys.key_place("measure")))
        return None
    measure = as_keys(node, '"measure"', problems)
    kind = _measure_kind(measure, problems) if measure else None
    if measure is None or kind is None:
        return None
    of = measure.get(kind)
    if not isinstance(of, Text):
        mend = f"name the dataset or output: `{kind}: marts.x`"
        problems.append(Problem("P009", f'measure "{kind}" is of nothing', mend, measure.key_place(kind)))
        return None
    options = shape(find("measures", kind).Options, measure.without(kind), problems)
    return None if options is None else (kind, of.value, options, measure.place)


def _measure_kind(measure: Keys, problems: list[Problem]) -> str | None:
    """The kind: the one key that names one. Without any, the first key is what somebody took for one."""
    kinds = [name for name in measure.entries if name in names("measures")]
    options = [name for name in measure.entries if name not in kinds[:1]]
    if not kinds:
        options = options[1:]
    return one_kind("measures", measure, options if len(kinds) < 2 else (), problems)


def _check_allowance(said: ObjectiveKeys, keys: Keys, problems: list[Problem]) -> None:
    """Exactly one of misses and target with a window, none without; all within their bounds."""

    def report(key: str, what: str, mend: str) -> None:
        problems.append(Problem("P044", what, mend, keys.key_place(key)))

    if said.misses is not None and said.target is not None:
        report("target", "both `misses` and `target` say how much may fail", "keep one of them")
    elif said.window is not None and said.misses is None and said.target is None:
        report("window", "a window needs `misses` or `target`", "add `misses: 1`, the slices that may be bad, or 0")
    elif said.window is None and (said.misses is not None or said.target is not None):
        key = "misses" if said.misses is not None else "target"
        report(key, f"`{key}` counts within a window, and there is none", "add `window: 28d`")
    if said.misses is not None and said.misses < 0:
        report("misses", f'"misses" is {said.misses}', "write 0 or more")
    for key, share in (("target", said.target), ("share", said.share)):
        if share is not None and not 0 <= share <= 1:
            report(key, f'"{key}" is {share}, which is no share', "write a number from 0 to 1, such as 0.95")
    _check_window(said, keys, problems)


def _check_window(said: ObjectiveKeys, keys: Keys, problems: list[Problem]) -> None:
    lengths: dict[str, tuple[int, str]] = {}
    for key, text in (("window", said.window), ("slice", said.slice)):
        found = DURATION.fullmatch(text) if text else None
        if found:
            lengths[key] = (int(found[1]), found[2])
        elif text:
            what, mend = f'"{key}" is "{text}", which is no length of time', "write a number and d, w, mo, h or m: 28d"
            problems.append(Problem("P044", what, mend, keys.key_place(key)))
    number, unit = lengths.get("slice", (1, ""))
    if number != 1 and unit in ("d", "w", "mo"):
        what, mend = f'a slice of "{said.slice}" has no label', f"write `slice: 1{unit}`, or hours or minutes: 6h"
        problems.append(Problem("P044", what, mend, keys.key_place("slice")))
    elif len(lengths) == 2:
        (window, window_unit), by_month = lengths["window"], unit == "mo"
        whole = window * _SECONDS.get(window_unit, 1) % (number * _SECONDS.get(unit, 1)) == 0
        if by_month != (window_unit == "mo") or not whole:
            what = f"a window of {said.window} does not hold a whole number of slices of {said.slice}"
            mend = "choose them so that it does: `window: 28d` with `slice: 1d`, `window: 12mo` with `slice: 1mo`"
            problems.append(Problem("P044", what, mend, keys.key_place("window")))


def _check_zone(keys: Keys, problems: list[Problem]) -> None:
    for node in texts(keys.get("timezone")):
        wrong = zone_problem(node.value, node.place)
        if wrong:
            problems.append(wrong)


def _days(keys: Keys, problems: list[Problem]) -> tuple[int, ...]:
    """`[mon, wed]` or `mon-fri` as numbers, 0 = Monday, sorted."""
    found: set[int] = set()
    for node in texts(keys.get("days")):
        first, dash, last = node.value.lower().partition("-")
        start, end = _day(first.strip()), _day((last if dash else first).strip())
        if start is None or end is None:
            what = f'"{node.value}" is no day of the week'
            problems.append(
                Problem("P044", what, f"write {', '.join(_DAYS)}, or a stretch such as mon-fri", node.place)
            )
        else:
            found.update((start + step) % 7 for step in range((end - start) % 7 + 1))
    return tuple(sorted(found))


def _day(name: str) -> int | None:
    for days in (_DAYS, _LONG_DAYS):
        if name in days:
            return days.index(name)
    return None


def _hours(hours: str | tuple[time, time] | None, keys: Keys, problems: list[Problem]) -> tuple[time, time] | None:
    """`06:00-22:00` (or a list of the two) as first and last local time."""
    if not isinstance(hours, str):
        return hours
    first, _, last = hours.partition("-")
    try:
        read = SCALARS[time].read
        return read(first.strip()), read(last.strip())
    except ValueError:
        what = f'"hours" is "{hours}"'
        problems.append(Problem("P044", what, "write first and last time of day: 06:00-22:00", keys.key_place("hours")))
        return None
