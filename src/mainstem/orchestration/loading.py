"""Reads one table of a source: the kind says how, ingestion does it, storage says how files are kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from mainstem.core.dataset import QUARANTINE, Dataset, Load
from mainstem.core.kinds import find
from mainstem.core.ports import Reading, Session
from mainstem.core.problem import Problem, WorldError
from mainstem.core.release import Change, Field, Identity, Lease, Snapshot
from mainstem.core.span import Again
from mainstem.lifecycle.ingestion.ingest import ingest
from mainstem.lifecycle.ingestion.loaded import breaking
from mainstem.lifecycle.ingestion.target import Destination, TotalWanted
from mainstem.lifecycle.storage import tables
from mainstem.lifecycle.storage.tables import files_touched
from mainstem.lifecycle.storage.types import cast_select, stored_fields
from mainstem.orchestration.ground import Ground
from mainstem.orchestration.measure import label_expression
from mainstem.sql.quote import qualified, quote

AGAIN = "loaded again, they are held to it (mainstem backfill {} --all)"
"""How rows that are there come under a new contract."""


def read_source(
    ground: Ground,
    session: Session,
    dataset: Dataset,
    base: Snapshot | None,
    at: datetime,
    again: Again | None = None,
) -> Change:
    """What is new at the source since the run's base, as files that nobody names yet. `at` is when the read began.
    With `again` what was read before is read once more, and the position stays, or moves on.

    WorldError when the source cannot be read, its shape is refused, or nobody knows its columns (O007); ProjectError
    when the load's text contradicts it.
    """
    assert isinstance(dataset.made_by, Load)
    source = ground.project.sources[dataset.made_by.source]
    kind = find("sources", source.kind)
    for extension in kind.EXTENSIONS:
        ground.engine.load_extension(extension)
    known = ground.base(dataset.name)
    position = known.position if known else None
    if again is not None:
        dataset = _rewritten(dataset, dataset.made_by, again)
        reading = _read_again(ground, session, dataset, kind, again, position)
    else:
        reading = _read(ground, session, dataset, kind, position, ground.seen[source.name])
    totals = () if again is not None and again.span is not None else ground.totals.get(dataset.name, ())
    wanted = [TotalWanted(each.id, each.expression, each.by) for each in totals]
    destination = destination_of(ground, session, ground.leases[dataset.name], base)
    change = ingest(
        session,
        dataset,
        reading,
        base=base,
        destination=destination,
        run=ground.run,
        at=at,
        totals=wanted,
    )
    change = replace(change, notes=(*change.notes, *referred_to(ground, dataset)[1]))
    if known is None and not change.fields:
        what = f'nothing was read of "{dataset.name}" so far, and no contract names its columns'
        raise WorldError(
            Problem("O007", what, "bring the first rows, or list `columns:` in the source's file", dataset.place)
        )
    return change


def _read(ground: Ground, session: Session, dataset: Dataset, kind: Any, position: Any, seen: Any) -> Reading:
    assert isinstance(dataset.made_by, Load)
    project = ground.project
    source = project.sources[dataset.made_by.source]
    reading: Reading
    if hasattr(kind, "read_at"):
        others = {name.partition(".")[2]: project.datasets[name] for name in source.tables}
        reading = kind.read_at(source, dataset, position, project.root, session, ground.clock.now(), others)
    elif hasattr(kind, "read_with"):
        reading = kind.read_with(source, dataset, position, project.root, session, seen)
    else:
        reading = kind.read(source, dataset, position, project.root, session)
    return reading


def _rewritten(dataset: Dataset, load: Load, again: Again) -> Dataset:
    """The load as it writes what is read again: appending would double the rows that are there."""
    write = load.write
    if write == "append" and (dataset.key or again.span is None):
        write = "merge" if dataset.key else "replace"
    allow = load.allow_deletes or again.allow_deletes
    return replace(dataset, made_by=replace(load, write=write, allow_deletes=allow))


def _read_again(ground: Ground, session: Session, dataset: Dataset, kind: Any, again: Again, position: Any) -> Reading:
    """A reading of what a span is in, whose position is where the load stands; or of everything."""
    assert isinstance(dataset.made_by, Load)
    source, root = ground.project.sources[dataset.made_by.source], ground.project.root
    reading: Reading
    if again.span is None:
        reading = _read(ground, session, dataset, kind, None, ground.seen[source.name])
        return replace(reading, position=_with_known(reading.position, position), again=again)
    if hasattr(kind, "read_span"):
        reading = kind.read_span(source, dataset, again.span, root, session)
    else:
        seen = kind.seen_before(dataset, position) if hasattr(kind, "seen_before") else {}
        reading = _read(ground, session, dataset, kind, None, seen)
    return replace(reading, position=position, whole=None, is_complete=False, again=again)


def _with_known(position: Any, known: Any) -> Any:
    """The position after everything was read, at a cursor that is not before the one known."""
    both = isinstance(position, dict) and isinstance(known, dict)
    if both and "cursor" in position and (known.get("of"), known.get("by")) == (position.get("of"), position.get("by")):
        return {**position, "cursor": known.get("cursor")}
    return position


def _quarantine(ground: Ground, base: Snapshot | None) -> str | None:
    found = tables.quarantine_at(ground.lake, base) if base is not None else None
    if found is None:
        return None
    return ground.engine.relation([ground.lake / found.table / file.path for file in found.files], found.fields)


def base_to_append(ground: Ground, name: str, lease: Lease) -> Snapshot | None:
    """The snapshot that a load continues from: the table's newest if it is the version that the run builds on.

    Else (a rollback lies between, or somebody else wrote) a fork of that version, in a table of its own. WorldError
    K009 where it is lost from the lake: what is new at the source does not make up for it, unless that is all of it.
    """
    pinned = ground.base(name)
    newest = tables.snapshot(ground.lake, lease.table)
    if pinned is None:
        return newest
    if lease.table == pinned.table and newest is not None:
        if newest.number == pinned.number:
            return newest
        old = tables.snapshot(ground.lake, pinned.table, pinned.number)
        if old is not None and {f.path for f in old.files} == {f.path for f in newest.files}:
            return newest
        raise WorldError(
            Problem(
                "O004",
                f'table "{pinned.table}" was written by somebody else after version {pinned.number}',
                "run `mainstem doctor`, which says who wrote and how to adopt or discard it",
            )
        )
    if newest is not None:
        return newest
    old = tables.snapshot(ground.lake, pinned.table, pinned.number)
    if old is None:
        load = ground.project.datasets[name].made_by
        if isinstance(load, Load) and (load.load, load.write) == ("full", "replace"):
            return None
        what = f'table "{pinned.table}" is not in the lake, and the next load only adds to it'
        mend = "restore its folder from a copy; if there is none, give the table another name to load all of it anew"
        raise WorldError(Problem("K009", what, mend, ground.project.datasets[name].place))
    identity = Identity(ground.run, name, lease.fence, ground.clock.now(), position=pinned.position)
    return tables.fork(ground.lake, old, lease.table, identity)


def destination_of(ground: Ground, session: Session, lease: Lease, base: Snapshot | None) -> Destination:
    """Where rows of a load go, and how its table keeps them."""
    folder = ground.lake / lease.table
    known, _ = referred_to(ground, ground.project.datasets[lease.dataset])
    return Destination(
        folder,
        ground.lake / (lease.table + QUARANTINE),
        lease.prefix,
        store=_stored,
        relation=lambda files, fields: ground.engine.relation([folder / file.path for file in files], fields),
        touched=lambda key, batch: files_touched(session, ground.lake, base, key, batch) if base else (),
        label=partial(label_expression, zone=ground.project.timezone),
        set_aside=_quarantine(ground, base),
        known=known,
    )


def not_held(ground: Ground, session: Session, dataset: Dataset, base: Snapshot | None, fingerprint: str) -> list[str]:
    """Rows loaded before that break the contract of today, in words, when that has changed and they are not read again.

    They are counted where they lie; nothing happens to them.
    """
    known, load = ground.base(dataset.name), dataset.made_by
    assert isinstance(load, Load)
    if known is None or base is None or known.fingerprint == fingerprint or load.load == "full" or not base.files:
        return []
    relation = ground.engine.relation([ground.lake / base.table / file.path for file in base.files], base.fields)
    try:
        found = breaking(session, relation, base.fields, dataset.columns)
    except WorldError:  # limits that are no values of the old type; those of the new one are told elsewhere
        return []
    return [
        f"{name}: {count:,} {'row' if count == 1 else 'rows'} loaded before {'breaks' if count == 1 else 'break'} the "
        f"contract of today; {AGAIN.format(dataset.name)}"
        for name, count in found.items()
    ]


def referred_to(ground: Ground, dataset: Dataset) -> tuple[dict[str, str], tuple[str, ...]]:
    """The values that columns of a load may refer to, as a SELECT each, readable now; and notes on what is not there.

    They are those of this run's version of the other dataset, which is made before. Of one without a version nothing
    is known, and every value passes.
    """
    found: dict[str, str] = {}
    notes = []
    for column in dataset.columns:
        if column.refers_to is None:
            continue
        other, name = column.refers_to
        version = ground.shelf.version(other)
        if version is None or name.lower() not in {field.name.lower() for field in version.fields}:
            notes.append(f'"{column.name}" is held to nothing: "{other}" is not there yet')
            continue
        ground.shelf.ready([other])
        found[column.name] = f"select {quote(name)} as known from {qualified(other)}"
    return found, tuple(notes)


def _stored(select: str, fields: tuple[Field, ...]) -> tuple[str, tuple[Field, ...]]:
    return cast_select(select, fields), stored_fields(fields)
