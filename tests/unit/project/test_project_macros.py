"""Macros are taken apart without losing the place of a character."""

from __future__ import annotations

from pathlib import Path

import pytest

from mainstem.core.problem import Problem
from mainstem.core.project import Macro
from mainstem.project.macros import read_macros


def macros(tmp_path: Path, text: str) -> tuple[Macro, ...]:
    (tmp_path / "macros").mkdir()
    (tmp_path / "macros/m.sql").write_text(text)
    problems: list[Problem] = []
    found, lost = read_macros(tmp_path, problems)
    assert (problems, lost) == ([], frozenset())
    return found


@pytest.mark.parametrize(
    ("text", "bodies"),
    [
        ("create macro f(a) as a + 1", ["a + 1"]),
        ("create macro f(a) as a + 1, (a, b) as [a, b][1]", ["a + 1", "[a, b][1]"]),
        ("create or replace temp macro f(a := 'as, (') as a || ', (b) as c'", ["a || ', (b) as c'"]),
        ('create function main."f"() as table select 1 as a, (2) as b', ["select 1 as a, (2) as b"]),
        (
            "create macro f() as table select 1 as a, 2, (a) as table select a",
            ["select 1 as a, 2", "select a"],
        ),
        ("-- one\n/* two; */ create macro if not exists f(a) as -- three, (b) as\n a;", ["a"]),
    ],
)
def test_what_a_macro_yields(text: str, bodies: list[str], tmp_path: Path) -> None:
    (macro,) = macros(tmp_path, text)
    assert macro.name == "f"
    shown = [
        body.split("\n")[-1].strip().removeprefix("select ").strip() if " as table" not in text else body.strip()
        for body in macro.bodies
    ]
    assert shown == bodies
    for body, expected in zip(macro.bodies, bodies, strict=True):
        assert body.rindex(expected) == text.rindex(expected)


def test_comments_and_blanks_mean_nothing_and_texts_do(tmp_path: Path) -> None:
    (macro,) = macros(tmp_path, "create or replace macro F(a)  as -- why\n a ||  'x  --y'")
    assert macro.text == "f(a) as a || 'x  --y'"
