"""`mainstem deliver`."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import click

from mainstem.cli.naming import naming
from mainstem.cli.opening import open_project
from mainstem.cli.options import usual_options
from mainstem.core.delivery import Delivery, Row


@click.command("deliver")
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=naming("sync"))
@usual_options
@click.option("--plan", is_flag=True, help="Say what would go out; write nothing.")
@click.option("--allow-deletes", is_flag=True, help="Also where nothing is left to send, or most rows would go.")
def command(
    names: tuple[str, ...],
    folder: Path | None,
    env: str,
    now: str | None,
    as_json: bool,
    plan: bool,
    allow_deletes: bool,
) -> None:
    """Send the rows that changed into the systems that the syncs name, all or those of NAME.

    `mainstem run` ends with it where the environment says `deliver: true`. A delivery that was cut short is carried on
    by the next one. Exit code 1 when a row did not arrive.
    """
    from mainstem.cli.screen import print_json
    from mainstem.ledger.holder import this_holder
    from mainstem.orchestration.deliver import deliver

    opened = open_project(folder, env, now, writes=not plan)
    project, ledger, clock = opened.project, opened.ledger, opened.clock
    done = deliver(project, ledger, clock, env, names, holder=this_holder(), plan=plan, allow_deletes=allow_deletes)
    if as_json:
        print_json([as_facts(each) for each in done])
    else:
        show_deliveries(done, project.root, plan=plan)
    if not all(each.is_whole for each in done):
        sys.exit(1)


def as_facts(told: Delivery) -> dict[str, object]:
    """A delivery as JSON data."""
    return {
        "sync": told.output,
        "env": told.env,
        "release": told.release,
        "to": told.to,
        "inserts": told.inserts,
        "updates": told.updates,
        "deletes": told.deletes,
        "unchanged": told.unchanged,
        "refused": [{"what": words, "rows": count} for words, count in told.refused.items()],
        "examples": {name: [list(key) for key in keys] for name, keys in told.examples.items()},
        "problems": [{"code": each.code, "what": each.what, "mend": each.mend} for each in told.problems],
    }


def show_deliveries(done: Iterable[Delivery], root: Path, *, plan: bool = False) -> None:
    """A line a sync, and what did not arrive."""
    from mainstem.cli.screen import console, escaped, styled
    from mainstem.core.words import counted

    out = console()
    for told in done:
        _show(told, root, plan=plan)
        if plan:
            for name, keys in told.examples.items():
                out.print(styled(f"    {name}: {', '.join(map(_key, keys))}", "bright_black"))
        for words, count in told.refused.items():
            out.print(f"    [red]{counted(count, 'row')} not taken[/]: {escaped(words)}")
        if told.refused:
            out.print(styled("    they are tried again by the next `mainstem deliver`", "bright_black"))


def _show(told: Delivery, root: Path, *, plan: bool) -> None:
    from mainstem.cli.screen import columns, console, escaped
    from mainstem.core.words import counted
    from mainstem.project.render import render_problem

    out = console()
    counts = (("inserted", told.inserts), ("updated", told.updates), ("deleted", told.deletes))
    said = ", ".join(f"{count:,} {word}" for word, count in counts if count)
    sign = "[red]✕[/]" if not told.is_whole else "[green]→[/]" if told.rows else "·"
    lead = f"{sign} {told.output} → {told.to}"
    if told.problems:
        words = "would not be delivered" if plan else "not delivered"
        out.print(f"{lead}  {words}{f': {said}' if said else ''}")
        for problem in told.problems:
            out.print(escaped(render_problem(problem, root, columns())))
    elif said:
        would = "would go out: " if plan else ""
        out.print(f"{lead}  {counted(told.rows, 'row')} {would}({said})" if not plan else f"{lead}  {would}{said}")
    else:
        out.print(f"{lead}  nothing left to send; {counted(told.unchanged, 'row')} as sent before")


def _key(key: Row) -> str:
    return "/".join(str(value) for value in key)
