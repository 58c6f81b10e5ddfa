"""Owns the one forecast that is made: margins that shrink steadily and will be used up soon."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from statistics import median

_NEEDED, _LOOKED_AT = 10, 14
_Z = 2.33
_AHEAD = 7


def theil_sen(points: Sequence[tuple[int, float]]) -> tuple[float, float]:
    """Slope and intercept of the Theil-Sen line: medians over all pairs (Theil 1950, Sen 1968)."""
    slope = median((b[1] - a[1]) / (b[0] - a[0]) for a, b in combinations(points, 2))
    return slope, median(y - slope * x for x, y in points)


def mann_kendall(values: Sequence[float]) -> float:
    """The z of the Mann-Kendall trend test, with its correction for ties (Mann 1945, Kendall 1975)."""
    number = len(values)
    score = sum((b > a) - (b < a) for a, b in combinations(values, 2))
    ties = [values.count(value) for value in set(values)]
    variance = number * (number - 1) * (2 * number + 5) - sum(t * (t - 1) * (2 * t + 5) for t in ties)
    if variance <= 0 or score == 0:
        return 0.0
    return (score - math.copysign(1, score)) / math.sqrt(variance / 18)


def slices_left(points: Sequence[tuple[int, float]]) -> float | None:
    """In how many slices the margin will be used up; None where nothing is foretold.

    `points` are (number of the slice, margin) of good slices, oldest first. At least 10 of the last 14 are needed, a
    slope towards the limit, a z beyond 2.33 (1% by chance) and a crossing within 7 slices.
    """
    points = points[-_LOOKED_AT:]
    if len(points) < _NEEDED or mann_kendall([margin for _, margin in points]) >= -_Z:
        return None
    slope, intercept = theil_sen(points)
    if slope >= 0:
        return None
    newest = points[-1][0]
    left = (intercept + slope * newest) / -slope
    return max(left, 0.0) if left <= _AHEAD else None
