"""`mainstem schema`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("schema")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), required=False)
def command(folder: Path | None) -> None:
    """JSON Schemas of the project's files, written to FOLDER for your editor, or all printed as one JSON object."""
    from mainstem.cli.screen import print_json
    from mainstem.project import schemas, write_schemas

    if folder is None:
        print_json(schemas())
        return
    for path in write_schemas(folder):
        click.echo(str(path))
