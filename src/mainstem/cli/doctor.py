"""`mainstem doctor`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from mainstem.cli.opening import json_option, project_option


@click.command("doctor")
@project_option
@json_option
def command(folder: Path | None, as_json: bool) -> None:
    """What is wrong with this installation and with the project around it, and how to mend it. Changes nothing.

    Exit code 1 if something is wrong.
    """
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
