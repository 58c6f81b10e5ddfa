"""A step that makes no version: the one before stays, held to what is asked of it today."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from mainstem.core.dataset import Dataset
from mainstem.core.evidence import Evidence
from mainstem.core.promotion import Promotion
from mainstem.core.release import Version
from mainstem.core.run import Done, Step
from mainstem.orchestration import held, measure
from mainstem.orchestration.ground import Ground
from mainstem.orchestration.reads import reads_of


def keep(ground: Ground, dataset: Dataset, step: Step) -> Done:
    """A step that has nothing to do: its version stays, and may be valid for later data than before."""
    base = ground.base(dataset.name)
    if base is None:
        return Done(dataset.name, "kept", step.why, None)
    as_of = base.as_of
    promotion = ground.errand if isinstance(ground.errand, Promotion) else None
    if dataset.is_load and step.why != "not selected" and promotion is None:
        as_of = ground.started_at
    elif not dataset.is_load:
        as_of = _kept_as_of(ground, dataset, base)
    version = replace(base, as_of=as_of)
    if step.action == "check":
        read = (
            (measure.read_evidence(dataset.name, version, 0, more={"env": ground.state.env}),)
            if dataset.is_load
            else ()
        )
        return stay(ground, dataset, version, step.why, read)
    if as_of != base.as_of:
        ground.shelf.put(version)
        ground.kept.extend(_kept_evidence(ground, dataset, version))
    outcome = "adopted" if promotion is not None and dataset.name in promotion.adopted else "kept"
    return Done(dataset.name, outcome, step.why, version, rows=base.rows)


def _kept_as_of(ground: Ground, dataset: Dataset, base: Version) -> datetime:
    """The instant of a kept model's data: that of its inputs, while they are as those that it was built on."""
    inputs = ground.shelf.versions(ground.bound.inputs[dataset.name])
    is_same = {each: version.id for each, version in inputs.items()} == base.inputs
    if not is_same and reads_of(ground, dataset).key != base.skip_key:
        return base.as_of
    reads_nothing_new = not inputs and not ground.bound.facts[dataset.name].reads_clock
    return held.as_of(ground, tuple(inputs), ground.started_at if reads_nothing_new else base.as_of)


def _kept_evidence(ground: Ground, dataset: Dataset, version: Version) -> list[Evidence]:
    rows = [measure.version_evidence(held.subject_of(ground, dataset, version, version.id))]
    if dataset.is_load:
        rows.append(measure.read_evidence(dataset.name, version, 0, more={"env": ground.state.env}))
    return measure.stamped(rows, ground.run, version.attempt)


def stay(ground: Ground, dataset: Dataset, version: Version, why: str, read: tuple[Evidence, ...] = ()) -> Done:
    """The version stays, measured where it lies by what it was never held to; `read` is evidence of a look."""
    lease = ground.leases.get(dataset.name)
    if lease is not None:
        ground.ledger.give_up(lease)
    subject = held.subject_of(ground, dataset, version, version.id)
    asked = held.unheld_now(ground, dataset)
    rows = held.in_place(ground, subject, asked) if asked else [measure.version_evidence(subject)]
    ground.ledger.record(measure.stamped([*rows, *read], ground.run, version.attempt), ground.clock.now())
    ground.shelf.put(version)
    return Done(dataset.name, "checked" if asked else "unchanged", why, version, rows=version.rows)
