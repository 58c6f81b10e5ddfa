"""`conformity`: rows that pass the named checks (ISO 25012: consistency, compliance; ODCS: conformity)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from mainstem.core.dataset import Check
from mainstem.core.kinds import find
from mainstem.core.problem import Problem
from mainstem.core.requirement import Objective
from mainstem.lifecycle.requirements import words as say
from mainstem.lifecycle.requirements.content import Content, Measurand
from mainstem.lifecycle.requirements.limits import share_problems
from mainstem.lifecycle.requirements.log import Log
from mainstem.lifecycle.requirements.probe import check_definition, no_probes, no_totals
from mainstem.lifecycle.requirements.promise import Promise

TERM = "conformity"
UNIT = "share"
FAMILY = "content"
RULE = "conformity/1"
MISS = "faulty"
CHECKS = ("checks",)
DATASETS: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Options:
    """`checks` are ids of checks of the dataset; `at_least` the share of rows that must pass each of them."""

    checks: tuple[str, ...]
    at_least: Decimal = Decimal(1)


def prepare(promise: Promise, log: Log, at: datetime) -> Content:
    """The judge of this promise: every version live in the slice must reach the limit in every check.

    It reads the `measured` rows that the checks leave anyway. A check without a total (a count of rows) must pass on
    the whole version or on each of its partitions. A check that does not exist is unmeasured.
    """
    objective = promise.objective
    options = objective.options
    measurands = [_measurand(id, promise.checks.get(id), options.at_least) for id in options.checks]
    return Content(objective.of, log, at, measurands, objective.zone)


def _measurand(id: str, check: Check | None, at_least: Decimal) -> Measurand:
    name = f'the check "{id}"'
    if check is None:
        return Measurand(id, "gone", at_least, lambda _value, _total: True, name, "")

    def passes(value: Decimal, total: Decimal | None) -> bool:
        return bool(find("checks", check.kind).passes(check.options, value, total))

    return Measurand(id, check_definition(check), at_least, passes, name, f'pass the check "{id}"')


probes = no_probes  # the checks are the dataset's own
totals = no_totals


def problems(objective: Objective) -> tuple[Problem, ...]:
    """A limit that is no share; no checks."""
    found = share_problems(objective)
    if not objective.options.checks:
        mend = "name checks of the dataset: checks: [origin_known]"
        return (*found, Problem("R010", "conformity names no checks", mend, objective.place))
    return found


def words(objective: Objective) -> str:
    """`passes origin_known, at least 99%`."""
    return f"passes {say.listed(objective.options.checks)}{say.at_least(objective.options.at_least)}"
