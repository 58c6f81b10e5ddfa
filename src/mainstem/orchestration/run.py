"""A run is six calls: load, plan, build, publish, evaluate, deliver. The project is loaded by the caller."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from mainstem.core import crash
from mainstem.core.clock import Clock
from mainstem.core.errand import Errand
from mainstem.core.evidence import Evidence
from mainstem.core.ports import Ledger
from mainstem.core.problem import WorldError
from mainstem.core.project import Project
from mainstem.core.release import Lease, Release, Version
from mainstem.core.run import Done, Failure, Plan, Review, Run, Step
from mainstem.core.span import Again
from mainstem.lifecycle.requirements import wanted
from mainstem.lifecycle.storage import tables
from mainstem.orchestration import attempt
from mainstem.orchestration.backfill import refuse_again
from mainstem.orchestration.bind import Bound
from mainstem.orchestration.copying import copy_ledger
from mainstem.orchestration.execute import execute
from mainstem.orchestration.graph import below
from mainstem.orchestration.ground import Ground, Listener, Progress, files_of, unheard
from mainstem.orchestration.looks import Seen, look_at_sources, nothing_seen
from mainstem.orchestration.opening import bind_project, open_engine
from mainstem.orchestration.plan import plan
from mainstem.orchestration.proving import prove
from mainstem.orchestration.recover import recover
from mainstem.orchestration.selection import selected
from mainstem.orchestration.shelf import Shelf
from mainstem.orchestration.state import State, only, read_state
from mainstem.orchestration.step import do
from mainstem.orchestration.told import telling
from mainstem.orchestration.under_way import reached

LEASE_S = 60.0
"""How long a lease holds without being renewed, in seconds; it is renewed three times as often."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan, and what it was made from."""

    plan: Plan
    bound: Bound
    state: State
    seen: Seen
    errand: Errand | None = None


def prepare(
    project: Project,
    ledger: Ledger,
    clock: Clock,
    env: str,
    select: Sequence[str] = (),
    *,
    look: bool = True,
    errand: Errand | None = None,
) -> Prepared:
    """Bind and plan; touches nothing. Without `look` the sources are not asked, and their loads are uncertain.

    An `errand` selects its own dataset, and what is made of it. ProjectError I027 for what cannot be read again.
    """
    state = read_state(ledger, env)
    bound = bind_project(project, state.fields())
    chosen = selected(project, bound, state, select)
    if errand is not None:
        moved = below(bound.inputs, [errand.dataset], bound.order)
        chosen = frozenset(name for name in moved if name in state.bases or isinstance(errand, Again))
    if chosen != project.datasets.keys():
        narrowed = only(state, chosen)
        bound = bound if narrowed.fields() == state.fields() else bind_project(project, narrowed.fields())
        state = narrowed
    seen = nothing_seen(project)
    looks = look_at_sources(project, state, clock.now(), seen) if look and not isinstance(errand, Review) else {}
    if isinstance(errand, Again):
        refuse_again(project, state, errand)
    return Prepared(plan(project, bound, state, looks, clock.now(), chosen, errand), bound, state, seen, errand)


def run(
    project: Project,
    ledger: Ledger,
    clock: Clock,
    env: str = "prod",
    select: Sequence[str] = (),
    listen: Listener = unheard,
    holder: str = "",
    errand: Errand | None = None,
) -> Run:
    """Bring an environment up to date and publish one release; with an `errand` only do that, and build what is made
    of its dataset.

    ProjectError when text or selection is wrong (nothing was touched). WorldError when the lake is gone or
    another ledger's, or another run holds a lease. Whatever fails inside a step is a Failure of the Run.
    """
    lake = project.lake
    tables.claim(lake, ledger.id, is_new=not ledger.runs(limit=1))
    started_at, started_s = clock.now(), clock.elapsed()
    run_id = f"{started_at:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
    with _turn(ledger, clock, env, run_id, holder), renewing(ledger, clock, run_id):
        listen(Progress("planning"))
        was_killed = bool(recover(ledger, lake, env, clock, holder))
        prepared = prepare(project, ledger, clock, env, select, errand=errand)
        if was_killed:
            _complete(lake, prepared.state.release)
        ledger.begin_run(run_id, env, started_at, holder)
        try:
            leases = _lease(project, ledger, clock, run_id, holder, prepared)
            crash.point("after-lease")
            with telling(project.root, run_id, listen) as hear:
                done, failures = _build(project, ledger, clock, run_id, started_at, leases, prepared, hear)
            release = _publish(project, ledger, clock, run_id, prepared, done, failures, listen)
        except BaseException:
            ledger.end_run(run_id, clock.now(), "failed", {})
            raise
        finished_at = clock.now()
        status = "failed" if failures else "published" if release else "unchanged"
        seconds = Decimal(f"{clock.elapsed() - started_s:.3f}")
        told = Evidence("run", project.name, started_at, env, value=seconds, unit="s", outcome=status, run=run_id)
        ledger.record([told], finished_at)
        ledger.end_run(run_id, finished_at, status, _summary(prepared.plan, done, failures, release))
        prove(project, ledger, clock, env, run_id)
    if release is not None:
        copy_ledger(ledger, lake, clock)
        crash.point("after-copy")
    return Run(run_id, env, started_at, finished_at, prepared.plan, tuple(done), tuple(failures), release)


