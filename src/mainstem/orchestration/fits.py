"""Whether what an output says besides its SQL fits the columns that its SQL gives: charts, training sets, syncs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mainstem.core.output import Output
from mainstem.core.problem import Problem, nearest
from mainstem.lifecycle.serving.sync import output_problems
from mainstem.lifecycle.serving.training import options_of


def query_problems(output: Output, query: str, columns: Sequence[str]) -> list[Problem]:
    """Every column that the output names of one of its queries, and that is none of it."""
    return [
        *output_problems(output, columns),
        *_of_charts(output, query, columns),
        *_of_training(output, query, columns),
    ]


def _of_charts(output: Output, query: str, columns: Sequence[str]) -> Iterator[Problem]:
    known = {column.lower() for column in columns}
    for chart in output.charts:
        if chart.data != query or chart.kind == "vega-lite":
            continue
        named = [("x", chart.x), *((f"y:{column}", column) for column in chart.y), ("series", chart.series)]
        for key, column in named:
            if column is not None and column.lower() not in known:
                what = f'the chart names "{column}", which is no column of block "{query}"'
                place = chart.places.get(key) or chart.places.get(key.partition(":")[0], chart.place)
                yield Problem("P055", what, nearest(column, list(columns), kind="columns"), place)


def _of_training(output: Output, query: str, columns: Sequence[str]) -> Iterator[Problem]:
    if output.kind != "training" or query != output.queries[0].name or not columns:
        return
    known = {column.lower() for column in columns}
    for column in options_of(output.options or {}).needed:
        if column.lower() not in known:
            what = f'the training set names "{column}", which is no column of its `sql`'
            yield Problem("T005", what, nearest(column, list(columns), kind="columns"), output.queries[0].place)
