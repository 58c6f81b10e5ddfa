"""Owns what a run must measure for the sake of requirements: of datasets, and of sources."""

from __future__ import annotations

from collections.abc import Iterator

from mainstem.core.project import Project
from mainstem.core.requirement import Requirement
from mainstem.lifecycle.requirements.digests import agreed_promise, promise_digest
from mainstem.lifecycle.requirements.probe import Probe, Total, check_definition
from mainstem.lifecycle.requirements.promise import Promise, measure_of, promise_of


def probes(project: Project) -> dict[str, tuple[Probe, ...]]:
    """By dataset: what is measured of each new version beyond its checks.

    Texts that were agreed to and edited since are measured beside today's: the agreed one is what is judged.
    """
    found: dict[str, dict[str, Probe]] = {}
    for promise in _promises(project):
        objective = promise.objective
        for probe in (*measure_of(objective).probes(objective), *_lost_checks(project, promise)):
            found.setdefault(probe.subject, {})[probe.definition] = probe
    return {subject: tuple(each.values()) for subject, each in found.items()}


def totals(project: Project) -> dict[str, tuple[Total, ...]]:
    """By table of a source: the totals that are taken in the same read as its rows."""
    found: dict[str, dict[str, Total]] = {}
    for promise in _promises(project):
        for total in measure_of(promise.objective).totals(promise.objective):
            found.setdefault(total.subject, {})[total.id] = total
    return {subject: tuple(each.values()) for subject, each in found.items()}


def _promises(project: Project) -> Iterator[Promise]:
    for requirement in project.requirements.values():
        if requirement.retired is not None:
            continue
        today = promise_of(project, requirement)
        if requirement.objective is not None:
            yield today
        yield from _agreed(project, requirement)


def _agreed(project: Project, requirement: Requirement) -> Iterator[Promise]:
    """The newest text that each party agreed to."""
    newest: dict[str, Promise] = {}
    for entry in project.agreements.get(requirement.id, ()):
        if entry.kind == "agreed" and entry.by is not None and entry.text is not None:
            promise = agreed_promise(entry.text, requirement, project)
            if promise.requirement.objective is not None:
                newest[promise_digest(entry.text)] = promise
    yield from list(newest.values())[-2:]


def _lost_checks(project: Project, promise: Promise) -> Iterator[Probe]:
    """Checks of an agreed text that the dataset does not have in that form any more."""
    dataset = project.datasets.get(promise.objective.of)
    if dataset is None:
        return
    there = {(check.id, check_definition(check)) for check in dataset.checks}
    for id, check in promise.checks.items():
        if (id, check_definition(check)) not in there:
            yield Probe(id, dataset.name, check=check)
