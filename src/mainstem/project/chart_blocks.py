"""Chart blocks of a dashboard: a few keys in YAML, or a whole Vega-Lite picture in JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from mainstem.core.output import Chart
from mainstem.core.place import Place
from mainstem.core.problem import Problem
from mainstem.project.nodes import Items, read_keys
from mainstem.project.shape import shape


@dataclass(frozen=True, slots=True)
class ChartKeys:
    """What a `chart` block says: columns `x` and `y` of the rows of block `data`, a mark for each of `series`."""

    type: Literal["line", "bar", "area", "point"]
    data: str
    x: str
    y: tuple[str, ...]
    series: str | None = None
    title: str = ""


def read_chart(text: str, place: Place, problems: list[Problem]) -> Chart | None:
    """The chart that a block of YAML describes; None after a problem. `place` is where its fence opens."""
    keys = read_keys(text, place.file, problems, place.line + 1)
    said: ChartKeys | None = None if keys is None else shape(ChartKeys, keys, problems)
    if keys is None or said is None:
        return None
    y = said.y
    places = {name: node.place for name in ("data", "x", "y", "series") if (node := keys.get(name)) is not None}
    if not y:
        problems.append(Problem("P055", "the chart has no `y`", "name one column, or a list", places.get("y", place)))
        return None
    if said.series and len(y) > 1:
        mend = "keep one column in `y`, or leave `series` out"
        problems.append(
            Problem("P055", "both `series` and several columns in `y` split the chart", mend, places["series"])
        )
        return None
    node = keys.get("y")
    if isinstance(node, Items):
        places |= {f"y:{name}": item.place for name, item in zip(y, node.items, strict=False)}
    return Chart(said.type, said.data, place, text, said.x, y, said.series, said.title, places=places)


def read_vega(text: str, place: Place, problems: list[Problem]) -> Chart | None:
    """The Vega-Lite picture that a block of JSON describes; None after a problem.

    Its rows are those of the block that `data.name` names; nothing is ever fetched.
    """
    try:
        spec = json.loads(text)
    except ValueError as error:
        line = getattr(error, "lineno", 0)
        at = Place(place.file, place.line + line, getattr(error, "colno", 1))
        what = f"the picture is no JSON: {getattr(error, 'msg', error)}"
        problems.append(
            Problem("P055", what, "write one JSON object: names and texts in double quotes, no comma at the end", at)
        )
        return None
    name = spec.get("data", {}).get("name") if isinstance(spec, dict) and isinstance(spec.get("data"), dict) else None
    if not isinstance(name, str):
        mend = 'name the block that it shows: "data": {"name": "worst_routes"}'
        problems.append(Problem("P055", "the picture does not say which block it shows", mend, place))
        return None
    if any(True for _ in _addresses(spec)):
        mend = 'remove "url"; rows come from a block of this page, through the gate'
        problems.append(Problem("P055", "the picture fetches from an address", mend, place))
        return None
    title = spec.get("title")
    return Chart("vega-lite", name, place, text, title=title if isinstance(title, str) else "", spec=spec)


def _addresses(value: Any) -> Iterator[Any]:
    """Every `url` anywhere in a picture."""
    if isinstance(value, dict):
        for key, each in value.items():
            if key in ("url", "href"):
                yield each
            else:
                yield from _addresses(each)
    elif isinstance(value, list):
        for each in value:
            yield from _addresses(each)
