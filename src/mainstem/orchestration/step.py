"""The protocol of a step, where the stages meet: compute, check, commit, record.

1. pin the inputs and the base          4. check, while nothing refers to the files
2. hold the lease                       5. commit at base + 1: this is the step's success
3. compute into attempt-named files     6. derive the quarantine   7. record
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from mainstem.core import crash
from mainstem.core.dataset import Dataset, Load, Model
from mainstem.core.evidence import Evidence
from mainstem.core.ports import Session, Written
from mainstem.core.problem import WorldError
from mainstem.core.release import Change, Lease, Snapshot, Version
from mainstem.core.run import Done, Review, Step
from mainstem.core.span import Again
from mainstem.lifecycle.storage import tables
from mainstem.lifecycle.storage.types import cast_select
from mainstem.orchestration import arrivals, held, measure, positions
from mainstem.orchestration.affected import with_affected
from mainstem.orchestration.blame import hushed, in_file, may_quote, without
from mainstem.orchestration.finishing import Result, finish, new_version
from mainstem.orchestration.ground import Ground
from mainstem.orchestration.looks import load_fingerprint
from mainstem.orchestration.making import select_of
from mainstem.orchestration.reads import Reads, reads_of
from mainstem.orchestration.staying import keep, stay
from mainstem.orchestration.under_way import working


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
    if step.is_still or step.action == "check":
        return keep(ground, dataset, step)
    if step.action in ("replay", "discard"):
        return _review(ground, dataset)
    if isinstance(dataset.made_by, Load):
        return _load(ground, dataset)
    known, reads = ground.base(dataset.name), reads_of(ground, dataset)
    if known is not None and known.skip_key == reads.key:
        return stay(ground, dataset, replace(known, as_of=reads.as_of), "text and inputs turned out unchanged")
    if dataset.made_by.kind == "view":
        return _view(ground, dataset, dataset.made_by, reads)
    return _build(ground, dataset, dataset.made_by, reads)


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
            read = _reads(kept, change, told, known.position)
            return stay(ground, dataset, kept, "read; nothing new", read)
        version = new_version(lease, change, base, fingerprint=fingerprint, inputs={}, key="", as_of=at)
        done = finish(ground, session, dataset, lease, Result(version, change, base, _reads(version, change, told)))
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
        assert isinstance(ground.errand, Review)
        found = review(ground, session, dataset, base)
        crash.point("after-compute", dataset.name)
        if found.change.is_empty:
            done = stay(ground, dataset, known, "nothing is settled by it")
        else:
            change = replace(found.change, position=known.position)
            version = new_version(
                lease, change, base, fingerprint=known.fingerprint, inputs={}, key="", as_of=known.as_of
            )
            told = (measure.settled_evidence(version, ground.errand, found.counts, ground.clock.now()),)
            done = finish(ground, session, dataset, lease, Result(version, change, base, told))
        return replace(done, counts=found.counts, reasons=found.reasons)


def _load_span(ground: Ground, session: Session, dataset: Dataset, base: Snapshot | None, again: Again) -> Done:
    """Some rows are read again; what the load knows of the source, and how late its data is, stays as it was."""
    from mainstem.orchestration.loading import read_source

    lease, known = ground.leases[dataset.name], ground.state.bases[dataset.name]
    change = read_source(ground, session, dataset, base, ground.clock.now(), again)
    crash.point("after-compute", dataset.name)
    if change.is_empty:
        return stay(ground, dataset, known, "read again; nothing differs")
    version = new_version(lease, change, base, fingerprint=known.fingerprint, inputs={}, key="", as_of=known.as_of)
    return finish(ground, session, dataset, lease, Result(version, change, base))


def _told(ground: Ground, dataset: Dataset, change: Change, at: datetime, seconds: float) -> dict[str, Any]:
    """What became of the rows that were read. WorldError I035 where they are not as expected."""
    return {
        "env": ground.state.env,
        **arrivals.counts_of(change),
        "brought": change.brought,
        "seconds": round(seconds, 3),
        "bytes": sum(file.size_bytes for file in (*change.added, *change.rejects)),
        "notes": list(change.notes),
        "breaches": list(arrivals.breaches(ground.ledger, ground.state.env, dataset, change, at)),
    }


def _reads(version: Version, change: Change, told: Mapping[str, Any], known: Any = None) -> tuple[Evidence, ...]:
    """What was read, and the source's own totals in the same read; `known` is the position of a version that stays."""
    position = positions.short(change.position, known)
    rows = [measure.read_evidence(version.dataset, version, change.rows_in, position, told)]
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


