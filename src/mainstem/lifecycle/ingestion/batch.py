"""What was read, once, in temporary tables: typed rows, rows to set aside, totals; all from one state of the source."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from mainstem.core.dataset import Dataset, Load
from mainstem.core.ports import Reading, Session
from mainstem.core.problem import WorldError
from mainstem.core.release import DataFile, Field
from mainstem.lifecycle.ingestion.casts import Cast, cast, loses_digits
from mainstem.lifecycle.ingestion.rules import Fault, faults, shown
from mainstem.lifecycle.ingestion.schema import Schema
from mainstem.lifecycle.ingestion.target import Destination, Target, TotalWanted
from mainstem.sql.quote import literal, quote
from mainstem.sql.types import Type

_TABLES = itertools.count(1)

Totals = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Batch:
    """The rows of one read.

    `rows` is a temporary table: c0, c1, ... by the number of the target, `origin`, `why` (NULL for a good row),
    `row` (JSON of a bad one as it was read), `cursor` (as the source writes it). `out` is one of what is set aside:
    `reason`, `origin`, `row`, `cursor` (NULL if it has none that counts). `count` is the number of rows read, those
    that are no rows included. `overlaps`: the read began where the one before ended, so some rows come again.
    `is_loose`: rows from before may come again, too. `files` are the table's new files where the rows are written
    already, all of them good: `rows` is a view of them then. None where they are to be written.
    """

    session: Session
    dataset: Dataset
    targets: tuple[Target, ...]
    rows: str
    out: str
    count: int = 0
    overlaps: bool = False
    is_loose: bool = False
    files: tuple[DataFile, ...] | None = None

    @property
    def load(self) -> Load:
        assert isinstance(self.dataset.made_by, Load)
        return self.dataset.made_by

    @property
    def comes_again(self) -> bool:
        """Whether rows of this read may be seen by the next one, too."""
        return self.overlaps or self.is_loose or self.load.load == "full"

    @property
    def identity(self) -> tuple[str, ...]:
        """The columns whose values name one row of a load."""
        effective = self.load.effective
        return (*self.dataset.key, effective) if effective and effective not in self.dataset.key else self.dataset.key

    @property
    def fields(self) -> tuple[Field, ...]:
        return tuple(Field(each.name, each.type.text, _other(each.original, each.name)) for each in self.targets)

    def column(self, name: str) -> str:
        """The column of `rows` that holds a target, in its final type."""
        number, target = next((i, target) for i, target in enumerate(self.targets) if target.name == name)
        return typed(target, f"c{number}")

    def select(self, more: str = "") -> str:
        """A SELECT of all rows under their names; `more` comes first."""
        shown_columns = ", ".join(
            f"{typed(target, f'c{i}')} as {quote(target.name)}" for i, target in enumerate(self.targets)
        )
        return f"select {more}{shown_columns} from {self.rows}"

    def one(self, select: str) -> Any:
        """The one value of a SELECT."""
        return self.session.rows(select)[0][0]

    def drop(self, more: Sequence[str]) -> None:
        """Let go of the batch, and of `more` tables that are named after it."""
        self.session.execute(f"drop {'table' if self.files is None else 'view'} if exists {self.rows}")
        for table in (self.out, *(f"{self.rows}_{each}" for each in more)):
            self.session.execute(f"drop table if exists {table}")


@dataclass(frozen=True, slots=True)
class Held:
    """The rows of a reading, held to the contract. `select` has r<i>, p<i> and v<i> of each target (as read, prepared,
    in its type), s<n> of each column at the source, `origin`, and `bad`: whether one of `faults` is true of the row.
    """

    select: str
    by_column: tuple[tuple[Fault, ...], ...]
    faults: tuple[Fault, ...]


def _other(original: str | None, name: str) -> str | None:
    return None if original == name else original


def typed(target: Target, value: str, how: str = "cast") -> str:
    """SQL of a value of `Batch.rows` in the type that its target got after all values were seen."""
    return f"{how}({value} as {target.type.text})" if target.choices and target.raw.text != target.type.text else value


def begun(session: Session, dataset: Dataset, reading: Reading, schema: Schema) -> Batch:
    """A batch under a name of its own, of which nothing has been read."""
    name = f"load_{next(_TABLES)}"
    overlaps = isinstance(reading.position, Mapping) and "cursor" in reading.position
    return Batch(session, dataset, schema.targets, name, f"{name}_out", overlaps=overlaps, is_loose=reading.is_loose)


def make_out(batch: Batch) -> None:
    """Make the table of what is set aside."""
    columns = "reason varchar, origin varchar, row varchar, cursor varchar"
    batch.session.execute(f"create temp table {batch.out} ({columns})")


def materialise(
    session: Session,
    dataset: Dataset,
    reading: Reading,
    schema: Schema,
    destination: Destination,
    totals: Sequence[TotalWanted],
) -> tuple[Batch, Totals]:
    """Read everything in one transaction: rows into a Batch, and the source's totals by label.

    WorldError as the engine says it; nothing is left of the batch then.
    """
    batch = begun(session, dataset, reading, schema)
    session.execute("begin transaction")
    try:
        for statement in reading.begin:
            session.execute(statement)
        session.execute(f"create temp table {batch.rows} as {_rows(dataset, reading, schema, destination)}")
        make_out(batch)
        if reading.broken:
            session.execute(
                f"insert into {batch.out} select reason, _origin, {_as_json('raw')}, null from ({reading.broken})"
            )
        read = f"(select count(*) from {batch.rows}) + (select count(*) from {batch.out})"
        batch = replace(batch, targets=_settled(batch), count=batch.one(f"select {read}"))
        found = totals_of(batch, reading, destination, totals)
        session.execute("commit")
    except BaseException:
        with suppress(WorldError):
            session.execute("rollback")
        raise
    return batch, found


def _as_json(raw: str) -> str:
    """SQL of a text as JSON: an object as it is, anything else as a string."""
    is_object = f"json_valid({raw}) and starts_with({raw}, '{{')"
    return f"case when {is_object} then {raw} else cast(to_json({raw}) as varchar) end"


def _casts(targets: Sequence[Target]) -> list[Cast]:
    """The cast of each target from r<i> by p<i> to v<i>; one whose type is still open stays as it is."""
    return [
        cast(target.raw, target.raw if target.choices else target.type, f"r{i}", f"p{i}", f"v{i}")
        for i, target in enumerate(targets)
    ]


def _values(select: str, reading: Reading, targets: Sequence[Target], casts: Sequence[Cast]) -> str:
    """A SELECT of r<i>, p<i>, v<i> of each target, s<n> of each column at the source, and the origin."""
    sources = "".join(f"{quote(field.name)} as s{n}, " for n, field in enumerate(reading.columns))
    raws = "".join(
        f"{f'cast(null as {target.raw.text})' if target.source is None else f's{target.source}'} as r{i}, "
        for i, target in enumerate(targets)
    )
    prepared = "".join(f"{each.prepared} as p{i}, " for i, each in enumerate(casts))
    values = "".join(f"{each.value} as v{i}, " for i, each in enumerate(casts))
    return (
        f"select {values}* from (select {prepared}* from (select {raws}* from "
        f"(select {sources}_origin as origin from ({select}))))"
    )


def held(dataset: Dataset, reading: Reading, schema: Schema, destination: Destination) -> Held:
    """The rows as the contract sees them. Each step stands in a query of its own, so that nothing is computed twice."""
    casts = _casts(schema.targets)
    misfits = "".join(f"{each.misfit} as m{i}, " for i, each in enumerate(casts) if each.misfit)
    by_column = tuple(
        tuple(
            faults(
                target,
                f"m{i}" if each.misfit else None,
                f"r{i}",
                f"v{i}",
                is_needed=_is_needed(dataset, reading, target),
                known=destination.known.get(target.name),
            )
        )
        for i, (target, each) in enumerate(zip(schema.targets, casts, strict=True))
    )
    strange = tuple(
        Fault(f"s{n} is not null", f"{literal(f'{name}: ')} || {shown(f's{n}')} || ' is not in the contract'")
        for n, name in schema.strange
    )
    wrong = (*(fault for found in by_column for fault in found), *strange)
    values = f"select {misfits}* from ({_values(reading.select, reading, schema.targets, casts)})"
    return Held(f"select ({_any(wrong)}) as bad, * from ({values})", by_column, wrong)


def _rows(dataset: Dataset, reading: Reading, schema: Schema, destination: Destination) -> str:
    """The SELECT behind `Batch.rows`."""
    rows = held(dataset, reading, schema, destination)
    words = ", ".join(f"case when {fault.condition} then {fault.words} end" for fault in rows.faults) or "null"
    pairs = ", ".join(f"{literal(field.name)}, s{n}" for n, field in enumerate(reading.columns))
    kept = "".join(f"v{i} as c{i}, " for i in range(len(schema.targets)))
    return (
        f"select {kept}origin, {_cursor(dataset, schema.targets, rows.by_column)} as cursor, "
        f"case when bad then concat_ws('; ', {words}) end as why, "
        f"case when bad then cast(json_object({pairs}) as varchar) end as row from ({rows.select})"
    )


def _any(wrong: Sequence[Fault]) -> str:
    return " or ".join(fault.condition for fault in wrong) or "false"


def _is_needed(dataset: Dataset, reading: Reading, target: Target) -> bool:
    assert isinstance(dataset.made_by, Load)
    load = dataset.made_by
    return bool(reading.columns) and target.name in {*dataset.key, load.cursor, load.revision, load.effective}


def _cursor(dataset: Dataset, targets: Sequence[Target], wrong: Sequence[Sequence[Fault]]) -> str:
    """The cursor as the source writes it, NULL where it breaks the contract: such a one must not move the position."""
    assert isinstance(dataset.made_by, Load)
    for i, target in enumerate(targets):
        if target.name == dataset.made_by.cursor:
            return f"case when {_any(wrong[i])} then null else cast(r{i} as varchar) end"
    return "cast(null as varchar)"


def _settled(batch: Batch) -> tuple[Target, ...]:
    """The targets with the types that all values fit, where that was open."""
    asked = [
        (i, type_, _misfit(target, type_, f"c{i}"))
        for i, target in enumerate(batch.targets)
        for type_ in target.choices
    ]
    if not asked:
        return batch.targets
    (found,) = batch.session.rows(
        f"select {', '.join(f'coalesce(bool_or({misfit}), false)' for _, _, misfit in asked)} from {batch.rows}"
    )
    fits = {(i, type_.text) for (i, type_, _), is_misfit in zip(asked, found, strict=True) if not is_misfit}
    return tuple(
        replace(target, type=next((type_ for type_ in target.choices if (i, type_.text) in fits), target.type))
        for i, target in enumerate(batch.targets)
    )


def _misfit(target: Target, type_: Type, raw: str) -> str:
    prepared = f"({cast(target.raw, type_, raw, raw, raw).prepared})"
    value = f"try_cast({prepared} as {type_.text})"
    wrong = (cast(target.raw, type_, raw, prepared, value).misfit, lost(target, raw, value, type_))
    return " or ".join(each for each in wrong if each) or "false"


def lost(target: Target, raw: str, value: str, type_: Type) -> str | None:
    """SQL that is true where a text's digits are lost in a type that it suggests; None where they never are."""
    return loses_digits(type_, raw, value) if target.raw.name == "VARCHAR" else None


