"""What a Python model means: its function and what that calls; not how it is written."""

from __future__ import annotations

import ast

import pytest

from mainstem.core.dataset import Model
from mainstem.core.problem import Problem
from mainstem.project.files import Written
from mainstem.project.program_digests import digest_of
from mainstem.project.python_models import read_python_model

TEXT = """
from mainstem import model
import math
from os import path

RATE = 2
OTHER = 3


def helper(value):
    return deeper(value) * RATE


def deeper(value):
    return math.floor(value)


def loose():
    return OTHER


@model(inputs={"rows": "main.rows"})
def marked(rows):
    return helper(rows)
"""


def digest(text: str) -> str:
    tree = ast.parse(text)
    function = tree.body[-1]
    assert isinstance(function, ast.FunctionDef)
    return digest_of(tree, function, function.decorator_list[-1])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return helper(rows)", "return helper( rows )  # the same"),
        ("def marked(rows):\n", 'def marked(rows):\n    """Why."""\n'),
        ("def deeper(value):\n", "\n\n# above\ndef deeper(value):\n"),
        ("OTHER = 3", "OTHER = 4"),
        ("def loose():", "def looser():"),
        ("from os import path\n", ""),
        ('inputs={"rows": "main.rows"}', 'inputs={"rows": "main.rows"}, description="x"'),
    ],
)
def test_what_changes_nothing_keeps_the_digest(old: str, new: str) -> None:
    assert old in TEXT
    assert digest(TEXT.replace(old, new)) == digest(TEXT)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return helper(rows)", "return helper(rows) + 1"),
        ("RATE = 2", "RATE = 3"),
        ("math.floor", "math.ceil"),
        ("import math", "import cmath as math"),
        ("def marked(rows):", "def marked(rows: list):"),
        ("OTHER = 3", "OTHER = 3\nmath.floor = None"),
        ("@model", "@helper\n@model"),
    ],
)
def test_what_changes_the_function_changes_the_digest(old: str, new: str) -> None:
    assert old in TEXT
    assert digest(TEXT.replace(old, new)) != digest(TEXT)


def test_texts_and_numbers_of_the_mark_are_read_as_they_are_written() -> None:
    text = """
from mainstem import model


@model(
    description="a: b # c",
    key=("n",),
    columns={"n": {"type": "bigint", "description": ""}},
    checks=[{"row_count": {"at_least": 1}, "id": "enough"}, {"range": {"column": "n", "min": -1.5}}],
    owner=None,
)
def marked(): ...
"""
    problems: list[Problem] = []
    read = read_python_model("main.marked", Written("models/marked.py", text), problems)
    assert problems == []
    assert read is not None
    dataset = read.dataset
    assert dataset is not None
    assert (dataset.description, dataset.key, dataset.owner) == ("a: b # c", ("n",), None)
    assert [(column.name, column.type) for column in dataset.columns] == [("n", "bigint")]
    assert [check.id for check in dataset.checks] == ["enough", "range"]
    assert str(dataset.checks[1].options.min) == "-1.5"
    assert isinstance(dataset.made_by, Model)
    assert dataset.made_by.program is not None
    assert dataset.made_by.program.line == 12
