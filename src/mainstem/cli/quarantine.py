"""`mainstem quarantine`."""

from __future__ import annotations

import getpass
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from mainstem.cli.naming import naming
from mainstem.cli.opening import Opened, dataset_name, open_project
from mainstem.cli.options import env_option, json_option, project_option, usual_options
from mainstem.core.dataset import Load
from mainstem.core.problem import Problem, ProjectError
from mainstem.core.run import Review


@click.group("quarantine")
def command() -> None:
    """Rows that were set aside, since they broke a contract: list, show, replay, discard."""


@command.command("list")
@click.argument("names", nargs=-1, metavar="[DATASET]...", shell_complete=naming("dataset"))
@project_option
@env_option
@json_option
def list_(names: tuple[str, ...], folder: Path | None, env: str, as_json: bool) -> None:
    """What is in the quarantines, or in those of DATASET: how many rows, why, since when, by which run.

    Reasons are grouped without the values that they quote. Exit code 0, whatever is in there.
    """
    from mainstem.cli.screen import console, escaped, print_json, styled
    from mainstem.core.words import counted
    from mainstem.orchestration.reading import current_release
    from mainstem.orchestration.reviewing import ask_quarantines, list_sql, require_load

    opened = open_project(folder, env)
    release = current_release(opened.ledger, env)
    wanted = [dataset_name(opened.project, name) for name in names]
    for name in wanted:
        require_load(opened.project, release, name)
    full = [n for n, v in release.versions.items() if v.quarantine is not None and n in (wanted or release.versions)]
    sqls = {name: list_sql(name) for name in sorted(full)}
    found = ask_quarantines(opened.project, opened.ledger, opened.clock, release, sqls, 10_000, clear=False)
    groups = {name: [dict(zip(("reason", "rows", "since", "run"), row, strict=True)) for row in answer.rows]
              for name, answer in found.items() if answer.rows}  # fmt: skip
    if as_json:
        print_json(
            [{"dataset": n, "rows": sum(g["rows"] for g in each), "reasons": each} for n, each in groups.items()]
        )
        return
    out = console()
    for name, each in groups.items():
        out.print(f"[bold]{name}[/]  {counted(sum(group['rows'] for group in each), 'row')}")
        for group in each:
            since = styled(f"since {_local(opened, group['since'])}, run {group['run']}", "bright_black")
            out.print(f"  {group['rows']:>7,}  {escaped(str(group['reason']))}  {since}")
    if not groups:
        out.print("no row is set aside")


def _local(opened: Opened, at: str) -> str:
    from datetime import datetime

    from mainstem.core.words import local

    return local(datetime.fromisoformat(at), opened.project.timezone)


