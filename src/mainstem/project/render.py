"""How a Problem looks: place, code, fact, the line it is about, and the way out."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from textwrap import TextWrapper

from mainstem.core.place import Place
from mainstem.core.problem import Problem
from mainstem.project.variables import FILES

_WORD = re.compile(r'"[^"]*"|\'[^\']*\'|[\w$.#-]+|\*+/?|.')
_WIDTH = 110
_MARGIN = 9
"""Columns of a quoted line that are not its text: number, bar, and the sign of a cut."""


def render_problem(problem: Problem, root: Path, width: int | None = None) -> str:
    """The problem as plain text, with the line of the file below `root` and the word at its column underlined.

    The line is left out where there is none to show; a secrets file is never shown. With a `width` in columns, long
    lines are wrapped between words.
    """
    place = problem.place
    head = f"{place}: " if place else ""
    lines = _wrapped(f"{head}{problem.code} {problem.what}", width)
    if place and place.line and place.file not in FILES:
        lines += _quoted(place, root, min(_WIDTH, width - _MARGIN) if width else _WIDTH)
    lines += _wrapped(f"   mend: {problem.mend}", width)
    lines.append(f"   more: mainstem explain {problem.code}")
    return "\n".join(lines)


def _wrapped(text: str, width: int | None) -> list[str]:
    """Lines of at most `width` columns, the later ones indented; no word is broken, so that paths can be copied."""
    if width is None:
        return [text]
    wrap = TextWrapper(
        width, subsequent_indent=" " * 6, break_long_words=False, break_on_hyphens=False, replace_whitespace=False
    )
    return [part for line in text.split("\n") for part in wrap.wrap(line) or [""]]


def _quoted(place: Place, root: Path, width: int) -> list[str]:
    """The line, cut to about `width` columns, and a row of carets below it."""
    try:
        text = (root / place.file).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return []
    lines = text.split("\n")
    if place.line > len(lines) or not lines[place.line - 1].strip():
        return []
    line = "".join(" " if _is_unseen(sign) else sign for sign in lines[place.line - 1].rstrip())
    start = min(max(place.column, 1) - 1, len(line))
    found = _WORD.match(line, start)
    word = found.group() if found and found.group().strip() else " "
    before, after = line[:start], line[start:]
    if len(line) > width:
        cut = max(0, start - width // 2)
        before = ("…" if cut else "") + before[cut:]
        after = after[: width - len(before)] + ("…" if len(after) > width - len(before) else "")
    carets = "^" * max(1, min(_columns(word), _columns(after.rstrip("…")) or 1))
    return [f"{place.line:>5} | {before}{after}", f"{'':>5} | {' ' * _columns(before)}{carets}"]


def _is_unseen(sign: str) -> bool:
    return unicodedata.category(sign) in ("Cc", "Cf")


def _columns(text: str) -> int:
    """How many columns of a terminal a text takes."""
    wide = sum(1 for sign in text if unicodedata.east_asian_width(sign) in ("W", "F"))
    combining = sum(1 for sign in text if unicodedata.combining(sign))
    return len(text) + wide - combining
