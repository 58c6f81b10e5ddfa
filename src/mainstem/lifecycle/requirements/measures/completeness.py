"""`completeness`: rows with a value in every named column, among all rows (ISO 25012: completeness)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from mainstem.core.problem import Problem
from mainstem.core.requirement import Objective
from mainstem.lifecycle.requirements import words as say
from mainstem.lifecycle.requirements.content import Content, Measurand
from mainstem.lifecycle.requirements.limits import share_problems
from mainstem.lifecycle.requirements.log import Log
from mainstem.lifecycle.requirements.probe import Probe, no_totals
from mainstem.lifecycle.requirements.promise import Promise
from mainstem.sql.quote import quote

TERM = "completeness"
UNIT = "share"
FAMILY = "content"
RULE = "completeness/1"
MISS = "incomplete"
CHECKS: tuple[str, ...] = ()
DATASETS: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Options:
    """`columns` that must have a value; `at_least` the share of rows, 0 to 1."""

    columns: tuple[str, ...]
    at_least: Decimal = Decimal(1)


def prepare(promise: Promise, log: Log, at: datetime) -> Content:
    """The judge of this promise: every version live in the slice must reach the limit.

    It reads the `measured` rows of the probe: of each version one row with label None, or one row for each partition
    that changed. An empty table is complete.
    """
    objective = promise.objective
    probe = probes(objective)[0]
    good = "have " + say.listed(objective.options.columns)
    wanted = Measurand(
        probe.id, probe.definition, objective.options.at_least, lambda _value, _total: True, "completeness", good
    )
    return Content(objective.of, log, at, (wanted,), objective.zone)


def probes(objective: Objective) -> tuple[Probe, ...]:
    """One: how many of all rows have none of the columns null."""
    columns = objective.options.columns
    full = " and ".join(f"{quote(column)} is not null" for column in columns)
    return (Probe(f"completeness({', '.join(columns)})", objective.of, f"count(*) filter (where {full})", "count(*)"),)


totals = no_totals


def problems(objective: Objective) -> tuple[Problem, ...]:
    """A limit that is no share; no columns."""
    found = share_problems(objective)
    if not objective.options.columns:
        mend = "name the columns that must have a value: columns: [origin, dest]"
        return (*found, Problem("R010", "completeness names no columns", mend, objective.place))
    return found


def words(objective: Objective) -> str:
    """`complete in origin and dest, at least 99%`."""
    return f"complete in {say.listed(objective.options.columns)}{say.at_least(objective.options.at_least)}"
