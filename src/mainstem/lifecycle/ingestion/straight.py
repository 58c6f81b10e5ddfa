"""The short way of a whole table: from the source straight into files, where every row turns out to be good."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from mainstem.core.dataset import Dataset, Load
from mainstem.core.ports import Reading, Session, Written
from mainstem.core.problem import WorldError
from mainstem.core.release import DataFile, Snapshot
from mainstem.lifecycle.ingestion.batch import Batch, Totals, begun, held, lost, make_out, totals_of
from mainstem.lifecycle.ingestion.duplicates import has_repeated
from mainstem.lifecycle.ingestion.schema import Schema
from mainstem.lifecycle.ingestion.target import Destination, TotalWanted
from mainstem.sql.quote import literal, quote
from mainstem.sql.types import parse_type

_INTERRUPTED = "E005"


def write_straight(
    session: Session,
    dataset: Dataset,
    reading: Reading,
    schema: Schema,
    base: Snapshot | None,
    destination: Destination,
    totals: Sequence[TotalWanted],
) -> tuple[Batch, Totals] | None:
    """Write all rows of a read as the files of the whole table, and the source's totals by label; None, and nothing is
    left of it, where that is not all there is to do.

    Each row is held to the contract as it passes. The first that breaks it ends the try, and so do two rows of one
    key and whatever the engine complains of: the long way says what it is. It costs a second read, so nothing is tried
    where the read before has set rows aside. WorldError E005 when interrupted.
    """
    if not _is_whole(dataset, reading, schema, base):
        return None
    batch = begun(session, dataset, reading, schema)
    batch = replace(batch, targets=tuple(replace(each, type=each.wanted, choices=()) for each in schema.targets))
    session.execute("begin transaction")
    try:
        for statement in reading.begin:
            session.execute(statement)
        written = _written(batch, reading, schema, destination)
        session.execute("commit")
    except BaseException as error:
        with suppress(WorldError):
            session.execute("rollback")
        if isinstance(error, WorldError) and error.problems[0].code != _INTERRUPTED:
            return None
        raise
    if written is None:
        return None
    batch = _viewed(batch, written, destination)
    if _has_twins(batch):
        session.execute(f"drop view {batch.rows}")
        forget_files(written.files, destination)
        return None
    make_out(batch)
    return batch, totals_of(batch, reading, destination, totals)


def forget_files(files: Iterable[DataFile], destination: Destination) -> None:
    """Remove files of the table that nobody will name."""
    for file in files:
        (destination.folder / file.path).unlink()


def _is_whole(dataset: Dataset, reading: Reading, schema: Schema, base: Snapshot | None) -> bool:
    """Whether the rows of this read will be the whole table, as they are, unless one of them is bad."""
    load = dataset.made_by
    assert isinstance(load, Load)
    is_kept = load.cursor is None and load.revision is None and load.deleted is None and not load.added
    has_bad = isinstance(reading.position, Mapping) and reading.position.get("set_aside")
    becomes_all = load.write == "replace" or base is None
    return bool(is_kept and becomes_all and reading.is_complete and reading.again is None) and not (
        has_bad or schema.strange
    )


def _written(batch: Batch, reading: Reading, schema: Schema, destination: Destination) -> Written | None:
    """The files of all rows; None where there are none, or something is no row. WorldError at a row that is bad."""
    session = batch.session
    if reading.broken and session.rows(f"select count(*) from ({reading.broken})")[0][0]:
        return None
    rows = held(batch.dataset, reading, replace(schema, targets=batch.targets), destination)
    shown = ", ".join(f"v{i} as {quote(target.name)}" for i, target in enumerate(batch.targets))
    lossy = [lost(each, f"r{i}", f"v{i}", each.wanted) for i, each in enumerate(schema.targets) if each.choices]
    bad = " or ".join(["bad", *(each for each in lossy if each)])
    good = f"case when {bad} then error({literal('a row is not good')}) else true end"
    select, _ = destination.store(f"select {shown} from ({rows.select}) where {good}", batch.fields)
    order = ", ".join(map(quote, batch.dataset.key)) if batch.load.write == "merge" else ""
    select += f" order by {order}" if order else ""
    written = session.write(select, destination.folder, destination.prefix, reading.about)
    return written if written.files else None


def _viewed(batch: Batch, written: Written, destination: Destination) -> Batch:
    """The batch over its files."""
    types = {field.name: parse_type(field.type) for field in written.fields}
    columns = "".join(f"{quote(target.name)} as c{i}, " for i, target in enumerate(batch.targets))
    nothing = ", ".join(f"cast(null as varchar) as {name}" for name in ("origin", "why", "row", "cursor"))
    relation = destination.relation(written.files, written.fields)
    batch.session.execute(f"create temp view {batch.rows} as select {columns}{nothing} from {relation}")
    targets = tuple(replace(target, type=types[target.name]) for target in batch.targets)
    return replace(batch, targets=targets, files=written.files, count=written.rows)


def _has_twins(batch: Batch) -> bool:
    """Whether two rows are of one key, or have one value of a column that is unique."""
    unique = [t.name for t in batch.targets if t.column is not None and t.column.unique]
    named = {(name,) for name in unique} | ({batch.dataset.key} if batch.dataset.key else set())
    return any(has_repeated(batch, [batch.column(name) for name in names]) for names in named)