def _complete(lake: Path, release: Release | None) -> None:
    """The manifest of a release whose run was killed between publishing and writing it."""
    if release is not None and tables.read_manifest(lake, release.id) is None:
        tables.write_manifest(lake, release)


@contextmanager
def _turn(ledger: Ledger, clock: Clock, env: str, run_id: str, holder: str) -> Iterator[None]:
    """One run at a time stands between reading where an environment is and moving it; WorldError L001 names it."""
    now_s = clock.elapsed()
    name = f"environment {env}"
    lease = ledger.acquire(env, {name: ""}, run_id, holder, now_s, now_s + LEASE_S)[name]
    try:
        yield
    finally:
        ledger.give_up(lease)


def _lease(
    project: Project, ledger: Ledger, clock: Clock, run_id: str, holder: str, prepared: Prepared
) -> dict[str, Lease]:
    """Leases on all that the plan may write."""
    targets = {
        step.dataset: _target(project, ledger, prepared.state, step)
        for step in prepared.plan.steps
        if step.commits is not False
    }
    if not targets:
        return {}
    now_s = clock.elapsed()
    return ledger.acquire(prepared.state.env, targets, run_id, holder, now_s, now_s + LEASE_S)


def _target(project: Project, ledger: Ledger, state: State, step: Step) -> str:
    """The physical table that a step writes to, "" for a view: of this environment, never of another.

    Where the base is lost from the lake it is another one: no lost version's number is ever given again.
    """
    if step.action == "view":
        return ""
    base = state.bases.get(step.dataset)
    if project.datasets[step.dataset].is_load and step.dataset in state.forks:
        return tables.next_table(project.lake, base.table if base else tables.table_folder(step.dataset))
    if base is not None and base.table:
        is_there = tables.has_version(project.lake, base.table, base.number)
        return base.table if is_there else tables.next_table(project.lake, base.table)
    first = tables.table_folder(step.dataset)
    return first if ledger.table_owner(first) in (None, state.env) else tables.next_table(project.lake, first)


class renewing:  # noqa: N801 - reads as a word where it is used
    """While inside, a thread prolongs the leases of a run or a delivery."""

    def __init__(self, ledger: Ledger, clock: Clock, run_id: str) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._renew, args=(ledger, clock, run_id), daemon=True)

    def _renew(self, ledger: Ledger, clock: Clock, run_id: str) -> None:
        while not self._stop.wait(LEASE_S / 3):
            with suppress(WorldError):  # a ledger that is busy now may not be so at the next try
                ledger.renew(run_id, clock.elapsed() + LEASE_S)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


def _build(
    project: Project,
    ledger: Ledger,
    clock: Clock,
    run_id: str,
    started_at: datetime,
    leases: Mapping[str, Lease],
    prepared: Prepared,
    listen: Listener,
) -> tuple[list[Done], list[Failure]]:
    """All steps of the plan. An engine is opened only when one of them computes."""
    from mainstem.governance.tags import effective_tags

    computes = any(step.action != "skip" for step in prepared.plan.steps)
    engine = open_engine(project) if computes else _NoEngine()
    bound = prepared.bound
    ground = Ground(
        run_id,
        started_at,
        project,
        bound,
        prepared.state,
        project.lake,
        ledger,
        engine,  # type: ignore[arg-type]
        clock,
        Shelf(engine, project.lake, prepared.state.bases, files_of(project.lake), project.macros),  # type: ignore[arg-type]
        leases,
        wanted.totals(project) if computes else {},
        effective_tags(project, bound.facts) if computes else {},
        errand=prepared.errand,
        seen=prepared.seen,
    )
    try:
        done, failures = execute(
            prepared.plan.steps,
            bound.waits,
            lambda step: do(ground, step),
            listen,
            project.settings.threads,
            engine.cancel,
            lambda name: reached(ground, name),
        )
        if ground.kept:
            ledger.record(ground.kept, clock.now())
        _settle(ledger, project.lake, leases, failures)
        return done, failures
    finally:
        engine.close()


