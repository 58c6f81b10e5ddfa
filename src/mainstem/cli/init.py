"""`mainstem init`."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import click

from mainstem.core.problem import Problem, ProjectError

_STARTER = Path(__file__).parent / "starter"


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path())
def command(folder: Path) -> None:
    """A new project in FOLDER (default: here): small, working, and commented.

    It loads a CSV file with one row that breaks the contract, builds one table, and holds one requirement.
    """
    root = folder.resolve()
    make(root)
    shown = "" if folder == Path() else f"cd {folder}\n  "
    click.echo(
        f"made a project in {root}\n\n  {shown}mainstem run\n  mainstem status\n  mainstem show marts.daily_orders"
    )


def make(root: Path) -> None:
    """Copy the starter to `root`; ProjectError C009 rather than overwrite a file."""
    taken = [path for path in _targets(root).values() if path.exists()]
    if taken:
        raise ProjectError(
            Problem("C009", f'"{taken[0]}" exists already', "choose an empty folder: `mainstem init my-project`")
        )
    for source, target in _targets(root).items():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    name = re.sub(r"[^a-z0-9]+", "-", root.name.lower()).strip("-") or "project"
    settings = root / "mainstem.yml"
    settings.write_text(settings.read_text(encoding="utf-8").replace("NAME", name), encoding="utf-8")


def _targets(root: Path) -> dict[Path, Path]:
    found = sorted(path for path in _STARTER.rglob("*") if path.is_file())
    relative = {path: path.relative_to(_STARTER) for path in found}
    return {path: root / (".gitignore" if str(name) == "gitignore" else name) for path, name in relative.items()}
