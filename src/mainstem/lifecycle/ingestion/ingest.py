"""One load, from a reading of a source to a change of a table: the order of ingestion."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

from mainstem.core.dataset import Dataset, Load
from mainstem.core.ports import Reading, Session
from mainstem.core.problem import Problem, ProjectError, WorldError
from mainstem.core.release import Change, Snapshot
from mainstem.lifecycle.ingestion import aside
from mainstem.lifecycle.ingestion.again import keep_within
from mainstem.lifecycle.ingestion.arrival import too_few
from mainstem.lifecycle.ingestion.batch import Batch, Totals, materialise
from mainstem.lifecycle.ingestion.duplicates import drop_repeated, set_aside_repeated
from mainstem.lifecycle.ingestion.gone import seen_keys, unread_note
from mainstem.lifecycle.ingestion.rules import refuse_impossible
from mainstem.lifecycle.ingestion.schema import Schema, decide
from mainstem.lifecycle.ingestion.straight import forget_files, write_straight
from mainstem.lifecycle.ingestion.target import Destination, TotalWanted
from mainstem.lifecycle.ingestion.vanished import refuse_nothing
from mainstem.lifecycle.ingestion.writes import write
from mainstem.lifecycle.ingestion.writing import Labels, Outcome
from mainstem.sql.quote import literal

_TABLES = ("stored", "seen", "keys", "vanished", "again", "past", "events")
"""Temporary tables that writing may make of a batch."""


def ingest(
    session: Session,
    dataset: Dataset,
    reading: Reading,
    *,
    base: Snapshot | None,
    destination: Destination,
    run: str,
    at: datetime,
    totals: Sequence[TotalWanted] = (),
) -> Change:
    """Read once, hold every row to the contract, write files that nobody names yet.

    `at` is when the read began. Every row read is loaded, set aside with its reason, replaced by another of its key,
    or there already: the Change counts them, and they sum up to the rows read. Of a span that is read again only the
    rows in it count. A change that brings nothing is empty, and its position may have moved all the same. `reading` is
    used up, whatever happens.

    ProjectError I002, I003, I004; WorldError I001, I005 to I009, I020 to I027, or what the engine says
    while files are written.
    """
    try:
        schema, batch, found = _read(session, dataset, reading, base, destination, totals)
    finally:
        _finish(session, reading)
    session.begin("writing")
    if batch is None:
        refuse_nothing(dataset, base)
        note = "no columns yet: nothing was read, and the contract names none"
        return Change(base.fields if base else (), as_of=at, labels=(), notes=(*reading.notes, note))
    try:
        if reading.again is not None and reading.again.span is not None:
            batch = replace(batch, count=keep_within(batch, destination, reading.again.span))
        change = _write(batch, reading, base, destination, run, at)
        return replace(
            change,
            totals=_restricted(batch, found, totals, change.labels),
            notes=(*reading.notes, *schema.notes, *change.notes),
        )
    finally:
        batch.drop(_TABLES)


def _read(
    session: Session,
    dataset: Dataset,
    reading: Reading,
    base: Snapshot | None,
    destination: Destination,
    totals: Sequence[TotalWanted],
) -> tuple[Schema, Batch | None, Totals]:
    _refuse_load(dataset, reading)
    session.begin("reading")
    if reading.count is not None:
        session.count_by(reading.count)
    try:
        for statement in reading.setup:
            session.execute(statement)
        schema = decide(session, dataset, reading, base.fields if base else ())
        refuse_impossible(session, schema.targets)
        if not schema.targets:
            return schema, None, {}
        straight = write_straight(session, dataset, reading, schema, base, destination, totals)
        if straight is not None:
            return schema, *straight
        try:
            return schema, *materialise(session, dataset, reading, schema, destination, totals)
        except WorldError:
            if reading.careful is None:
                raise
        return schema, *materialise(session, dataset, reading.careful, schema, destination, totals)
    except WorldError as error:
        problem = error.problems[0]
        if not problem.code.startswith("E"):
            raise
        if reading.meant is not None and (meant := reading.meant(problem.what)) is not None:
            raise WorldError(meant) from error
        what = f'reading "{dataset.name}" breaks off: {problem.what}'
        mend = "run again when the source can be read; nothing of this read was kept"
        mend = mend if problem.code == "E007" else problem.mend
        raise WorldError(Problem("I007", what, mend, dataset.place)) from error


def _finish(session: Session, reading: Reading) -> None:
    """Let go of the source. WorldError of the source's kind if it changed under the reading."""
    for statement in reading.teardown:
        with suppress(WorldError):
            session.execute(statement)
    if reading.finish is not None:
        reading.finish()


def _refuse_load(dataset: Dataset, reading: Reading) -> None:
    load = dataset.made_by
    assert isinstance(load, Load)
    if load.write == "replace" and not reading.is_complete:
        what = f'"{dataset.name}" is read in part and replaced as a whole'
        mend = "write `write: merge` with a `key`, or `load: full`"
        raise ProjectError(Problem("I002", what, mend, dataset.place))
    if load.write in ("merge", "scd2") and not dataset.key:
        what, mend = f'"{dataset.name}" is merged and has no key', "add `key:`, the columns that name a row"
        raise ProjectError(Problem("I002", what, mend, dataset.place))


