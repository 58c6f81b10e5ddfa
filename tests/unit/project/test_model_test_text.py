"""A test that is written reads back as it was."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstem.core.model_test import Cell, Given, ModelTest, Rows
from mainstem.core.place import Place
from mainstem.project.model_test_text import written_test
from mainstem.project.model_tests import read_model_tests

PLACE = Place("")
TEXTS = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    [
        "null",
        "~",
        "",
        " a ",
        "a: b",
        "x #y",
        "- a",
        "[1]",
        "{a",
        "true",
        "1.50",
        "2026-01-01 05:00:00+00",
        "a,b",
        "'",
        '"',
    ]
)
LEAVES = st.none() | TEXTS
NESTED = st.recursive(
    LEAVES, lambda of: st.lists(of, max_size=3) | st.dictionaries(st.sampled_from("ab"), of, max_size=2)
)


def cell(value: object) -> Cell:
    if isinstance(value, list | dict):
        return Cell(json.dumps(value, ensure_ascii=False), PLACE, is_nested=True)
    return Cell(value, PLACE)


def rows(values: list[tuple[object, ...]]) -> Rows:
    cells = tuple({"a": cell(one), "b_c": cell(other)} for one, other in values)
    return Rows({"a": PLACE, "b_c": PLACE} if cells else {}, cells)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("written")
    (root / "tests").mkdir()
    return root


@given(
    values=st.lists(st.tuples(NESTED, NESTED), max_size=3),
    more=st.lists(st.tuples(NESTED, NESTED), max_size=2),
    now=st.none() | st.just(datetime(2026, 1, 31, 9, 0, 0, 5, tzinfo=UTC)),
)
def test_what_is_written_reads_back_as_it_was(root, values, more, now):
    test = ModelTest("x", PLACE, "main.a", PLACE, rows(values), (Given("s.t", PLACE, rows(more)),), now=now)
    (root / "tests" / "x.yml").write_text(written_test(test, "Recorded."), encoding="utf-8")
    problems = []
    found, _ = read_model_tests(root, problems)
    assert problems == []
    assert found["x"].digest == test.digest
    assert [each.name for each in found["x"].given] == ["s.t"]
