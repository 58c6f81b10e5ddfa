"""Whether columns that SQL gives fit: the lake for a model, and what an output says of them besides its SQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from mainstem.core.dataset import Model
from mainstem.core.output import Output
from mainstem.core.problem import Problem, ProjectError, nearest, raise_all
from mainstem.core.release import Field
from mainstem.lifecycle.serving.sync import output_problems
from mainstem.lifecycle.serving.training import options_of


def model_fields(model: Model, fields: Sequence[Field]) -> tuple[Field, ...]:
    """The fields of a model as it keeps them; ProjectError K001 or K002, placed where the column is written."""
    from mainstem.lifecycle.storage.types import stored_fields

    if model.kind == "view":
        return tuple(fields)
    raise_all(problem for each in fields for problem in _of_field(model, each))
    return stored_fields(fields)


def _of_field(model: Model, field: Field) -> Iterator[Problem]:
    from mainstem.lifecycle.storage.types import stored_fields

    try:
        stored_fields([field])
    except ProjectError as error:
        from mainstem.sql.written import written_at

        at = written_at(model.sql, model.place, field.name)
        yield from (replace(problem, place=at) for problem in error.problems)


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
