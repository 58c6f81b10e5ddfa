"""From finished versions to one release that readers see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from mainstem.core import crash
from mainstem.core.clock import Clock
from mainstem.core.evidence import Evidence
from mainstem.core.ports import Ledger
from mainstem.core.problem import WorldError
from mainstem.core.project import Project
from mainstem.core.promotion import Promotion
from mainstem.core.release import Release, Version
from mainstem.core.run import Done, Failure
from mainstem.lifecycle.storage import tables
from mainstem.orchestration.ground import Listener, Progress
from mainstem.orchestration.state import State

_TAKEN = "L012"
"""The code of a number that another release was given first."""


def publish(
    project: Project,
    ledger: Ledger,
    clock: Clock,
    run_id: str,
    state: State,
    ended: tuple[Sequence[Done], Sequence[Failure]],
    errand: object,
    listen: Listener,
) -> Release | None:
    """One release of all that ended well, or None when nothing changed or something failed."""
    (done, failures), old = ended, state.release
    promotes = isinstance(errand, Promotion)
    if failures and (project.publish == "all" or promotes):
        return None
    versions = {d.dataset: d.version for d in done if d.version is not None}
    for failure in failures:
        if old is not None and failure.dataset in old.versions:
            versions[failure.dataset] = old.versions[failure.dataset]
    versions = _without_torn_views(versions) if failures else versions
    before = {name: version.id for name, version in old.versions.items()} if old else {}
    if {name: version.id for name, version in versions.items()} == before:
        return None
    listen(Progress("publishing"))
    tables.sync(project.lake, [v for v in versions.values() if before.get(v.dataset) != v.id])
    crash.point("after-sync")
    crash.point("before-publish")
    why = "partial" if failures else "promote" if promotes else "publish"
    release = publish_next(ledger, clock, Release("", 0, state.env, clock.now(), run_id, None, versions, why), old)
    crash.point("inside-publish")
    tables.write_manifest(project.lake, release)
    crash.point("after-publish")
    listen(Progress("published", release.id))
    return release


def publish_next(ledger: Ledger, clock: Clock, release: Release, old: Release | None) -> Release:
    """Publish as the next release of its environment, which stands at `old`, and return it with its id and number.

    A release of another environment that takes the number first is no hindrance. WorldError as `Ledger.publish`.
    """
    parent = release.parent or (old.id if old else None)
    while True:
        number = ledger.next_release_number()
        made = replace(release, id=f"r{number:06d}", number=number, parent=parent)
        evidence = published_evidence(made, old, clock.now(), made.why)
        try:
            ledger.publish(made, evidence, old.id if old else None)
        except WorldError as error:
            if error.problems[0].code != _TAKEN:
                raise
        else:
            return made


def published_evidence(release: Release, old: Release | None, at: datetime, why: str = "publish") -> list[Evidence]:
    """One row a dataset whose version readers see change."""
    before = {name: version.id for name, version in old.versions.items()} if old else {}
    facts = {"release": release.id, "why": why}
    changed = [v for v in release.versions.values() if before.get(v.dataset) != v.id]
    gone = [name for name in before if name not in release.versions]
    return [
        Evidence("published", v.dataset, at, env=release.env, version=v.id, outcome="ok", run=release.run, facts=facts)
        for v in changed
    ] + [
        Evidence("published", name, at, env=release.env, outcome="gone", run=release.run, facts=facts) for name in gone
    ]


def _without_torn_views(versions: Mapping[str, Version]) -> dict[str, Version]:
    """Without the views that were left behind while what they read moved on: nobody checked what they would show."""
    left = dict(versions)
    ids = {name: version.id for name, version in left.items()}
    for name, version in versions.items():
        torn = version.sql is not None and any(ids.get(parent) != id for parent, id in version.inputs.items())
        if torn:
            del left[name]
    return left if len(left) == len(versions) else _without_torn_views(left)
