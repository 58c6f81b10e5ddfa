"""The protocol of a step, where the stages meet: compute, check, commit, record.

1. pin the inputs and the base          4. check, while nothing refers to the files
2. hold the lease                       5. commit at base + 1: this is the step's success
3. compute into attempt-named files     6. derive the quarantine   7. record
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from mainstem.core import crash
from mainstem.core.dataset import Dataset, Load, Model
from mainstem.core.evidence import Evidence
from mainstem.core.ports import Session, Written
from mainstem.core.problem import WorldError
from mainstem.core.release import Change, DataFile, Field, Identity, Lease, Snapshot, Version
from mainstem.core.run import Done, Step
from mainstem.core.span import Again
from mainstem.lifecycle.storage import tables
from mainstem.lifecycle.storage.types import cast_select
from mainstem.orchestration import arrivals, attempt, held, measure
from mainstem.orchestration.affected import with_affected
from mainstem.orchestration.blame import hushed, in_file, may_quote, without
from mainstem.orchestration.ground import Ground
from mainstem.orchestration.looks import load_fingerprint
from mainstem.orchestration.state import model_skip_key, skip_key
from mainstem.orchestration.under_way import working
from mainstem.sql.clock import bind_clock


@dataclass(frozen=True, slots=True)
class _Result:
    """What a computed step would become: its version before the commit, the change, and where it stands."""

    version: Version
    change: Change
    base: Snapshot | None
    evidence: tuple[Evidence, ...] = ()


def do(ground: Ground, step: Step) -> Done:
    """Carry out one step. WorldError when the world or a check stands against it; nothing is half done then."""
    started_s = ground.clock.elapsed()
    dataset = ground.project.datasets[step.dataset]
    try:
        done = _carry_out(ground, dataset, step)
    except WorldError as error:
        said = with_affected(ground.project, ground.bound, dataset.name, _without_values(ground, dataset, error))
        raise in_file(said, dataset.place.file) from error
    return replace(done, seconds=ground.clock.elapsed() - started_s)


def _without_values(ground: Ground, dataset: Dataset, error: WorldError) -> WorldError:
    """What failed is told to everybody; a tagged value is not."""
    names = (dataset.name, *ground.bound.waits[dataset.name])
    return hushed(error, held.written(ground, dataset)) if may_quote(ground.tags, names) else error


def _carry_out(ground: Ground, dataset: Dataset, step: Step) -> Done:
    if step.action in ("skip", "check"):
        return _keep(ground, dataset, step)
    if step.action in ("replay", "discard"):
        return _review(ground, dataset)
    if isinstance(dataset.made_by, Load):
        return _load(ground, dataset)
    known, reads = ground.base(dataset.name), _reading(ground, dataset)
    if known is not None and known.skip_key == reads.key:
        return _stay(ground, dataset, replace(known, as_of=reads.as_of), "text and inputs turned out unchanged")
    if dataset.made_by.kind == "view":
        return _view(ground, dataset, dataset.made_by, reads)
    return _build(ground, dataset, dataset.made_by, reads)


def _keep(ground: Ground, dataset: Dataset, step: Step) -> Done:
    """A step that has nothing to do: its version stays, and may be valid for later data than before."""
    base = ground.base(dataset.name)
    if base is None:
        return Done(dataset.name, "kept", step.why, None)
    as_of = base.as_of
    if dataset.is_load and step.why != "not selected":
        as_of = ground.started_at
    elif not dataset.is_load:
        as_of = _kept_as_of(ground, dataset.name, base)
    version = replace(base, as_of=as_of)
    if step.action == "check":
        read = (measure.read_evidence(dataset.name, version, 0),) if dataset.is_load else ()
        return _stay(ground, dataset, version, step.why, read)
    if as_of != base.as_of:
        ground.shelf.put(version)
        ground.kept.extend(_kept_evidence(ground, dataset, version))
    return Done(dataset.name, "kept", step.why, version, rows=base.rows)


def _kept_as_of(ground: Ground, name: str, base: Version) -> datetime:
    """The instant of a kept model's data: that of its inputs, while they are what it was built on."""
    inputs = ground.shelf.versions(ground.bound.inputs[name])
    if {each: version.id for each, version in inputs.items()} != base.inputs:
        return base.as_of
    reads_nothing_new = not inputs and not ground.bound.facts[name].reads_clock
    return _as_of(ground, tuple(inputs), ground.started_at if reads_nothing_new else base.as_of)


