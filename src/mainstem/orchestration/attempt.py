"""What an attempt leaves beside its table: a note for recovery, samples of failed rows, or nothing at all."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from mainstem.core.clock import instant_text, parse_instant
from mainstem.core.dataset import QUARANTINE, Dataset
from mainstem.core.evidence import Evidence
from mainstem.core.ports import Session
from mainstem.core.problem import MainstemError, Problem
from mainstem.core.release import Change, Field, Lease, Snapshot, Version
from mainstem.governance.tags import failing_tags
from mainstem.lifecycle.serving.samples import write_sample
from mainstem.lifecycle.storage import tables
from mainstem.lifecycle.storage.refusals import disk_refused
from mainstem.orchestration.ground import Ground
from mainstem.orchestration.measure import Failing, Subject

_FOLDER = "_mainstem/attempts"


def note(lake: Path, lease: Lease, version: Version, evidence: Sequence[Evidence]) -> None:
    """Write down what recovery cannot know from the table's log, before the commit: the version and its evidence.

    WorldError K006 to K008 when the disk refuses.
    """
    path = _path(lake, lease)
    body = {"version": asdict(version), "evidence": [asdict(row) for row in evidence]}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(body, default=_plain), encoding="utf-8")
    except OSError as error:
        raise disk_refused(error, path) from error


def read_note(lake: Path, lease: Lease) -> tuple[Version, list[Evidence]] | None:
    """What `note` wrote; None where it never did, or was killed while writing."""
    try:
        body = json.loads(_path(lake, lease).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    version = body["version"]
    version["fields"] = tuple(Field(**f) for f in version["fields"])
    for name in ("as_of", "newest"):
        version[name] = version[name] and parse_instant(version[name])
    return Version(**version), [_evidence(row) for row in body["evidence"]]


def _evidence(row: dict[str, Any]) -> Evidence:
    for name in ("at", "until", "recorded_at"):
        row[name] = row[name] and parse_instant(row[name])
    for name in ("value", "total"):
        row[name] = None if row[name] is None else Decimal(row[name])
    return Evidence(**row)


def forget(lake: Path, lease: Lease) -> None:
    """The ledger has it now, or it came to nothing; a note that stays behind does no harm."""
    with suppress(OSError):
        _path(lake, lease).unlink(missing_ok=True)


def _path(lake: Path, lease: Lease) -> Path:
    return lake / _FOLDER / f"{lease.table.replace('/', '.')}-{lease.fence}.json"


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def discard(lake: Path, lease: Lease, change: Change) -> None:
    """Remove the files of an attempt that was refused: nothing refers to them."""
    for folder, files in ((lease.table, change.added), (lease.table + QUARANTINE, change.rejects)):
        for file in files:
            (lake / folder / file.path).unlink(missing_ok=True)


def quarantine(ground: Ground, version: Version, change: Change, made: Snapshot) -> int | None:
    """The version of a load's quarantine that belongs to its commit; a fork counts its own from 0."""
    known = ground.base(version.dataset)
    if not ground.project.datasets[version.dataset].is_load:
        return None
    touches = bool(change.rejects) or change.settles
    if not touches and known is not None and known.table == version.table:
        return known.quarantine
    rejects = tables.commit_rejects(ground.lake, made)
    return rejects.number if rejects else None


def with_samples(
    ground: Ground, session: Session, subject: Subject, evidence: Sequence[Evidence], failing: Sequence[Failing]
) -> list[Evidence]:
    """The evidence, with the file of a few failing rows (redacted where tagged) named where a check failed."""
    samples: dict[str, str] = {}
    for found in failing:
        if found.failing is None:
            continue
        try:
            tags = failing_tags(found.check, subject.dataset.name, ground.tags)
            name = f"{ground.run}-{subject.dataset.name}-{found.check.id}"
            sample = write_sample(ground.lake, session, found.failing, tags, name, ground.started_at)
        except MainstemError:
            continue  # a check that fails in the engine has no rows to show; its evidence says "errored"
        if sample is not None:
            samples[found.check.id] = sample
    return [
        replace(row, facts={**row.facts, "sample": samples[row.facts["check"]]})
        if row.facts.get("check") in samples
        else row
        for row in evidence
    ]


def problems(dataset: Dataset, failing: Sequence[Failing], whose: str = "") -> list[Problem]:
    """Checks that block publication, in words; `whose` says which rows they were, where no attempt made them."""
    return [
        Problem(
            "O005",
            f'check "{found.check.id}" of "{dataset.name}" {_in_words(found)}{whose}',
            f"see the rows with `mainstem why {dataset.name}`, then mend data or model, or lower the severity",
            found.check.place,
        )
        for found in failing
    ]


def _in_words(found: Failing) -> str:
    where = f" on {', '.join(label for label in found.labels if label)}" if any(found.labels) else ""
    if not found.labels:
        return "could not be run"
    if found.total is None:
        return f"counts {found.value}{where}"
    return f"fails for {found.total - found.value} of {found.total} rows{where}"