def _position(batch: Batch, reading: Reading) -> tuple[Any, str]:
    """The position after the read, and SQL over `Batch.out` that is true for what the next read sees again."""
    position = reading.position
    if not batch.overlaps or batch.load.cursor is None:
        return position, "true" if batch.comes_again else "false"
    cursor = _greatest(batch, batch.load.cursor, position["cursor"])
    again = "cursor is null" if cursor is None else f"(cursor is null or cursor = {literal(cursor)})"
    if batch.load.lookback is not None or reading.is_loose:
        again = "true"
    return {**position, "cursor": cursor}, again


def _greatest(batch: Batch, name: str, before: str | None) -> str | None:
    """The greatest cursor so far, as the source writes it: a look-back reads older ones, which move nothing back."""
    type_ = next(target.type.text for target in batch.targets if target.name == name)
    known = "" if before is None else f" union all select {literal(before)}, try_cast({literal(before)} as {type_})"
    read = f"select cursor, {batch.column(name)} as value from {batch.rows} where cursor is not null"
    greatest = batch.one(f"select arg_max(cursor, value) from ({read}{known})")
    return before if greatest is None else str(greatest)


def _write(
    batch: Batch,
    reading: Reading,
    base: Snapshot | None,
    destination: Destination,
    run: str,
    at: datetime,
) -> Change:
    """Sort the rows into what is set aside, what gives way and what stays; write the first and the last."""
    again = reading.again
    span = again.span if again else None
    position, seen_again = (reading.position, "true") if span else _position(batch, reading)
    seen = seen_keys(batch, reading, destination)
    deduplicated = 0
    if batch.files is None:
        aside.move_bad(batch)
        deduplicated = drop_repeated(batch)
        set_aside_repeated(batch)
    outcome = write(batch, destination, base, at=at, seen=seen, again=again)
    if batch.files and not outcome.added:
        forget_files(batch.files, destination)
    deduplicated += outcome.deduplicated
    may_know = batch.comes_again or batch.dataset.key  # a range read again may have brought what is new already
    known = position.get("set_aside", ()) if may_know and isinstance(position, dict) else ()
    whole = destination.set_aside if again is not None or len(known) >= aside.MOST_KNOWN else None
    rejected = aside.write(batch, destination, known, run, at, again=seen_again, quarantine=whole)
    kept = position.get("set_aside", ()) if (span or batch.is_loose) and isinstance(position, dict) else ()
    digests = sorted({*rejected.digests, *kept})[: aside.MOST_KNOWN]
    counted = outcome.loaded + outcome.unchanged + deduplicated + rejected.count + rejected.known
    assert counted == batch.count, f"{counted} rows are accounted for, {batch.count} were read"
    return Change(
        outcome.fields,
        added=outcome.added,
        removed=outcome.removed,
        replace=outcome.replace,
        rejects=rejected.files,
        position={**position, "set_aside": digests} if isinstance(position, dict) else position,
        rows_in=batch.count,
        rejected=rejected.count,
        as_of=at,
        labels=outcome.labels,
        notes=(
            *_notes(batch, reading, outcome, rejected),
            *_retyped(base, outcome),
            *([unread] if (unread := unread_note(seen)) else ()),
        ),
        loaded=outcome.loaded,
        deduplicated=deduplicated,
        unchanged=outcome.unchanged + rejected.known,
        gone=outcome.gone,
        brought=_brought(batch, reading, outcome, rejected),
    )


def _restricted(batch: Batch, found: Totals, totals: Sequence[TotalWanted], labels: Labels) -> Totals:
    """The totals of the labels that the change touches; one that the source no longer has is that of no rows."""
    sums = {}
    for wanted in totals:
        by_label = found[wanted.name]
        if labels is None or wanted.by != batch.dataset.time_column:
            sums[wanted.name] = by_label
            continue
        nothing = batch.one(f"select {wanted.expression} from ({batch.select()}) where false")
        sums[wanted.name] = {label: by_label.get(label, nothing) for label in labels}
    return sums


def _notes(batch: Batch, reading: Reading, outcome: Outcome, rejected: aside.Aside) -> list[str]:
    notes = []
    if rejected.known:
        were = "row was" if rejected.known == 1 else "rows were"
        notes.append(f"{rejected.known} {were} set aside before and still at the source")
    few = too_few(batch.load.expect, _brought(batch, reading, outcome, rejected))
    return [*notes, few] if few else notes


def _retyped(base: Snapshot | None, outcome: Outcome) -> list[str]:
    """Columns whose type changes: every row is written anew then."""
    old = {field.name: field.type for field in base.fields} if base else {}
    return [
        f'column "{field.name}" goes from {old[field.name]} to {field.type}: the whole table is written anew'
        for field in outcome.fields
        if old.get(field.name, field.type) != field.type
    ]


def _brought(batch: Batch, reading: Reading, outcome: Outcome, rejected: aside.Aside) -> int:
    """Rows that no read before had; all of them, where each read is of everything."""
    return batch.count - (0 if reading.is_complete else rejected.known + outcome.unchanged)