def _kept_evidence(ground: Ground, dataset: Dataset, version: Version) -> list[Evidence]:
    rows = [measure.version_evidence(_subject(ground, dataset, version, version.id, None, None))]
    if dataset.is_load:
        rows.append(measure.read_evidence(dataset.name, version, 0))
    return measure.stamped(rows, ground.run, version.attempt)


def _as_of(ground: Ground, inputs: tuple[str, ...], otherwise: datetime) -> datetime:
    return min((v.as_of for v in ground.shelf.versions(inputs).values()), default=otherwise)


def _subject(
    ground: Ground,
    dataset: Dataset,
    version: Version,
    parent: str | None,
    before: str | None,
    labels: tuple[str, ...] | None,
) -> measure.Subject:
    return measure.Subject(dataset, version, parent, before, labels, ground.project.timezone, ground.started_at)


def _load(ground: Ground, dataset: Dataset) -> Done:
    from mainstem.orchestration.loading import base_to_append, not_held, read_source

    lease = ground.leases[dataset.name]
    with working(ground, dataset.name, "fetching") as session:
        at, began_s = ground.clock.now(), ground.clock.elapsed()
        known = ground.base(dataset.name)
        fingerprint = load_fingerprint(ground.project, dataset)
        base = base_to_append(ground, dataset.name, lease)
        errand = ground.errand
        again = errand if isinstance(errand, Again) and errand.dataset == dataset.name else None
        if again is not None and again.span is not None and known is not None:
            return _load_span(ground, session, dataset, base, again)
        if base is not None and (known is None or known.position is None):  # rows that no read of this load brought
            change = replace(read_source(ground, session, dataset, None, at), replace=True)
        else:
            change = read_source(ground, session, dataset, base, at, again)
        crash.point("after-compute", dataset.name)
        unheld = not_held(ground, session, dataset, base, fingerprint)
        told = _told(ground, dataset, change, at, ground.clock.elapsed() - began_s)
        told["notes"] += unheld
        if known is not None and change.is_empty and known.fingerprint == fingerprint:
            kept = replace(known, as_of=at)
            return _stay(ground, dataset, kept, "read; nothing new", _reads(kept, change, told))
        version = _new_version(lease, change, base, fingerprint=fingerprint, inputs={}, key="", as_of=at)
        done = _finish(ground, session, dataset, lease, _Result(version, change, base, _reads(version, change, told)))
        return replace(done, counts=arrivals.counts_of(change), notes=tuple(unheld))


def _review(ground: Ground, dataset: Dataset) -> Done:
    """Settle rows that were set aside: as a load, but nothing is read, and the data is as of its last read."""
    from mainstem.orchestration.loading import base_to_append
    from mainstem.orchestration.reviewing import review

    lease, known = ground.leases[dataset.name], ground.base(dataset.name)
    with working(ground, dataset.name, "reviewing") as session:
        base = base_to_append(ground, dataset.name, lease)
        assert base is not None
        assert known is not None
        found = review(ground, session, dataset, base)
        crash.point("after-compute", dataset.name)
        if found.change.is_empty:
            done = _stay(ground, dataset, known, "nothing is settled by it")
        else:
            change = replace(found.change, position=known.position)
            version = _new_version(
                lease, change, base, fingerprint=known.fingerprint, inputs={}, key="", as_of=known.as_of
            )
            done = _finish(ground, session, dataset, lease, _Result(version, change, base))
        return replace(done, counts=found.counts, reasons=found.reasons)


def _load_span(ground: Ground, session: Session, dataset: Dataset, base: Snapshot | None, again: Again) -> Done:
    """Some rows are read again; what the load knows of the source, and how late its data is, stays as it was."""
    from mainstem.orchestration.loading import read_source

    lease, known = ground.leases[dataset.name], ground.state.bases[dataset.name]
    change = read_source(ground, session, dataset, base, ground.clock.now(), again)
    crash.point("after-compute", dataset.name)
    if change.is_empty:
        return _stay(ground, dataset, known, "read again; nothing differs")
    version = _new_version(lease, change, base, fingerprint=known.fingerprint, inputs={}, key="", as_of=known.as_of)
    return _finish(ground, session, dataset, lease, _Result(version, change, base))


