"""Groups whose sum, count or other aggregate agrees with that of another dataset."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from mainstem.core.place import Place
from mainstem.core.ports import CheckSql
from mainstem.governance.checks.rows import NOWHERE, passes, require_share, wrong
from mainstem.sql.quote import qualified, quote

__all__ = ["BY_PARTITION", "SHORTHAND", "SHOWS_OTHERS", "Options", "passes", "reads", "reads_of_others", "sql"]

SHORTHAND = None
BY_PARTITION = False
SHOWS_OTHERS = True

_WITHIN = re.compile(r"([0-9]+(?:\.[0-9]+)?)(\s*%)?")


@dataclass(frozen=True, slots=True)
class Options:
    """`to` is the other dataset (`schema.table`). `value` is an aggregate over this one, `other` the one over that;
    None means the same text. `by` are the columns by which both are grouped, `other_by` their names there; none: all of
    it is one group. `within` is how far the two may be apart: a number, or a share of the other value such as `0.1%`.
    """

    to: str
    value: str = "count(*)"
    other: str | None = None
    by: tuple[str, ...] = ()
    other_by: tuple[str, ...] = ()
    within: str | None = None
    at_least: Decimal = Decimal(1)
    place: Place = NOWHERE

    def __post_init__(self) -> None:
        require_share(self)
        schema, dot, table = self.to.partition(".")
        if not (dot and schema and table) or "." in table:
            raise wrong("M003", f'"{self.to}" is not the name of a dataset', 'write it as "schema.table"')
        if self.other_by and len(self.other_by) != len(self.by):
            what = f"other_by names {len(self.other_by)} columns, and `by` {len(self.by)}"
            raise wrong("M006", what, "name one column of the other dataset for each one of this")
        if self.within is not None and not _WITHIN.fullmatch(self.within):
            what = f'within is "{self.within}", which is no distance'
            raise wrong("M006", what, "write a number such as 0.01, or a share of the other value such as 0.1%")


def sql(options: Options, relation: str, label: str | None) -> CheckSql:
    """Count the groups that agree, of all groups that either side has; a group that one side lacks does not.

    `label` does not count: groups are not partitions. ProjectError (Q0..) where a text is anything but one aggregate.
    """
    del label
    reads(options)
    reads_of_others(options)
    mine = _grouped(relation, options.by, options.value)
    theirs = _grouped(qualified(options.to), options.other_by or options.by, options.other or options.value)
    keys = [f"k{number}" for number in range(len(options.by))]
    equal = " and ".join(f"mine.{key} is not distinct from theirs.{key}" for key in keys) or "true"
    joined = f"({mine}) as mine full join ({theirs}) as theirs on {equal}"
    good = f"coalesce(mine.there and theirs.there and {_agrees(options.within)}, false)"
    shown = ", ".join(
        [
            *(
                f"coalesce(mine.{key}, theirs.{key}) as {quote(name)}"
                for key, name in zip(keys, options.by, strict=True)
            ),
            f"mine.v as {quote('value here')}",
            f"theirs.v as {quote('value there')}",
        ]
    )
    measure = (
        f"select cast(null as varchar) as label, count(*) filter (where {good}) as value, "
        f"count(*) as total\nfrom {joined}"
    )
    return CheckSql(measure, f"select {shown} from {joined}\nwhere not {good}")


def _grouped(relation: str, by: tuple[str, ...], value: str) -> str:
    """The value of each group; of an empty table without `by` the one group that SQL makes of it."""
    keys = "".join(f"checked.{quote(column)} as k{number}, " for number, column in enumerate(by))
    groups = ", ".join(f"checked.{quote(column)}" for column in by)
    # The line breaks end a comment that the text may end with.
    select = f"select {keys}(\n{value}\n) as v, true as there from {relation} as checked"
    return f"{select} group by {groups}" if by else select


def _agrees(within: str | None) -> str:
    same = "(mine.v is not distinct from theirs.v)"
    found = _WITHIN.fullmatch(within) if within is not None else None
    if found is None:
        return same
    distance = f"abs(theirs.v) * {found[1]} / 100" if found[2] else found[1]
    return f"({same} or abs(mine.v - theirs.v) <= {distance})"


def reads(options: Options) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The columns of groups and value; the other dataset. ProjectError (Q0..) for wrong text."""
    from mainstem.sql.expression import aggregate_columns

    columns = (*options.by, *aggregate_columns(options.value, options.place))
    return tuple(dict.fromkeys(columns)), (options.to,)


def reads_of_others(options: Options) -> dict[str, tuple[str, ...]]:
    """The columns of the other dataset. ProjectError (Q0..) for wrong text."""
    from mainstem.sql.expression import aggregate_columns

    columns = (*(options.other_by or options.by), *aggregate_columns(options.other or options.value, options.place))
    return {options.to: tuple(dict.fromkeys(columns))}
