"""Owns what is wrong with shares: limits of measures and targets of objectives."""

from __future__ import annotations

from decimal import Decimal

from mainstem.core.problem import Problem
from mainstem.core.requirement import Objective


def share_problems(objective: Objective) -> tuple[Problem, ...]:
    """`at_least` must lie above 0 and not above 1."""
    return one_share("at_least", objective.options.at_least, objective)


def one_share(name: str, value: Decimal, objective: Objective) -> tuple[Problem, ...]:
    """A share must lie above 0 and not above 1."""
    if 0 < value <= 1:
        return ()
    percent = f"write a share between 0 and 1: {name}: 0.99 is 99 per cent"
    return (Problem("R007", f"`{name}` is {value:f}, which is no share", percent, objective.place),)
