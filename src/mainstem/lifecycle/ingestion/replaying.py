"""Rows of the quarantine, looked at again: held to the contract of today, or discarded."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from mainstem.core.dataset import Dataset, Load
from mainstem.core.ports import Reading, Session
from mainstem.core.release import Change, DataFile, Field, Snapshot
from mainstem.lifecycle.ingestion import aside
from mainstem.lifecycle.ingestion.batch import Batch, materialise
from mainstem.lifecycle.ingestion.duplicates import drop_repeated, set_aside_repeated
from mainstem.lifecycle.ingestion.exact_json import dumps, loads
from mainstem.lifecycle.ingestion.rules import refuse_impossible
from mainstem.lifecycle.ingestion.schema import decide
from mainstem.lifecycle.ingestion.superseded import Known, come_in_since, drop_superseded
from mainstem.lifecycle.ingestion.target import Destination
from mainstem.lifecycle.ingestion.writes import write
from mainstem.lifecycle.ingestion.writing import Outcome
from mainstem.project.pairing import pair
from mainstem.sql.quote import literal, quote

_PAGE = 10_000
"""Rows whose JSON is taken apart at once."""

_ID_DIGITS = 16
_TABLES = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What came of it: the change to commit, empty where nothing is another; and what happened to how many rows.

    Of a replay `tried` = `loaded` + `superseded` + `staying`; in the change superseded rows count as deduplicated,
    staying ones as unchanged. `reasons` has, for rows that stay, why, with a count.
    Of a discard there is `discarded` alone.
    """

    change: Change
    counts: Mapping[str, int]
    reasons: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Held:
    """The quarantine in a temporary table: id, reason, origin, run, at, row. `tried` are the rows that are looked at
    again, each once, `texts` their values by column."""

    session: Session
    name: str

    @property
    def tried(self) -> str:
        return f"{self.name}_tried"

    @property
    def texts(self) -> str:
        return f"{self.name}_texts"

    def one(self, select: str) -> int:
        return int(self.session.rows(select)[0][0])

    def drop(self) -> None:
        for table in (self.name, self.tried, self.texts, f"{self.name}_mended"):
            self.session.execute(f"drop table if exists {table}")


def with_ids(relation: str, salt: str) -> str:
    """SQL usable in FROM of a quarantine's rows with an `id`: a digest of origin and row.

    `salt` makes it useless for guessing what a redacted row holds.
    """
    text = f"{literal(salt)} || coalesce(origin, '') || chr(31) || coalesce(row, '')"
    return f'(select left(sha256({text}), {_ID_DIGITS}) as id, reason, origin, run, "at", row from {relation})'


def discard(session: Session, held: str, base: Snapshot, destination: Destination, reason: str | None) -> Reviewed:
    """Rows of the quarantine `held` (as of `with_ids`) leave it: all, or those whose reason contains a text."""
    table = _hold(session, held)
    try:
        chosen = "true" if reason is None else f"contains(reason, {literal(reason)})"
        count = table.one(f"select count(*) from {table.name} where {chosen}")
        if not count:
            return Reviewed(Change(base.fields, labels=()), {"discarded": 0})
        session.execute(f"delete from {table.name} where {chosen}")
        change = Change(base.fields, rejects=_left(table, destination), settles=True, labels=())
        return Reviewed(change, {"discarded": count})
    finally:
        table.drop()


def replay(
    session: Session,
    dataset: Dataset,
    held: str,
    base: Snapshot,
    destination: Destination,
    at: datetime,
    mended: Mapping[str, str] | None = None,
) -> Reviewed:
    """Hold rows of the quarantine `held` (as of `with_ids`) to the contract as if they arrived now, at `at`.

    Good ones are written as the load writes. One of a key that the table holds from a later read gives way. Others
    stay, with their new reason. `mended` maps ids or origins to rows (JSON text) that take the place of those set
    aside; then no other row is looked at. What was no row at all is only looked at if it is mended.

    A table that is replaced by each load takes nothing from here: rows leave that it holds meanwhile.
    ProjectError and WorldError as `ingest`.
    """
    table = _hold(session, held)
    try:
        _choose(table, mended)
        tried = table.one(f"select count(*) from {table.tried}")
        if not tried:
            return Reviewed(Change(base.fields, labels=()), {"tried": 0, "loaded": 0, "superseded": 0, "staying": 0})
        return _tried(table, dataset, base, destination, at, keeps_reasons=mended is not None)
    finally:
        table.drop()


def _hold(session: Session, held: str) -> Held:
    table = Held(session, f"held_{next(_TABLES)}")
    session.execute(f"create temp table {table.name} as select * from {held}")
    return table


def _choose(table: Held, mended: Mapping[str, str] | None) -> None:
    """The rows to look at: one of each id."""
    source, row, only = table.name, "row", "json_valid(row) and json_type(row) = 'OBJECT'"
    if mended is not None:
        _pour(table.session, f"{table.name}_mended", {"which": list(mended), "mended": list(mended.values())})
        joined = f"{table.name} join {table.name}_mended on which = id or which = origin"
        source, row, only = joined, "mended as row", "true"
    table.session.execute(
        f"create temp table {table.tried} as select distinct on (id) id, origin, {row} from {source} where {only}"
    )


