"""Rows of a test in a CSV file: a line of column names, then the rows. An empty field is NULL, `""` an empty text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from mainstem.core.model_test import Cell, Rows
from mainstem.core.place import Place
from mainstem.core.problem import Problem
from mainstem.project.files import read_file

_FIELD = re.compile(r'(?:"((?:[^"]|"")*)"|([^,"\n]*))(,|\n|\Z)')
_PLAIN = re.compile(r"(\Z.)?([^,\n]*)(,|\n|\Z)")


def read_csv(root: Path, path: str, named: Place, problems: list[Problem]) -> Rows | None:
    """The rows of a file of the project, which is named at `named`; None after a problem. P061 for a line that has
    not as many fields as the first."""
    if not (root / path).is_file():
        what = f'the file "{path}" does not exist'
        problems.append(Problem("P003", what, "write it beside the test, or correct its name", named))
        return None
    written = read_file(root, path, problems)
    lines = list(_lines(written.text)) if written else []
    if not lines or None in lines[0][1]:
        mend = "write the names of the columns into its first line"
        problems.append(Problem("P061", f'"{path}" does not begin with names of columns', mend, Place(path, 1, 1)))
        return None
    names = [str(name) for name in lines[0][1]]
    found = []
    for line, fields in lines[1:]:
        if len(fields) != len(names):
            what = f"this line has {len(fields)} fields, and the first one {len(names)}"
            mend = "put a field that holds a comma, a quote or a line break into double quotes"
            problems.append(Problem("P061", what, mend, Place(path, line, 1)))
            return None
        found.append({name: Cell(text, Place(path, line, 1)) for name, text in zip(names, fields, strict=True)})
    return Rows(dict.fromkeys(names, Place(path, 1, 1)), tuple(found))


def _lines(text: str) -> Iterator[tuple[int, list[str | None]]]:
    """Each line that is not empty: its number and its fields. A quote within a plain field is taken as it is."""
    at, line = 0, 1
    while at < len(text):
        begun, fields, sign = line, list[str | None](), ","
        while sign == ",":
            found = _FIELD.match(text, at) or _PLAIN.match(text, at)
            assert found
            quoted, plain, sign = found.groups()
            fields.append(quoted.replace('""', '"') if quoted is not None else plain or None)
            at, line = found.end(), line + found.group().count("\n")
        if fields != [None]:
            yield begun, fields
