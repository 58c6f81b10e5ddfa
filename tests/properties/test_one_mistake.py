"""One broken file brings messages about that file: what rests on it, or stands beside it, is not told as well."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from mainstem.cli.demo.template import copy_project
from mainstem.core.problem import ProjectError
from mainstem.orchestration.text import read_text
from mainstem.project import read

SEEDS = range(60)

_Lines = list[str]


def _without_a_line(lines: _Lines, chance: random.Random) -> _Lines:
    at = chance.randrange(len(lines))
    return lines[:at] + lines[at + 1 :]


def _with_another_key(lines: _Lines, chance: random.Random) -> _Lines:
    at = chance.randrange(len(lines))
    return [*lines[:at], lines[at].replace(":", "x:", 1), *lines[at + 1 :]]


def _cut_short(lines: _Lines, chance: random.Random) -> _Lines:
    return lines[: chance.randrange(1, len(lines) + 1)]


def _with_a_tab(lines: _Lines, chance: random.Random) -> _Lines:
    at = chance.randrange(len(lines))
    return [*lines[:at], "\t" + lines[at], *lines[at + 1 :]]


_BREAKS: tuple[Callable[[_Lines, random.Random], _Lines], ...] = (
    _without_a_line,
    _with_another_key,
    _cut_short,
    _with_a_tab,
)


@pytest.mark.parametrize("seed", SEEDS)
def test_one_broken_file(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    copy_project(tmp_path)
    files = sorted(path for path in tmp_path.rglob("*") if path.suffix in (".yml", ".md", ".sql") and path.is_file())
    broken = chance.choice(files)
    broken.write_text("\n".join(chance.choice(_BREAKS)(broken.read_text().split("\n"), chance)))
    _, first = read(tmp_path)
    if not first:
        return  # still a project, or wrong in its SQL alone
    with pytest.raises(ProjectError) as found:
        read_text(tmp_path)
    place = broken.relative_to(tmp_path).as_posix()
    elsewhere = [str(each) for each in found.value.problems if each not in first and str(each.place.file) != place]
    assert not elsewhere
