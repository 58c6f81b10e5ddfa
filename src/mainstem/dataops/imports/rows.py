"""Rows of tests as other tools write them in YAML."""

from __future__ import annotations

import csv
from io import StringIO

from mainstem.dataops.imports.draft import Row
from mainstem.dataops.imports.refusal import NotCarriedError
from mainstem.project.nodes import Items, Keys, Node, Text

_NULLS = ("", "~", "null", "Null", "NULL")


def rows_of(node: Node | None) -> tuple[Row, ...]:
    """A list of rows; `NotCarriedError` where a row or a value is none."""
    if node is None:
        return ()
    if isinstance(node, Text) and node.style == "|":
        return rows_of_csv(node.value)
    if not isinstance(node, Items):
        raise NotCarriedError("its rows are no list", node.place.line)
    return tuple(_row(item) for item in node.items)


def _row(node: Node) -> Row:
    if not isinstance(node, Keys):
        raise NotCarriedError("one of its rows is no mapping", node.place.line)
    return {name: _value(entry.value) for name, entry in node.entries.items()}


def _value(node: Node) -> str | None:
    if not isinstance(node, Text):
        raise NotCarriedError("one of its values is a list or a mapping", node.place.line)
    return None if not node.style and node.value in _NULLS else node.value


def rows_of_csv(text: str) -> tuple[Row, ...]:
    """Rows as CSV with a header; an empty value is NULL."""
    read = csv.DictReader(StringIO(text.strip()), skipinitialspace=True)
    return tuple({name: (value or None) for name, value in row.items() if name is not None} for row in read)
