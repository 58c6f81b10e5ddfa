"""How statuses, instants, numbers and evidence look on a page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from mainstem.console.svg import el
from mainstem.core.evidence import Slice
from mainstem.lifecycle.requirements import words as say

ORDER = ("violated", "unverified", "at_risk", "met", "draft", "retired")
"""Statuses, the most pressing first."""

WORDS = {"at_risk": "at risk"}
STATES = {
    "good": "kept",
    "bad": "missed",
    "unmeasured": "not measured",
    "idle": "nothing due",
    "pending": "still open",
    "before": "before the agreement",
    "unbuilt": "before the first release",
    "exception": "excepted",
}
_SCALE = re.compile(r"DECIMAL\(\d+,\s*(\d+)\)")
_RING = {"cx": 8, "cy": 8, "r": 5.5, "class_": "ring"}


def word(status: str) -> str:
    """A status as people say it."""
    return WORDS.get(status, status)


def glyph(status: str | None) -> Markup:
    """The sign of a status: told apart by its form, not by its colour alone."""
    forms = {
        "met": (el("circle", cx=8, cy=8, r=6.5, class_="full"), el("path", d="M5 8.2 7.2 10.4 11 5.9", class_="tick")),
        "at_risk": (el("circle", **_RING), el("path", d="M8 2.5 a5.5 5.5 0 0 1 0 11 z", class_="full")),
        "violated": (
            el("circle", cx=8, cy=8, r=6.5, class_="full"),
            el("path", d="M5.6 5.6 10.4 10.4 M10.4 5.6 5.6 10.4", class_="tick"),
        ),
        "unverified": (
            el("circle", **_RING, stroke_dasharray="2.6 1.7"),
            el("circle", cx=8, cy=8, r=1.6, class_="full"),
        ),
        "draft": (el("circle", **_RING),),
        "retired": (el("path", d="M4 8 H12", class_="ring"),),
    }
    name = status or "draft"
    return el("svg", *forms[name], viewBox="0 0 16 16", class_=f"glyph s-{name}", aria_hidden="true")


def strip(slices: Sequence[Slice]) -> Markup:
    """One mark a slice, oldest first; what was missed stands tallest, what was not measured is hollow."""
    shown = slices[-31:]
    if not shown:
        return Markup("")
    counts = {state: sum(1 for piece in shown if piece.state == state) for state in STATES}
    said = ", ".join(f"{count} {STATES[state]}" for state, count in counts.items() if count)
    marks = [_mark(number, piece) for number, piece in enumerate(shown)]
    width = len(shown) * 7
    label = f"{len(shown)} slices: {said}"
    return el(
        "svg", *marks, viewBox=f"0 0 {width} 22", width=width, height=22, class_="strip", role="img", aria_label=label
    )


def _mark(number: int, piece: Slice) -> Markup:
    tops = {"bad": (0, 22), "good": (5, 12), "unmeasured": (5, 12), "exception": (5, 12)}
    y, height = tops.get(piece.state, (13, 4))
    title = el("title", f"{piece.label}: {piece.reason or STATES[piece.state]}")
    return el("rect", title, x=number * 7, y=y, width=5, height=height, rx=1.5, class_=f"m-{piece.state}")


def number(value: Any) -> str:
    """1234567 as `1,234,567`; nothing as a dash."""
    return "–" if value is None else f"{value:,}"


def label(value: str, beside: datetime, zone: str) -> str:
    """The label of a slice, `17 December`."""
    return say.label(value, beside, zone)


def seconds(value: Any) -> str:
    """A length of time that a machine took: `0.4 s`, `38 s`, `4 min 41 s`."""
    if value is None:
        return "–"
    left = float(value)
    if left < 10:
        return f"{left:.1f} s"
    minutes, rest = divmod(round(left), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def is_number(type_: str) -> bool:
    """Whether a column of this SQL type is set right-aligned."""
    return type_.upper().partition("(")[0] in (
        *("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"),
        *("UHUGEINT", "DECIMAL", "DOUBLE", "FLOAT", "REAL"),
    )


def cell(value: Any, column: str = "", type_: str = "") -> str:
    """A value of a row as text, decimals with all the places of their SQL type.

    Thousands are set apart where that helps: not in years, nor in what names a row.
    """
    places = _SCALE.fullmatch(type_.upper())
    if places and isinstance(value, int | float | Decimal):
        return f"{Decimal(str(value)):,.{places[1]}f}"
    if type_.upper().startswith("TIMESTAMP") and isinstance(value, str):
        return value.replace("T", " ")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        is_name = column.lower().endswith(("id", "year", "number", "code", "key"))
        return str(value) if is_name or abs(value) < 10_000 else f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.6g}" if abs(value) < 1e15 else repr(value)
    return f"{value:,f}" if isinstance(value, Decimal) else str(value)


OUTCOMES = ("failed", "committed", "recovered", "adopted", "checked", "kept", "unchanged")
"""What becomes of steps, in the order in which people want to know."""


def outcomes(counts: Mapping[str, int]) -> str:
    """How many steps ended how: `9 committed, 2 kept, 1 unchanged`."""
    known = sorted(counts, key=lambda each: OUTCOMES.index(each) if each in OUTCOMES else 0)
    return ", ".join(f"{counts[each]} {each}" for each in known)


def told(run: Mapping[str, Any]) -> dict[str, Any]:
    """What a run told at its end; nothing of one that has not ended, or was stopped."""
    return {"steps": {}, "failed": [], "rejected": {}, **(run["summary"] or {})}
