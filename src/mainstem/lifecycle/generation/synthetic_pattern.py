"""Texts that match a simple regular expression: signs, classes and counts, no groups, no alternatives."""

from __future__ import annotations

import re
import string
from collections.abc import Callable

from mainstem.sql.quote import literal

_PART = re.compile(
    r"(?:\[(?P<set>[^\]^\\][^\]\\]*)\]|\\(?P<class>[dw])|\\(?P<escaped>[^A-Za-z0-9])|(?P<sign>[^\\\[\](){}.*+?|^$]))"
    r"(?:\{(?P<least>\d{1,2})(?P<comma>,(?P<most>\d{1,2})?)?\}|(?P<few>[*+?]))?"
)
_CLASSES = {"d": string.digits, "w": string.ascii_lowercase + string.digits}
_MOST_MORE = 4
"""Signs more than the least, where a pattern sets no bound."""


def matching(pattern: str, stream: Callable[[str], str]) -> str | None:
    """SQL of texts that match; `stream` gives the SQL name of a random whole number for each name. None where the
    pattern is not simple."""
    text, found = pattern.removeprefix("^").removesuffix("$"), []
    at = 0
    while at < len(text):
        part = _PART.match(text, at)
        if part is None:
            return None
        signs = _signs(part)
        least, most = _counts(part)
        if signs is None or most < least or most > 64:
            return None
        found.append(_repeated(signs, least, most, str(at), stream))
        at = part.end()
    return " || ".join(found) or "''"


def _signs(part: re.Match[str]) -> str | None:
    if part["class"]:
        return _CLASSES[part["class"]]
    if part["set"] is None:
        return part["escaped"] or part["sign"]
    signs, rest = "", part["set"]
    for first, last in re.findall(r"(.)(?:-(.))?", rest):
        if last and ord(last) < ord(first):
            return None
        signs += "".join(map(chr, range(ord(first), ord(last or first) + 1)))
    return signs


def _counts(part: re.Match[str]) -> tuple[int, int]:
    if part["few"]:
        least = int(part["few"] == "+")
        return least, 1 if part["few"] == "?" else least + _MOST_MORE
    if part["least"] is None:
        return 1, 1
    least = int(part["least"])
    if not part["comma"]:
        return least, least
    return least, int(part["most"]) if part["most"] else least + _MOST_MORE


def _repeated(signs: str, least: int, most: int, name: str, stream: Callable[[str], str]) -> str:
    drawn = [
        literal(signs)
        if len(signs) == 1
        else f"{literal(signs)}[1 + ({stream(f'{name}.{i}')} % {len(signs)})::integer]"
        for i in range(most)
    ]
    text = " || ".join(drawn) or "''"
    if least == most:
        return text
    return f"left({text}, {least} + ({stream(f'{name}.count')} % {most - least + 1})::integer)"