def _settle(ledger: Ledger, lake: Path, leases: Mapping[str, Lease], failures: Sequence[Failure]) -> None:
    """Attempts that failed leave nothing behind: no file, no open lease.

    One that failed after its commit is left open: the next run asks the table, and carries it on.
    """
    for failure in failures:
        lease = leases.get(failure.dataset)
        if lease is None:
            continue
        if lease.table and failure.blocked_by is None:
            if _may_be_committed(lake, lease):
                continue
            tables.sweep(lake, lease.table, lease.prefix)
            attempt.forget(lake, lease)
        ledger.give_up(lease)


def _may_be_committed(lake: Path, lease: Lease) -> bool:
    """Whether the attempt is in the table's log, or the log cannot tell."""
    try:
        return tables.committed(lake, lease.table, lease.fence) is not None
    except WorldError:
        return True


class _NoEngine:
    """Stands where no step computes."""

    def cancel(self) -> None:
        """Nothing runs."""

    def close(self) -> None:
        """Nothing was opened."""


def _publish(
    project: Project,
    ledger: Ledger,
    clock: Clock,
    run_id: str,
    prepared: Prepared,
    done: Sequence[Done],
    failures: Sequence[Failure],
    listen: Listener,
) -> Release | None:
    """One release of all that ended well, or None when nothing changed or something failed."""
    env, old = prepared.state.env, prepared.state.release
    if failures and project.publish == "all":
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
    _sync(project.lake, [v for v in versions.values() if before.get(v.dataset) != v.id])
    crash.point("after-sync")
    crash.point("before-publish")
    release = _new_release(ledger, env, clock.now(), run_id, old, versions)
    release = replace(release, why="partial") if failures else release
    evidence = published_evidence(release, old, clock.now(), release.why)
    ledger.publish(release, evidence, old.id if old else None)
    crash.point("inside-publish")
    tables.write_manifest(project.lake, release)
    crash.point("after-publish")
    listen(Progress("published", release.id))
    return release


def _without_torn_views(versions: Mapping[str, Version]) -> dict[str, Version]:
    """Without the views that were left behind while what they read moved on: nobody checked what they would show."""
    left = dict(versions)
    ids = {name: version.id for name, version in left.items()}
    for name, version in versions.items():
        torn = version.sql is not None and any(ids.get(parent) != id for parent, id in version.inputs.items())
        if torn:
            del left[name]
    return left if len(left) == len(versions) else _without_torn_views(left)


def _new_release(
    ledger: Ledger, env: str, at: datetime, run_id: str, old: Release | None, versions: Mapping[str, Version]
) -> Release:
    number = ledger.next_release_number()
    return Release(f"r{number:06d}", number, env, at, run_id, old.id if old else None, versions)


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


def _sync(lake: Path, versions: Sequence[Version]) -> None:
    """Data reaches the disk before anybody is told of it."""
    tables.sync(lake, versions)


def _summary(
    plan: Plan, done: Sequence[Done], failures: Sequence[Failure], release: Release | None
) -> dict[str, object]:
    counts: dict[str, int] = {}
    reasons = {step.dataset: step.why for step in plan.steps}
    for step in done:
        counts[step.outcome] = counts.get(step.outcome, 0) + 1
    return {
        "steps": counts,
        "did": [
            {
                "dataset": d.dataset,
                "outcome": d.outcome,
                "why": reasons.get(d.dataset, d.why),
                "rows": d.rows,
                "seconds": round(d.seconds, 3),
            }
            for d in done
            if d.outcome not in ("unchanged", "kept")
        ],
        "failed": [
            {"dataset": f.dataset, "code": f.problem.code, "what": f.problem.what, "mend": f.problem.mend}
            for f in failures
        ],
        "rejected": {d.dataset: d.rejected for d in done if d.rejected},
        "release": release.id if release else None,
    }
