"""Measures a version, mostly before it is committed: partitions, checks, probes of requirements; all as evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from mainstem.core.dataset import Check, Dataset, Severity
from mainstem.core.evidence import Evidence
from mainstem.core.kinds import find
from mainstem.core.ports import Session
from mainstem.core.problem import WorldError
from mainstem.core.release import Field, Version
from mainstem.core.run import Review
from mainstem.lifecycle.requirements.probe import Probe, check_definition
from mainstem.orchestration import positions
from mainstem.sql.clock import bind_clock
from mainstem.sql.quote import literal, qualified, quote


@dataclass(frozen=True, slots=True)
class Subject:
    """What is measured: a version under the name of its dataset, already readable in the session.

    `before` is SQL usable in FROM for the version it follows, None where there is none. `labels` are the partition
    labels that may differ from it, None for any. `zone` is the project's time zone, `now` the run's clock.
    """

    dataset: Dataset
    version: Version
    parent: str | None
    before: str | None
    labels: tuple[str, ...] | None
    zone: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Failing:
    """A check that did not pass: on which labels, and the SELECT of its failing rows."""

    check: Check
    labels: tuple[str | None, ...]
    value: Decimal
    total: Decimal | None
    failing: str | None


def label_expression(column: str, type_: str, zone: str) -> str:
    """SQL for the partition label of a row: the date of `column` in the project's zone, as ISO text."""
    local = f"timezone({literal(zone)}, {quote(column)})" if type_ == "TIMESTAMP WITH TIME ZONE" else quote(column)
    return f"cast(cast({local} as date) as varchar)"


def subject_label(dataset: Dataset, fields: Sequence[Field], zone: str) -> str | None:
    """The label expression of a dataset, None without a time column."""
    if dataset.time_column is None:
        return None
    types = {field.name.lower(): field.type for field in fields}
    return label_expression(dataset.time_column, types.get(dataset.time_column.lower(), ""), zone)


@dataclass(frozen=True, slots=True)
class Labels:
    """Partition labels of a version: those that `changed`, and those to be `measured`.

    Measured are the changed ones and the last closed day, with or without rows: a day without rows is a fact, too. Only
    a changed one can block publication.
    """

    changed: tuple[str, ...] = ()
    measured: tuple[str, ...] = ()


def partitions(session: Session, subject: Subject) -> tuple[list[Evidence], Labels]:
    """One row a partition that changed or vanished, and the labels that checks look at."""
    label = subject_label(subject.dataset, subject.version.fields, subject.zone)
    if label is None:
        return [], Labels()
    after = _fingerprints(session, qualified(subject.dataset.name), label, subject.labels)
    before = _fingerprints(session, subject.before, label, subject.labels) if subject.before else {}
    changed = sorted(name for name in after if after[name] != before.get(name))
    gone = sorted(name for name in before if name not in after)
    rows = [_partition(subject, name, after.get(name)) for name in (*changed, *gone)]
    closed = (subject.now.astimezone(ZoneInfo(subject.zone)).date() - timedelta(days=1)).isoformat()
    return rows, Labels(tuple(changed), tuple(sorted({*changed, closed})))


def _fingerprints(
    session: Session, relation: str, label: str, labels: tuple[str, ...] | None
) -> dict[str, tuple[int, str]]:
    """Rows and content digest by label; a sum of row hashes, so that the order of rows does not count."""
    only = "label is not null" if labels is None else f"label in ({', '.join(map(literal, labels)) or 'null'})"
    # 2^64 keeps the sum of 64-bit hashes in the range of one hash.
    found = session.rows(
        "select label, count(*), cast(sum(h) % 18446744073709551616::hugeint as varchar) "
        f"from (select {label} as label, hash(t)::hugeint as h from {relation} as t) where {only} group by label"
    )
    return {name: (rows, content) for name, rows, content in found}


def _partition(subject: Subject, label: str, found: tuple[int, str] | None) -> Evidence:
    return Evidence(
        kind="partition",
        subject=subject.dataset.name,
        version=subject.version.id,
        label=label,
        at=subject.now,
        value=Decimal(found[0]) if found else Decimal(0),
        unit="rows",
        outcome="ok" if found else "gone",
        facts={"fingerprint": found[1]} if found else {},
    )


