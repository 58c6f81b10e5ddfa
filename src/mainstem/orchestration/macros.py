"""Which macros a text uses: a change of one of them changes every model that uses it."""

from __future__ import annotations

import re
from collections.abc import Sequence

_NAMES = re.compile(
    r"\bcreate\s+(?:or\s+replace\s+)?(?:temp\s+|temporary\s+)?(?:macro|function)\s+(?:if\s+not\s+exists\s+)?"
    r'(?:"?\w+"?\s*\.\s*)*"?(\w+)"?\s*\(',
    re.IGNORECASE,
)
_WORDS = re.compile(r"\w+")


def used_macros(sql: str, macros: Sequence[str]) -> tuple[str, ...]:
    """The texts of `macros` (each with one or more `create macro`) that `sql` uses, or that those use, in order.

    A name that occurs anywhere counts as use: rather one model too many is built again than one too few.

    >>> used_macros("select euros(1)", ["create macro euros(c) as c / 100", "create macro other() as 1"])
    ('create macro euros(c) as c / 100',)
    """
    words = set(_WORDS.findall(sql.lower()))
    used: set[int] = set()
    grows = bool(macros)
    while grows:
        found = {
            number
            for number, text in enumerate(macros)
            if number not in used and not words.isdisjoint(name.lower() for name in _NAMES.findall(text))
        }
        used |= found
        words.update(word for number in found for word in _WORDS.findall(macros[number].lower()))
        grows = bool(found)
    return tuple(macros[number] for number in sorted(used))
