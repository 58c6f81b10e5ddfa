"""`mainstem run`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from mainstem.cli.opening import Opened, env_option, json_option, now_option, open_project, project_option
from mainstem.core import crash
from mainstem.core.run import Run


@click.command("run")
@click.argument("select", nargs=-1)
@project_option
@env_option
@now_option
@json_option
@click.option(
    "--wait", "wait_s", type=float, default=0, metavar="SECONDS", help="Wait so long for another run's lease."
)
def command(
    select: tuple[str, ...],
    folder: Path | None,
    env: str,
    now: str | None,
    as_json: bool,
    wait_s: float,
) -> None:
    """Bring the environment up to date and publish one release: all of it or nothing.

    SELECT are names or globs of datasets; all by default. Exit code 1 when a step or an `error` check failed; what
    succeeded is kept for the next run, and readers still see the release before.
    """
    from mainstem.cli.screen import RunProgress, print_json
    from mainstem.orchestration.judge import judge
    from mainstem.orchestration.waiting import run_waiting

    opened = open_project(folder, env, now, writes=True)
    progress = RunProgress(quiet=as_json)
    try:
        done = run_waiting(opened.project, opened.ledger, opened.clock, env, select, progress.listener(), wait_s)
    finally:
        progress.close()
    verdicts = judge(opened.project, opened.ledger, env, opened.clock.now(), record=True).verdicts
    crash.point("after-evaluate")
    if as_json:
        print_json(as_facts(done) | {"statuses": {id: verdict.status for id, verdict in verdicts.items()}})
    else:
        show_run(opened, done)
    if done.failures:
        sys.exit(1)


def as_facts(done: Run) -> dict[str, object]:
    """A run as JSON data."""
    return {
        "run": done.id,
        "env": done.env,
        "started_at": done.started_at,
        "finished_at": done.finished_at,
        "release": done.release.id if done.release else None,
        "steps": [
            {
                "dataset": d.dataset,
                "outcome": d.outcome,
                "why": d.why,
                "version": d.version.id if d.version else None,
                "rows": d.rows,
                "rejected": d.rejected,
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
            }
            for f in done.failures
        ],
    }


def show_run(opened: Opened, done: Run) -> None:
    """What happened, worst first."""
    from mainstem.cli.screen import console, escaped, number, styled
    from mainstem.project.render import render_problem

    out = console()
    for failure in done.failures:
        if failure.blocked_by is None:
            out.print(f"[red]✕[/] [bold]{failure.dataset}[/] failed; {escaped(failure.state)}")
            out.print(escaped(render_problem(failure.problem, opened.project.root)))
    blocked = [failure.dataset for failure in done.failures if failure.blocked_by is not None]
    if blocked:
        out.print(f"[yellow]·[/] not tried, since they read what failed: {', '.join(blocked)}")
    made = [step for step in done.done if step.outcome in ("committed", "recovered")]
    width = max((len(step.dataset) for step in made), default=0)
    for step in made:
        rows = f"{number(step.rows)} rows" if step.rows is not None else "view"
        aside = f", [yellow]{number(step.rejected)} set aside[/]" if step.rejected else ""
        out.print(f"[green]+[/] {step.dataset.ljust(width)}  {rows}{aside}")
    kept = len(done.done) - len(made)
    if kept:
        out.print(styled(f"· {kept} unchanged", "bright_black"))
    if done.failures:
        keep = f"; {len(made)} finished steps are kept for the next run" if made else ""
        out.print(f"Nothing was published{keep}." if not done.release else f"Published {done.release.id} in part.")
    elif done.release:
        out.print(f"Published [bold]{done.release.id}[/] to {done.env}.")
    else:
        out.print("Nothing new: the release stays as it is.")
