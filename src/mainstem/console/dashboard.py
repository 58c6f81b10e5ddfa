"""A dashboard: its Markdown, with the rows of its blocks and the pictures of its charts in their places."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markdown_it import MarkdownIt
from markupsafe import Markup

from mainstem.console import charts
from mainstem.console.exits import exit_of
from mainstem.console.scribe import Held
from mainstem.console.site import Now, Site
from mainstem.core.clock import SetClock
from mainstem.core.output import Chart, Output, Query
from mainstem.core.problem import MainstemError, Problem, ProjectError, WorldError
from mainstem.lifecycle.serving.parameter import Parameter, texts_given
from mainstem.lifecycle.serving.request import Answer, Request
from mainstem.orchestration.desk import Values
from mainstem.orchestration.served import Served

LIMIT = 1_000
"""Rows of one block."""

SIDE_BY_SIDE = 4
"""Blocks of one page that are read at once."""

_NAME = re.compile(r"(?:^|\s)name=(\S+)")
_SAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


@dataclass(frozen=True, slots=True)
class Block:
    """One part of the page: text as HTML, or a block with its rows, or what stood against reading them."""

    text: Markup | None = None
    query: Query | None = None
    answer: Answer | None = None
    chart: charts.Drawn | None = None
    vega: Markup | None = None
    title: str = ""
    problems: tuple[Problem, ...] = ()

    @property
    def treated(self) -> Mapping[str, str]:
        return treated(self.answer) if self.answer else {}


@dataclass(frozen=True, slots=True)
class Page:
    """Everything on the page of a dashboard. `serves` are ids of requirements, `people` for whom they are."""

    output: Output
    parameters: Mapping[str, Parameter]
    given: Mapping[str, str]
    problems: tuple[Problem, ...]
    blocks: tuple[Block, ...]
    as_of: datetime | None

    @property
    def has_vega(self) -> bool:
        return any(block.vega for block in self.blocks)


def treated(answer: Answer) -> Mapping[str, str]:
    """The columns of an answer that bear the name of one that was treated on the way, with its treatment."""
    found = {column: how for each in answer.audit.columns.values() for column, how in each.items()}
    return {column.name: found[column.name] for column in answer.columns if column.name in found}


def page(site: Site, now: Now, output: Output, given: Mapping[str, str]) -> Page:
    """The page with the rows of one release. Wrong parameters are told on it, and no block is read then."""
    parameters = declared(output)
    given = {name: text for name, text in given.items() if text or name not in parameters}
    problems: tuple[Problem, ...] = ()
    read: Callable[[Query], Answer] | None = None
    if now.served is None:
        problems = (Problem("C008", f'nothing is published in "{site.desk.env}"', "publish with `mainstem run`"),)
    else:
        try:
            read = _reader(site, now.served, output, texts_given(parameters, given))
        except ProjectError as error:
            problems = error.problems
    blocks = tuple(_blocks(output, read)) if read else ()
    return Page(output, parameters, given, problems, blocks, as_of(now, output))


def declared(output: Output) -> dict[str, Parameter]:
    """The parameters of an output, by name."""
    said: Mapping[str, Any] = (output.options or {}).get("params") or {}
    return {
        name: Parameter(
            each["type"],
            each.get("default"),
            str(each.get("required", "false")).lower() in ("true", "yes"),
            each.get("description", ""),
        )
        for name, each in said.items()
    }


def as_of(now: Now, output: Output) -> datetime | None:
    """The instant of the data: the smallest over all that the output reads."""
    if now.served is None:
        return None
    versions = now.served.release.versions
    return min(
        (versions[name].as_of for name in now.bound.outputs.get(output.name, ()) if name in versions), default=None
    )


def _reader(site: Site, served: Served, output: Output, values: Values) -> Callable[[Query], Answer]:
    """Reads every block once, side by side; the audit and the evidence of all are written before any of it leaves."""
    request = Request(exit_of("/dashboards/{name}"), "", LIMIT)
    held, clock = Held(), SetClock(site.desk.clock.now())
    started_s = clock.elapsed()

    def read(query: Query) -> Answer | MainstemError:
        try:
            return site.desk.block(served, output, query, values, request, held, clock)
        except MainstemError as error:
            return error

    with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as threads:
        found = dict(zip((query.name for query in output.queries), threads.map(read, output.queries), strict=True))
    faults = [each for each in found.values() if isinstance(each, MainstemError)]
    outcome = "errored" if any(isinstance(each, WorldError) for each in faults) else "refused" if faults else "ok"
    row = site.request_row(output.name, request, clock.at, clock.elapsed() - started_s, outcome)
    site.ledger.note(held.rows, [row])

    def answered(query: Query) -> Answer:
        each = found[query.name]
        if isinstance(each, MainstemError):
            raise each
        return each

    return answered


def _blocks(output: Output, read: Callable[[Query], Answer]) -> list[Block]:
    """The parts of the Markdown in order; consecutive text is one part."""
    markdown = MarkdownIt("commonmark", {"html": False, "typographer": False}).enable(["table", "strikethrough"])
    queries = {query.name: query for query in output.queries}
    drawings = {chart.text.strip(): chart for chart in output.charts}
    found: list[Block] = []
    gathered: list[Any] = []

    def flush() -> None:
        if gathered:
            # Rendered by markdown-it with raw HTML off: what people wrote is escaped there.
            found.append(Block(Markup(markdown.renderer.render(gathered, markdown.options, {}))))  # noqa: S704
            gathered.clear()

    for token in markdown.parse(output.text):
        language = token.info.split(" ")[0].lower() if token.type == "fence" else ""
        named = _NAME.search(token.info) if language == "sql" else None
        query = queries.get(named[1].strip("\"'")) if named else None
        chart = drawings.get(token.content.strip()) if language in ("chart", "vega-lite") else None
        if query is None and chart is None:
            gathered.append(token)
        elif token.level == 0 and (chart or "hidden" not in token.info.split()):
            flush()
            found.append(_table(query, read) if query else _picture(chart, queries, read) if chart else Block())
    flush()
    return found


def _table(query: Query, read: Callable[[Query], Answer]) -> Block:
    try:
        return Block(query=query, answer=read(query))
    except MainstemError as error:
        return Block(query=query, problems=error.problems)


def _picture(chart: Chart, queries: Mapping[str, Query], read: Callable[[Query], Answer]) -> Block:
    query = queries[chart.data]
    try:
        answer = read(query)
    except MainstemError as error:
        return Block(query=query, title=chart.title, problems=error.problems)
    if chart.kind == "vega-lite":
        return Block(query=query, answer=answer, vega=_data(chart, answer), title=chart.title or "Picture")
    return Block(query=query, answer=answer, chart=charts.drawn(chart, answer), title=chart.title or chart.data)


def _data(chart: Chart, answer: Answer) -> Markup:
    """Specification and rows as JSON that can stand inside a script element, whatever the rows hold."""
    rows = {"spec": chart.spec, "data": chart.data, "rows": charts.vega_rows(answer)}
    text = json.dumps(rows, ensure_ascii=False)
    return Markup("".join(_SAFE.get(character, character) for character in text))  # noqa: S704 - as JSON escapes
