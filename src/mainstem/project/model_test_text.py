"""Writes a test of a model as the YAML that a person would write."""

from __future__ import annotations

import re
from collections.abc import Mapping

import yaml

from mainstem.core.model_test import Cell, ModelTest, Rows

_PLAIN = re.compile(r"[A-Za-z0-9_.+-][A-Za-z0-9 _./:+@()'-]*")


def written_test(test: ModelTest, comment: str) -> str:
    """The text of a file that holds this test alone, below a comment."""
    lines = [f"# {comment}", f"{test.name}:", f"  model: {test.model}"]
    if test.now is not None:
        lines.append(f"  now: {test.now.isoformat()}")
    lines.append("  given:" if test.given else "  given: {}")
    for each in test.given:
        lines += _rows(f"    {each.name}:", each.rows)
    return "\n".join([*lines, *_rows("  expect:", test.expect)]) + "\n"


def _rows(head: str, rows: Rows) -> list[str]:
    if not rows.cells:
        return [f"{head} []"]
    indent = " " * (len(head) - len(head.lstrip()) + 2)
    return [head, *(f"{indent}- {{{_row(cells)}}}" for cells in rows.cells)]


def _row(cells: Mapping[str, Cell]) -> str:
    return ", ".join(f"{_scalar(column)}: {_value(cell)}" for column, cell in cells.items())


def _value(cell: Cell) -> str:
    """A value within `{}`. The text of a list or mapping is JSON, which is YAML, too."""
    text = cell.text
    if text is None:
        return "null"
    return _escaped(text) if cell.is_nested else _scalar(text)


def _scalar(text: str) -> str:
    """A text as it is where YAML reads just that, else in double quotes."""
    if _PLAIN.fullmatch(text) and text.lower() != "null" and _is_read_back(text):
        return text
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{_escaped(quoted)}"'


def _escaped(text: str) -> str:
    """Within double quotes: what YAML cannot hold as it is, as its number."""
    return "".join(sign if sign.isprintable() else f"\\U{ord(sign):08x}" for sign in text)


def _is_read_back(text: str) -> bool:
    try:
        node = yaml.compose(f"{{a: {text}}}", yaml.SafeLoader)
    except yaml.YAMLError:
        return False
    return node is not None and [value.value for _, value in node.value] == [text]
