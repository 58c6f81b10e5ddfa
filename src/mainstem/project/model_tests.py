"""Tests of models: `tests/*.yml`, mappings from names to given and expected rows, which may lie in CSV files beside."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from mainstem.core.model_test import Cell, Given, ModelTest, Rows
from mainstem.core.place import Place
from mainstem.core.problem import Problem
from mainstem.project.csv_rows import read_csv
from mainstem.project.files import list_files, read_file
from mainstem.project.names import file_problem
from mainstem.project.nodes import Items, Keys, Node, Text, as_keys, read_keys
from mainstem.project.shape import Form, shape

FOLDER = "tests"
"""The folder of tests. Whatever is no .yml file there is somebody else's, or rows that a test names."""

_NULLS = ("", "~", "null")


@dataclass(frozen=True, slots=True)
class ModelTestKeys:
    """What is said of a test, apart from its rows.

    `cte` is the CTE of the model whose rows are expected. `now` is the clock that the model sees. `ordered`: the rows
    come in this order.
    """

    model: str
    description: str = ""
    cte: str | None = None
    now: datetime | None = None
    ordered: bool = False


TEST = Form(
    ModelTestKeys,
    also={"given": Any, "expect": Any},
    hints={
        "inputs": "write `given:`",
        "outputs": "write `expect:`",
        "expected": "write `expect:`",
        "rows": "write `expect:`, a list of rows",
        "name": "remove it: the key above is the test's name",
    },
)
"""A test."""


def read_model_tests(root: Path, problems: list[Problem]) -> tuple[dict[str, ModelTest], frozenset[str]]:
    """Every test below `tests/` by its name, and the names of those that cannot be read; `tests/` stands for those of a
    whole file. P060 for a second test of a name."""
    tests: dict[str, ModelTest] = {}
    places: dict[str, Place] = {}
    lost: set[str] = set()
    for path in list_files(root, FOLDER, problems):
        if not path.endswith(".yml"):
            continue
        written = read_file(root, path, problems)
        keys = read_keys(written.text, path, problems) if written else None
        if keys is None:
            lost.add(f"{FOLDER}/")
            continue
        for name, entry in keys.entries.items():
            place = entry.key.place
            if name in places:
                what = f'test "{name}" is written twice, first at {places[name]}'
                problems.append(Problem("P060", what, "give one of them another name", place))
                continue
            places[name] = place
            test = _read_test(root, name, place, entry.value, problems)
            if test is None:
                lost.add(name)
            else:
                tests[name] = test
    return tests, frozenset(lost)


def _read_test(root: Path, name: str, place: Place, value: Node, problems: list[Problem]) -> ModelTest | None:
    before = len(problems)
    wrong = file_problem(name, "test", place)
    if wrong:
        problems.append(wrong)
    keys = as_keys(value, f'test "{name}"', problems)
    said: ModelTestKeys | None = shape(TEST, keys, problems) if keys else None
    if keys is None or said is None:
        return None
    given = _given(root, keys.get("given"), problems)
    expect = keys.get("expect")
    if expect is None:
        mend = "add `expect:` with a list of rows; `expect: []` where none is expected"
        problems.append(Problem("P008", 'key "expect" is missing', mend, keys.key_place("expect")))
        return None
    rows = _rows(root, expect, "expect", problems)
    if rows is not None:
        problems += _uneven(rows, expect.place)
    if rows is None or len(problems) > before:
        return None
    model, cte = keys.entries["model"].value.place, keys.get("cte")
    return ModelTest(
        name,
        place,
        _full(said.model),
        model,
        rows,
        tuple(given),
        said.cte,
        cte.place if cte else None,
        said.now,
        said.ordered,
        said.description,
    )


def _given(root: Path, node: Node | None, problems: list[Problem]) -> list[Given]:
    found = []
    keys = as_keys(node, '"given"', problems) if node else None
    for name, entry in keys.entries.items() if keys else ():
        rows = _rows(root, entry.value, name, problems)
        if rows is not None:
            found.append(Given(_full(name), entry.key.place, rows))
    return found


def _full(name: str) -> str:
    """The full name of a dataset: `orders` is `main.orders`, as in SQL."""
    return name if "." in name else f"main.{name}"


def _rows(root: Path, node: Node, name: str, problems: list[Problem]) -> Rows | None:
    """Rows as a list of mappings, or those of a CSV file beside; None after a problem."""
    if isinstance(node, Text) and node.value.endswith(".csv"):
        folder = node.place.file.rpartition("/")[0]
        return read_csv(root, f"{folder}/{node.value}", node.place, problems)
    if isinstance(node, Text) and node.is_empty:
        return Rows({}, ())
    if not isinstance(node, Items):
        mend = "write a list of rows, such as `- {id: 1, name: a}`, or the name of a .csv file beside this one"
        problems.append(Problem("P009", f'"{name}" is no list of rows', mend, node.place))
        return None
    before = len(problems)
    read = [as_keys(item, f'a row of "{name}"', problems) for item in node.items]
    return as_rows(_row(each) for each in read if each) if len(problems) == before else None


def as_rows(rows: Iterable[Mapping[str, tuple[Place, Cell]]]) -> Rows:
    """Rows whose cells come with the place of their column."""
    columns: dict[str, Place] = {}
    cells = []
    for row in rows:
        for column, (place, _) in row.items():
            columns.setdefault(column, place)
        cells.append({column: cell for column, (_, cell) in row.items()})
    return Rows(columns, tuple(cells))


def _row(keys: Keys) -> dict[str, tuple[Place, Cell]]:
    return {name: (entry.key.place, _cell(entry.value)) for name, entry in keys.entries.items()}


def _cell(node: Node) -> Cell:
    if isinstance(node, Text):
        return _text(node)
    return Cell(json.dumps(_data(node), ensure_ascii=False), node.place, is_nested=True)


def _text(node: Text) -> Cell:
    is_null = not node.style and node.value.lower() in _NULLS
    return Cell(None if is_null else node.value, node.place)


def _data(node: Node) -> Any:
    """Nested data whose leaves are texts, as they were written, so that no digit is lost."""
    if isinstance(node, Text):
        return _text(node).text
    if isinstance(node, Items):
        return [_data(item) for item in node.items]
    return {key: _data(entry.value) for key, entry in node.entries.items()}


def _uneven(rows: Rows, place: Place) -> Iterable[Problem]:
    """P062 for expected rows that leave out a column which others name: nobody could tell whether it matters there."""
    if rows.cells and not rows.columns:
        mend = "name the columns that matter, or write `expect: []` where no row is expected"
        yield Problem("P062", "the expected rows name no column", mend, place)
    for cells in rows.cells:
        missing = [column for column in rows.columns if column not in cells]
        if missing:
            at = next((cell.place for cell in cells.values()), place)
            what = f'an expected row does not say "{missing[0]}", which another one does'
            yield Problem("P062", what, f"write `{missing[0]}: null`, or a value; or leave it out everywhere", at)
