"""What YAML's parser complains of, in words that say what to do."""

from __future__ import annotations

import re
from typing import Any

from mainstem.core.place import Place
from mainstem.core.problem import Problem

_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_ABOVE_HAS_VALUE = "this line is indented as if it belonged to the line above, which has a value of its own"

_AT_START = (
    (
        "unexpected end of stream",
        "a quote opens here and is never closed",
        "close it; inside single quotes write an apostrophe twice",
    ),
    (
        "unexpected document separator",
        "a quote opens here and is not closed before the `---` line",
        "close it; inside single quotes write an apostrophe twice",
    ),
    (
        "',' or ']'",
        "a list opens here and is not closed as it should be",
        'put a comma between the items and "]" at the end',
    ),
    (
        "',' or '}'",
        "a mapping opens here and is not closed as it should be",
        'put a comma between the keys and "}" at the end',
    ),
    (
        "could not find expected ':'",
        "this line has no colon",
        "write `key: value` with a blank after the colon, or indent the line under the text that it continues",
    ),
    (
        "alphabetic or numeric character",
        'a value begins with "*" or "&", which YAML reads as an alias or anchor',
        'put the value in quotes: "*.csv"',
    ),
)
"""Part of the parser's words, what is wrong, mend: for complaints about something that began earlier."""

_AT_MARK = (
    (
        "unknown escape character",
        "a backslash in double quotes begins an escape that does not exist",
        "use single quotes, or write the backslash twice",
    ),
    (
        "sequence entries are not allowed",
        "a list begins behind its key in the same line",
        "give each item a line of its own, or write [a, b]",
    ),
    (
        "expected '-' indicator",
        "this line is no item of the list above it",
        "begin it with `- `, or indent it as far as the key that it belongs to",
    ),
    (
        "expected key",
        "this does not continue the mapping above it",
        "check its indentation, and that the quotes of the value before it are right",
    ),
    (
        "expected <block end>",
        "this does not continue the mapping or list above it",
        "check its indentation, and that the quotes of the value before it are right",
    ),
    (
        "node content",
        "a bracket stands where a value belongs, or one is never closed",
        "check the brackets, or put the value in quotes",
    ),
)


def complaint(error: Any, text: str, file: str, first_line: int) -> Problem:
    """One Problem (P004) for an exception of PyYAML, at the place that has to be mended."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return _unprintable(text, file, first_line)
    words = error.problem or ""
    start = error.context_mark or mark
    for part, what, mend in _AT_START:
        if part in words:
            return _problem(what, mend, start, file, first_line)
    if "mapping values are not allowed" in words:
        return _colon(text, mark, file, first_line)
    if "cannot start any token" in words:
        return _start(text, mark, file, first_line)
    for part, what, mend in _AT_MARK:
        if part in words:
            return _problem(what, mend, mark, file, first_line)
    mend = "check the indentation, colons and quotes around here"
    return _problem(f"this is no YAML: {words}", mend, mark, file, first_line)


def _problem(what: str, mend: str, mark: Any, file: str, first_line: int) -> Problem:
    return Problem("P004", what, mend, Place(file, mark.line + first_line, mark.column + 1))


def _unprintable(text: str, file: str, first_line: int) -> Problem:
    found = _UNPRINTABLE.search(text)
    index = found.start() if found else 0
    line = text.count("\n", 0, index)
    place = Place(file, line + first_line, index - (text.rfind("\n", 0, index) + 1) + 1)
    what = f"character U+{ord(text[index]):04X} cannot stand in YAML" if found else "this is no YAML"
    return Problem("P004", what, 'remove it, or write it as an escape inside double quotes: "\\x07"', place)


def _colon(text: str, mark: Any, file: str, first_line: int) -> Problem:
    line = (text.splitlines() or [""])[mark.line]
    if ": " in line[: mark.column]:
        what = "the value holds a colon followed by a blank"
        return _problem(what, 'put the whole value in quotes: key: "a: b"', mark, file, first_line)
    mend = "align it with the key above, or remove the value above"
    return _problem(_ABOVE_HAS_VALUE, mend, mark, file, first_line)


def _start(text: str, mark: Any, file: str, first_line: int) -> Problem:
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    sign = line[mark.column : mark.column + 1]
    if sign == "\t":
        return _problem("a tab indents this line", "indent with blanks", mark, file, first_line)
    what = f'a value begins with "{sign}", which YAML keeps for itself'
    return _problem(what, "put the value in quotes", mark, file, first_line)
