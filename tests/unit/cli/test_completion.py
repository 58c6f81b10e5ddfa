"""What a shell offers while a command is typed, asked for in the way that the script of bash asks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mainstem.cli.demo.template import copy_project


def offered(folder: Path, *words: str) -> set[str]:
    """What is offered for the last word; nothing may be said beside it."""
    asked = {
        "_MAINSTEM_COMPLETE": "bash_complete",
        "COMP_CWORD": str(len(words)),
        "COMP_WORDS": " ".join(("m", *words)),
    }
    done = subprocess.run(
        [sys.executable, "-m", "mainstem"],
        cwd=folder,
        env=os.environ | asked,
        capture_output=True,
        text=True,
        check=True,
    )
    assert not done.stderr
    return {line.partition(",")[2] for line in done.stdout.split()}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's project, never run."""
    folder = tmp_path_factory.mktemp("completion") / "demo"
    copy_project(folder)
    return folder


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("pl",), {"plan"}),
        (("why", "ops"), {"ops-morning-delays"}),
        (("show", "marts.d"), {"marts.delay_causes", "marts.departures"}),
        (("run", "--env", "p"), {"prod"}),
        (("plan", "+marts.de"), {"+marts.delay_causes", "+marts.departures"}),
        (("run", "ch"), {"changed"}),
        (("agree", "crew-early-feed", "--by", "ch"), {"chief-operations-officer"}),
        (("agree", "late"), {"late-departure"}),
        (("export", "dep"), {"departure-risk"}),
        (("deliver", "c"), {"crew-system"}),
        (("explain", "t00"), {"T001", "T002", "T003", "T004", "T005", "T009"}),
        (("rollback", "--to", "r"), set()),
    ],
)
def test_names(demo: Path, words: tuple[str, ...], names: set[str]) -> None:
    assert offered(demo, *words) == names


def test_nothing_outside_a_project(tmp_path: Path) -> None:
    assert offered(tmp_path, "why", "ops") == set()


def test_what_can_be_read_of_a_broken_project(tmp_path: Path) -> None:
    (tmp_path / "mainstem.yml").write_text("name: small\ncolour: blue\n")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "a.sql").write_text("select 1 as n")
    assert offered(tmp_path, "show", "m") == {"main.a"}
