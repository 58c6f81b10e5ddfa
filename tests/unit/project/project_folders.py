"""Projects written from texts, and the table of bad ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from mainstem.core.problem import ProjectError
from mainstem.core.project import Project
from mainstem.project import load
from mainstem.project.render import render_problem


def write(root: Path, files: Mapping[str, str]) -> Path:
    """The files below `root`, with a mainstem.yml if there is none among them."""
    for path, text in {"mainstem.yml": "name: small\n", **files}.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return root


def loaded(root: Path, files: Mapping[str, str], **secrets: str) -> Project:
    """The project made of these files; only `secrets` are variables."""
    return load(write(root, files), secrets=secrets)


def refused(root: Path, files: Mapping[str, str], **secrets: str) -> tuple[str, ...]:
    """The problems of a project that must not load, as `code what`."""
    try:
        loaded(root, files, **secrets)
    except ProjectError as error:
        return tuple(f"{problem.code} {problem.what}" for problem in error.problems)
    raise AssertionError("the project loads")


def rendered(root: Path) -> str:
    """Every problem of a folder as the command line shows it."""
    try:
        load(root)
    except ProjectError as error:
        return "\n".join(render_problem(problem, root) for problem in error.problems)
    return "no problem"


@dataclass(frozen=True, slots=True)
class Bad:
    """One entry of the table: a project and what is said of it."""

    file: Path
    title: str
    files: Mapping[str, str]
    expected: str

    def accept(self, said: str) -> None:
        """Write what was said as what is expected."""
        text = self.file.read_text(encoding="utf-8")
        begins = text.index(f"@@ {self.title}\n")
        divider = text.index("\n===\n", begins) + len("\n===\n")
        ends = text.find("\n@@ ", divider - 1)
        rest = text[ends:] if ends >= 0 else "\n"
        self.file.write_text(text[:divider] + said + ("\n" if ends >= 0 else "") + rest, encoding="utf-8")


def bad_projects(folder: Path) -> Iterator[Bad]:
    """The entries of every table: `@@ title`, `--- path` and its text, `===` and the output."""
    for file in sorted(folder.glob("*.case")):
        lines = file.read_text(encoding="utf-8").split("\n")
        starts = [index for index, line in enumerate(lines) if line.startswith("@@ ")] + [len(lines)]
        for start, end in pairwise(starts):
            yield _entry(file, lines[start:end])


def _entry(file: Path, lines: list[str]) -> Bad:
    files: dict[str, str] = {}
    divider = lines.index("===")
    path = ""
    for line in lines[1:divider]:
        if line.startswith("--- ") and not line.startswith("--- *"):
            path = line[4:]
            files[path] = ""
        else:
            files[path] += line + "\n"
    expected = "\n".join(lines[divider + 1 :]).strip("\n")
    return Bad(file, lines[0][3:], files, expected)
