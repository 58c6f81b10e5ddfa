"""`mainstem run`."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from mainstem.cli.deliver import as_facts as delivery_facts
from mainstem.cli.deliver import show_deliveries
from mainstem.cli.naming import selecting
from mainstem.cli.opening import Opened, open_project
from mainstem.cli.options import usual_options, variables_option
from mainstem.core import crash
from mainstem.core.dataset import QUARANTINE, Severity
from mainstem.core.delivery import Delivery
from mainstem.core.errand import Errand
from mainstem.core.evidence import Verdict
from mainstem.core.problem import Problem
from mainstem.core.release import Release
from mainstem.core.run import Done, Failure, Run
from mainstem.orchestration.arrivals import amiss
from mainstem.orchestration.passed import in_words, published_failing

Ended = TypeVar("Ended", Done, Failure)

NOT_SELECTED = "not selected"
"""Why a step was left alone: SELECT does not name it."""


@click.command("run")
@click.argument("select", nargs=-1, shell_complete=selecting)
@usual_options
@variables_option
@click.option(
    "--wait", "wait_s", type=float, default=0, metavar="SECONDS", help="Wait so long for another run's lease."
)
@click.option("--no-alerts", is_flag=True, help="Leave alerts to `mainstem up`.")
@click.option("--no-deliver", is_flag=True, help="Send nothing; leave it to `mainstem deliver`.")
def command(
    select: tuple[str, ...],
    folder: Path | None,
    env: str,
    now: str | None,
    as_json: bool,
    variables: Mapping[str, str],
    **how: Any,
) -> None:
    """Bring the environment up to date and publish one release: all of it or nothing.

    SELECT are names or globs of datasets, tag:NAME, requirement:ID, stakeholder:ID or changed, each with a + before
    it for what it is made of, behind it for what is made of it; all by default. Exit code 1 when a step or an `error`
    check failed; what succeeded is kept for the next run, and readers still see the release before. Where the
    environment says `deliver: true`, it ends with what `mainstem deliver` does.
    """
    opened = open_project(folder, env, now, writes=True, variables=variables)
    carry_out(
        opened,
        select,
        as_json=as_json,
        wait_s=how["wait_s"],
        alerts=not how["no_alerts"],
        delivers=not how["no_deliver"],
    )


def carry_out(
    opened: Opened,
    select: Sequence[str] = (),
    *,
    as_json: bool,
    wait_s: float,
    alerts: bool = True,
    delivers: bool = True,
    errand: Errand | None = None,
) -> None:
    """Run, judge, tell, deliver, and show what happened; exit code 1 where something failed."""
    from mainstem.cli.progress import RunProgress
    from mainstem.cli.screen import print_json
    from mainstem.orchestration.alerting import tell
    from mainstem.orchestration.copying import copy_ledger
    from mainstem.orchestration.judge import judge
    from mainstem.orchestration.waiting import run_waiting

    env = opened.env
    progress = RunProgress(quiet=as_json)
    released = opened.ledger.current(env)
    try:
        done = run_waiting(
            opened.project, opened.ledger, opened.clock, env, select, progress.listener(), wait_s, errand
        )
    except KeyboardInterrupt:
        progress.close()
        _show_stopped(opened, released)
        raise
    finally:
        progress.close()
    if opened.project.tests:
        from mainstem.dataops.test_proofs import prove

        prove(opened.project, opened.ledger, opened.clock, env)
    judged = judge(opened.project, opened.ledger, env, opened.clock.now(), record=True)
    verdicts = judged.verdicts
    crash.point("after-evaluate")
    if alerts:
        tell(opened.project, opened.ledger, opened.clock, judged)
    if done.release is not None:  # agreements that were seen just now belong to it
        copy_ledger(opened.ledger, opened.project.lake, opened.clock)
    sent = _delivered(opened) if delivers else ()
    if as_json:
        statuses = {id: verdict.status for id, verdict in verdicts.items()}
        deliveries = [delivery_facts(each) for each in sent]
        print_json(as_facts(opened, done) | {"statuses": statuses, "deliveries": deliveries})
    else:
        show_run(opened, done, verdicts.values())
        show_deliveries(sent, opened.project.root)
    if done.failures or not all(each.is_whole for each in sent):
        sys.exit(1)


def _delivered(opened: Opened) -> tuple[Delivery, ...]:
    """What leaves at the end of a run, be it one that changed nothing: what was not taken before is tried again."""
    from mainstem.orchestration.deliver import deliver, has_syncs

    if not has_syncs(opened.project, opened.env) or opened.ledger.current(opened.env) is None:
        return ()
    from mainstem.ledger.holder import this_holder

    return deliver(opened.project, opened.ledger, opened.clock, opened.env, holder=this_holder())


def _show_stopped(opened: Opened, before: Release | None) -> None:
    """What a run that was stopped from the keyboard leaves."""
    release = opened.ledger.current(opened.env)
    if release is None or release == before:
        click.echo("nothing was published; finished steps are kept for the next run", err=True)
    else:
        click.echo(f"{release.id} was published before", err=True)


def as_facts(opened: Opened, done: Run) -> dict[str, object]:
    """A run as JSON data."""
    return {
        "run": done.id,
        "env": done.env,
        "started_at": done.started_at,
        "finished_at": done.finished_at,
        "release": done.release.id if done.release else None,
        "is_partial": done.release is not None and done.release.why == "partial",
        "steps": [
            {
                "dataset": d.dataset,
                "outcome": d.outcome,
                "why": d.why,
                "version": d.version.id if d.version else None,
                "rows": d.rows,
                "rejected": d.rejected,
                "gone": d.gone,
                "counts": d.counts,
                "notes": d.notes,
                "how": d.how,
                "seconds": round(d.seconds, 3),
            }
            for d in done.done
        ],
        "failures": [
            {
                "dataset": f.dataset,
                "code": f.problem.code,
                "what": f.problem.what,
                "mend": f.problem.mend,
                "state": f.state,
                "blocked_by": f.blocked_by,
                "others": [{"code": other.code, "what": other.what, "mend": other.mend} for other in f.others],
            }
            for f in done.failures
        ],
        "warnings": [
            {"dataset": row.subject, "check": check.id, "what": in_words(row), "evidence": row.id}
            for check, row in published_failing(opened.project, opened.ledger, done)
        ],
        "amiss": amiss(opened.project, opened.ledger, opened.env, done.finished_at),
    }


def show_run(opened: Opened, done: Run, verdicts: Collection[Verdict]) -> None:
    """What happened, worst first, and how many requirements stand how."""
    from mainstem.cli.screen import console, styled
    from mainstem.cli.status import headline

    _show_failures(opened, done)
    _show_warnings(opened, done)
    _show_finished(done)
    _show_end(done)
    if verdicts:
        console().print(f"{headline(verdicts)}  {styled('mainstem status shows them', 'bright_black')}")


def _show_failures(opened: Opened, done: Run) -> None:
    from mainstem.cli.screen import columns, console, escaped
    from mainstem.project.render import render_problem

    out = console()
    failures = _in_order(done, done.failures)
    alike: dict[tuple[Problem, ...], list[Failure]] = {}
    for failure in failures:
        if failure.blocked_by is None:
            alike.setdefault((failure.problem, *failure.others), []).append(failure)
    for problems, failed in alike.items():
        names = ", ".join(failure.dataset for failure in failed)
        out.print(f"[red]✕[/] [bold]{names}[/] failed; {escaped(failed[0].state)}")
        for problem in problems:
            out.print(escaped(render_problem(problem, opened.project.root, columns())))
    blocked = [failure.dataset for failure in failures if failure.blocked_by is not None]
    if blocked:
        out.print(f"[yellow]·[/] not tried, since they read what failed: {', '.join(blocked)}")


def _show_warnings(opened: Opened, done: Run) -> None:
    from mainstem.cli.screen import console, escaped, styled

    for step in _in_order(done, done.done):
        for note in step.notes:
            console().print(f"[yellow]![/] {step.dataset}: {escaped(note)}")
    for found in amiss(opened.project, opened.ledger, opened.env, done.finished_at):
        aside = styled(f"(mainstem why {found.dataset})", "bright_black")
        console().print(f"[yellow]![/] {found.dataset}: {escaped(found.words)}  {aside}")
    for check, row in published_failing(opened.project, opened.ledger, done):
        # an `error` check blocks what changed, so one of a published version fails on a day that did not
        why = ", does not block: this day did not change" if check.severity == Severity.ERROR else ""
        aside = styled(f"({check.severity}{why}; mainstem why e{row.id})", "bright_black")
        console().print(f'[yellow]![/] {row.subject}: check "{check.id}" {escaped(in_words(row))}  {aside}')


def _show_finished(done: Run) -> None:
    from mainstem.cli.screen import console, escaped, number, styled
    from mainstem.core.words import counted

    out = console()
    made = _made(done)
    checked = _in_order(done, [step for step in done.done if step.outcome == "checked"])
    adopted = _in_order(done, [step for step in done.done if step.outcome == "adopted"])
    width = max((len(step.dataset) for step in (*made, *checked, *adopted)), default=0)
    for step in made:
        rows = counted(step.rows, "row") if step.rows is not None else "view"
        aside = ""
        if step.rejected:
            look = styled(f"(mainstem show {step.dataset}{QUARANTINE})", "bright_black")
            aside = f", [yellow]{number(step.rejected)} set aside[/] {look}"
        gone = f", {number(step.gone)} gone at the source" if step.gone else ""
        how = f"  {styled(escaped(step.how), 'bright_black')}" if step.how.startswith("incrementally") else ""
        out.print(f"[green]+[/] {step.dataset.ljust(width)}  {rows}{gone}{aside}{how}")
    for step in adopted:
        rows = counted(step.rows, "row") if step.rows is not None else "view"
        out.print(f"[green]↑[/] {step.dataset.ljust(width)}  {rows}  {styled(step.why, 'bright_black')}")
    for step in checked:
        out.print(f"[green]✓[/] {step.dataset.ljust(width)}  {styled(f'checked: {escaped(step.why)}', 'bright_black')}")
    kept = [step.why for step in done.done if step not in [*made, *checked, *adopted]]
    left = kept.count(NOT_SELECTED)
    counts = {"unchanged": len(kept) - left, NOT_SELECTED: left}
    said = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    if said:
        out.print(styled(f"· {said}", "bright_black"))


def _made(done: Run) -> list[Done]:
    """Steps that made a version."""
    return _in_order(done, [step for step in done.done if step.outcome in ("committed", "recovered")])


def _in_order(done: Run, ended: Sequence[Ended]) -> list[Ended]:
    """In the order of the plan: independent steps end in any order."""
    order = {step.dataset: position for position, step in enumerate(done.plan.steps)}
    return sorted(ended, key=lambda each: order[each.dataset])


def _show_end(done: Run) -> None:
    from mainstem.cli.screen import console
    from mainstem.core.words import counted

    out = console()
    if done.failures and done.release:
        failed = [failure.dataset for failure in _in_order(done, done.failures)]
        stale = ", ".join(name for name in failed if name in done.release.versions)
        absent = ", ".join(name for name in failed if name not in done.release.versions)
        said = (f"; as released before: {stale}" if stale else "") + (f"; left out: {absent}" if absent else "")
        out.print(f"Published [bold]{done.release.id}[/] to {done.env} in part{said}.")
    elif done.failures:
        made = len(_made(done))
        kept = f"; {counted(made, 'finished step')} kept for the next run" if made else ""
        out.print(f"Nothing was published{kept}.")
    elif done.release:
        out.print(f"Published [bold]{done.release.id}[/] to {done.env}.")
    elif done.plan.base:
        out.print(f"Nothing new: {done.env} stays at {done.plan.base.id}.")
    else:
        out.print("Nothing to publish: there is no model and no table of a source yet.")
