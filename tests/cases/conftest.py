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

`---` writes a file, `$` runs a command: `mainstem ...`, `cat PATH`, `cd PATH`, `ls PATH`, `rm PATH`, `touch PATH`,
`sqlite FILE "SQL"`, `gzip PATH`, `zip ARCHIVE PATH ...`, `python3 -c "..."`, `lock FILE` and `unlock FILE` (of a SQLite
database), `set NAME=VALUE` (of the environment).
What follows is its output, standard output and standard error as they come; `[exit N]` closes it when the command
fails. A line `...` stands for any lines, `<...>` inside a line for any text. `mainstem ... --json | json a.0.b` prints
the value found there; of a mapping its keys. Lines that tell how far a run is are left out, since independent steps
end in any order. `pytest --accept` writes the output that came, for review.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cases.script import Part, Stage, as_lines, difference, fits, read_script, staged


def pytest_collect_file(parent: pytest.Collector, file_path: Path) -> CaseFile | None:
    if file_path.suffix == ".case":
        return CaseFile.from_parent(parent, path=file_path)
    return None


class CaseFile(pytest.File):
    def collect(self) -> Iterator[CaseItem]:
        yield CaseItem.from_parent(self, name=self.path.stem)


class CaseItem(pytest.Item):
    def runtest(self) -> None:
        head, parts = read_script(self.path.read_text(encoding="utf-8").splitlines())
        assert "".join(head[:1]).startswith("# "), "a case begins with a line that says what it promises"
        tmp_path = self.config._tmp_path_factory.mktemp(re.sub(r"\W", "_", self.name), numbered=True)
        with staged(tmp_path) as stage:
            mismatch = _play(stage, parts)
        shutil.rmtree(tmp_path, ignore_errors=True)
        if mismatch and self.config.getoption("--accept"):
            text = "\n".join([*head, *(line for part in parts for line in as_lines(part))])
            self.path.write_text(text.rstrip("\n") + "\n", encoding="utf-8")
        elif mismatch:
            raise MismatchError(mismatch)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> str:
        return str(excinfo.value) if isinstance(excinfo.value, MismatchError) else str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, self.name


class MismatchError(Exception):
    """Output that differs from what the case expects."""


def _play(stage: Stage, parts: list[Part]) -> str:
    """Write the files, run the commands; what differed, and the parts with the output that came."""
    said = ""
    for part in parts:
        if part.path is not None:
            stage.write(part.path, part.lines)
            continue
        came = stage.carry_out(part.command or "")
        if not fits(part.lines, came):
            said += difference(part.command, part.lines, came)
            part.lines = came
    return said
