"""`mainstem rollback`."""

from __future__ import annotations

from pathlib import Path

import click

from mainstem.cli.naming import releases
from mainstem.cli.opening import open_project
from mainstem.cli.options import usual_options


@click.command("rollback")
@usual_options
@click.option(
    "--to", metavar="RELEASE", shell_complete=releases, help="The release to move to; by default the one before."
)
@click.option("--list", "listing", is_flag=True, help="List the releases of the environment.")
def command(folder: Path | None, env: str, now: str | None, as_json: bool, to: str | None, listing: bool) -> None:
    """Move the environment to an earlier release, or forward again. Instant: no file is copied or removed.

    Readers see the other release at once. The next run goes on from it: models and re-readable sources are brought
    up to date from where that release stood.
    """
    from mainstem.cli.screen import console, print_json, styled
    from mainstem.core.words import counted, local, zone_name
    from mainstem.orchestration.copying import copy_ledger
    from mainstem.orchestration.rollback import rollback

    opened = open_project(folder, env, now, writes=not listing)
    zone = opened.project.timezone
    out = console()
    if listing:
        current = opened.ledger.current(env)
        releases = [each for each in opened.ledger.releases(env, 50) if each.cleaned_at is None]
        if as_json:
            rows = [
                {"release": r.id, "at": r.at, "run": r.run, "why": r.why, "current": current and r.id == current.id}
                for r in releases
            ]
            print_json(rows)
            return
        for release in releases:
            here = "[green]●[/]" if current and release.id == current.id else " "
            aside = styled(counted(len(release.versions), "dataset"), "bright_black")
            part = "  [yellow]in part[/]" if release.why == "partial" else ""
            out.print(f"{here} {release.id}  {local(release.at, zone)} {zone_name(zone)}  {aside}{part}")
        if not releases:
            out.print("nothing is published yet")
        return
    before = opened.ledger.current(env)
    moved = rollback(opened.ledger, opened.clock, env, to)
    copy_ledger(opened.ledger, opened.project.lake, opened.clock)
    if as_json:
        print_json({"env": env, "from": before.id if before else None, "to": moved.id})
    elif before and before.id == moved.id:
        out.print(f"{env} stands at {moved.id} already")
    else:
        came = before.id if before else "nothing"
        at = f"{local(moved.at, zone)} {zone_name(zone)}"
        out.print(f"{env} moved from {came} to [bold]{moved.id}[/], published {at}")
        out.print(styled("the next run goes on from here; mainstem plan shows what it would do", "bright_black"))
