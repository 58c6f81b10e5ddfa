"""Cases: text files that hold a small project, commands, and what they print.

    # What the case promises, in one line.
    --- mainstem.yml
    name: small
    --- models/a.sql
    select 1 as n
    $ mainstem run
    + main.a  1 rows
    Published r000001 to prod.
    $ mainstem query "select * from nowhere"
    ...
    [exit 2]

`---` writes a file, `$` runs a command: `mainstem ...`, `sqlite FILE "SQL"`, `rm PATH`, `cat PATH`. What follows is
its output, standard output and standard error as they come; `[exit N]` closes it when the command fails. A line
`...` stands for any lines, `<...>` inside a line for any text. `pytest --accept` writes the output that came, for
review.
"""

from __future__ import annotations

import re
import shlex
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import CliRunner


def pytest_collect_file(parent: pytest.Collector, file_path: Path) -> CaseFile | None:
    if file_path.suffix == ".case":
        return CaseFile.from_parent(parent, path=file_path)
    return None


class CaseFile(pytest.File):
    def collect(self) -> Iterator[CaseItem]:
        yield CaseItem.from_parent(self, name=self.path.stem)


@dataclass
class Part:
    """A file to write (`path`) or a command to run (`command`), with the lines that belong to it."""

    path: str | None = None
    command: str | None = None
    lines: list[str] = field(default_factory=list)


class CaseItem(pytest.Item):
    def runtest(self) -> None:
        head, parts = read_case(self.path)
        assert "".join(head[:1]).startswith("# "), "a case begins with a line that says what it promises"
        tmp_path = self.config._tmp_path_factory.mktemp(re.sub(r"\W", "_", self.name), numbered=True)
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(tmp_path)
            patch.setenv("HOME", str(tmp_path / "home"))
            patch.setenv("COLUMNS", "160")
            mismatch = self._run(parts, tmp_path)
        shutil.rmtree(tmp_path, ignore_errors=True)
        if mismatch and self.config.getoption("--accept"):
            self.path.write_text("\n".join([*head, *(line for part in parts for line in as_lines(part))]) + "\n")
        elif mismatch:
            raise MismatchError(mismatch)

    def _run(self, parts: list[Part], folder: Path) -> str:
        said = ""
        for part in parts:
            if part.path is not None:
                target = folder / part.path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text("\n".join(part.lines).rstrip("\n") + "\n", encoding="utf-8")
                continue
            came = carry_out(part.command or "", folder)
            if not fits(part.lines, came):
                said += f"$ {part.command}\nexpected:\n{indent(part.lines)}\ncame:\n{indent(came)}\n"
                part.lines = came
        return said

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> str:
        return str(excinfo.value) if isinstance(excinfo.value, MismatchError) else str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, self.name


class MismatchError(Exception):
    """Output that differs from what the case expects."""


def read_case(path: Path) -> tuple[list[str], list[Part]]:
    head: list[str] = []
    parts: list[Part] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("--- ") and not line.startswith("--- */"):
            parts.append(Part(path=line[4:].strip()))
        elif line.startswith("$ "):
            parts.append(Part(command=line[2:]))
        elif parts:
            parts[-1].lines.append(line)
        else:
            head.append(line)
    for part in parts:
        while part.command is not None and part.lines and not part.lines[-1].strip():
            part.lines.pop()
    return head, parts


def as_lines(part: Part) -> list[str]:
    return [f"--- {part.path}" if part.path is not None else f"$ {part.command}", *part.lines]


def carry_out(command: str, folder: Path) -> list[str]:
    program, *arguments = shlex.split(command)
    if program == "sqlite":
        with sqlite3.connect(folder / arguments[0]) as database:
            database.executescript(arguments[1])
        database.close()
        return []
    if program == "rm":
        target = folder / arguments[0]
        shutil.rmtree(target) if target.is_dir() else target.unlink()
        return []
    if program == "cat":
        return (folder / arguments[0]).read_text(encoding="utf-8").splitlines()
    assert program == "mainstem", f"a case runs mainstem, sqlite, rm and cat, not {program}"
    return run_mainstem(arguments, folder)


def run_mainstem(arguments: list[str], folder: Path) -> list[str]:
    import click

    from mainstem.cli import app

    @click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
    @click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
    def outer(arguments: tuple[str, ...]) -> None:
        app.run(list(arguments))

    result = CliRunner().invoke(outer, ["--", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    lines = [line.rstrip() for line in normal(result.output, folder).splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    if result.exit_code:
        lines.append(f"[exit {result.exit_code}]")
    return lines


def normal(text: str, folder: Path) -> str:
    """Output without what differs from run to run: folders, run ids, durations."""
    text = text.replace(str(folder.resolve()), "FOLDER").replace(str(folder), "FOLDER")
    text = re.sub(r"\b\d{8}T\d{6}-[0-9a-f]{6}\b", "RUN", text)
    return re.sub(r"\b\d+(\.\d+)? (ms|s)\b", "TIME", text)


def fits(expected: list[str], came: list[str]) -> bool:
    """Whether the lines that came are those expected, `...` standing for any lines and `<...>` for any text."""
    pattern = ""
    for line in expected:
        if line.strip() == "...":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += r".*?".join(re.escape(piece) for piece in line.rstrip().split("<...>")) + r"\n"
    return re.fullmatch(pattern, "".join(line + "\n" for line in came)) is not None


def indent(lines: list[str]) -> str:
    return "\n".join(f"    {line}" for line in lines)