def totals_of(batch: Batch, reading: Reading, destination: Destination, totals: Sequence[TotalWanted]) -> Totals:
    """The source's totals by label, by the name of each."""
    return {wanted.name: _total(batch, reading, destination, wanted) for wanted in totals}


def _total(batch: Batch, reading: Reading, destination: Destination, wanted: TotalWanted) -> Mapping[str, Any]:
    """The source's total by label. Rows that break the contract count: they are at the source."""
    if reading.is_complete:
        rows = batch.select()
    elif reading.whole is not None:
        rows = _whole(batch, reading, reading.whole)
    else:
        return {}
    types = {target.name: target.type.text for target in batch.targets}
    label = f"try({destination.label(wanted.by, types.get(wanted.by, 'VARCHAR'))})"
    found = batch.session.rows(
        f"select mainstem_label, {wanted.expression} from (select *, {label} as mainstem_label from ({rows})) "
        "where mainstem_label is not null group by mainstem_label order by mainstem_label"
    )
    return {name: value if value is None else Decimal(str(value)) for name, value in found}


def _whole(batch: Batch, reading: Reading, whole: str) -> str:
    casts = _casts(batch.targets)
    names = ", ".join(f"{typed(target, f'v{i}')} as {quote(target.name)}" for i, target in enumerate(batch.targets))
    return f"select {names} from ({_values(whole, reading, batch.targets, casts)})"
