"""Sources of kind `rest`: lists of JSON objects behind an API, page by page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mainstem.core.dataset import Dataset, Source
from mainstem.core.ports import Reading, Session
from mainstem.core.problem import Problem, WorldError
from mainstem.core.run import Look
from mainstem.core.secret import shown
from mainstem.lifecycle.generation.documents import Documents, Explosion
from mainstem.lifecycle.generation.loads import continued, load_of
from mainstem.lifecycle.generation.lookback import begin
from mainstem.lifecycle.generation.rest_calls import Call, Caller
from mainstem.lifecycle.generation.rest_options import Options, Since, TableOptions
from mainstem.lifecycle.generation.rest_pages import pages

__all__ = ["EXTENSIONS", "Options", "TableOptions", "look", "problems", "read"]

EXTENSIONS = ()

_MILLISECOND = timedelta(milliseconds=1)
_LATEST_SECOND = 10**11
"""Greater numbers are milliseconds: as seconds they would lie after the year 5000."""


def problems(source: Source, tables: Mapping[str, Dataset], root: Path) -> Iterator[Problem]:
    """G058 where an API cannot be asked for what is new, or is asked by a load that reads everything."""
    del source, root
    for dataset in tables.values():
        load = load_of(dataset)
        if load.load == "incremental" and load.options.since is None:
            yield _unasked(dataset)
        if load.load == "full" and load.options.since is not None:
            what, mend = "`since` asks for what is new, and a full load reads everything", "write `load: incremental`"
            place = load.options.places.get("since", dataset.place)
            yield Problem("G058", what, f"{mend} with a `cursor`, or remove `since`", place)


def look(source: Source, dataset: Dataset, position: Any, root: Path) -> Look:
    """No request is made: what is new is seen when it is read. WorldError G008 and G058."""
    del source, root
    before = _before(dataset, position)
    return Look(dataset.name, "new", "all of it" if before is None else "what is new is seen when it is read")


def read(source: Source, dataset: Dataset, position: Any, root: Path, session: Session) -> Reading:
    """Every page, into a temporary table; those after the position's cursor for an incremental load.

    Nothing is kept of a read that breaks off. WorldError G008, G009, G038, G050 to G056, G058, G059, I025.
    """
    del root
    before, load = _before(dataset, position), load_of(dataset)
    options: TableOptions = load.options
    documents = Documents(session)
    try:
        with Caller(source, dataset) as caller:
            for page in pages(caller, options, _first_call(source, dataset, before)):
                documents.add(page.rows, f"{page.words} row ")
        explosion = Explosion(options.explode, options.parent) if options.explode else None
        reading = documents.reading(dataset, options.null, None, explosion=explosion)
    except BaseException:
        documents.drop()
        raise
    after: dict[str, Any] = {"of": _of(dataset), "by": None, "set_aside": (before or {}).get("set_aside", [])}
    if load.load == "incremental":
        after |= {"by": load.cursor, "cursor": (before or {}).get("cursor")}
    return replace(reading, position=after, is_complete=(before or {}).get("cursor") is None, is_loose=True)


def _of(dataset: Dataset) -> str:
    return shown(load_of(dataset).options.path)


def _before(dataset: Dataset, position: Any) -> Mapping[str, Any] | None:
    """The position to go on from. WorldError G008, and G058 where the API cannot be asked for what is new."""
    load = load_of(dataset)
    if load.load == "incremental" and load.options.since is None:
        raise WorldError(_unasked(dataset))
    return continued(dataset, position, _of(dataset))


def _unasked(dataset: Dataset) -> Problem:
    what = f'nothing says how "{dataset.name}" is asked for what is new'
    mend = "add `since: {param: ...}`, the parameter that takes the cursor, or write `load: full`"
    return Problem("G058", what, mend, dataset.place)


def _first_call(source: Source, dataset: Dataset, before: Mapping[str, Any] | None) -> Call:
    load = load_of(dataset)
    options: TableOptions = load.options
    url = f"{source.options.url.rstrip('/')}/{options.path.lstrip('/')}" if options.path.strip("/") else None
    call = Call("GET", url or str.__str__(source.options.url)).with_params(options.params)
    call = replace(call, method=options.method, body=(options.body or {}) if options.method == "POST" else None)
    if load.load != "incremental":
        return call
    since, cursor = options.since or Since(""), (before or {}).get("cursor")
    value = since.first if cursor is None else written(begin(dataset, str(cursor)), since.format)
    if value is None and cursor is not None:
        what = f'cursor "{load.cursor}" is at "{cursor}", which is no instant'
        mend = f"remove `format: {since.format}`, or take a cursor that is an instant"
        raise WorldError(Problem("G058", what, mend, dataset.place))
    return call if value is None else call.with_params({since.param: value})


def written(cursor: str, format_: str | None) -> str | None:
    """A cursor as the API wants it, never later than it is; None if it is no instant.

    >>> written("2024-01-09T10:30:00.5+01:00", "iso"), written("2024-01-09", "epoch"), written("1704793800", "date")
    ('2024-01-09T09:30:00.500000Z', '1704758400', '2024-01-09')
    """
    if format_ is None:
        return cursor
    at = _instant(cursor)
    if at is None:
        return None
    seconds = int(at.timestamp() // 1)
    milliseconds = (at - datetime.fromtimestamp(0, UTC)) // _MILLISECOND
    return {
        "iso": at.isoformat().replace("+00:00", "Z"),
        "date": at.date().isoformat(),
        "epoch": str(seconds),
        "epoch_ms": str(milliseconds),
    }[format_]


def _instant(text: str) -> datetime | None:
    """An instant, in UTC where nothing else is said: ISO 8601, or seconds or milliseconds since 1970."""
    try:
        if text.isascii() and text.isdigit():
            number = int(text)
            unit = timedelta(seconds=1) if number < _LATEST_SECOND else _MILLISECOND
            return datetime.fromtimestamp(0, UTC) + number * unit
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
