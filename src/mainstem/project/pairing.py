"""Which column of a contract a column at the source is."""

from __future__ import annotations

from collections.abc import Sequence

from mainstem.core.dataset import Column
from mainstem.project.names import snake_case


def pair(names: Sequence[str], columns: Sequence[Column]) -> tuple[tuple[str, Column | None], ...]:
    """For each name at the source: the name it gets in the lake, and the contract's column, None if it has none.

    A column with an `original` is found by that alone; others by their name, then by it in any letter case, then by
    its snake_case. Two names at the source may get the same name here; that is for the caller to report.

    >>> pair(["Flight ID", "tailnum"], ())
    (('flight_id', None), ('tailnum', None))
    """
    found = (_find(name, columns) for name in names)
    return tuple(
        (column.name if column else snake_case(name), column) for name, column in zip(names, found, strict=True)
    )


def at_source(wanted: Sequence[str], names: Sequence[str], columns: Sequence[Column]) -> tuple[str | None, ...]:
    """For each name in the lake: the name at the source, None if the source has no such column."""
    here = {name: original for original, (name, _) in reversed(list(zip(names, pair(names, columns), strict=True)))}
    return tuple(here.get(name) for name in wanted)


def _find(name: str, columns: Sequence[Column]) -> Column | None:
    for column in columns:
        if column.original == name:
            return column
    plain = [column for column in columns if column.original is None]
    for same in (str, str.lower, snake_case):
        for column in plain:
            if same(name) == column.name:
                return column
    return None
