"""What may be said of a source of kind `synthetic`, of its tables, and of the values and faults of their rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime
from typing import Literal

from mainstem.core.place import Place
from mainstem.core.problem import Problem, ProjectError

_SHARE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(%?)")

_FITTING: Mapping[str, frozenset[str]] = {
    "sequence": frozenset({"min"}),
    "uuid": frozenset(),
    "number": frozenset({"min", "max"}),
    "normal": frozenset({"mean", "sigma", "min", "max"}),
    "lognormal": frozenset({"mean", "sigma", "min", "max"}),
    "exponential": frozenset({"mean", "min", "max"}),
    "choice": frozenset({"of"}),
    "reference": frozenset({"to", "zipf"}),
    "time": frozenset({"from_", "to", "season"}),
    "pattern": frozenset({"matches"}),
}
"""By kind of value, the options that mean something for it; those that are not named take none."""

_NEEDED = {"choice": "of", "reference": "to", "pattern": "matches"}


@dataclass(frozen=True, slots=True)
class Options:
    """`seed`: another one makes other rows of the same sort."""

    seed: int = 1


@dataclass(frozen=True, slots=True)
class Season:
    """How often rows fall into each hour (24 weights, from midnight) and each weekday (7, from Monday)."""

    hours: tuple[float, ...] = ()
    weekdays: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        for name, count in (("hours", 24), ("weekdays", 7)):
            weights = getattr(self, name)
            if weights and (len(weights) != count or not _are_weights(weights)):
                what = f"`{name}` is no list of {count} weights"
                raise ProjectError(Problem("G075", what, f"write {count} numbers that are not negative, not all zero"))


@dataclass(frozen=True, slots=True)
class Value:
    """How the values of a column are made; what is not said follows from the contract.

    `min` and `max` bound numbers. `mean` and `sigma` are those of the values, of `lognormal` those of their logarithms.
    `of` are the values to choose from, with weights or without. `to` is the column that a reference leads to
    (`customers.id`), or where times end, before this instant; `from` where they begin. `zipf` above 0 prefers some rows
    to others, as 1.2 does. `nulls` is the share without a value (`2%`).
    """

    place: Place
    kind: Literal[
        "sequence", "uuid", "number", "normal", "lognormal", "exponential", "choice", "reference", "time", "pattern",
        "boolean", "text", "email", "phone", "name", "first_name", "last_name", "company", "city", "country", "url",
    ]  # fmt: skip
    min: float | None = None
    max: float | None = None
    mean: float | None = None
    sigma: float | None = None
    of: Mapping[str, float] | tuple[str, ...] = ()
    to: str | None = None
    zipf: float | None = None
    from_: str | None = None
    season: Season | None = None
    matches: str | None = None
    nulls: str = "0"

    def __post_init__(self) -> None:
        share(self.nulls, "nulls")
        fitting = _FITTING.get(self.kind, frozenset())
        for each in fields(self):
            is_said = getattr(self, each.name) != each.default
            if each.name not in {"place", "kind", "nulls"} and is_said and each.name not in fitting:
                what = f"`{each.name.rstrip('_')}` says nothing of values of kind {self.kind}"
                takes = ", ".join(sorted(name.rstrip("_") for name in fitting)) or "none"
                raise ProjectError(Problem("G075", what, f"remove it; options of {self.kind}: {takes}", self.place))
        needed = _NEEDED.get(self.kind)
        if needed and not getattr(self, needed):
            what, mend = f"values of kind {self.kind} need `{needed}`", f"add `{needed}:`"
            raise ProjectError(Problem("G075", what, mend, self.place))
        for name in ("from_", "to") if self.kind == "time" else ():
            moment(getattr(self, name), name.rstrip("_"), self.place)
        if isinstance(self.of, Mapping) and self.of and not _are_weights(tuple(self.of.values())):
            mend = "write weights that are not negative, such as `{paid: 0.9, open: 0.1}`"
            raise ProjectError(Problem("G075", "`of` has no weights that can be drawn by", mend, self.place))


@dataclass(frozen=True, slots=True)
class Drift:
    """From the day `at` on rows have one column more: `add` gives its name and type."""

    at: date
    add: NewColumn


@dataclass(frozen=True, slots=True)
class NewColumn:
    """A column that comes later."""

    column: str
    type: str = "varchar"


@dataclass(frozen=True, slots=True)
class Faults:
    """What is wrong with the rows, as shares of them (`1%`): `nulls` of the values that are not required, `duplicates`
    come twice, `late` ones one to three days after their own, `bad` ones break the contract in one value."""

    nulls: str = "0"
    duplicates: str = "0"
    late: str = "0"
    bad: str = "0"
    drift: Drift | None = None

    def __post_init__(self) -> None:
        for name in ("nulls", "duplicates", "late", "bad"):
            share(getattr(self, name), name)


@dataclass(frozen=True, slots=True)
class TableOptions:
    """`rows` is how many there are; or `per_day`, how many come with each day since `from` that is over, in UTC.

    `values` says how a column is made, by its name; `faults` what goes wrong on the way.
    """

    rows: int | None = None
    per_day: int | None = None
    from_: date | None = None
    values: Mapping[str, Value] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)

    def __post_init__(self) -> None:
        if (self.rows is None) == (self.per_day is None):
            what = (
                "the table says neither `rows` nor `per_day`"
                if self.rows is None
                else "the table says both `rows` and `per_day`"
            )
            raise ProjectError(Problem("G070", what, "say one: `rows: 1000`; or `per_day: 1000` with `from:`, a day"))
        if (self.per_day is None) != (self.from_ is None):
            what = "`per_day` has no first day" if self.from_ is None else "`from` is the first day of `per_day`"
            mend = "add `from: 2024-01-01`" if self.from_ is None else "remove it, or write `per_day` for `rows`"
            raise ProjectError(Problem("G070", what, mend))
        if (self.rows or self.per_day or 0) < 0:
            raise ProjectError(Problem("G070", "the number of rows is negative", "write a number from 0 on"))
        faults = self.faults
        if self.per_day is None and (share(faults.late, "late") or faults.drift):
            what = "only rows that come day by day can be late or get another column"
            raise ProjectError(Problem("G077", what, "write `per_day` and `from` for `rows`, or remove the fault"))


def share(text: str, name: str) -> float:
    """A share as a number from 0 to 1. ProjectError G076."""
    found = _SHARE.fullmatch(text)
    number = float(found[1]) / (100 if found[2] else 1) if found else -1
    if not 0 <= number <= 1:
        raise ProjectError(Problem("G076", f'`{name}` is "{text}", which is no share', "write one such as 1% or 0.01"))
    return number


def moment(text: str | None, name: str, place: Place) -> datetime | None:
    """A day or time without zone as it is written. ProjectError G075."""
    try:
        found = datetime.fromisoformat(text) if text is not None else None
    except ValueError as error:
        what, mend = f'`{name}` is "{text}", which is no day or time', "write one such as 2024-01-01"
        raise ProjectError(Problem("G075", what, mend, place)) from error
    return found.astimezone(UTC).replace(tzinfo=None) if found and found.tzinfo else found


def _are_weights(weights: tuple[float, ...]) -> bool:
    return all(weight >= 0 for weight in weights) and any(weights)
