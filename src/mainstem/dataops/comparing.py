"""Expected rows against those that came: what is missing, unexpected, or different."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

Row = tuple[Any, ...]

_DIGITS = 12
_CLOSE = 1e-9
_MOST_PAIRS = 250_000


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that is not as expected: `actual` None where it is missing, `expected` None where nobody expects it."""

    expected: Row | None
    actual: Row | None

    @property
    def kind(self) -> str:
        if self.expected is None:
            return "unexpected"
        return "missing" if self.actual is None else "different"


def differences(
    expected: Sequence[Row], actual: Sequence[Row], key: Sequence[int] = (), *, ordered: bool = False
) -> list[Difference]:
    """Every row that is not as expected, in the order of the expected ones; equal rows count as often as they occur.

    `key` are the columns that tell which row of one side is which of the other. Floating numbers are equal within 1e-9
    of the greater one; everything else exactly. With `ordered` rows are held against each other one by one.
    """
    if ordered:
        pairs = zip_longest(expected, actual)
        return [Difference(mine, came) for mine, came in pairs if mine is None or came is None or _unlike(mine, came)]
    missing, unexpected = _without_equal(expected, actual)
    found = []
    for mine in missing:
        came = _counterpart(mine, unexpected, key) if len(missing) * len(unexpected) <= _MOST_PAIRS else None
        if came is not None:
            unexpected.pop(came[0])
        if came is None or _unlike(mine, came[1]):
            found.append(Difference(mine, came[1] if came else None))
    return [*found, *(Difference(None, row) for row in unexpected)]


def _without_equal(expected: Sequence[Row], actual: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """What is left of both sides when equal rows are taken out."""
    came = Counter(map(_digest, actual))
    missing = []
    for row in expected:
        digest = _digest(row)
        if came[digest]:
            came[digest] -= 1
        else:
            missing.append(row)
    unexpected = []
    for row in reversed(actual):
        digest = _digest(row)
        if came[digest]:
            came[digest] -= 1
            unexpected.append(row)
    return missing, unexpected[::-1]


def _digest(value: Any) -> Any:
    """A value that can be counted; floating numbers by their first digits."""
    if isinstance(value, float):
        return f"{value:.{_DIGITS}g}"
    if isinstance(value, tuple | list):
        return tuple(map(_digest, value))
    if isinstance(value, dict):
        return tuple((_digest(key), _digest(each)) for key, each in value.items())
    return value


def _counterpart(row: Row, others: Sequence[Row], key: Sequence[int]) -> tuple[int, Row] | None:
    """The row that is meant by another: that of the same key, else the most alike, if half of it is equal."""
    if key:
        return next((each for each in enumerate(others) if not _unlike(row, each[1], key)), None)
    best = min(enumerate(others), key=lambda each: len(_unlike(row, each[1])), default=None)
    return best if best is not None and len(_unlike(row, best[1])) * 2 <= len(row) else None


def _unlike(mine: Row, came: Row, columns: Sequence[int] | None = None) -> list[int]:
    """The columns in which two rows differ."""
    numbers = range(len(mine)) if columns is None else columns
    return [number for number in numbers if not is_equal(mine[number], came[number])]


def is_equal(mine: Any, came: Any) -> bool:
    """Whether two values are the same, NULL and NaN included.

    >>> is_equal(0.1 + 0.2, 0.3), is_equal(None, None), is_equal(1, None)
    (True, True, False)
    """
    if isinstance(mine, float) and isinstance(came, float):
        return (math.isnan(mine) and math.isnan(came)) or math.isclose(mine, came, rel_tol=_CLOSE)
    if isinstance(mine, list | tuple) and isinstance(came, list | tuple):
        return len(mine) == len(came) and all(map(is_equal, mine, came))
    if isinstance(mine, dict) and isinstance(came, dict):
        return list(mine) == list(came) and all(is_equal(mine[name], came[name]) for name in mine)
    return bool(mine == came)
