"""A run is six calls: load, plan, build, publish, evaluate, deliver. The project is loaded by the caller."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
from mainstem.core.promotion import Promotion
from mainstem.core.release import Lease, Release
from mainstem.core.run import Done, Failure, Plan, Review, Run
from mainstem.core.span import Again
from mainstem.lifecycle.requirements import wanted
from mainstem.lifecycle.storage import tables
from mainstem.orchestration import attempt
from mainstem.orchestration.backfill import refuse_again
from mainstem.orchestration.bind import Bound
from mainstem.orchestration.copying import copy_ledger
from mainstem.orchestration.elsewhere import without_others
from mainstem.orchestration.execute import execute
from mainstem.orchestration.graph import below
from mainstem.orchestration.ground import Ground, Listener, Progress, files_of, unheard
from mainstem.orchestration.leasing import lease, renewing, turn
from mainstem.orchestration.looks import Seen, look_at_sources, nothing_seen
from mainstem.orchestration.opening import bind_project, open_engine
from mainstem.orchestration.plan import plan
from mainstem.orchestration.promote import adopt, look_at_rest
from mainstem.orchestration.proving import prove
from mainstem.orchestration.publishing import publish
from mainstem.orchestration.recover import recover
from mainstem.orchestration.selection import selected
from mainstem.orchestration.shelf import Shelf
from mainstem.orchestration.state import State, only, read_state
from mainstem.orchestration.step import do
from mainstem.orchestration.told import telling
from mainstem.orchestration.under_way import reached


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
    state = without_others(project, ledger, read_state(ledger, env))
    if isinstance(errand, Promotion):
        return _promotion(project, ledger, clock, state, errand)
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


def _promotion(project: Project, ledger: Ledger, clock: Clock, state: State, errand: Promotion) -> Prepared:
    """The plan of a promotion: what the branch has is kept as if it had been made here."""
    seen = nothing_seen(project)
    state, errand = adopt(project, ledger, state, errand, clock.now())
    looks = look_at_rest(project, state, clock.now(), seen)
    bound = bind_project(project, state.fields())
    return Prepared(
        plan(project, bound, state, looks, clock.now(), frozenset(project.datasets), errand), bound, state, seen, errand
    )


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
    envs = (env, errand.branch) if isinstance(errand, Promotion) else (env,)
    with turn(ledger, clock, envs, run_id, holder), renewing(ledger, clock, run_id):
        listen(Progress("planning"))
        was_killed = bool([each for name in envs for each in recover(ledger, lake, name, clock, holder)])
        prepared = prepare(project, ledger, clock, env, select, errand=errand)
        if was_killed:
            _complete(lake, prepared.state.release)
        ledger.begin_run(run_id, env, started_at, holder)
        try:
            leases = lease(project, ledger, clock, run_id, holder, prepared.state, prepared.plan)
            crash.point("after-lease")
            with telling(project.root, run_id, listen) as hear:
                done, failures = _build(project, ledger, clock, run_id, started_at, leases, prepared, hear)
            ended = (done, failures)
            release = publish(project, ledger, clock, run_id, prepared.state, ended, errand, listen)
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

    computes = any(not step.is_still for step in prepared.plan.steps)
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