@command.command("show")
@click.argument("name", metavar="DATASET", shell_complete=naming("dataset"))
@project_option
@env_option
@json_option
@click.option("--reason", metavar="TEXT", help="Only rows whose reason contains this.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=1), help="At most so many rows.")
@click.option("--clear", is_flag=True, help="Show tagged rows as they are; this is recorded.")
def show(name: str, folder: Path | None, env: str, as_json: bool, reason: str | None, limit: int, clear: bool) -> None:
    """The rows of a quarantine, oldest first, each with its id.

    Where a column of DATASET carries a tag, rows and reasons are redacted. With --json one object a line, which can be
    mended and given back with `replay --file`.
    """
    from mainstem.cli.query import show_answer
    from mainstem.orchestration.reading import current_release
    from mainstem.orchestration.reviewing import ask_quarantines, require_load, show_sql

    opened = open_project(folder, env)
    release = current_release(opened.ledger, env)
    name = dataset_name(opened.project, name)
    require_load(opened.project, release, name)
    sqls = {name: show_sql(name, reason)}
    answer = ask_quarantines(opened.project, opened.ledger, opened.clock, release, sqls, limit, clear=clear)[name]
    if not as_json:
        show_answer(answer, limit, as_json=False)
        return
    for row in answer.rows:
        click.echo(_line([column.name for column in answer.columns], row))
    if answer.truncated:
        click.echo(f"only the first {limit}; --limit N shows more", err=True)


def _line(names: Sequence[str], values: Sequence[object]) -> str:
    """A JSON object; a row that is JSON itself as it is, so that no digit of it changes."""
    found = {name: json.dumps(value, ensure_ascii=False) for name, value in zip(names, values, strict=True)}
    row = dict(zip(names, values, strict=True))["row"]
    if isinstance(row, str) and row.startswith("{"):
        found["row"] = row
    return "{" + ", ".join(f"{json.dumps(name)}: {text}" for name, text in found.items()) + "}"


@command.command("replay")
@click.argument("name", metavar="DATASET", shell_complete=naming("dataset"))
@usual_options
@click.option(
    "--file", "file", type=click.Path(path_type=Path), help="Mended rows, as `show --json` prints them; only these."
)
@click.option("--why", default="", metavar="TEXT", help="Why; it is recorded.")
def replay(
    name: str,
    folder: Path | None,
    env: str,
    now: str | None,
    as_json: bool,
    file: Path | None,
    why: str,
) -> None:
    """Hold the rows of a quarantine to the contract of today, as if they arrived now.

    Good ones go where they belong, once: they are written as the load writes, and never over a row of the same key
    that came in later. Bad ones stay, with their new reason. What is made of DATASET follows in the same release.
    """
    from mainstem.orchestration.reviewing import read_mended

    opened = open_project(folder, env, now, writes=True)
    name = _load_of(opened, name)
    made_by = opened.project.datasets[name].made_by
    if file is not None and isinstance(made_by, Load) and made_by.write == "replace":
        what = f'"{name}" is replaced by each load: a row that is put there is gone after it'
        raise ProjectError(Problem("I033", what, "mend the row at the source, then `mainstem run`"))
    mended = read_mended(file) if file else None
    _carry_out(opened, Review(name, "replay", _user(), why, mended=mended), as_json=as_json)


@command.command("discard")
@click.argument("name", metavar="DATASET", shell_complete=naming("dataset"))
@usual_options
@click.option("--reason", metavar="TEXT", help="Rows whose reason contains this.")
@click.option("--all", "everything", is_flag=True, help="All of them.")
@click.option("--why", required=True, metavar="TEXT", help="Why; it is recorded.")
def discard(
    name: str,
    folder: Path | None,
    env: str,
    now: str | None,
    as_json: bool,
    reason: str | None,
    everything: bool,
    why: str,
) -> None:
    """Take rows out of a quarantine for good. They stay in its earlier versions."""
    if (reason is None) is not everything:
        raise click.UsageError("say which rows: --reason TEXT, or --all")
    opened = open_project(folder, env, now, writes=True)
    name = _load_of(opened, name)
    _carry_out(opened, Review(name, "discard", _user(), why, reason), as_json=as_json)


def _load_of(opened: Opened, name: str) -> str:
    from mainstem.orchestration.reviewing import require_load

    name = dataset_name(opened.project, name)
    require_load(opened.project, opened.ledger.current(opened.env), name)
    return name


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "local"


def _carry_out(opened: Opened, review: Review, *, as_json: bool) -> None:
    """The run that it takes, and what came of it."""
    from mainstem.cli.progress import RunProgress
    from mainstem.cli.run import as_facts, show_run
    from mainstem.cli.screen import print_json
    from mainstem.orchestration.copying import copy_ledger
    from mainstem.orchestration.judge import judge
    from mainstem.orchestration.waiting import run_waiting

    progress = RunProgress(quiet=as_json)
    try:
        done = run_waiting(
            opened.project, opened.ledger, opened.clock, opened.env, (), progress.listener(), errand=review
        )
    finally:
        progress.close()
    judged = judge(opened.project, opened.ledger, opened.env, opened.clock.now(), record=True)
    if done.release is not None:
        copy_ledger(opened.ledger, opened.project.lake, opened.clock)
    step = next((each for each in done.done if each.dataset == review.dataset), None)
    counts, reasons = (step.counts, step.reasons) if step else ({}, {})
    if as_json:
        print_json(as_facts(opened, done) | {"counts": counts, "reasons": reasons})
    else:
        if step:
            _show_counts(review, counts, reasons)
        show_run(opened, done, judged.verdicts.values())
    if done.failures:
        sys.exit(1)


def _show_counts(review: Review, counts: Mapping[str, int], reasons: Mapping[str, int]) -> None:
    from mainstem.cli.screen import console, escaped
    from mainstem.core.words import counted

    out = console()
    if review.action == "discard":
        out.print(f"{counted(counts['discarded'], 'row')} of {review.dataset} discarded")
        return
    said = f"{counted(counts['tried'], 'row')} of {review.dataset} tried: {counts['loaded']:,} loaded"
    before = counts.get("settled_before", 0)
    were = f"; {before:,} {'was' if before == 1 else 'were'} settled before" if before else ""
    out.print(f"{said}, {counts['superseded']:,} superseded, {counts['staying']:,} set aside still{were}")
    for reason, count in reasons.items():
        out.print(f"  {count:>7,}  {escaped(reason)}")