def _stay(ground: Ground, dataset: Dataset, version: Version, why: str, read: tuple[Evidence, ...] = ()) -> Done:
    """The version stays, measured where it lies by what it was never held to; `read` is evidence of a look."""
    lease = ground.leases.get(dataset.name)
    if lease is not None:
        ground.ledger.give_up(lease)
    subject = _subject(ground, dataset, version, version.id, None, None)
    asked = held.unheld_now(ground, dataset)
    rows = held.in_place(ground, subject, asked) if asked else [measure.version_evidence(subject)]
    ground.ledger.record(measure.stamped([*rows, *read], ground.run, version.attempt), ground.clock.now())
    ground.shelf.put(version)
    return Done(dataset.name, "checked" if asked else "unchanged", why, version, rows=version.rows)


def _told(ground: Ground, dataset: Dataset, change: Change, at: datetime, seconds: float) -> dict[str, Any]:
    """What became of the rows that were read. WorldError I035 where they are not as expected."""
    return {
        **arrivals.counts_of(change),
        "brought": change.brought,
        "seconds": round(seconds, 3),
        "bytes": sum(file.size_bytes for file in (*change.added, *change.rejects)),
        "notes": list(change.notes),
        "breaches": list(arrivals.breaches(ground.ledger, dataset, change, at)),
    }


def _reads(version: Version, change: Change, told: Mapping[str, Any]) -> tuple[Evidence, ...]:
    """What was read, and the source's own totals in the same read."""
    rows = [measure.read_evidence(version.dataset, version, change.rows_in, change.position, told)]
    for name, by_label in change.totals.items():
        rows += [
            replace(
                rows[0],
                label=label,
                value=None,
                total=total,
                facts={"measure": name, "started": version.as_of.isoformat()},
            )
            for label, total in by_label.items()
        ]
    return tuple(rows)


@dataclass(frozen=True, slots=True)
class _Reads:
    """What a model reads in this run: versions by dataset, the skip key that follows, and the instant of the data."""

    ids: Mapping[str, str]
    key: str
    as_of: datetime


def _reading(ground: Ground, dataset: Dataset) -> _Reads:
    ids = held.ids(ground, ground.bound.inputs[dataset.name])
    key = model_skip_key(dataset, ground.bound.facts[dataset.name], ids, ground.when)
    return _Reads(ids, key, _as_of(ground, tuple(ids), ground.started_at))


def _build(ground: Ground, dataset: Dataset, model: Model, reads: _Reads) -> Done:
    facts, lease = ground.bound.facts[dataset.name], ground.leases[dataset.name]
    with working(ground, dataset.name, "building") as session:
        ground.shelf.ready(_read_names(facts.inputs))
        ground.shelf.make_macros(model.sql)
        base = tables.snapshot(ground.lake, lease.table)
        select = bind_clock(model.sql, ground.started_at, ground.project.timezone)
        written = _written(ground, session, lease, select)
        crash.point("after-compute", dataset.name)
        change = Change(written.fields, written.files, replace=True, rows_in=written.rows)
        version = _new_version(
            lease, change, base, fingerprint=facts.fingerprint, inputs=reads.ids, key=reads.key, as_of=reads.as_of
        )
        return _finish(ground, session, dataset, lease, _Result(version, change, base))


def _written(ground: Ground, session: Session, lease: Lease, select: str) -> Written:
    """The rows of a SELECT as files of the attempt, in types that the lake stores."""
    cast = cast_select(select, session.describe(select))
    try:
        return session.write(cast, ground.lake / lease.table, lease.prefix)
    except WorldError as error:
        raise without(error, max(cast.find(select.rstrip().removesuffix(";")), 0)) from error


def _read_names(inputs: Mapping[str, Any]) -> list[str]:
    return ["main." + name if "." not in name else name for name in inputs]


def _view(ground: Ground, dataset: Dataset, model: Model, reads: _Reads) -> Done:
    known, facts, lease = ground.base(dataset.name), ground.bound.facts[dataset.name], ground.leases[dataset.name]
    with working(ground, dataset.name, "building") as session:
        sql = bind_clock(model.sql, ground.started_at, ground.project.timezone)
        ground.shelf.ready(_read_names(facts.inputs))
        ground.shelf.make_macros(model.sql)
        fields = session.describe(sql)
        version = Version(
            dataset.name,
            "",
            0,
            fields,
            facts.fingerprint,
            reads.key,
            reads.as_of,
            inputs=reads.ids,
            sql=sql,
            run=ground.run,
        )
        ground.engine.bind_view(dataset.name, sql)
        subject = _subject(ground, dataset, version, known.id if known else None, None, None)
        version = replace(version, newest=measure.newest_event(session, subject))
        subject = replace(subject, version=version)
        session.begin("checking")
        evidence = held.attempted(ground, session, subject)
        ground.ledger.record_step(
            lease, version, measure.stamped(evidence, ground.run, lease.fence), ground.clock.now()
        )
        ground.shelf.put(version)
        return Done(dataset.name, "committed", "view", version)


