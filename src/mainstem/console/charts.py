"""Charts of a dashboard's rows, as pictures: lines, bars, areas, points."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from mainstem.console import look
from mainstem.console.scale import Scale, ticks, time_ticks
from mainstem.console.svg import el, picture
from mainstem.core.output import Chart
from mainstem.lifecycle.serving.request import Answer

WIDTH, HEIGHT = 980.0, 300.0
LEFT, RIGHT, TOP, BOTTOM = 60.0, 16.0, 16.0, 40.0
COLOURS = 8

Point = tuple[Any, float]


@dataclass(frozen=True, slots=True)
class Series:
    """Points of one colour. `name` is "" where there is only one series without a name of its own."""

    name: str
    points: tuple[Point, ...]
    colour: int


@dataclass(frozen=True, slots=True)
class Drawn:
    """A chart that can be shown: its picture, and the names of its series."""

    title: str
    picture: Markup
    keys: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Across:
    """The horizontal axis. `place` gives the middle of a value, `width` the room that one value has."""

    place: Callable[[Any], float]
    width: float
    ticks: Sequence[tuple[float, str]]


def drawn(chart: Chart, answer: Answer) -> Drawn | None:
    """The chart of a block's rows; None where it has no point to draw."""
    series = points_of(chart, answer)
    points = [point for each in series for point in each.points]
    if not points:
        return None
    values = [value for _, value in points]
    low, high = min(values), max(values)
    if chart.kind in ("bar", "area"):
        low, high = min(0.0, low), max(0.0, high)
    elif low > 0 and low < (high - low) * 2:
        low = 0.0
    lines = ticks(low, high)
    y = Scale(lines[0], lines[-1], HEIGHT - BOTTOM, TOP)
    across = _across([x for x, _ in points], is_banded=chart.kind == "bar")
    parts = [*_grid(lines, y), *_below(across)]
    for number, each in enumerate(series):
        parts.append(el("g", *_marks(chart, each, number, len(series), across, y), class_=f"k{each.colour}"))
    ground = y(max(lines[0], 0))
    parts.append(el("line", x1=LEFT, x2=WIDTH - RIGHT, y1=ground, y2=ground, class_="axis"))
    measured = ", ".join(chart.y)
    title = chart.title or f"{measured} by {chart.x}"
    spread = f"from {look.cell(min(values))} to {look.cell(max(values))}"
    desc = f"{chart.kind} chart of {len(points)} points; {measured} {spread}"
    keys = tuple((each.name, each.colour) for each in series if each.name)
    shown = picture(WIDTH, HEIGHT, title, *parts, desc=desc, class_="plot")
    return Drawn(title, shown, keys if len(keys) > 1 else ())


def points_of(chart: Chart, answer: Answer) -> tuple[Series, ...]:
    """The rows as series, in the order of their first row; rows without a number are left out."""
    at = {column.name.lower(): number for number, column in enumerate(answer.columns)}
    x = at.get(chart.x.lower())
    if x is None:
        return ()
    found: dict[str, list[Point]] = {}
    read_x = _reader(answer.columns[x].type)
    split = at.get(chart.series.lower()) if chart.series else None
    for row in answer.rows:
        if row[x] is None:
            continue
        for name in chart.y:
            column = at.get(name.lower())
            value = _number(row[column]) if column is not None else None
            if value is not None:
                found.setdefault(name if split is None else str(row[split]), []).append((read_x(row[x]), value))
    return tuple(
        Series(name, tuple(_in_order(chart, points)), number % COLOURS)
        for number, (name, points) in enumerate(found.items())
    )


def _in_order(chart: Chart, points: Sequence[Point]) -> Sequence[Point]:
    """Lines and areas run from left to right, whatever the order of the rows; categories keep theirs."""
    is_ordered = all(not isinstance(x, str) for x, _ in points)
    return sorted(points, key=lambda point: point[0]) if is_ordered and chart.kind in ("line", "area") else points


