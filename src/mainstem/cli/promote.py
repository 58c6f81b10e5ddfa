"""`mainstem promote`."""

from __future__ import annotations

from pathlib import Path

import click

from mainstem.cli.naming import naming
from mainstem.cli.opening import open_project, open_text
from mainstem.cli.options import json_option, now_option, project_option
from mainstem.cli.run import carry_out


@click.command("promote")
@click.argument("name", shell_complete=naming("branch"))
@click.option(
    "--to",
    "env",
    default="prod",
    show_default=True,
    shell_complete=naming("environment"),
    help="Who adopts them.",
)
@project_option
@now_option
@json_option
@click.option("--plan", "plans", is_flag=True, help="Say what would be adopted and built; do nothing.")
@click.option(
    "--wait", "wait_s", type=float, default=0, metavar="SECONDS", help="Wait so long for another run's lease."
)
def command(
    name: str, env: str, folder: Path | None, now: str | None, as_json: bool, plans: bool, wait_s: float
) -> None:
    """Make the next release of an environment out of the versions of the branch NAME, for the text of today.

    Versions are adopted where they are what that text would make of the other environment's data: nothing is computed
    again, and their tables are the environment's from then on. The rest is built, such as what hangs on rows that came
    in there meanwhile. All of it is one release, or none. A branch that was built of another text is refused.
    """
    from mainstem.cli.plan import show
    from mainstem.core.promotion import Promotion
    from mainstem.orchestration.run import prepare

    open_text(folder, name)  # a branch that does not exist, or whose text is wrong, is told first
    opened = open_project(folder, env, now, writes=not plans)
    errand = Promotion(name)
    if plans:
        show(opened, prepare(opened.project, opened.ledger, opened.clock, env, errand=errand), as_json=as_json)
    else:
        carry_out(opened, as_json=as_json, wait_s=wait_s, errand=errand)
