"""The second half of a step's protocol: from files that nothing refers to, to a recorded version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from mainstem.core import crash
from mainstem.core.dataset import Dataset
from mainstem.core.evidence import Evidence
from mainstem.core.ports import Session
from mainstem.core.problem import WorldError
from mainstem.core.release import Change, DataFile, Field, Identity, Lease, Snapshot, Version
from mainstem.core.run import Done
from mainstem.lifecycle.storage import tables
from mainstem.orchestration import attempt, held, measure
from mainstem.orchestration.ground import Ground
from mainstem.orchestration.state import skip_key


@dataclass(frozen=True, slots=True)
class Result:
    """What a computed step would become: its version before the commit, the change, and where it stands."""

    version: Version
    change: Change
    base: Snapshot | None
    evidence: tuple[Evidence, ...] = ()


def new_version(
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


def finish(ground: Ground, session: Session, dataset: Dataset, lease: Lease, result: Result) -> Done:
    """Check, commit, derive the quarantine, record. A refused attempt leaves no file behind."""
    files = _files_after(result.change, result.base)
    known = ground.base(dataset.name)
    before = _before(ground, dataset.time_column, result.version.fields, known)
    ground.shelf.offer(result.version, files)
    session.begin("checking")
    try:
        subject = held.subject_of(
            ground, dataset, result.version, known.id if known else None, before, result.change.labels
        )
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


def _commit(ground: Ground, lease: Lease, result: Result) -> Version:
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
