"""`mainstem doctor`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from mainstem.cli.opening import clock_of, open_text
from mainstem.cli.options import json_option, now_option, project_option


@click.command("doctor")
@project_option
@now_option
@json_option
@click.option("--rebuild-ledger", "rebuilding", is_flag=True, help="Rebuild a lost or broken ledger from the lake.")
def command(folder: Path | None, now: str | None, as_json: bool, rebuilding: bool) -> None:
    """What is wrong with this installation and with the project around it, and how to mend it. Changes nothing.

    Exit code 1 if something is wrong. With --rebuild-ledger, and only then, a new ledger is made from what each
    publication copied into the lake; a broken one is set aside under another name. What lay between the last copy and
    now stays unknown: requirements that hang on it are unverified. End all other runs of the project before.
    """
    if rebuilding:
        _rebuild(folder, now, as_json)
        return
    from mainstem.cli.opening import find_root
    from mainstem.cli.screen import console, escaped, print_json
    from mainstem.core.problem import ProjectError
    from mainstem.orchestration.checkup import checkup

    try:
        root: Path | None = find_root(folder)
    except ProjectError:
        root = None
    findings = checkup(root)
    if as_json:
        print_json(findings)
    else:
        out = console()
        for finding in findings:
            sign = "[green]●[/]" if finding.is_fine else "[red]✕[/]"
            out.print(f"{sign} {finding.what}  [bright_black]{escaped(finding.detail)}[/]")
            if not finding.is_fine:
                out.print(f"    mend: {escaped(finding.mend)}")
    if not all(finding.is_fine for finding in findings):
        sys.exit(1)


def _rebuild(folder: Path | None, now: str | None, as_json: bool) -> None:
    from mainstem.cli.screen import console, escaped, print_json
    from mainstem.core.words import counted, local, zone_name
    from mainstem.orchestration.rebuild import rebuild

    project = open_text(folder)
    done = rebuild(project, lambda ledger: clock_of(project, ledger, now, writes=True))
    if as_json:
        print_json(done)
        return
    out, zone = console(), project.timezone
    if done.aside is not None:
        out.print(f"the ledger that stood there is now {escaped(str(done.aside))}")
    out.print(
        f"Rebuilt ledger {done.ledger[:8]}: {counted(done.releases, 'release')}, {counted(done.rows['run'], 'run')}, "
        f"{counted(done.rows['evidence'], 'row')} of evidence, {counted(done.rows['audit'], 'row')} of audit"
    )
    for env, release in done.standing.items():
        out.print(f"{env} stands at {release}")
    for since, until in done.gaps:
        begin = f"{local(since, zone)} {zone_name(zone)}" if since else "the beginning"
        out.print(f"nothing is known from {begin} to {local(until, zone)} {zone_name(zone)}")
    if done.audit_broken_at is not None:
        out.print(f"the audit log is broken at row {done.audit_broken_at}: it was changed or removed")
