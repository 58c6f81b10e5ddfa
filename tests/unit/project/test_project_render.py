"""How a problem looks."""

from __future__ import annotations

from pathlib import Path

from mainstem.core.place import Place
from mainstem.core.problem import Problem
from mainstem.project.render import render_problem


def look(tmp_path: Path, text: str, line: int, column: int, file: str = "models/orders.sql") -> str:
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    problem = Problem("T014", 'column "amout" is not there', "did you mean", Place(file, line, column))
    return render_problem(problem, tmp_path)


def test_the_word_at_the_place_is_underlined(tmp_path: Path) -> None:
    assert look(tmp_path, "-- orders\nselect amout from raw.orders\n", 2, 8) == (
        'models/orders.sql:2:8: T014 column "amout" is not there\n'
        "    2 | select amout from raw.orders\n"
        "      |        ^^^^^\n"
        "   mend: did you mean\n"
        "   more: mainstem explain T014"
    )


def shown(tmp_path: Path, text: str, column: int) -> list[str]:
    return look(tmp_path, text, 1, column).split("\n")[1:-2]


def test_names_with_dots_and_quoted_names_are_one_word(tmp_path: Path) -> None:
    assert shown(tmp_path, "select a from raw.orders where", 15)[1] == "      |               ^^^^^^^^^^"
    assert shown(tmp_path, 'select "a b", c', 8)[1] == "      |        ^^^^^"


def test_tabs_and_wide_signs_keep_the_carets_below_the_word(tmp_path: Path) -> None:
    assert shown(tmp_path, "\tselect x", 9) == ["    1 |  select x", "      |         ^"]
    assert shown(tmp_path, "select '東京', x", 14) == ["    1 | select '東京', x", "      | " + " " * 15 + "^"]


def test_a_long_line_is_cut_around_the_place(tmp_path: Path) -> None:
    line, carets = shown(tmp_path, "select " + "a, " * 100 + "amout, " + "b, " * 100, 308)
    assert len(line) < 125
    assert line.startswith("    1 | …")
    assert line.endswith("…")
    start = carets.index("^")
    assert line[start : start + 5] == "amout"
    assert carets.endswith("^^^^^")


def test_without_a_line_to_show_there_is_none(tmp_path: Path) -> None:
    expected = "   mend: did you mean"
    assert look(tmp_path, "select 1\n", 9, 1).split("\n")[1] == expected
    assert look(tmp_path, "select 1\n", 0, 0).split("\n")[:2] == [
        'models/orders.sql: T014 column "amout" is not there',
        expected,
    ]
    assert look(tmp_path, "\n\n", 2, 1).split("\n")[1] == expected
    gone = Problem("T014", "what", "did you mean", Place("gone.sql", 1, 1))
    assert render_problem(gone, tmp_path).split("\n")[1] == expected
    assert render_problem(Problem("C001", "what", "mend"), tmp_path) == (
        "C001 what\n   mend: mend\n   more: mainstem explain C001"
    )


def test_a_column_beyond_the_line_points_behind_it(tmp_path: Path) -> None:
    assert shown(tmp_path, "select", 40) == ["    1 | select", "      |       ^"]


def test_a_secrets_file_is_never_shown(tmp_path: Path) -> None:
    for file in (".mainstem/secrets.env", "secrets.env"):
        assert "hunter2" not in look(tmp_path, "PASSWORD hunter2\n", 1, 1, file)
