"""Sources of kind `synthetic`: rows made from a contract, before the system exists that will bring real ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from mainstem.core.dataset import Column, Dataset, Load, Source
from mainstem.core.ports import Reading, Session
from mainstem.core.release import Field
from mainstem.core.run import Look
from mainstem.lifecycle.generation.synthetic_options import Faults, Options, TableOptions, Value, share
from mainstem.lifecycle.generation.synthetic_plans import ColumnPlan, breakable, options_of, planned, problems
from mainstem.lifecycle.generation.synthetic_streams import Streams
from mainstem.lifecycle.generation.synthetic_values import Making, made
from mainstem.sql.quote import quote
from mainstem.sql.types import parse_type

__all__ = ["EXTENSIONS", "Options", "TableOptions", "look_at", "problems", "read_at"]

EXTENSIONS = ()

_EPOCH = date(1970, 1, 1)
_LATEST = 3
"""Days by which a row may be late."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Rows to be made: those that arrive on the days `first` to `last`; or, without days, rows `first` to `last`."""

    first: int
    last: int

    @property
    def is_empty(self) -> bool:
        return self.last < self.first


def look_at(source: Source, dataset: Dataset, position: Any, root: Path, at: datetime) -> Look:
    """How many rows, or days that are over at `at`, have come since the position."""
    del source, root
    new = _new(dataset, position, at)
    if position is not None and new.is_empty:
        is_daily = options_of(dataset).per_day is not None
        return Look(dataset.name, "nothing", "no other day is over" if is_daily else "as many rows as before")
    if options_of(dataset).per_day is None:
        return Look(dataset.name, "new", "all of it" if position is None else "more rows")
    count = max(0, new.last - new.first + 1)
    return Look(dataset.name, "new", "1 day is over" if count == 1 else f"{count} days are over")


def read_at(
    source: Source,
    dataset: Dataset,
    position: Any,
    root: Path,
    session: Session,
    at: datetime,
    tables: Mapping[str, Dataset],
) -> Reading:
    """The rows since the position of an incremental load, else all that there are at `at`."""
    del root, session
    load = _load(dataset)
    is_complete = load.load == "full" or position is None
    every = _new(dataset, None, at)
    part = every if is_complete else _new(dataset, position, at)
    known = position if isinstance(position, dict) else {}
    reached = max(part.last, known.get("reached", part.last) if not is_complete else part.last)
    select, columns = _select(source, dataset, part, every.last, tables)
    return Reading(
        select=select,
        columns=columns,
        position={"reached": reached, "set_aside": known.get("set_aside", [])},
        whole=select if is_complete else _select(source, dataset, every, every.last, tables)[0],
        is_complete=is_complete,
    )


def _load(dataset: Dataset) -> Load:
    assert isinstance(dataset.made_by, Load)
    return dataset.made_by


def _new(dataset: Dataset, position: Any, at: datetime) -> _Part:
    """What came after a position, by the number of the last row, or of the last day since 1970."""
    options = options_of(dataset)
    reached = position.get("reached") if isinstance(position, dict) else None
    if options.from_ is None:
        return _Part(1 if reached is None else reached + 1, options.rows or 0)
    over = (at.astimezone(UTC).date() - timedelta(1) - _EPOCH).days
    return _Part((options.from_ - _EPOCH).days if reached is None else reached + 1, over)


def _select(
    source: Source, dataset: Dataset, part: _Part, last: int, tables: Mapping[str, Dataset]
) -> tuple[str, tuple[Field, ...]]:
    """The SELECT of a part, and its columns. `last` is the last day of all."""
    options, seed = options_of(dataset), source.options.seed
    streams = Streams(f"{seed}:{dataset.name}")
    shown, fields = _columns(dataset, seed, tables, streams, last)
    copies = share(options.faults.duplicates, "duplicates")
    copied = f", unnest(case when {streams.below('duplicates', copies)} then [1, 2] else [1] end)" if copies else ""
    late = share(options.faults.late, "late")
    where = ""
    if late:
        lag = f"case when {streams.below('late', late)} then 1 + {streams.of('lag')} % {_LATEST} else 0 end"
        where = f" where d + {lag} between {part.first} and {part.last}"
    rows = streams.over(_rows(options, part, _LATEST if late else 0))
    return f"select {shown}'row ' || n as _origin from ({rows}){copied}{where}", fields


def _rows(options: TableOptions, part: _Part, before: int) -> str:
    """A SELECT of `n`, the number of a row, and `d`, its day since 1970; also those of some days `before` the part."""
    if options.from_ is None or options.per_day is None:
        return f"select range as n, 0 as d from range({part.first}, {max(part.first, part.last + 1)})"
    start, count = (options.from_ - _EPOCH).days, options.per_day
    first = max(start, part.first - before) - start
    end = max(first, part.last + 1 - start)
    if not count:
        return "select range as n, 0 as d from range(0)"
    return f"select range + 1 as n, {start} + range // {count} as d from range({first * count}, {end * count})"


def _columns(
    dataset: Dataset, seed: int, tables: Mapping[str, Dataset], streams: Streams, last: int
) -> tuple[str, tuple[Field, ...]]:
    """The select list, and the columns in it."""
    faults = options_of(dataset).faults
    broken, bad = breakable(dataset), share(faults.bad, "bad")
    is_bad, names = (streams.below("bad", bad), list(broken)) if bad else ("false", [])
    plans = {plan.name: plan for plan in planned(dataset)}
    shown, fields = "", []
    for column in dataset.columns:
        plan = plans.get(column.name)
        value = _value(plan, dataset, seed, tables, streams) if plan else f"cast(null as {column.type or 'varchar'})"
        if bad and column.name in broken:
            is_this = f"{is_bad} and {streams.of('broken')} % {len(names)} = {names.index(column.name)}"
            value = f"case when {is_this} then {broken[column.name]} else cast({value} as varchar) end"
        shown += f"{value} as {quote(column.original or column.name)}, "
        fields.append(Field(column.original or column.name, str(parse_type(column.type or "varchar"))))
    more, field = _drifted(dataset, faults, seed, tables, streams, last)
    return shown + more, (*fields, *field)


def _value(plan: ColumnPlan, dataset: Dataset, seed: int, tables: Mapping[str, Dataset], streams: Streams) -> str:
    value = made(Making(plan, dataset, seed, tables, streams))
    if plan.nulls:
        return f"case when {streams.below(f'{plan.name}.nulls', plan.nulls)} then null else {value} end"
    return value


def _drifted(
    dataset: Dataset, faults: Faults, seed: int, tables: Mapping[str, Dataset], streams: Streams, last: int
) -> tuple[str, tuple[Field, ...]]:
    """The column that comes later, once its day is over."""
    drift = faults.drift
    if drift is None or last < (begin := (drift.at - _EPOCH).days):
        return "", ()
    column = Column(drift.add.column, dataset.place, drift.add.type)
    type_ = parse_type(drift.add.type)
    value = Value(dataset.place, "number" if type_.is_number else "text")
    text = made(Making(ColumnPlan(column, type_, value), dataset, seed, tables, streams))
    shown = f"case when d >= {begin} then {text} end as {quote(column.name)}, "
    return shown, (Field(column.name, str(type_)),)
