"""Failing rows named by a SELECT of the author's own, which must find none."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from mainstem.core.place import Place
from mainstem.core.ports import CheckSql
from mainstem.core.problem import raise_all
from mainstem.governance.checks.rows import NOWHERE

SHORTHAND = "query"
BY_PARTITION = False
SQL = "query"


@dataclass(frozen=True, slots=True)
class Options:
    """`query` is one SELECT over datasets by their names; every row that it returns is a failing row."""

    query: str
    place: Place = NOWHERE


def sql(options: Options, relation: str, label: str | None) -> CheckSql:
    """Count the rows that the SELECT finds: none of them good, so `value` is 0 of `total`.

    `relation` and `label` do not count: the SELECT names what it reads. ProjectError (Q0..) where the text is
    anything but one SELECT.
    """
    del relation, label
    reads(options)
    query = options.query.rstrip().rstrip(";")
    # The line breaks end a comment that the text may end with.
    failing = f"select found.* from (\n{query}\n) as found"
    measure = (
        "select cast(null as varchar) as label, cast(0 as bigint) as value, count(*) as total\n"
        f"from (\n{query}\n) as found"
    )
    return CheckSql(measure, failing)


def passes(options: Options, value: Decimal, total: Decimal | None) -> bool:
    """No row was found."""
    del options
    return value == (total or Decimal(0))


def reads(options: Options) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """No column of the checked dataset by name; every dataset of the SELECT. ProjectError (Q0..) for wrong text."""
    from mainstem.sql.facts import read_inputs

    found = read_inputs(options.query, options.place)
    raise_all(found.problems)
    return (), tuple(found.inputs)
