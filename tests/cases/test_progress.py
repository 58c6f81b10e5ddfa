"""Where there is no terminal, a run tells how far it is on standard error, a line a step."""

from __future__ import annotations

from pathlib import Path

from tests.cases.script import invoke, staged


def test_each_step_is_told_as_it_ends_on_standard_error(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        stage.write("mainstem.yml", ["name: small"])
        stage.write("models/a.sql", ["select 1 as n"])
        stage.write("models/b.sql", ["/* ---", "checks: [{range: {column: n, max: 0}}]", "--- */", "select n from a"])
        stage.write("models/c.sql", ["select n from b"])
        done = invoke(["run"])
    assert done.stderr.splitlines() == [
        "1/3 main.a: committed",
        '2/3 main.b: check "range" of "main.b" fails for 1 of 1 rows',
    ]
    assert "main.a" in done.stdout
    assert done.exit_code == 1


def test_json_is_alone_on_standard_output_and_nothing_is_told_beside_it(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        stage.write("mainstem.yml", ["name: small"])
        stage.write("models/a.sql", ["select 1 as n"])
        done = invoke(["run", "--json"])
    assert done.stderr == ""
    assert done.stdout.startswith("{")


def test_a_query_may_come_from_standard_input(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        stage.write("mainstem.yml", ["name: small"])
        stage.write("models/a.sql", ["select 1 as n"])
        invoke(["run"])
        done = invoke(["query", "-"], "select n + 1 as more\nfrom a\n")
    assert done.stdout.split() == ["more", "────", "2"]
