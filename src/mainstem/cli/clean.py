"""`mainstem clean`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from mainstem.cli.opening import open_project
from mainstem.cli.options import json_option, now_option, project_option


@click.command("clean")
@project_option
@now_option
@json_option
@click.option("--keep", default="30d", show_default=True, help="Releases of this time, or so many of each environment.")
@click.option("--grace", default="1h", show_default=True, help="So long somebody may still read what was replaced.")
@click.option("--plan", "plans", is_flag=True, help="Say what would be removed; remove nothing.")
def command(folder: Path | None, now: str | None, as_json: bool, keep: str, grace: str, plans: bool) -> None:
    """Remove data files that no kept release of any environment needs: those of old releases, of dropped branches.

    What an environment shows now, and showed before that, is always kept, and so is what a run has finished and not
    published yet. Releases older than --keep are given up: nobody can roll back to them any more. The ledger keeps
    what it knows of them. Runs may go on meanwhile.
    """
    from mainstem.cli.screen import console, escaped, print_json, say
    from mainstem.core.words import counted, size
    from mainstem.dataops.cleaning import clean, keep_of

    wanted = keep_of(keep, grace)
    opened = open_project(folder, "prod", now, writes=not plans)
    done = clean(opened.project, opened.ledger, opened.clock, wanted, plan=plans)
    if as_json:
        print_json(done)
        return
    out = console()
    for table, why in done.left.items():
        say(out, f"[yellow]![/] {table} is left alone: {escaped(why)}", 2)
    if not (done.releases or done.tables or done.files):
        out.print("Nothing to remove: all that is there is kept.")
        return
    if done.releases:
        out.print(
            f"{counted(len(done.releases), 'release')} {'to give up' if plans else 'given up'}: {_few(done.releases)}"
        )
    for table in done.tables:
        out.print(f"[red]-[/] {table}")
    removed = [counted(len(done.tables), "table")] if done.tables else []
    removed += [counted(done.files, "file") + " of tables that stay"] if done.files or not removed else []
    said = "would remove" if plans else "removed"
    out.print(f"{said} {' and '.join(removed)}: {size(done.size_bytes)} free")


def _few(names: Sequence[str]) -> str:
    """The first and the last of many."""
    return ", ".join(names) if len(names) < 8 else f"{', '.join(names[:3])} ... {names[-1]}"
