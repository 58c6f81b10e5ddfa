"""The pages of docs/ are true: their files are written, their commands run, and print what they say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cases.script import Stage, difference, fits, read_script, staged

DOCS = Path(__file__).parent.parent.parent / "docs"
PAGES = [DOCS / "tutorial.md", *sorted((DOCS / "how-to").glob("*.md")), *sorted((DOCS / "sources").glob("*.md"))]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
FILE = {
    "sql": re.compile(r"-- (\S+)\n"),
    "yaml": re.compile(r"# (\S+)\n"),
    "csv": re.compile(r"# (\S+)\n"),
    "json": re.compile(r"// (\S+)\n"),
    "python": re.compile(r"# (\S+)\n"),
    "markdown": re.compile(r"<!-- (\S+) -->\n"),
}
"""By language, the first line of a block that is a file: a comment with its path, which is not part of it."""


def blocks(page: Path) -> Iterator[tuple[str, str]]:
    for found in FENCE.finditer(page.read_text(encoding="utf-8")):
        yield found[1], found[2]


def timeless(lines: list[str]) -> list[str]:
    """Instants, run ids and sizes by their names: the tutorial shows some, each run has others."""
    text = "\n".join(lines)
    text = re.sub(r"\b\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d\b", "NOW", text)
    text = re.sub(rf"\b\d{{1,2}} ({MONTHS})( at)? \d\d:\d\d(:\d\d)?\b", "NOW", text)
    text = re.sub(r"\b\d{8}T\d{6}-[0-9a-f]{6}\b", "RUN", text)
    return text.split("\n") if lines else []


def play(stage: Stage, text: str) -> str:
    """Run the commands of a block; what they printed otherwise than the page says."""
    said = ""
    for part in read_script(text.splitlines())[1]:
        came = timeless(stage.carry_out(part.command or ""))
        if not fits(timeless(part.lines), came):
            said += difference(part.command, part.lines, came)
    return said


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}-{page.stem}")
def test_a_page_runs_from_its_first_line_to_its_last(page: Path, tmp_path: Path) -> None:
    said = ""
    with staged(tmp_path) as stage:
        for language, text in blocks(page):
            named = FILE[language].match(text) if language in FILE else None
            if named:
                stage.write(named[1], text[named.end() :].splitlines())
            elif language == "console":
                said += play(stage, text)
    assert not said, said


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}-{page.stem}")
def test_every_block_is_a_file_or_commands(page: Path) -> None:
    loose = [text for language, text in blocks(page) if language != "console" and not FILE[language].match(text)]
    assert loose == []
