"""The history of a load, for `mainstem why DATASET`: what was read, and where each row went."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mainstem.cli.opening import Opened

SHOWN_LOADS = 5
WAYS = ("loaded", "set_aside", "deduplicated", "unchanged")
"""Where a row that is read goes: one of these."""


def loads_of(opened: Opened, name: str) -> list[Mapping[str, Any]]:
    """The reads that found rows or have something to tell, newest first, with where each row went."""
    rows = opened.ledger.evidence(env=opened.env, subjects=[name], kinds=["read"])
    told = [row for row in rows if row.label is None and "loaded" in row.facts and (row.value or row.facts["notes"])]
    names = ("rows", *WAYS, "brought", "seconds", "bytes", "position", "notes", "breaches")
    return [
        {"at": row.at, "run": row.run, "evidence": row.id, **{each: row.facts.get(each) for each in names}}
        for row in reversed(told)
    ]


def show_loads(opened: Opened, loads: Iterable[Mapping[str, Any]]) -> None:
    """A line a load, and what it had to tell."""
    from mainstem.cli.screen import console, escaped, styled
    from mainstem.core.words import counted, local, size

    out = console()
    for load in loads:
        went = " + ".join(f"{load[way]:,} {way.replace('_', ' ')}" for way in WAYS if load[way]) or "0"
        seconds = float(load["seconds"])
        pace = f"{load['rows'] / seconds:,.0f} rows/s" if seconds else ""
        took = ", ".join(word for word in (f"{seconds:.1f} s", pace, size(load["bytes"])) if word)
        lead = f"  [bright_black]read[/] {local(load['at'], opened.project.timezone)}  "
        aside = styled(f"{took}, e{load['evidence']}", "bright_black")
        out.print(f"{lead}{counted(load['rows'], 'row')} = {went}  {aside}")
        for note in load["notes"]:
            out.print(f"      {escaped(note)}")