def _build(ground: Ground, dataset: Dataset, model: Model, reads: Reads) -> Done:
    facts, lease = ground.bound.facts[dataset.name], ground.leases[dataset.name]
    with working(ground, dataset.name, "building") as session:
        ground.shelf.ready(_read_names(facts.inputs))
        ground.shelf.make_macros(model.sql)
        base = _base(ground, dataset, lease)
        select = select_of(ground, session, dataset, model)
        change, how = _computed(ground, session, dataset, base, select)
        crash.point("after-compute", dataset.name)
        version = new_version(
            lease, change, base, fingerprint=facts.fingerprint, inputs=reads.ids, key=reads.key, as_of=reads.as_of
        )
        told = (measure.refreshed_evidence(version, how, ground.clock.now()),) if how else ()
        return replace(finish(ground, session, dataset, lease, Result(version, change, base, told)), how=how)


def _base(ground: Ground, dataset: Dataset, lease: Lease) -> Snapshot | None:
    """What a commit follows: of a model that adds to its rows the version that the run continues from."""
    from mainstem.orchestration.loading import base_to_append

    known = ground.base(dataset.name)
    if dataset.is_kept and known is not None and known.table:
        return base_to_append(ground, dataset.name, lease)
    return tables.snapshot(ground.lake, lease.table)


def _computed(
    ground: Ground, session: Session, dataset: Dataset, base: Snapshot | None, select: str
) -> tuple[Change, str]:
    """The rows of a model as they are to be from now on; of an incremental one also how they were made, in words."""
    from mainstem.orchestration.keeping import kept
    from mainstem.orchestration.refreshing import Refreshed, refreshed

    lease, model, how = ground.leases[dataset.name], dataset.made_by, ""
    if dataset.is_kept:
        return kept(ground, session, dataset, base, select), ""
    if isinstance(model, Model) and model.kind == "incremental":
        found = refreshed(ground, session, dataset, lease, base, select)
        if isinstance(found, Refreshed):
            return found.change, f"incrementally: {found.words}"
        how = f"in full: {found}"
    written = _written(ground, session, lease, select)
    return Change(written.fields, written.files, replace=True, rows_in=written.rows), how


def _written(ground: Ground, session: Session, lease: Lease, select: str) -> Written:
    """The rows of a SELECT as files of the attempt, in types that the lake stores."""
    cast = cast_select(select, session.describe(select))
    try:
        return session.write(cast, ground.lake / lease.table, lease.prefix)
    except WorldError as error:
        raise without(error, max(cast.find(select.rstrip().removesuffix(";")), 0)) from error


def _read_names(inputs: Mapping[str, Any]) -> list[str]:
    return ["main." + name if "." not in name else name for name in inputs]


def _view(ground: Ground, dataset: Dataset, model: Model, reads: Reads) -> Done:
    known, facts, lease = ground.base(dataset.name), ground.bound.facts[dataset.name], ground.leases[dataset.name]
    with working(ground, dataset.name, "building") as session:
        sql = select_of(ground, session, dataset, model)
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
        subject = held.subject_of(ground, dataset, version, known.id if known else None)
        version = replace(version, newest=measure.newest_event(session, subject))
        subject = replace(subject, version=version)
        session.begin("checking")
        evidence = held.attempted(ground, session, subject)
        ground.ledger.record_step(
            lease, version, measure.stamped(evidence, ground.run, lease.fence), ground.clock.now()
        )
        ground.shelf.put(version)
        return Done(dataset.name, "committed", "view", version)
