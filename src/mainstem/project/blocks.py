"""Named SQL blocks of a dashboard's Markdown."""

from __future__ import annotations

import re

from mainstem.core.output import Query
from mainstem.core.place import Place
from mainstem.core.problem import Problem
from mainstem.project.names import IDENTIFIER, snake_case

_OPENING = re.compile(r"( {0,3})(`{3,}|~{3,})\s*([^\n]*)")
_NAME = re.compile(r"(?:^|\s)name=(\S+)")


def read_blocks(body: str, begins: Place, problems: list[Problem]) -> tuple[Query, ...]:
    """The blocks that open with ```` ```sql name=x ```` (or `~~~`), in order; `begins` is the place of the body's text.

    Other blocks are text. The SQL has empty lines before it, so that its places are those of the file.
    """
    queries: dict[str, Query] = {}
    opened: tuple[str, str, int] | None = None
    lines: list[str] = []
    for number, line in enumerate(body.split("\n"), begins.line):
        found = _OPENING.fullmatch(line)
        if opened is None:
            if found:
                opened, lines = (found[2], found[3].strip(), number), []
        elif found and found[2].startswith(opened[0]) and not found[3]:
            _add(opened, lines, begins.file, queries, problems)
            opened = None
        else:
            lines.append(line)
    if opened is not None and opened[1].split(" ")[0] == "sql":
        mend = f"close it with a line {opened[0]}"
        problems.append(Problem("P050", "an SQL block is never closed", mend, Place(begins.file, opened[2], 1)))
    return tuple(queries.values())


def _add(
    opened: tuple[str, str, int], lines: list[str], file: str, queries: dict[str, Query], problems: list[Problem]
) -> None:
    fence, info, number = opened
    if info.split(" ")[0].lower() != "sql":
        return
    place = Place(file, number, 1)
    named = _NAME.search(info)
    name = named[1].strip("\"'") if named else ""
    if not name:
        mend = f"open it with {fence}sql name=...; a block that is only shown begins with {fence}text"
        problems.append(Problem("P050", "an SQL block has no name", mend, place))
    elif not IDENTIFIER.fullmatch(name):
        mend = f'name it "{snake_case(name)}": small letters, digits and _'
        problems.append(Problem("P015", f'block "{name}" is not in snake_case', mend, place))
    elif name in queries:
        what = f'block "{name}" is written twice, first in line {queries[name].place.line - 1}'
        problems.append(Problem("P050", what, "give one of them another name", place))
    elif not any(line.strip() for line in lines):
        problems.append(Problem("P050", f'block "{name}" is empty', "write one SELECT, or remove the block", place))
    else:
        queries[name] = Query(name, "\n" * number + "\n".join(lines), Place(file, number + 1, 1))
