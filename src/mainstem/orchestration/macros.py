"""Which macros a text calls: they are part of what it means and reads."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mainstem.core.project import Macro

_CALL = re.compile(r'(?:\b(\w+)|"((?:[^"]|"")+)")(?:\s|--[^\n]*\n|/\*.*?\*/)*\(', re.DOTALL)


def used_macros(sql: str, macros: Sequence[Macro]) -> tuple[Macro, ...]:
    """The macros that `sql` calls, directly or through others; each behind those that it calls.

    A name before a parenthesis counts as a call wherever it stands, in a comment too: rather one macro too many.
    """
    if not macros:
        return ()
    known = {macro.name: macro for macro in macros}
    found: dict[str, Macro] = {}
    begun: set[str] = set()

    def visit(text: str) -> None:
        for plain, quoted in _CALL.findall(text):
            name = (plain or quoted.replace('""', '"')).lower()
            if name in known and name not in begun:
                begun.add(name)
                visit(known[name].text[known[name].text.index("(") :])
                found[name] = known[name]

    visit(sql)
    return tuple(found.values())
