"""`mainstem alert`."""

from __future__ import annotations

from pathlib import Path

import click

from mainstem.cli.opening import open_project
from mainstem.cli.options import env_option, project_option


@click.command("alert")
@project_option
@env_option
@click.option("--test", is_flag=True, required=True, help="Send a message that says it is only a test.")
def command(folder: Path | None, env: str, test: bool) -> None:  # noqa: ARG001 - the only thing there is to do
    """Try whether alerts arrive: a test message to every receiver under `alerts:` in mainstem.yml.

    Exit code 1 when one of them cannot be reached.
    """
    from mainstem.core.words import counted
    from mainstem.orchestration.alerting import try_out

    opened = open_project(folder, env)
    sent = try_out(opened.project, opened.ledger, opened.clock, env)
    click.echo(f"{counted(sent, 'receiver')} took the test message")
