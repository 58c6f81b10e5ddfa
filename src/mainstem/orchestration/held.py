"""Holds a version to what is asked of it today: an attempt before its commit, what stays where it lies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from mainstem.core import crash
from mainstem.core.dataset import Dataset, Model
from mainstem.core.evidence import Evidence
from mainstem.core.ports import Session
from mainstem.core.problem import WorldError
from mainstem.core.release import Version
from mainstem.orchestration import attempt, measure
from mainstem.orchestration.asked import Asked, marks, unheld
from mainstem.orchestration.blame import hush, may_quote
from mainstem.orchestration.ground import Ground
from mainstem.orchestration.measure import Failing, Labels, Subject
from mainstem.orchestration.under_way import working
from mainstem.orchestration.waits import compared_by, compared_with

Look = tuple[Asked, Labels]
"""What is measured, and on which partitions."""


def ids(ground: Ground, names: Iterable[str]) -> dict[str, str]:
    """The versions that readers of this run see, by name."""
    return {name: version.id for name, version in ground.shelf.versions(names).items()}


def as_of(ground: Ground, inputs: Iterable[str], otherwise: datetime) -> datetime:
    """The instant of data made of these inputs: that of the oldest."""
    return min((v.as_of for v in ground.shelf.versions(inputs).values()), default=otherwise)


def subject_of(
    ground: Ground,
    dataset: Dataset,
    version: Version,
    parent: str | None,
    before: str | None = None,
    labels: tuple[str, ...] | None = None,
) -> Subject:
    """A version of this run, to be measured."""
    return Subject(dataset, version, parent, before, labels, ground.project.timezone, ground.started_at)


def unheld_now(ground: Ground, dataset: Dataset) -> Asked:
    """What the version that the run continues from was never held to, beside the rows of this run."""
    return unheld(dataset, ground.bound, ground.state, ids(ground, ground.bound.waits[dataset.name]))


def attempted(ground: Ground, session: Session, subject: Subject) -> list[Evidence]:
    """Evidence of a version not yet committed; WorldError O005 when a check of severity `error` stands against it.

    A check that the version before was never held to looks at all partitions, any other at those that changed.
    """
    dataset = subject.dataset
    _ready(ground, dataset)
    found, changed = measure.partitions(session, subject)
    new = unheld_now(ground, dataset) if ground.base(dataset.name) else Asked()
    old = Asked(
        tuple(check for check in dataset.checks if check not in new.checks),
        tuple(probe for probe in ground.bound.probes.get(dataset.name, ()) if probe not in new.probes),
    )
    looks = [(old, changed)] + ([(new, measure.every_label(session, subject))] if new else [])
    checked, failing = _checked(ground, session, subject, looks)
    blocked = measure.blocking(failing)
    if blocked:
        refused = [replace(row, version=f"attempt:{subject.version.id}") for row in checked]
        ground.ledger.record(measure.stamped(refused, ground.run, subject.version.attempt), ground.clock.now())
        raise WorldError(*attempt.problems(dataset, blocked))
    return [_version(ground, subject), *found, *checked, *_probed(session, subject, looks)]


def in_place(ground: Ground, subject: Subject, asked: Asked) -> list[Evidence]:
    """Evidence of a version that stays; WorldError O005 when a check of severity `error` stands against it.

    What was measured of a version that stays is recorded in either case: it is a fact about rows that are there.
    """
    dataset, version = subject.dataset, subject.version
    with working(ground, dataset.name, "checking") as session:
        ground.shelf.ready([dataset.name])
        _ready(ground, dataset)
        looks = [(asked, measure.every_label(session, subject))]
        checked, failing = _checked(ground, session, subject, looks)
        rows = [*checked, *_probed(session, subject, looks)]
    crash.point("after-check", dataset.name)
    blocked = measure.blocking(failing)
    if blocked:
        told = [_as_seen(ground, row, asked) for row in rows]
        ground.ledger.record(measure.stamped(told, ground.run, version.attempt), ground.clock.now())
        where = "finished and not published yet" if dataset.name in ground.state.pending else "published already"
        raise WorldError(*attempt.problems(dataset, blocked, f"; these rows are {where}"))
    return [_version(ground, subject), *rows]


def _ready(ground: Ground, dataset: Dataset) -> None:
    """Everything that checks and probes of a dataset read and call, beside its own rows."""
    ground.shelf.ready((*compared_with(dataset), *ground.bound.waits[dataset.name]))
    ground.shelf.make_macros(*measure.check_texts(dataset, ground.bound.probes.get(dataset.name, ())))


def _as_seen(ground: Ground, row: Evidence, asked: Asked) -> Evidence:
    """A measurement of a version; one beside rows that no reader will see tells nothing of what readers have."""
    released = ground.state.release.versions if ground.state.release else {}
    others = next((compared_by(check) for check in asked.checks if check.id == row.facts["check"]), ())
    moved = any(name not in released or released[name].id != id for name, id in ids(ground, others).items())
    return replace(row, version=f"attempt:{row.version}") if moved else row


def _version(ground: Ground, subject: Subject) -> Evidence:
    held_to = marks(subject.dataset, ground.bound, ids(ground, ground.bound.waits[subject.dataset.name]))
    return measure.version_evidence(subject, held_to)


def _checked(
    ground: Ground, session: Session, subject: Subject, looks: Sequence[Look]
) -> tuple[list[Evidence], list[Failing]]:
    rows: list[Evidence] = []
    failing: list[Failing] = []
    for asked, labels in looks:
        measured, bad = measure.run_checks(session, subject, asked.checks, labels)
        rows += _without_values(ground, subject.dataset, measured)
        failing += bad
    return attempt.with_samples(ground, session, subject, rows, failing), failing


def written(ground: Ground, dataset: Dataset) -> str:
    """What people wrote of a dataset, and the names of its columns: words that may be quoted."""
    sql = dataset.made_by.written if isinstance(dataset.made_by, Model) else ""
    fields = (ground.bound.fields.get(name) or () for name in (dataset.name, *ground.bound.waits[dataset.name]))
    names = [field.name for each in fields for field in each] + [column.name for column in dataset.columns]
    return " ".join((sql, dataset.name, *names, *(repr(check.options) for check in dataset.checks)))


def _without_values(ground: Ground, dataset: Dataset, rows: Sequence[Evidence]) -> list[Evidence]:
    """Why a check could not be run, without the values that the engine quotes."""
    if not may_quote(ground.tags, (dataset.name, *ground.bound.waits[dataset.name])):
        return list(rows)
    said = written(ground, dataset)
    return [
        replace(row, facts={**row.facts, "reason": hush(row.facts["reason"], said)}) if "reason" in row.facts else row
        for row in rows
    ]


def _probed(session: Session, subject: Subject, looks: Sequence[Look]) -> list[Evidence]:
    found = (measure.run_probes(session, subject, asked.probes, labels) for asked, labels in looks)
    return [row for rows in found for row in rows]
