"""Every mistake has its message: the table of bad projects in `bad/`, one file a subject."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from project_folders import Bad, bad_projects, rendered, write

from mainstem.core.codes import CODES

FOLDER = Path(__file__).parent / "bad"
TABLE = list(bad_projects(FOLDER))

IN_CODE = {"P002", "P003", "P047", "P049"}
"""Codes whose bad project is no set of texts, or a large one: see test_folder, test_agreements and test_models."""


@pytest.mark.parametrize("bad", TABLE, ids=[f"{bad.file.stem}: {bad.title}" for bad in TABLE])
def test_a_bad_project_is_refused_with_exactly_these_words(
    bad: Bad, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    said = rendered(write(tmp_path, bad.files)).replace(str(tmp_path), "<folder>")
    if request.config.getoption("--accept") and said != bad.expected:
        bad.accept(said)
        pytest.fail("accepted: run again")
    assert said == bad.expected


def test_every_code_of_the_project_text_is_in_the_table() -> None:
    triggered = {code for bad in TABLE for code in re.findall(r"\bP\d{3}\b", bad.expected)}
    assert {code for code in CODES if code.startswith("P")} == triggered | IN_CODE
