"""Evidence over time as a picture: each slice of an objective against its limit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from markupsafe import Markup

from mainstem.console import look
from mainstem.console.scale import Scale, clock_ticks, ticks
from mainstem.console.svg import el, picture
from mainstem.core.evidence import Slice
from mainstem.core.requirement import Objective
from mainstem.core.words import zone_name
from mainstem.lifecycle.requirements.calendar import duration_s

WIDTH, HEIGHT = 720.0, 250.0
LEFT, RIGHT, TOP, BOTTOM = 56.0, 14.0, 22.0, 34.0
_ABOVE, _BELOW = True, False
"""On which side of its limit a value is missed."""


@dataclass(frozen=True, slots=True)
class Graph:
    """What is drawn of an objective. `values` has one for each slice, None where nothing was measured.

    `is_ceiling`: what lies above `limit` is missed, else what lies below. `say` writes a value as an axis does.
    """

    title: str
    slices: Sequence[Slice]
    values: Sequence[float | None]
    limit: float
    limit_words: str
    is_ceiling: bool
    say: Callable[[float], str]
    ticks: Callable[[float, float], list[float]]


def graph(objective: Objective, slices: Sequence[Slice]) -> Graph | None:
    """What can be drawn of the slices; None where a measure has no value to draw, or nothing counts yet."""
    shown = [piece for piece in slices if piece.state not in ("before", "unbuilt")]
    if not shown:
        return None
    if objective.kind == "ready_by":
        return _ready(objective, shown)
    if objective.kind == "freshness":
        return _ages(objective, shown)
    at_least = getattr(objective.options, "at_least", None)
    if at_least is None:
        return None
    values = [None if piece.value is None else float(piece.value) * 100 for piece in shown]
    limit = float(at_least) * 100
    words = f"at least {limit:g}%"
    return Graph("What was measured, each slice", shown, values, limit, words, _BELOW, _percent, ticks)


def _ready(objective: Objective, slices: Sequence[Slice]) -> Graph:
    """The clock time at which each slice was ready, in minutes from the midnight before its deadline."""
    zone = ZoneInfo(objective.zone)
    due = slices[-1].due.astimezone(zone)
    limit = float(due.hour * 60 + due.minute)
    values = [None if piece.margin is None else limit - piece.margin for piece in slices]
    words = f"due {due:%H:%M} {zone_name(objective.zone)}"
    return Graph("When it was ready, each slice", slices, values, limit, words, _ABOVE, _clock, clock_ticks)


def _ages(objective: Objective, slices: Sequence[Slice]) -> Graph:
    """The greatest age in each slice, in hours."""
    limit = duration_s(objective.options.at_most, objective.place) / 3600
    values = [None if piece.margin is None else limit - piece.margin for piece in slices]
    words = f"at most {limit:g} hours"
    return Graph("How old it became, each slice", slices, values, limit, words, _ABOVE, _hours, ticks)


def _clock(minute: float) -> str:
    hour, rest = divmod(round(minute), 60)
    return f"{hour % 24:02}:{rest:02}"


def _percent(value: float) -> str:
    return f"{value:g}%"


def _hours(value: float) -> str:
    return f"{value:g} h"


def drawn(made: Graph) -> Markup:
    """The picture: a dot a slice, the limit, and the side of it where a promise is missed."""
    known = [value for value in made.values if value is not None]
    low, high = _range(made, known)
    lines = made.ticks(low, high)
    if made.say is _percent:
        lines = [tick for tick in lines if tick <= 100]
    low, high = min(low, lines[0]), max(high, lines[-1])
    y = Scale(low, high, HEIGHT - BOTTOM, TOP)
    count = len(made.slices)
    x = Scale(0, max(count - 1, 1), LEFT + 14, WIDTH - RIGHT - 12)
    parts = [*_ground(made, lines, y)]
    path = [f"{x(n):.1f},{y(_held(v, low, high)):.1f}" for n, v in enumerate(made.values) if v is not None]
    if len(path) > 1:
        parts.append(el("polyline", points=" ".join(path), class_="d-line"))
    for number, (piece, value) in enumerate(zip(made.slices, made.values, strict=True)):
        parts.append(_dot(piece, value, x(number), y, low, high))
    parts += _days(made.slices, x)
    counts = {state: sum(1 for piece in made.slices if piece.state == state) for state in look.STATES}
    said = ", ".join(f"{n} {look.STATES[state]}" for state, n in counts.items() if n)
    return picture(WIDTH, HEIGHT, made.title, *parts, desc=f"{made.limit_words}; {said}", class_="plot")


def _range(made: Graph, known: Sequence[float]) -> tuple[float, float]:
    """From the least to the greatest that is drawn; a value far beyond the limit is drawn at the edge."""
    usual = sorted(known)
    low, high = min([made.limit, *usual]), max([made.limit, *usual])
    if len(usual) > 4:
        middle = usual[len(usual) // 10 : -(len(usual) // 10) or None]
        reach = max(max(middle[-1], made.limit) - min(middle[0], made.limit), 1e-9) * 3
        low, high = max(low, min(middle[0], made.limit) - reach), min(high, max(middle[-1], made.limit) + reach)
    gap = (high - low) * 0.12 or max(abs(high) * 0.05, 1)
    return low - gap, high + gap


def _held(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)


def _ground(made: Graph, lines: Sequence[float], y: Scale) -> list[Markup]:
    right = WIDTH - RIGHT
    found = []
    at = y(made.limit)
    top, bottom = (TOP, at) if made.is_ceiling else (at, HEIGHT - BOTTOM)
    found.append(el("rect", x=LEFT, y=top, width=right - LEFT, height=max(0.0, bottom - top), class_="beyond"))
    for tick in lines:
        found.append(el("line", x1=LEFT, x2=right, y1=y(tick), y2=y(tick), class_="grid"))
        found.append(el("text", made.say(tick), x=LEFT - 8, y=y(tick) + 4, text_anchor="end"))
    found.append(el("line", x1=LEFT, x2=right, y1=at, y2=at, class_="limit"))
    above = at - 7 if at - TOP > 38 else at + 16  # crosses stand under the upper edge
    found.append(el("text", made.limit_words, x=right - 4, y=above, text_anchor="end", class_="limit-words"))
    return found


def _dot(piece: Slice, value: float | None, x: float, y: Scale, low: float, high: float) -> Markup:
    title = el("title", f"{piece.label}: {piece.reason or look.STATES[piece.state]}")
    if value is None:
        if piece.state == "bad":
            top = TOP + 9
            cross = f"M{x - 4:.1f} {top - 4} l8 8 m0 -8 l-8 8"
            return el("g", title, el("path", d=cross, class_="d-cross"))
        return el("g", title, el("line", x1=x, x2=x, y1=HEIGHT - BOTTOM - 16, y2=HEIGHT - BOTTOM, class_="d-gap"))
    at = y(_held(value, low, high))
    state = {"bad": "d-bad", "good": "d-good"}.get(piece.state, "d-pending")
    if not low <= value <= high:
        way = -1 if value > high else 1
        return el("g", title, el("path", d=f"M{x - 5:.1f} {at:.1f} h10 l-5 {7 * way} z", class_=state))
    return el("g", title, el("circle", cx=x, cy=at, r=4.4, class_=state))


def _days(slices: Sequence[Slice], x: Scale) -> list[Markup]:
    """Labels under the axis, about five."""
    every = max(1, round(len(slices) / 5))
    found = []
    for number in range(0, len(slices), every):
        if number and len(slices) - number < every / 2:
            continue
        found.append(el("text", _short(slices[number].label), x=x(number), y=HEIGHT - 10, text_anchor="middle"))
    return found


def _short(label: str) -> str:
    """`17 Dec` of 2013-12-17; other labels as they are."""
    if len(label) == 10:
        day = date.fromisoformat(label)
        return f"{day.day} {day:%b}"
    return label[5:16].replace("T", " ") if len(label) > 10 else label
