"""The head of a model is YAML in a comment; lines and columns of its SELECT stay those of the file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from project_folders import loaded

from mainstem.core.dataset import Model
from mainstem.core.place import Place
from mainstem.core.problem import Problem
from mainstem.project.folder import read
from mainstem.project.heads import split_markdown, split_select


def split(text: str) -> tuple[dict[str, object], str, Place]:
    problems: list[Problem] = []
    headed = split_select(text, "a.sql", problems)
    assert headed is not None
    assert problems == []
    return {key: entry.value for key, entry in headed.keys.entries.items()}, headed.body, headed.place


def test_what_follows_the_head_keeps_line_and_column() -> None:
    text = "/* ---\nkind: view\n--- */ select amount,\n  other from t\n"
    keys, body, place = split(text)
    assert list(keys) == ["kind"]
    assert place == Place("a.sql", 3, 8)
    assert body.split("\n")[2].index("select") == text.split("\n")[2].index("select")
    assert body.split("\n")[3] == "  other from t"
    assert body.strip() == "select amount,\n  other from t"


@given(st.lists(st.sampled_from(["a: 1", "# */ not here".replace("*/", ""), "", "  ", "b: ü"]), max_size=4), st.text())
def test_every_sign_behind_a_head_stands_where_it_stood(lines: list[str], tail: str) -> None:
    head = "/* ---\n" + "".join(f"{line}\n" for line in dict.fromkeys(lines)) + "--- */"
    text = head + tail
    problems: list[Problem] = []
    headed = split_select(text, "a.sql", problems)
    assert headed is not None
    assert headed.body.endswith(tail)
    assert headed.body.count("\n") == text.count("\n")
    before = headed.body[: len(headed.body) - len(tail)]
    assert before.strip() == ""
    assert len(before) - before.rfind("\n") == len(head) - head.rfind("\n")


@pytest.mark.parametrize(
    "text",
    [
        "select 1 as n",
        "-- a comment\nselect 1 as n",
        "/* a comment */ select 1 as n",
        "/*------ a banner ------*/\nselect 1 as n",
        "/* ---------------\n   orders\n   --------------- */\nselect 1 as n",
        "select '/* ---' as n",
        "select 1 --- */ as n",
        "",
    ],
)
def test_a_comment_that_is_no_head_is_left_alone(text: str) -> None:
    keys, body, _ = split(text)
    assert keys == {}
    assert body == text


def test_a_star_and_a_slash_can_be_written_apart() -> None:
    keys, _, _ = split('/* ---\ncron: "*\\/15 * * * *"\npath: "raw/*\\/x"\n--- */\nselect 1')
    assert [getattr(value, "value", None) for value in keys.values()] == ["*/15 * * * *", "raw/*/x"]


def test_a_comment_in_the_select_may_look_like_the_end_of_a_head() -> None:
    _, body, _ = split("/* ---\nkind: view\n--- */\nselect 1 /* --- */ as n -- /* ---")
    assert body.strip() == "select 1 /* --- */ as n -- /* ---"


def test_paths_are_names(tmp_path: Path) -> None:
    files = {
        "models/a.sql": "select 1 as n",
        "models/marts/a.sql": "select 1 as n",
        "models/marts/_b2.sql": "select 1 as n",
    }
    assert set(loaded(tmp_path, files).datasets) == {"main.a", "marts.a", "marts._b2"}


def test_a_model_says_where_its_select_begins(tmp_path: Path) -> None:
    project = loaded(tmp_path, {"models/a.sql": "\n\n/* ---\nkind: view\n--- */\n\n  select 1 as n"})
    model = project.datasets["main.a"]
    assert isinstance(model.made_by, Model)
    assert model.made_by.place == Place("models/a.sql", 7, 3)
    assert model.place == Place("models/a.sql", 1, 1)


def test_the_body_of_markdown_knows_its_first_line() -> None:
    problems: list[Problem] = []
    headed = split_markdown("---\ntitle: a\n---\n# Heading\n---\nmore\n", "a.md", problems)
    assert headed is not None
    assert (headed.body, headed.place, problems) == ("# Heading\n---\nmore\n", Place("a.md", 4, 1), [])


def test_a_csv_model_that_is_too_large_is_refused(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "mainstem.yml").write_text("name: small\n")
    (tmp_path / "models" / "large.csv").write_text("n\n" + "123456789\n" * 500_001)
    project, problems = read(tmp_path)
    assert [problem.code for problem in problems] == ["P049"]
    assert project.is_lost("main.large")
