"""Scalars stay what was written, whatever YAML would make of them; every node knows its place."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mainstem.core.place import Place
from mainstem.core.problem import Problem
from mainstem.project.nodes import Items, Keys, Node, Text, plain, read_yaml

PARSERS = pytest.mark.parametrize("fast", [True, False], ids=["libyaml", "python"])


def read(text: str, *, fast: bool = True, first_line: int = 1) -> Node:
    problems: list[Problem] = []
    node = read_yaml(text, "a.yml", problems, first_line, fast=fast)
    assert problems == []
    assert node is not None
    return node


TRAPS = [
    "17:15",
    "05:15",
    "no",
    "Yes",
    "on",
    "off",
    "2013-12-25",
    "2013-12-02T09:00:00-05:00",
    "1_000",
    "0x1f",
    "0o17",
    "017",
    "1e3",
    ".5",
    "+1d 05:15",
    "null",
    "~",
    "Null",
    ".nan",
    ".inf",
    "true",
    "=",
    "1.10",
    "0123456789",
    "*",
    "12:30:45.5",
]


@PARSERS
@pytest.mark.parametrize("trap", [trap for trap in TRAPS if trap != "*"])
def test_a_plain_scalar_is_the_text_that_was_written(trap: str, *, fast: bool) -> None:
    assert plain(read(f"value: {trap}\n{trap}: key\nlist: [{trap}]\n", fast=fast)) == {
        "value": trap,
        trap: "key",
        "list": [trap],
    }


@PARSERS
def test_an_empty_value_is_not_the_same_as_an_empty_text(*, fast: bool) -> None:
    node = read('nothing:\nquoted: ""\n', fast=fast)
    assert isinstance(node, Keys)
    assert node.get("nothing") is None
    assert isinstance(node.get("quoted"), Text)


@PARSERS
def test_blocks_and_folded_texts_are_read_as_yaml_says(*, fast: bool) -> None:
    text = "a: |\n  one\n    two\n\nb: >-\n  three\n  four\nc: 'it''s'\nd: \"\\u00fc \\/\"\ne: Zürich 東京 🛫\n"
    assert plain(read(text, fast=fast)) == {
        "a": "one\n  two\n",
        "b": "three four",
        "c": "it's",
        "d": "ü /",
        "e": "Zürich 東京 🛫",
    }


@PARSERS
def test_every_node_knows_line_and_column_of_its_file(*, fast: bool) -> None:
    node = read("a: 1\nü: [x,   y]\nc:\n  - {d: e}\n", fast=fast, first_line=11)
    assert isinstance(node, Keys)
    assert node.key_place("ü") == Place("a.yml", 12, 1)
    items = node.get("ü")
    assert isinstance(items, Items)
    assert [item.place for item in items.items] == [Place("a.yml", 12, 5), Place("a.yml", 12, 10)]
    inner = node.get("c")
    assert isinstance(inner, Items)
    assert isinstance(inner.items[0], Keys)
    assert inner.items[0].place == Place("a.yml", 14, 5)
    assert inner.items[0].key_place("d") == Place("a.yml", 14, 6)


def test_an_alias_is_the_value_of_its_anchor() -> None:
    assert plain(read("a: &x {b: [1, 2]}\nc: *x\nd: [*x]\n")) == {
        "a": {"b": ["1", "2"]},
        "c": {"b": ["1", "2"]},
        "d": [{"b": ["1", "2"]}],
    }


@PARSERS
def test_an_empty_document_is_an_empty_mapping(*, fast: bool) -> None:
    for text in ("", "# nothing\n", "---\n", "\n\n"):
        assert plain(read(text, fast=fast)) == {}


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(TRAPS)
VALUES = st.recursive(
    TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(TEXTS, VALUES, max_size=4), st.sampled_from([None, '"', "'", "|", ">"]), st.booleans())
def test_texts_that_are_dumped_come_back_as_they_were(value: dict[str, object], style: str | None, flow: bool) -> None:
    as_it_is = not set(repr(value)) & set("\\")  # PyYAML itself does not escape YAML 1.1's line breaks, such as U+0085
    dumped = yaml.safe_dump(value, default_style=style, default_flow_style=flow, allow_unicode=as_it_is)
    if style is not None:
        dumped = dumped.replace("!!str ", "")
    assert plain(read(dumped)) == value


@given(st.dictionaries(TEXTS, TEXTS, max_size=4))
def test_both_parsers_read_the_same(value: dict[str, str]) -> None:
    dumped = yaml.safe_dump(value, allow_unicode=False)
    assert plain(read(dumped, fast=False)) == plain(read(dumped, fast=True)) == value


@given(st.text(max_size=40))
def test_whatever_is_written_is_read_or_refused_with_a_place(text: str) -> None:
    for fast in (True, False):
        problems: list[Problem] = []
        node = read_yaml(text, "a.yml", problems, fast=fast)
        assert (node is None) <= bool(problems)
        assert all(problem.place and problem.place.line >= 1 and problem.place.column >= 1 for problem in problems)
