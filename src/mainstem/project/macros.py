"""SQL macros: files of `create macro` statements, kept as they are written."""

from __future__ import annotations

import re
from pathlib import Path

from mainstem.core.problem import Problem
from mainstem.project.files import kept, list_files, read_file
from mainstem.project.heads import place_of

_PIECE = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|;|[^;'\"/-]+|.", re.DOTALL)
_MACRO = re.compile(r"create\s+(or\s+replace\s+)?(temp\s+|temporary\s+)?(macro|function)\b", re.IGNORECASE)


def read_macros(root: Path, problems: list[Problem]) -> tuple[str, ...]:
    """The text of each file below `macros/`; whatever is no `create macro` statement is a problem."""
    macros = []
    for path in kept(list_files(root, "macros", problems), ".sql", "write macros in .sql files", problems):
        written = read_file(root, path, problems)
        if written is None:
            continue
        for index, statement in _statements(written.text):
            if not _MACRO.match(statement):
                words = " ".join(statement.split()[:2])
                mend = "keep `create macro` statements here; a SELECT belongs into models/"
                place = place_of(written.text, index, path)
                problems.append(Problem("P052", f'"{words}" begins no `create macro` statement', mend, place))
        if written.text.strip():
            macros.append(written.text)
    return tuple(macros)


def _statements(text: str) -> list[tuple[int, str]]:
    """Each statement with the index of its first character; comments in front of it are not part of it."""
    found: list[tuple[int, str]] = []
    start, words = 0, ""
    for piece in _PIECE.finditer(text):
        part = piece.group()
        if part == ";":
            found.append((start, words))
            words = ""
            continue
        if part.startswith(("--", "/*")) or (not words and not part.strip()):
            continue
        if not words:
            start = piece.start() + len(part) - len(part.lstrip())
            part = part.lstrip()
        words += part
    found.append((start, words))
    return [(start, words) for start, words in found if words.strip()]
