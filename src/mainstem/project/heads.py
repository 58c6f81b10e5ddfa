"""Where YAML sits in files of another language: the head of a SELECT, the front matter of Markdown."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mainstem.core.place import Place
from mainstem.core.problem import Problem
from mainstem.project.nodes import Keys, read_keys

_HEAD = re.compile(r"\s*/\*[ \t]*---(?!-)")
_HEAD_CLOSE = re.compile(r"^[ \t]*---[ \t]*\*/", re.MULTILINE)
_LATE_HEAD = re.compile(r"^[ \t]*/\*[ \t]*---[ \t]*$", re.MULTILINE)
_FENCE = re.compile(r"^---[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Headed:
    """A text in two parts. `keys` is what the YAML says. `body` is the rest; of a SELECT with the head blanked out, so
    that lines and columns of the body are those of the file. `place` is where the body's first word stands."""

    keys: Keys
    body: str
    place: Place


def place_of(text: str, index: int, file: str) -> Place:
    """The place of a character of a file's text."""
    return Place(file, text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index))


def _first_word(body: str, file: str) -> Place:
    return place_of(body, len(body) - len(body.lstrip()), file)


def split_select(text: str, file: str, problems: list[Problem]) -> Headed | None:
    """A SELECT and the YAML between `/* ---` and `--- */` at its top; None after a problem."""
    opened = _HEAD.match(text)
    if opened is None:
        late = _LATE_HEAD.search(text) if "---" in text else None
        if late:
            mend = "move it to the top of the file, above everything but blank lines"
            problems.append(Problem("P022", "a head stands below the SELECT's beginning", mend, _at(text, late, file)))
            return None
        return Headed(Keys({}, Place(file, 1, 1)), text, _first_word(text, file))
    return _split_head(text, opened.end(), file, problems)


def _at(text: str, found: re.Match[str], file: str) -> Place:
    start = found.start() + len(found.group()) - len(found.group().lstrip())
    return place_of(text, start, file)


def _split_head(text: str, start: int, file: str, problems: list[Problem]) -> Headed | None:
    opening = place_of(text, start - 3, file)
    first_line, newline, _ = text[start:].partition("\n")
    if first_line.strip() or not newline:
        what = "the head begins with more than `/* ---`"
        mend = "write the keys on lines of their own below it, or begin a plain comment without `---`"
        problems.append(Problem("P021", what, mend, opening))
        return None
    end = text.find("*/", start)
    closed = _HEAD_CLOSE.search(text, start)
    if closed is None:
        mend = "end it with a line `--- */`"
        problems.append(Problem("P021", "the head is never closed by `--- */`", mend, opening))
        return None
    if end < closed.end() - 2:
        what = "`*/` inside the head ends the SQL comment here"
        mend = 'write it as `*\\/` in double quotes ("*\\/15 * * * *"), or say the same without it'
        problems.append(Problem("P020", what, mend, place_of(text, end, file)))
        return None
    keys = read_keys(text[start + len(first_line) + 1 : closed.start()], file, problems, opening.line + 1)
    if keys is None:
        return None
    last_line = text.rfind("\n", 0, closed.end()) + 1
    blank = "\n" * text.count("\n", 0, closed.end()) + " " * (closed.end() - last_line)
    body = blank + text[closed.end() :]
    return Headed(keys, body, _first_word(body, file))


def split_markdown(text: str, file: str, problems: list[Problem]) -> Headed | None:
    """Markdown and the YAML between the `---` lines at its top; None after a problem."""
    opened = _FENCE.match(text)
    if opened is None:
        mend = "begin the file with a line `---`, the keys, and a second line `---`"
        problems.append(Problem("P040", "the file has no front matter", mend, Place(file, 1, 1)))
        return None
    closed = _FENCE.search(text, opened.end())
    if closed is None:
        mend = "end the keys with a line `---`"
        problems.append(Problem("P040", "the front matter is never closed", mend, Place(file, 1, 1)))
        return None
    keys = read_keys(text[opened.end() + 1 : closed.start()], file, problems, 2)
    if keys is None:
        return None
    body = text[closed.end() + 1 :]
    line = text.count("\n", 0, closed.end()) + 2
    return Headed(keys, body, Place(file, line, 1))
