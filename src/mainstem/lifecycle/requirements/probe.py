"""Owns what a run measures because a requirement asks for it: probes of datasets, totals of sources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mainstem.core.canonical import digest
from mainstem.core.dataset import Check
from mainstem.core.kinds import find
from mainstem.core.requirement import Objective
from mainstem.sql.quote import quote

_LIMITS = frozenset({"at_least", "at_most"})


@dataclass(frozen=True, slots=True)
class Probe:
    """One measurement of every new version of `subject`, recorded as `measured` evidence.

    The evidence carries `definition`, and `id` as `facts.check`. `value` and `total` are SQL aggregates over the
    dataset's rows; `total` is None for a plain number. `by` names the column whose values are the labels; None: the
    dataset's partitions, or the dataset as a whole. A probe with `check` measures what that check measures (a check
    that somebody agreed to, and that the dataset no longer has in that form).
    """

    id: str
    subject: str
    value: str = ""
    total: str | None = None
    by: str | None = None
    check: Check | None = None

    @property
    def definition(self) -> str:
        """The digest of what is measured, without any limit."""
        if self.check is not None:
            return check_definition(self.check)
        return digest({"value": self.value, "total": self.total, "by": self.by})

    def sql(self, relation: str, label: str | None = None) -> str:
        """A SELECT of (label VARCHAR, value, total): one row a label, or one row with label NULL.

        `relation` is SQL usable in FROM; `label` the SQL expression of a row's partition label, None for the whole.
        Where `by` is not the dataset's time column, pass None: the labels then are the values of `by`.
        """
        if self.check is not None:
            measure: str = find("checks", self.check.kind).sql(self.check.options, relation, label).measure
            return measure
        if label is None and self.by is not None:
            label = f"cast({quote(self.by)} as varchar)"
        total = self.total or "cast(null as bigint)"
        if label is None:
            return f"select cast(null as varchar) as label, {self.value} as value, {total} as total from {relation}"
        return f"select {label} as label, {self.value} as value, {total} as total from {relation} group by 1"


@dataclass(frozen=True, slots=True)
class Total:
    """A total of a source's table, taken by label in the same read as its rows.

    Recorded as `read` evidence: one row a label, `facts.measure` = `id`, `total` = the total. `expression` is a SQL
    aggregate over the table's columns, `by` the column whose values are the labels.
    """

    id: str
    subject: str
    expression: str
    by: str


def no_probes(_: Objective) -> tuple[Probe, ...]:
    """For measures that find in the evidence all they need."""
    return ()


def no_totals(_: Objective) -> tuple[Total, ...]:
    """For measures that ask nothing of a source."""
    return ()


def check_definition(check: Check) -> str:
    """The `definition` of the evidence of a check: what it measures, without the limits it sets.

    So a check whose limit is changed is judged anew on the numbers that were already measured.
    """
    return digest({"kind": check.kind, "options": _measured(check.options)})


def _measured(options: Any) -> dict[str, Any]:
    names = getattr(options, "__dataclass_fields__", {})
    return {name: getattr(options, name) for name in names if name not in _LIMITS}