def _new_version(
    lease: Lease,
    change: Change,
    base: Snapshot | None,
    *,
    fingerprint: str,
    inputs: Mapping[str, str],
    key: str,
    as_of: datetime,
) -> Version:
    """The version that the commit will make, if nothing comes between: the table's next number."""
    files = _files_after(change, base)
    return Version(
        lease.dataset,
        lease.table,
        base.number + 1 if base else 0,
        change.fields,
        fingerprint,
        key or skip_key(fingerprint, {lease.table: str(lease.fence)}),
        as_of,
        rows=sum(file.rows for file in files),
        size_bytes=sum(file.size_bytes for file in files),
        inputs=inputs,
        position=change.position,
        attempt=lease.fence,
        run=lease.run,
    )


def _files_after(change: Change, base: Snapshot | None) -> tuple[DataFile, ...]:
    if change.replace or base is None:
        return change.added
    return tuple(file for file in base.files if file.path not in change.removed) + change.added


def _finish(ground: Ground, session: Session, dataset: Dataset, lease: Lease, result: _Result) -> Done:
    """Check, commit, derive the quarantine, record. A refused attempt leaves no file behind."""
    files = _files_after(result.change, result.base)
    known = ground.base(dataset.name)
    before = _before(ground, dataset.time_column, result.version.fields, known)
    ground.shelf.offer(result.version, files)
    session.begin("checking")
    try:
        subject = _subject(ground, dataset, result.version, known.id if known else None, before, result.change.labels)
        newest = measure.newest_event(session, subject)
        result = replace(result, version=replace(result.version, newest=newest))
        evidence = [*result.evidence, *held.attempted(ground, session, replace(subject, version=result.version))]
    except WorldError:
        ground.shelf.withdraw(dataset.name)
        attempt.discard(ground.lake, lease, result.change)
        ground.ledger.give_up(lease)
        raise
    crash.point("after-check", dataset.name)
    stamped = measure.stamped(evidence, ground.run, lease.fence)
    attempt.note(ground.lake, lease, result.version, stamped)
    version = _commit(ground, lease, result)
    if version.id != result.version.id:
        stamped = [replace(row, version=version.id) for row in stamped]
    ground.ledger.record_step(lease, version, stamped, ground.clock.now())
    attempt.forget(ground.lake, lease)
    crash.point("after-record", dataset.name)
    ground.shelf.offer(version, files)
    ground.shelf.put(version)
    return Done(
        dataset.name,
        "committed",
        "",
        version,
        rows=version.rows,
        rejected=result.change.rejected,
        gone=result.change.gone,
    )


def _before(ground: Ground, column: str | None, fields: tuple[Field, ...], known: Version | None) -> str | None:
    """The rows that a version follows, as SQL for FROM; None where no partition of theirs could be compared."""
    types = [{field.name.lower(): field.type for field in each} for each in (fields, known.fields if known else ())]
    if known is None or not known.table or column is None or len({each.get(column.lower()) for each in types}) > 1:
        return None
    old = tables.snapshot(ground.lake, known.table, known.number)
    if old is None:
        return None
    return ground.engine.relation([ground.lake / known.table / file.path for file in old.files], known.fields)


def _commit(ground: Ground, lease: Lease, result: _Result) -> Version:
    version, change = result.version, result.change
    identity = Identity(
        ground.run,
        version.dataset,
        lease.fence,
        ground.clock.now(),
        version.fingerprint,
        version.skip_key,
        version.as_of,
        version.inputs,
        change.position,
        change.rejects,
    )
    now_ms = int(ground.clock.now().timestamp() * 1000)
    made = tables.commit(ground.lake, lease.table, result.base, change, identity, now_ms=now_ms)
    crash.point("after-commit", version.dataset)
    quarantine = attempt.quarantine(ground, version, change, made)
    crash.point("after-quarantine", version.dataset)
    return replace(version, number=made.number, quarantine=quarantine)
