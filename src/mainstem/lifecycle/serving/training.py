"""A point-in-time correct set of examples to learn from: `serving/training/*.yml`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mainstem.core.problem import Problem, ProjectError

_DURATION = re.compile(r"([1-9][0-9]{0,5})\s*(s|min|m|h|d|w)")
_SECONDS: Mapping[str, int] = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}


@dataclass(frozen=True, slots=True)
class AsOf:
    """Features from the newest row of another dataset that was known before the example's event.

    `from` is the dataset. `on` are columns that are equal on both sides: a list, or `{theirs: ours}`. `time` is the
    column that says when a row became known, `known_after` how much later than that it really was (a day's total is
    known when the day is over: `24h`). `features` are columns to take: a list, or `{theirs: name here}`. `at_most` is
    how old the row may be; older ones are as if they were not there.
    """

    from_: str
    on: tuple[str, ...] | Mapping[str, str]
    time: str
    features: tuple[str, ...] | Mapping[str, str]
    at_most: str | None = None
    known_after: str | None = None

    def __post_init__(self) -> None:
        for name in ("at_most", "known_after"):
            _seconds(name, getattr(self, name))
        for name, columns in (("on", self.on), ("features", self.features)):
            if not columns:
                raise ProjectError(Problem("V040", f'"{name}" names no column', f"name one: `{name}: [column]`"))

    @property
    def pairs(self) -> Mapping[str, str]:
        """Their columns and ours that must be equal."""
        return _by_theirs(self.on)

    @property
    def taken(self) -> Mapping[str, str]:
        """Their columns, and what they are called in the set."""
        return _by_theirs(self.features)

    @property
    def at_most_s(self) -> int | None:
        return _seconds("at_most", self.at_most)

    @property
    def known_after_s(self) -> int:
        return _seconds("known_after", self.known_after) or 0


@dataclass(frozen=True, slots=True)
class Split:
    """Parts by event time: train before `valid_from`, valid before `test_from`, test from then on.

    Dates or timestamps, local to the project's zone. Without `valid_from` there is no part to validate with.
    """

    test_from: str
    valid_from: str | None = None

    def __post_init__(self) -> None:
        bounds = [_instant(text) for text in (self.valid_from, self.test_from) if text is not None]
        if bounds != sorted(set(bounds)):
            what = f'"test_from" ({self.test_from}) is not after "valid_from" ({self.valid_from})'
            raise ProjectError(Problem("V041", what, "let the parts follow one another: train, valid, test"))

    @property
    def bounds(self) -> tuple[tuple[str, datetime | None], ...]:
        """The parts in order, each with the local time before which it ends; None for the last."""
        ends = [("train", self.valid_from), ("valid", self.test_from)]
        if self.valid_from is None:
            ends = [("train", self.test_from)]
        return (*((name, _instant(end)) for name, end in ends if end is not None), ("test", None))


@dataclass(frozen=True, slots=True)
class Options:
    """Keys of a training set beyond title, owner, needs and `sql`.

    `entity`: what an example is about. `event_time`: the instant at which the label was not yet known.
    `label`: what is to be learnt. `features`: columns of `sql` that are known at that instant, on the author's word.
    `as_of`: features that are looked up by time, so that none is from the event's time or after. `split`: parts.
    """

    entity: tuple[str, ...]
    event_time: str
    label: str
    features: tuple[str, ...] = ()
    as_of: tuple[AsOf, ...] = ()
    split: Split | None = None

    def __post_init__(self) -> None:
        if self.label.lower() in {feature.lower() for feature in self.features}:
            what = f'the label "{self.label}" is among the features, so the answer is given away'
            raise ProjectError(Problem("V006", what, 'remove it from "features"'))
        names = [name.lower() for name in self.columns]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            what = f'the column "{twice}" would be in the set twice'
            raise ProjectError(
                Problem("V040", what, "name it once; rename one of as_of with `features: {theirs: name}`")
            )

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the set, in order."""
        taken = (name for each in self.as_of for name in each.taken.values())
        return (*self.entity, self.event_time, self.label, *self.features, *taken)

    @property
    def needed(self) -> tuple[str, ...]:
        """The columns that `sql` must have."""
        ours = (name for each in self.as_of for name in each.pairs.values())
        return tuple(dict.fromkeys((*self.entity, self.event_time, self.label, *self.features, *ours)))


def options_of(written: Mapping[str, Any]) -> Options:
    """The options of a training set from its keys as they were written (`Output.options`)."""
    split = written.get("split")
    return Options(
        entity=_texts(written["entity"]),
        event_time=written["event_time"],
        label=written["label"],
        features=_texts(written.get("features") or ()),
        as_of=tuple(_as_of(each) for each in _listed(written.get("as_of") or ())),
        split=Split(**split) if split else None,
    )


def _as_of(written: Mapping[str, Any]) -> AsOf:
    given = {key: value for key, value in written.items() if key not in ("from", "on", "features")}
    on, features = (
        each if isinstance(each, Mapping) else _texts(each) for each in (written["on"], written["features"])
    )
    return AsOf(from_=written["from"], on=on, features=features, **given)


def _listed(value: Any) -> Iterable[Any]:
    return (value,) if isinstance(value, Mapping) else value


def _texts(value: str | Sequence[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _by_theirs(columns: tuple[str, ...] | Mapping[str, str]) -> Mapping[str, str]:
    return columns if isinstance(columns, Mapping) else {name: name for name in columns}


def _seconds(name: str, text: str | None) -> int | None:
    if text is None:
        return None
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ProjectError(Problem("P009", f'"{name}" is "{text}", which is no length of time', "write one such as 3h"))
    return int(found[1]) * _SECONDS[found[2]]


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ProjectError(
            Problem("V041", f'"{text}" is no date', "write it like 2013-12-24, or 2013-12-24T06:00")
        ) from None
    if at.tzinfo is not None:
        raise ProjectError(Problem("V041", f'"{text}" has an offset', "write the local time of the project's zone"))
    return at