def every_label(session: Session, subject: Subject) -> Labels:
    """All labels of a version, as if each had changed: for a check that no partition was ever held to."""
    whole = replace(subject, before=None, labels=None)
    return partitions(session, whole)[1]


def run_checks(
    session: Session, subject: Subject, checks: Sequence[Check], labels: Labels
) -> tuple[list[Evidence], list[Failing]]:
    """Checks of the dataset as evidence, passed or not, and those that did not pass.

    A check that the engine cannot run is evidence too, with outcome "errored" and never a number, and counts as
    failing. A partition that this version did not change is measured, but does not count as failing.
    """
    evidence: list[Evidence] = []
    failing: list[Failing] = []
    label = subject_label(subject.dataset, subject.version.fields, subject.zone)
    for check in checks:
        kind = find("checks", check.kind)
        by = label if check.per == "partition" and kind.BY_PARTITION else None
        definition = check_definition(check)
        sql = kind.sql(check.options, qualified(subject.dataset.name), by)
        measure = bind_clock(sql.measure, subject.now, subject.zone)
        facts = {"check": check.id, "sql": measure, "severity": str(check.severity)}
        try:
            found = _by_label(session.rows(_restricted(measure, by, labels.measured)), by, labels.measured)
        except WorldError as error:
            facts["reason"] = error.problems[0].what
            evidence.append(_measured(subject, None, None, None, definition, facts))
            failing.append(Failing(check, (), Decimal(0), None, None))
            continue
        counted = [row for row in found if by is None or row[0] in labels.changed]
        bad = [row for row in counted if not kind.passes(check.options, row[1], row[2])]
        evidence += [_measured(subject, *row, definition, facts) for row in found]
        if bad:
            failing.append(_failing(subject, check, sql.failing, by, bad))
    return evidence, failing


def check_texts(dataset: Dataset, probes: Sequence[Probe]) -> list[str]:
    """The SQL of the checks of a dataset, and of what requirements want to know of it."""
    relation = qualified(dataset.name)
    checks = [find("checks", check.kind).sql(check.options, relation, None).measure for check in dataset.checks]
    return [*checks, *(probe.sql(relation) for probe in probes)]


def _restricted(measure: str, by: str | None, labels: Sequence[str]) -> str:
    if by is None:
        return measure
    wanted = ", ".join(map(literal, labels)) or "null"
    return f"select * from ({measure}) as m(label, value, total) where label in ({wanted})"


Row = tuple[str | None, Decimal, Decimal | None]


def _by_label(rows: Iterable[tuple[Any, ...]], by: str | None, labels: Sequence[str]) -> list[Row]:
    """Measured rows as decimals; a label without rows counts 0 of 0."""
    found: list[Row] = [
        (label, Decimal(str(value or 0)), None if total is None else Decimal(str(total)))
        for label, value, total in rows
    ]
    if by is not None:
        there = {row[0] for row in found}
        is_count = bool(found) and all(row[2] is None for row in found)
        nothing = None if is_count or not found else Decimal(0)
        found += [(label, Decimal(0), nothing) for label in labels if label not in there]
    return found


def _measured(
    subject: Subject,
    label: str | None,
    value: Decimal | None,
    total: Decimal | None,
    definition: str,
    facts: Mapping[str, Any],
) -> Evidence:
    return Evidence(
        kind="measured",
        subject=subject.dataset.name,
        version=subject.version.id,
        label=label,
        at=subject.now,
        value=value,
        total=total,
        unit="rows",
        outcome="errored" if value is None else "measured",
        definition=definition,
        facts=facts,
    )


def _failing(subject: Subject, check: Check, failing: str | None, by: str | None, bad: Sequence[Row]) -> Failing:
    labels = tuple(row[0] for row in bad)
    rows = None
    if failing is not None:
        rows = bind_clock(failing, subject.now, subject.zone)
        if by is not None:
            wanted = ", ".join(literal(label) for label in labels if label is not None)
            rows = f"select * from ({rows}) as f where {by} in ({wanted or 'null'})"
    value = sum((row[1] for row in bad), Decimal(0))
    totals = [row[2] for row in bad if row[2] is not None]
    return Failing(check, labels, value, sum(totals, Decimal(0)) if totals else None, rows)