def _tried(
    table: Held, dataset: Dataset, base: Snapshot, destination: Destination, at: datetime, *, keeps_reasons: bool
) -> Reviewed:
    tried = table.one(f"select count(*) from {table.tried}")
    batch = _batch(table, dataset, base, destination)
    try:
        aside.move_bad(batch)
        repeated = drop_repeated(batch)
        set_aside_repeated(batch)
        known = Known(batch, destination, base)
        if batch.load.write == "replace":
            outcome, superseded = Outcome(base.fields), come_in_since(known)
        else:
            superseded = drop_superseded(known)
            outcome = write(batch, destination, base, at=at)
        superseded += repeated + outcome.unchanged + outcome.deduplicated
        reasons = _sort(table, batch, keeps_reasons=keeps_reasons)
        staying = table.one(f"select count(*) from {table.tried}")
        assert outcome.loaded + superseded + staying == tried, f"{tried} rows were tried"
        change = _change(table, destination, outcome, is_settled=staying < tried or any(reasons.values()))
        change = replace(change, rows_in=tried, deduplicated=superseded, unchanged=staying)
        shown = dict(_reasons(batch))
        counts = {"tried": tried, "loaded": outcome.loaded, "superseded": superseded, "staying": staying}
        return Reviewed(change, counts, shown)
    finally:
        for name in (batch.rows, batch.out, f"{batch.rows}_stored", f"{batch.rows}_known"):
            batch.session.execute(f"drop table if exists {name}")


def _batch(table: Held, dataset: Dataset, base: Snapshot, destination: Destination) -> Batch:
    reading = _reading(table, dataset, base)
    schema = decide(table.session, dataset, reading, base.fields)
    refuse_impossible(table.session, schema.targets)
    return materialise(table.session, dataset, reading, schema, destination, ())[0]


def _reading(table: Held, dataset: Dataset, base: Snapshot) -> Reading:
    """The rows as a source gives them: text by column, each column once, whatever it was called when it was read."""
    found = table.session.rows(f"select distinct unnest(json_keys(row)) as k from {table.tried} order by k")
    keys = [key for (key,) in found]
    here = dict(zip(keys, (name for name, _ in pair(keys, dataset.columns)), strict=True))
    contract = {column.name: column.original or column.name for column in dataset.columns}
    names = list(dict.fromkeys([*contract, *(each.name for each in base.fields), *here.values()]))
    for rows in _pages(table):
        taken = [_values(row, here) for _, _, row in rows]
        columns = {f"t{i}": [values.get(name) for values in taken] for i, name in enumerate(names)}
        origins = [f"{origin or ''}\x1f{id}" for id, origin, _ in rows]
        _pour(table.session, table.texts, {"_origin": origins, **columns})
    fields = tuple(Field(contract.get(name, name), "VARCHAR") for name in names)
    shown = ", ".join(f"t{i} as {quote(each.name)}" for i, each in enumerate(fields))
    return Reading(f"select {shown}, _origin from {table.texts}", fields, None)


def _pages(table: Held) -> Iterator[Sequence[tuple[Any, ...]]]:
    count = table.one(f"select count(*) from {table.tried}")
    for start in range(0, count, _PAGE):
        within = f"rowid >= {start} and rowid < {start + _PAGE}"
        yield table.session.rows(f"select id, origin, row from {table.tried} where {within} order by rowid")


def _pour(session: Session, table: str, columns: Mapping[str, Sequence[str | None]]) -> None:
    from arro3.core import Array, DataType
    from arro3.core import Table as Arrow

    arrays: dict[str, Any] = {name: Array(list(values), DataType.string()) for name, values in columns.items()}
    session.take(table, Arrow.from_pydict(arrays))


def _values(row: str, here: Mapping[str, str]) -> dict[str, str | None]:
    """The values of a row as text, by column."""
    found: dict[str, str | None] = {}
    for key, value in loads(row).items():
        if found.get(here[key]) is None:
            found[here[key]] = None if value is None else value if isinstance(value, str) else dumps(value)
    return found


def _sort(table: Held, batch: Batch, *, keeps_reasons: bool) -> Mapping[str, int]:
    """Take out of the quarantine what has left it; `tried` then holds what stays. How many reasons are new.

    What stays is in `Batch.out`, with its reason, or is good and waits for the next load, in `Batch.rows`.
    """
    of = f"right(origin, {_ID_DIGITS})"
    waiting = f" union all select {of} from {batch.rows}" if batch.load.write == "replace" else ""
    staying = f"select {of} from {batch.out}{waiting}"
    session = table.session
    session.execute(f"delete from {table.name} where id in (select id from {table.tried} where id not in ({staying}))")
    session.execute(f"delete from {table.tried} where id not in ({staying})")
    if keeps_reasons:
        return {}
    new = f"(select {of} as new_id, any_value(reason) as why from {batch.out} group by 1)"
    count = table.one(f"select count(*) from {table.name} join {new} on id = new_id where reason is distinct from why")
    if count:
        session.execute(f"update {table.name} set reason = why from {new} where id = new_id")
    return {"new": count}


def _change(table: Held, destination: Destination, outcome: Outcome, *, is_settled: bool) -> Change:
    return Change(
        outcome.fields,
        added=outcome.added,
        removed=outcome.removed,
        replace=outcome.replace,
        rejects=_left(table, destination) if is_settled else (),
        settles=is_settled,
        labels=outcome.labels,
        loaded=outcome.loaded,
    )


def _left(table: Held, destination: Destination) -> tuple[DataFile, ...]:
    """The whole quarantine anew, as files that nobody names yet."""
    select = f'select reason, origin, run, "at", row from {table.name}'
    return table.session.write(select, destination.rejects, destination.prefix).files


def _reasons(batch: Batch) -> list[tuple[str, int]]:
    """Why rows stay."""
    listed = f"select reason, count(*) as n from {batch.out} group by reason order by n desc, reason limit 5"
    found = batch.session.rows(listed)
    load = batch.dataset.made_by
    assert isinstance(load, Load)
    waiting = batch.one(f"select count(*) from {batch.rows}") if load.write == "replace" else 0
    words = "fits the contract; the next load brings it, if the source still has it"
    return [(reason, count) for reason, count in found] + ([(words, waiting)] if waiting else [])