def _number(value: Any) -> float | None:
    """A value as a number; a number too long for JSON comes as text."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if abs(number) < float("inf") else None


def _reader(type_: str) -> Callable[[Any], Any]:
    """How an x of a column of this SQL type is read: as an instant, a number, or text."""
    kind = type_.upper()
    if kind.startswith(("DATE", "TIMESTAMP")):
        return _instant
    return float if look.is_number(type_) else str


def _instant(value: Any) -> datetime:
    at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _across(values: Sequence[Any], *, is_banded: bool) -> Across:
    kinds = {type(value) for value in values}
    right = WIDTH - RIGHT
    if is_banded or kinds - {float, datetime} or len(kinds) > 1:
        return _bands(list(dict.fromkeys(values if len(kinds) == 1 else map(str, values))))
    if kinds == {datetime}:
        first, last = min(values), max(values)
        scale = Scale(first.timestamp(), last.timestamp(), LEFT + 8, right - 8)
        by_day = all(value.time() == datetime.min.time() for value in values)
        marks = time_ticks(first, last, by_day=by_day) or [first]
        is_short = (last - first).total_seconds() < 2 * 86400 and not by_day
        names = [f"{each:%H:%M}" if is_short else f"{each.day} {each:%b}" for each in marks]
        if (last - first).days > 120:
            names = [f"{each:%b %Y}" for each in marks]
        places = [(scale(each.timestamp()), name) for each, name in zip(marks, names, strict=True)]
        return Across(lambda value: scale(value.timestamp()), 0.0, places)
    lines = ticks(min(values), max(values), 6)
    scale = Scale(lines[0], lines[-1], LEFT + 8, right - 8)
    return Across(scale, 0.0, [(scale(each), look.cell(each)) for each in lines])


def _bands(names: list[Any]) -> Across:
    """One band a value, in order; labels are thinned where they would touch."""
    if all(isinstance(name, datetime) for name in names):
        names.sort()
    room = (WIDTH - RIGHT - LEFT) / max(len(names), 1)
    at = {name: LEFT + room * (number + 0.5) for number, name in enumerate(names)}
    texts = {name: f"{name.day} {name:%b}" if isinstance(name, datetime) else look.cell(name) for name in names}
    longest = max((len(text) for text in texts.values()), default=1)
    every = max(1, round(min(longest, 14) * 6.6 / room + 0.49)) if room < longest * 6.6 else 1
    shown = [(at[name], _cut(texts[name], max(4, int(room * every / 6.2)))) for name in names[::every]]
    return Across(lambda value: at[value] if value in at else at[str(value)], room, shown)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _grid(lines: Sequence[float], y: Scale) -> list[Markup]:
    found = []
    for line in lines:
        found.append(el("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y(line), y2=y(line), class_="grid"))
        found.append(el("text", look.cell(line), x=LEFT - 9, y=y(line) + 4, text_anchor="end"))
    return found


def _below(across: Across) -> list[Markup]:
    return [el("text", name, x=x, y=HEIGHT - BOTTOM + 20, text_anchor="middle") for x, name in across.ticks]


def _marks(chart: Chart, series: Series, number: int, count: int, across: Across, y: Scale) -> list[Markup]:
    if chart.kind == "bar":
        return [_bar(point, series, number, count, across, y) for point in series.points]
    dots = [_dot(point, series, across, y, 4.2 if chart.kind == "point" else 2.6) for point in series.points]
    if chart.kind == "point":
        return dots
    path = " L".join(f"{across.place(x):.1f} {y(value):.1f}" for x, value in series.points)
    found = [el("path", d=f"M{path}", class_="k-line")]
    if chart.kind == "area":
        first, last = across.place(series.points[0][0]), across.place(series.points[-1][0])
        ground = y(0)
        found.insert(0, el("path", d=f"M{first:.1f} {ground:.1f} L{path} L{last:.1f} {ground:.1f} z", class_="k-area"))
    return found + (dots if len(series.points) <= 62 else [])


def _bar(point: Point, series: Series, number: int, count: int, across: Across, y: Scale) -> Markup:
    x, value = point
    room = min(across.width * 0.76, 68.0 * count)
    width = room / count
    left = across.place(x) - room / 2 + number * width
    top, bottom = min(y(value), y(0)), max(y(value), y(0))
    title = el("title", _said(point, series))
    radius = min(3.0, width / 3)
    return el(
        "rect",
        title,
        x=left + 0.5,
        y=top,
        width=max(width - 1, 0.8),
        height=max(bottom - top, 0.6),
        rx=radius,
        class_="k-bar",
    )


def _dot(point: Point, series: Series, across: Across, y: Scale, radius: float) -> Markup:
    title = el("title", _said(point, series))
    return el("circle", title, cx=across.place(point[0]), cy=y(point[1]), r=radius, class_="k-dot")


def _said(point: Point, series: Series) -> str:
    x, value = point
    shown = x.date().isoformat() if isinstance(x, datetime) and x.time() == datetime.min.time() else look.cell(x)
    name = f"{series.name}, " if series.name else ""
    return f"{name}{shown}: {look.cell(value)}"


def vega_rows(answer: Answer) -> list[Mapping[str, Any]]:
    """Rows as JSON data for a Vega-Lite picture."""
    names = [column.name for column in answer.columns]
    return [{name: _plain(value) for name, value in zip(names, row, strict=True)} for row in answer.rows]


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