def run_probes(session: Session, subject: Subject, probes: Sequence[Probe], labels: Labels) -> list[Evidence]:
    """What requirements' measures want to know of this version beyond its checks, as evidence.

    A probe by another column than the partition's is counted for all of that column's values.
    """
    evidence: list[Evidence] = []
    label = subject_label(subject.dataset, subject.version.fields, subject.zone)
    for probe in probes:
        by = label if probe.by in (None, subject.dataset.time_column) else None
        measure = probe.sql(qualified(subject.dataset.name), by)
        facts = {"check": probe.id, "sql": measure}
        try:
            found = _by_label(session.rows(_restricted(measure, by, labels.measured)), by, labels.measured)
            evidence += [_measured(subject, *row, probe.definition, facts) for row in found]
        except WorldError as error:
            facts["reason"] = error.problems[0].what
            evidence.append(_measured(subject, None, None, None, probe.definition, facts))
    return evidence


def version_evidence(subject: Subject, held_to: str | None = None, made: Mapping[str, Any] | None = None) -> Evidence:
    """The row that says what this version is, what it was held to, and what its columns follow from; valid from the
    instant of its data."""
    version = subject.version
    return Evidence(
        kind="version",
        subject=version.dataset,
        version=version.id,
        at=version.as_of,
        outcome="ok",
        definition=held_to,
        facts={
            "parent": subject.parent,
            "as_of": version.as_of.isoformat(),
            "newest": version.newest.isoformat() if version.newest else None,
            "fingerprint": version.fingerprint,
            "rows": version.rows,
            "bytes": version.size_bytes,
            **({"made": made} if made else {}),
        },
    )


def read_evidence(
    name: str, version: Version, rows: int, position: Any = None, more: Mapping[str, Any] | None = None
) -> Evidence:
    """The row of one look at a source, whose `position` is as evidence keeps it; `more` says what became of the rows
    that were read."""
    return Evidence(
        kind="read",
        subject=name,
        version=version.id,
        at=version.as_of,
        value=Decimal(rows),
        unit="rows",
        outcome="ok",
        facts={
            "started": version.as_of.isoformat(),
            "rows": rows,
            "position": position,
            "is_whole": positions.is_whole(position),
            **(more or {}),
        },
    )


def settled_evidence(version: Version, wanted: Review, counts: Mapping[str, int], at: datetime) -> Evidence:
    """The row of one replay or discard that took rows out of the quarantine; `counts` says what became of them."""
    left = counts.get("discarded", counts.get("tried", 0) - counts.get("staying", 0))
    return Evidence(
        kind="settled",
        subject=version.dataset,
        version=version.id,
        at=at,
        value=Decimal(left),
        unit="rows",
        outcome="ok",
        facts={"action": wanted.action, "why": wanted.why, **counts},
    )


def refreshed_evidence(version: Version, how: str, at: datetime) -> Evidence:
    """The row that says how an incremental model was brought up to date, and why so."""
    return Evidence("refreshed", version.dataset, at, version=version.id, outcome="ok", facts={"how": how})


def newest_event(session: Session, subject: Subject) -> datetime | None:
    """The newest event time of a version; a date or a local time is read in the project's zone."""
    column = subject.dataset.time_column
    if column is None:
        return None
    types = {field.name.lower(): field.type for field in subject.version.fields}
    name = quote(column)
    if types.get(column.lower()) != "TIMESTAMP WITH TIME ZONE":
        name = f"timezone({literal(subject.zone)}, cast({name} as timestamp))"
    latest = f"strftime(timezone('UTC', max({name})), '%Y-%m-%dT%H:%M:%S.%f+00:00')"
    text = session.rows(f"select {latest} from {qualified(subject.dataset.name)}")[0][0]
    return datetime.fromisoformat(text) if text else None


def blocking(failing: Sequence[Failing]) -> tuple[Failing, ...]:
    """Those that block publication."""
    return tuple(found for found in failing if found.check.severity == Severity.ERROR)


def stamped(evidence: Iterable[Evidence], run: str, attempt: int) -> list[Evidence]:
    """Evidence with the run, step and attempt that made it."""
    return [replace(row, run=run, step=row.subject, attempt=attempt) for row in evidence]
