"""`mainstem backfill`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from mainstem.cli.naming import naming
from mainstem.cli.opening import dataset_name, open_project
from mainstem.cli.options import usual_options, variables_option
from mainstem.cli.plan import show
from mainstem.cli.run import carry_out


@click.command("backfill")
@click.argument("dataset", shell_complete=naming("dataset"))
@click.option("--from", "start", metavar="VALUE", default=None, help="The first day, instant or number of the range.")
@click.option("--to", "end", metavar="VALUE", default=None, help="The last one; all of it, where it is a day.")
@click.option("--by", metavar="COLUMN", default=None, help="The range's column: else the time column, else the cursor.")
@click.option("--all", "everything", is_flag=True, help="Everything that is at the source now.")
@click.option("--allow-deletes", is_flag=True, help="Also where most rows, or rows without a key, would go.")
@click.option("--plan", "only_plan", is_flag=True, help="Say what would be done; touch nothing.")
@usual_options
@variables_option
@click.option(
    "--wait", "wait_s", type=float, default=0, metavar="SECONDS", help="Wait so long for another run's lease."
)
def command(
    dataset: str,
    folder: Path | None,
    env: str,
    now: str | None,
    as_json: bool,
    wait_s: float,
    only_plan: bool,
    variables: Mapping[str, str],
    **wanted: Any,
) -> None:
    """Read rows of DATASET again from its source, and publish them with all that is made of them.

    Rows are merged by their key; without one they take the place of those in the range, in one commit. What the next
    run reads does not change. Exit code 1 when a step or an `error` check failed: nothing was published then.
    """
    from mainstem.orchestration.backfill import to_read_again
    from mainstem.orchestration.run import prepare

    opened = open_project(folder, env, now, writes=not only_plan, variables=variables)
    name = dataset_name(opened.project, dataset)
    again = to_read_again(opened.project, name, **wanted)
    if only_plan:
        show(opened, prepare(opened.project, opened.ledger, opened.clock, env, errand=again), as_json=as_json)
        return
    carry_out(opened, as_json=as_json, wait_s=wait_s, errand=again)
