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
    """Copy the starter to `root`; ProjectError C009 rather than overwrite a file.

    A `.gitignore` that is there, as in a fresh repository, gets the lines that it lacks.
    """
    targets = _targets(root)
    taken = [path for path in targets.values() if path.exists() and not _is_ignore_list(path)]
    if taken:
        raise ProjectError(
            Problem("C009", f'"{taken[0]}" exists already', "choose an empty folder: `mainstem init my-project`")
        )
    for source, target in targets.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            _append_missing(source, target)
        else:
            shutil.copyfile(source, target)
    name = re.sub(r"[^a-z0-9]+", "-", root.name.lower()).strip("-") or "project"
    settings = root / "mainstem.yml"
    settings.write_text(settings.read_text(encoding="utf-8").replace("NAME", name), encoding="utf-8")


def _is_ignore_list(path: Path) -> bool:
    return path.name == ".gitignore" and path.is_file()


def _append_missing(source: Path, target: Path) -> None:
    """What stands in `target` stays byte for byte, whatever its encoding."""
    there = target.read_bytes()
    known = {line.strip() for line in there.splitlines()}
    missing = [line for line in source.read_bytes().splitlines() if line.strip() not in known]
    if missing:
        gap = b"" if there.endswith(b"\n") or not there else b"\n"
        target.write_bytes(there + gap + b"\n".join(missing) + b"\n")


def _targets(root: Path) -> dict[Path, Path]:
    found = sorted(path for path in _STARTER.rglob("*") if path.is_file())
    relative = {path: path.relative_to(_STARTER) for path in found}
    return {path: root / (".gitignore" if str(name) == "gitignore" else name) for path, name in relative.items()}
