"""Sensitivity tags of columns, as they pass from governance to the access gate."""

from __future__ import annotations

from collections.abc import Mapping

REST = "*"
"""The key that holds the tags of every column that is not named."""

ColumnTags = Mapping[str, frozenset[str]]
"""Tags by lower-case column name; `REST` for all others, nothing for them where it is absent."""


def column_tags(tags: ColumnTags, column: str) -> frozenset[str]:
    """The tags of one column; letter case does not count.

    >>> sorted(column_tags({"email": frozenset({"pii"}), "*": frozenset({"new"})}, "Email"))
    ['pii']
    >>> sorted(column_tags({"email": frozenset({"pii"}), "*": frozenset({"new"})}, "phone"))
    ['new']
    """
    return tags.get(column.lower(), tags.get(REST, frozenset()))
