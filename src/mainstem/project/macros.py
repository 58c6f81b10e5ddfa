"""SQL macros: files of `create macro` statements, taken apart as far as others have to know them."""

from __future__ import annotations

import re
from pathlib import Path

from mainstem.core.place import Place
from mainstem.core.problem import Problem
from mainstem.core.project import Macro
from mainstem.project.files import kept, list_files, read_file
from mainstem.project.heads import place_of

_PIECE = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|;|[^;'\"/-]+|.", re.DOTALL)
_MACRO = re.compile(
    r"create\s+(?:or\s+replace\s+)?(temp\s+|temporary\s+)?(?:macro|function)\s+(?:if\s+not\s+exists\s+)?"
    r'(?:"?main"?\s*\.\s*)?("(?:[^"]|"")+"|\w+)\s*(?=\()',
    re.IGNORECASE,
)
_BLANKS = re.compile(r"""('(?:[^']|'')*'|"(?:[^"]|"")*")|(?:--[^\n]*|/\*.*?\*/|\s)+""", re.DOTALL)
_AS = re.compile(r"as\b(\s+table\b)?", re.IGNORECASE)
_NEXT_TABLE = re.compile(r",\s*\([^()]*\)\s*as\s+table\b", re.IGNORECASE)


def read_macros(root: Path, problems: list[Problem]) -> tuple[tuple[Macro, ...], frozenset[str]]:
    """The macros of all files below `macros/`; P052 for what is no `create macro` statement, P054 for a second one of
    a name. Beside them `macros` where not all could be read: nobody can tell the names of the others."""
    macros: dict[str, Macro] = {}
    is_whole = True
    for path in kept(list_files(root, "macros", problems), ".sql", "write macros in .sql files", problems):
        written = read_file(root, path, problems)
        if written is None:
            is_whole = False
            continue
        for index, statement in _statements(written.text):
            place = place_of(written.text, index, path)
            found = _MACRO.match(statement)
            if not found:
                words = " ".join(statement.split()[:2])
                mend = "keep `create macro` statements here; a SELECT belongs into models/"
                problems.append(Problem("P052", f'"{words}" begins no `create macro` statement', mend, place))
                is_whole = False
                continue
            macro = _macro(_name(found[2]), place, statement, written.text[:index])
            if macro.name in macros:
                what = f'macro "{macro.name}" is written twice, first at {macros[macro.name].place}'
                problems.append(Problem("P054", what, "remove one of them, or give it another name", place))
            macros.setdefault(macro.name, macro)
    return tuple(macros.values()), frozenset(() if is_whole else {"macros"})


def _name(written: str) -> str:
    return (written[1:-1].replace('""', '"') if written.startswith('"') else written).lower()


def _macro(name: str, place: Place, statement: str, before: str) -> Macro:
    """A macro whose statement follows `before` in its file."""
    found = _MACRO.match(statement)
    assert found
    blank = _blank(before)
    start, end = found.span(1)
    lasting = statement if start < 0 else statement[:start] + " " * (end - start) + statement[end:]
    bodies = tuple(
        blank + ("      " if is_table else "select") + _blank(statement[len("create") : start]) + statement[start:end]
        for start, end, is_table in _bodies(statement, found.end())
    )
    return Macro(name, place, name + _without_comments(statement[found.end() :]), blank + lasting, bodies)


def _without_comments(statement: str) -> str:
    """The statement on one line; texts and quoted names stay as they are."""
    return _BLANKS.sub(lambda found: found[1] or " ", statement).strip()


def _blank(text: str) -> str:
    """The same lines, with nothing in them."""
    return re.sub(r"[^\n]", " ", text)


def _bodies(statement: str, start: int) -> list[tuple[int, int, bool]]:
    """Where each body begins and ends, and whether it is a SELECT: `(a) as a + 1, (a, b) as a + b` has two."""
    found: list[tuple[int, int, bool]] = []
    begun: tuple[int, bool] | None = None
    depth = 0
    at = start
    while at < len(statement):
        piece = _PIECE.match(statement, at)
        assert piece
        sign = statement[at]
        is_word = piece.group() == sign or sign not in "'\"-/"
        head = _AS.match(statement, at) if begun is None and not depth and not statement[at - 1].isalnum() else None
        if head:
            begun, at = (head.end(), bool(head[1])), head.end()
            continue
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(sign, 0)
        if begun and sign == "," and not depth and (not begun[1] or _NEXT_TABLE.match(statement, at)):
            found.append((begun[0], at, begun[1]))
            begun = None
        at = at + 1 if is_word else piece.end()
    if begun:
        found.append((begun[0], len(statement), begun[1]))
    return found


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
        if not words and (part.startswith(("--", "/*")) or not part.strip()):
            continue
        if not words:
            start = piece.start() + len(part) - len(part.lstrip())
            part = part.lstrip()
        words += part
    found.append((start, words))
    return [(start, words) for start, words in found if words.strip()]
