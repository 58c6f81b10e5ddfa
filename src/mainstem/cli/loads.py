"""The history of a load, for `mainstem why DATASET`: what was read, where each row went, and what was settled since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mainstem.cli.opening import Opened
from mainstem.core.dataset import QUARANTINE
from mainstem.core.evidence import Evidence
from mainstem.core.release import Version
from mainstem.orchestration.arrivals import is_of

SHOWN_LOADS = 8
WAYS = ("loaded", "set_aside", "deduplicated", "unchanged")
"""Where a row that is read goes: one of these."""

_TOLD = ("rows", *WAYS, "brought", "seconds", "bytes", "position", "notes", "breaches")
_SETTLED = ("tried", "loaded", "superseded", "staying", "settled_before", "discarded", "why")


def loads_of(opened: Opened, name: str) -> list[dict[str, Any]]:
    """Reads, replays and discards, newest first, with where each row went.

    `action`: read | replay | discard | nothing. The last are looks and reads one after the other that found no row:
    `times` of them, from `at` until `until`.
    """
    release = opened.ledger.current(opened.env)
    shown = release.versions[name].id if release and name in release.versions else None
    found: list[dict[str, Any]] = []
    for row in opened.ledger.evidence(env=opened.env, subjects=[name], kinds=["read", "settled"]):
        if row.label is not None or not is_of(row, opened.env, shown):
            continue
        load = _load(row)
        if load["action"] == "nothing" and found and found[-1]["action"] == "nothing":
            found[-1] |= {"until": row.at, "times": found[-1]["times"] + 1}
        else:
            found.append(load)
    return found[::-1]


def _load(row: Evidence) -> dict[str, Any]:
    lead = {"at": row.at, "run": row.run, "evidence": row.id}
    if row.kind == "settled":
        facts = {each: row.facts[each] for each in _SETTLED if each in row.facts}
        return {"action": row.facts["action"], **lead, **facts}
    if "loaded" in row.facts and (row.value or row.facts["notes"]):
        return {"action": "read", **lead, **{each: row.facts.get(each) for each in _TOLD}}
    return {"action": "nothing", **lead, "until": row.at, "times": 1}


def set_aside(opened: Opened, version: Version) -> int:
    """How many rows are in the quarantine that belongs to a version."""
    from mainstem.lifecycle.storage.tables import snapshot

    if version.quarantine is None:
        return 0
    found = snapshot(opened.project.lake, version.table + QUARANTINE, version.quarantine)
    return sum(file.rows for file in found.files) if found else 0


def show_loads(opened: Opened, loads: Iterable[Mapping[str, Any]]) -> None:
    """A line a load, and what it had to tell."""
    from mainstem.cli.screen import console, escaped, styled
    from mainstem.core.words import local

    out, zone = console(), opened.project.timezone
    for load in loads:
        at, last = local(load["at"], zone), local(load.get("until") or load["at"], zone)
        when = f"{at} to {last}" if last != at else at
        said, aside = _said(load)
        verb = "read" if load["action"] == "nothing" else load["action"]
        beside = styled(", ".join((*aside, f"e{load['evidence']}")), "bright_black")
        out.print(f"  [bright_black]{verb}[/] {when}  {escaped(said)}  {beside}")
        for note in load.get("notes") or ():
            out.print(f"      {escaped(note)}")


def _said(load: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """What became of the rows, and what is told beside."""
    from mainstem.core.words import counted, size

    if load["action"] == "nothing":
        return "nothing new" + (f", {load['times']:,} times" if load["times"] > 1 else ""), ()
    why = (str(load["why"]),) if load.get("why") else ()
    if load["action"] == "discard":
        return f"{counted(load['discarded'], 'row')} of the quarantine", why
    if load["action"] == "replay":
        ways = {"loaded": "loaded", "superseded": "superseded", "staying": "set aside still"}
        went = " + ".join(f"{load[way]:,} {word}" for way, word in ways.items() if load[way]) or "0"
        return f"{counted(load['tried'], 'row')} = {went}", why
    went = " + ".join(f"{load[way]:,} {way.replace('_', ' ')}" for way in WAYS if load[way]) or "0"
    seconds = float(load["seconds"])
    pace = f"{load['rows'] / seconds:,.0f} rows/s" if seconds else ""
    took = tuple(word for word in (f"{seconds:.1f} s", pace, size(load["bytes"])) if word)
    return f"{counted(load['rows'], 'row')} = {went}", took
