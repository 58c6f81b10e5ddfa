"""`mainstem demo`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from shutil import which

import click

from mainstem.cli.demo.database import FILE, Operations, PostgresSchema, SqliteFile
from mainstem.cli.demo.schedule import FIRST, LAST, LEFT_DRAFT, Night, agreed_at, judged_at, nights
from mainstem.core.clock import SetClock
from mainstem.core.ports import Ledger
from mainstem.core.project import Project
from mainstem.core.run import Run
from mainstem.orchestration.ground import Listener, Progress


class _Day(click.ParamType[date]):
    """An ISO date."""

    name = "DAY"

    def convert(self, value: str | date, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f'"{value}" is no day; write it like 2013-12-04', param, ctx)


@click.command("demo")
@click.argument("folder", type=click.Path(path_type=Path), default="mainstem-demo")
@click.option("--from", "first", type=_Day(), default=FIRST, show_default=True, help="The first operating day.")
@click.option("--to", "last", type=_Day(), default=LAST, show_default=True, help="The last operating day, included.")
@click.option("--operations", "url", metavar="URL", help="A PostgreSQL database for the operations, instead of SQLite.")
@click.option("--force", is_flag=True, help="Replace a demo that is there.")
@click.option("--no-serve", is_flag=True, help="End with the scoreboard; without a terminal it does anyway.")
def command(folder: Path, first: date, last: date, url: str | None, force: bool, no_serve: bool) -> None:
    """A complete, editable project on real data in FOLDER: New York's flights of 2013, replayed day by day.

    Each night the operations database and the weather files get one day's rows; each morning, one run. On the way
    one source is late, and one file breaks its contract. The scoreboard at the end is computed, not drawn. On a
    terminal it goes on with `mainstem up`: the console, until Ctrl-C.

    URL is postgresql://USER:PASSWORD@HOST/DATABASE; what is made there is the schema mainstem_demo.
    """
    from mainstem.cli.opening import find_root, open_project
    from mainstem.cli.screen import console
    from mainstem.cli.status import show_status
    from mainstem.orchestration.judge import judge

    replayed = nights(first, last)
    operations = _made(folder, url, force=force)
    root = find_root(folder)
    project = agree_all(root, first)
    with _opened(project) as ledger:
        replay(project, ledger, replayed, operations, _told(len(replayed)))
    out = console()
    out.print(f"\n{len(replayed)} days replayed into [bold]{folder}[/]\n")
    opened = open_project(root, "prod")
    show_status(opened, judge(opened.project, opened.ledger, "prod", opened.clock.now()))
    out.print(
        f"\ngo on: [bold]cd {folder}[/], then `mainstem why ops-morning-delays`, `mainstem show`, `mainstem plan`"
    )
    program = Path(sys.argv[0])
    if which("mainstem") is None and program.name == "mainstem":
        out.print(f"mainstem is not on the PATH yet: [bold]export PATH={program.parent.absolute()}:$PATH[/]")
    if not no_serve and sys.stdout.isatty():
        out.print()
        _serve(root, opened.ledger)


def _made(folder: Path, url: str | None, *, force: bool) -> Operations:
    """The project's text, and where its operations database lies; nothing is touched where either cannot be made."""
    from mainstem.cli.demo.template import copy_project

    if url is None:
        copy_project(folder, force=force)
        return SqliteFile(folder / FILE)
    schema = PostgresSchema(url)
    schema.require_room(force=force)
    copy_project(folder, url, force=force)
    schema.make()
    return schema


def _serve(root: Path, ledger: Ledger) -> None:
    """The console, at a port of its own where the usual one is taken."""
    from mainstem.cli.up import serve
    from mainstem.core.problem import WorldError

    try:
        serve(root, "prod", ledger)
    except WorldError as error:
        if error.problems[0].code != "C020":
            raise
        serve(root, "prod", ledger, port=0)


class _opened:  # noqa: N801 - reads as a word where it is used
    """The project's ledger, closed at the end."""

    def __init__(self, project: Project) -> None:
        from mainstem.ledger.sqlite import open_ledger

        self._ledger = open_ledger(project.ledger)

    def __enter__(self) -> Ledger:
        return self._ledger

    def __exit__(self, *_: object) -> None:
        self._ledger.close()


def agree_all(root: Path, first: date) -> Project:
    """Record that every stakeholder agrees, two days before the replay begins; one requirement is left a draft."""
    from mainstem.lifecycle.requirements.agreement import agree, definition_parties
    from mainstem.lifecycle.requirements.digests import parties
    from mainstem.project import append_agreement, load

    project = load(root)
    at = agreed_at(first)
    for definition in project.definitions.values():
        for person in definition_parties(project, definition):
            append_agreement(root, definition.id, agree(project, definition.id, person, at, project.owner))
    for requirement in project.requirements.values():
        if requirement.id not in LEFT_DRAFT and requirement.retired is None:
            for person in parties(requirement, project):
                append_agreement(root, requirement.id, agree(project, requirement.id, person, at, project.owner))
    return load(root)


def replay(
    project: Project,
    ledger: Ledger,
    replayed: tuple[Night, ...],
    operations: Operations,
    told: Callable[[Night, Run], None],
) -> None:
    """Night by night: rows arrive, the run of the morning begins, publishes at the minute of the script, delivers."""
    from mainstem.cli.demo.feed import feed
    from mainstem.ledger.holder import this_holder
    from mainstem.orchestration.deliver import deliver
    from mainstem.orchestration.judge import witnessed
    from mainstem.orchestration.run import run

    witnessed(project, ledger, agreed_at(replayed[0].day))
    for night in replayed:
        feed(project.root, night, operations)
        clock = SetClock(night.run_at)
        done = run(project, ledger, clock, listen=_scripted(clock, night), holder=this_holder())
        if ledger.current("prod") is not None:
            deliver(project, ledger, clock, "prod", holder=this_holder())
        told(night, done)
    # Once more before the meeting: nothing new is found, and the last morning's deadline lies behind.
    run(project, ledger, SetClock(judged_at(replayed[-1])), holder=this_holder())


def _scripted(clock: SetClock, night: Night) -> Listener:
    """Moves the clock to the minute of publication when the run comes to publish."""

    def listen(progress: Progress) -> None:
        if progress.what == "publishing":
            clock.at = night.publishes_at

    return listen


def _told(days: int) -> Callable[[Night, Run], None]:
    """One line a morning; a bar would hide what happened."""
    from mainstem.cli.screen import number
    from mainstem.core.words import local

    count = 0

    def told(night: Night, done: Run) -> None:
        nonlocal count
        count += 1
        at = local(night.publishes_at, "America/New_York")
        rejected = sum(step.rejected for step in done.done)
        aside = f", {number(rejected)} rows set aside" if rejected else ""
        flights = next((step.rows for step in done.done if step.dataset == "operations.flights"), None)
        release = done.release.id if done.release else "nothing published"
        failed = f", {len(done.failures)} steps failed: {done.failures[0].problem.what}" if done.failures else ""
        width = len(str(days))
        click.echo(f"{count:>{width}}/{days}  {at}  {release}  {number(flights)} flights{aside}{failed}", err=True)

    return told
