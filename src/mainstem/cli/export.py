"""`mainstem export`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from mainstem.cli.naming import naming, releases
from mainstem.cli.opening import open_project
from mainstem.cli.options import env_option, json_option, project_option


@click.command("export")
@click.argument("training", required=False, shell_complete=naming("training"))
@click.option("--to", "to", required=True, type=click.Path(path_type=Path), help="The folder to write.")
@click.option("--manifest", type=click.Path(path_type=Path), help="Make the set of this manifest again.")
@click.option(
    "--release",
    "release_id",
    metavar="RELEASE",
    shell_complete=releases,
    help="An earlier release instead of the current one.",
)
@click.option("--force", is_flag=True, help="Replace another training set that is in the folder.")
@project_option
@env_option
@json_option
def command(
    training: str | None,
    to: Path,
    manifest: Path | None,
    release_id: str | None,
    force: bool,
    folder: Path | None,
    env: str,
    as_json: bool,
) -> None:
    """Write the training set TRAINING of the current release into a folder: Parquet files and a manifest.

    Each example has what was known before its event, and nothing from after it. The same release gives the same bytes;
    `--manifest` makes an earlier export again and fails if anything differs. Columns are treated as the policy says.
    """
    from mainstem.cli.screen import print_json
    from mainstem.lifecycle.serving.manifest import read_manifest
    from mainstem.orchestration.exporting import export, reproduce
    from mainstem.orchestration.reading import current_release

    if (training is None) == (manifest is None):
        raise click.UsageError("name a training set, or a manifest with --manifest")
    opened = open_project(folder, env)
    if manifest is not None:
        made = reproduce(opened.project, opened.ledger, opened.clock, read_manifest(manifest), to, force=force)
    else:
        release = current_release(opened.ledger, env, release_id)
        made = export(opened.project, opened.ledger, opened.clock, release, training or "", to, force=force)
    if as_json:
        print_json(made)
        return
    _show(made, to)


def _show(made: Mapping[str, Any], to: Path) -> None:
    from mainstem.cli.screen import table
    from mainstem.core.words import counted

    click.echo(f"{made['training']} of {made['release']}: {counted(made['rows'], 'example')} in {to}")
    rows = [[each["file"], f"{each['rows']:,}", f"{each['first']} to {each['last']}"] for each in made["parts"]]
    for line in table(rows, right=[1]):
        click.echo(f"  {line}")
    for names, count in made["overlap"].items():
        click.echo(f"  {counted(count, 'entity')} in {names}: a model may know them again")
    click.echo(f"digest {made['digest']}")
