"""Rows whose key occurs once in the whole table.

A key with a NULL in it is no key: such a row is never a duplicate (`not_null` says whether it may be there).
"""

from __future__ import annotations

from dataclasses import dataclass

from mainstem.core.ports import CheckSql
from mainstem.governance.checks.rows import OfColumns, counted, label_sql, passes, reads
from mainstem.sql.quote import quote

__all__ = ["BY_PARTITION", "SHORTHAND", "Options", "passes", "reads", "sql"]

SHORTHAND = "columns"
BY_PARTITION = True


@dataclass(frozen=True, slots=True)
class Options(OfColumns):
    """`at_least` is the share of rows whose key must occur once."""


def sql(options: Options, relation: str, label: str | None) -> CheckSql:
    """Count the rows whose key occurs once; a duplicate counts in the partition of each of its rows.

    The keys that occur twice are found first and joined back: they are few, so memory stays small.
    """
    names = [quote(column) for column in options.columns]
    positions = ", ".join(str(i + 1) for i in range(len(names)))
    keys = ", ".join(f"keyed.{name} as k{i}" for i, name in enumerate(names))
    twice = f"(select {keys} from {relation} as keyed group by {positions} having count(*) > 1) as twice"
    # The label is computed below the join: there its columns would be ambiguous.
    own = ", ".join(f"checked.{name} as k{i}" for i, name in enumerate(names))
    checked = f"(select {label_sql(label)} as label, {own} from {relation} as checked) as checked"
    same = " and ".join(f"twice.k{i} = checked.k{i}" for i in range(len(names)))
    # A joined row has all its keys, so one of them tells; a key with a NULL in it joins nothing.
    judged = f"select checked.label, twice.k0 is null as good from {checked} left join {twice} on {same}"
    named = " and ".join(f"twice.k{i} = checked.{name}" for i, name in enumerate(names))
    failing = f"select checked.* from {relation} as checked join {twice} on {named}"
    return CheckSql(counted(judged, label), failing)
