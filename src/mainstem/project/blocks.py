"""Named SQL blocks of a dashboard's Markdown, and the charts of their rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mainstem.core.output import Chart, Query
from mainstem.core.place import Place
from mainstem.core.problem import Problem, nearest
from mainstem.project.chart_blocks import read_chart, read_vega
from mainstem.project.names import IDENTIFIER, snake_case

_OPENING = re.compile(r"( {0,3})(`{3,}|~{3,})\s*([^\n]*)")
_NAME = re.compile(r"(?:^|\s)name=(\S+)")
_READ = ("sql", "chart", "vega-lite")
"""First words of the fences that mean something; other blocks are text."""


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced block. `info` is what stands behind its opening; `number` the line of the file on which it opens."""

    sign: str
    info: str
    number: int
    lines: tuple[str, ...]
    is_closed: bool = True

    @property
    def language(self) -> str:
        return self.info.split(" ")[0].lower()

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def read_blocks(body: str, begins: Place, problems: list[Problem]) -> tuple[tuple[Query, ...], tuple[Chart, ...]]:
    """The blocks that open with ```` ```sql name=x ```` (or `~~~`), ```` ```chart ```` and ```` ```vega-lite ````.

    `begins` is the place of the body's text. Other blocks are text. What is read has empty lines before it, so that its
    places are those of the file.
    """
    queries: dict[str, Query] = {}
    charts: list[Chart] = []
    for fence in _fences(body, begins):
        if fence.language not in _READ:
            continue
        place = Place(begins.file, fence.number, 1)
        if not fence.is_closed:
            kind = "an SQL block" if fence.language == "sql" else f"a {fence.language} block"
            problems.append(Problem("P050", f"{kind} is never closed", f"close it with a line {fence.sign}", place))
        elif fence.language == "sql":
            _add(fence, place, queries, problems)
        else:
            read = read_chart if fence.language == "chart" else read_vega
            chart = read(fence.text, place, problems)
            if chart is not None:
                charts.append(chart)
    problems += [_no_block(chart, queries) for chart in charts if chart.data not in queries]
    return tuple(queries.values()), tuple(chart for chart in charts if chart.data in queries)


def _fences(body: str, begins: Place) -> Iterator[Fence]:
    opened: tuple[str, str, int] | None = None
    lines: list[str] = []
    for number, line in enumerate(body.split("\n"), begins.line):
        found = _OPENING.fullmatch(line)
        if opened is None:
            if found:
                opened, lines = (found[2], found[3].strip(), number), []
        elif found and found[2].startswith(opened[0]) and not found[3]:
            yield Fence(*opened, tuple(lines))
            opened = None
        else:
            lines.append(line)
    if opened is not None:
        yield Fence(*opened, tuple(lines), is_closed=False)


def _no_block(chart: Chart, queries: dict[str, Query]) -> Problem:
    what = f'the chart shows block "{chart.data}", which is not on this page'
    return Problem(
        "P055", what, nearest(chart.data, list(queries), kind="blocks"), chart.places.get("data", chart.place)
    )


def _add(fence: Fence, place: Place, queries: dict[str, Query], problems: list[Problem]) -> None:
    named = _NAME.search(fence.info)
    name = named[1].strip("\"'") if named else ""
    if not name:
        mend = f"open it with {fence.sign}sql name=...; a block that is only shown begins with {fence.sign}text"
        problems.append(Problem("P050", "an SQL block has no name", mend, place))
    elif not IDENTIFIER.fullmatch(name):
        mend = f'name it "{snake_case(name)}": small letters, digits and _'
        problems.append(Problem("P015", f'block "{name}" is not in snake_case', mend, place))
    elif name in queries:
        what = f'block "{name}" is written twice, first in line {queries[name].place.line - 1}'
        problems.append(Problem("P050", what, "give one of them another name", place))
    elif not fence.text.strip():
        problems.append(Problem("P050", f'block "{name}" is empty', "write one SELECT, or remove the block", place))
    else:
        queries[name] = Query(name, "\n" * fence.number + fence.text, Place(place.file, fence.number + 1, 1))
