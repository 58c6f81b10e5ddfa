"""`mainstem import`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mainstem.cli.options import json_option
from mainstem.core.problem import Problem, ProjectError

if TYPE_CHECKING:
    from mainstem.dataops.imports.draft import Draft, LeftOut
    from mainstem.dataops.imports.writing import File

F = TypeVar("F", bound=Callable[..., Any])


@click.group("import")
def command() -> None:
    """A project of dbt or SQLMesh as a project of mainstem: what can be carried over is, what cannot is listed."""


def _import_options(function: F) -> F:
    function = click.argument(
        "source", metavar="FOLDER", type=click.Path(path_type=Path, exists=True, file_okay=False)
    )(function)
    function = click.option(
        "--to",
        type=click.Path(path_type=Path, file_okay=False),
        help="The new project's folder; by default FOLDER-mainstem, here.",
    )(function)
    function = click.option(
        "--dialect", metavar="NAME", help="The database that the old project is for, such as snowflake."
    )(function)
    function = click.option("--force", is_flag=True, help="Replace files that are there already.")(function)
    return json_option(function)


@command.command("dbt")
@_import_options
def dbt(source: Path, to: Path | None, dialect: str | None, force: bool, as_json: bool) -> None:
    """Bring over the dbt project in FOLDER: models, seeds, sources, tests, snapshots, exposures, owners.

    The new project is valid: whatever could not be carried over is left out, with its place and the reason, and so is
    what reads it. Nothing of the old project is run, and nothing in it is changed.
    """
    from mainstem.dataops.imports.dbt.read import read_dbt

    _bring_over("dbt", source, to, force, as_json, lambda root: read_dbt(root, dialect))


@command.command("sqlmesh")
@_import_options
def sqlmesh(source: Path, to: Path | None, dialect: str | None, force: bool, as_json: bool) -> None:
    """Bring over the SQLMesh project in FOLDER: models, seeds, external models, audits, owners.

    The new project is valid: whatever could not be carried over is left out, with its place and the reason, and so is
    what reads it. Nothing of the old project is run, and nothing in it is changed.
    """
    from mainstem.dataops.imports.sqlmesh.read import read_sqlmesh

    _bring_over("SQLMesh", source, to, force, as_json, lambda root: read_sqlmesh(root, dialect))


def _bring_over(
    tool: str, source: Path, to: Path | None, force: bool, as_json: bool, read: Callable[[Path], Draft]
) -> None:
    from mainstem.cli.screen import print_json
    from mainstem.dataops.imports.settling import settle, write
    from mainstem.dataops.imports.writing import files_of

    root = source.resolve()
    target = to or Path(f"{root.name}-mainstem")
    _refuse_inside(root, target.resolve())
    draft = settle(read(root))
    files = files_of(draft)
    if not force:
        _refuse_to_replace(target, files)
    write(target, files)
    if as_json:
        print_json(_facts(tool, draft, target, files))
    else:
        _show(tool, draft, source, target)


def _refuse_inside(root: Path, target: Path) -> None:
    if target == root or root in target.parents:
        what = f'"{target}" lies inside the project that is to be brought over'
        raise ProjectError(Problem("C042", what, "name a folder outside of it with --to"))


def _refuse_to_replace(target: Path, files: tuple[File, ...]) -> None:
    taken = [file.path for file in files if (target / file.path).exists() and file.path != ".gitignore"]
    if taken:
        more = f" and {len(taken) - 1} more" if len(taken) > 1 else ""
        what = f'"{target / taken[0]}"{more} exist already' if more else f'"{target / taken[0]}" exists already'
        raise ProjectError(Problem("C041", what, "choose another folder with --to, or add --force to replace them"))


def _counts(draft: Draft) -> dict[str, tuple[int, int]]:
    """By noun, how many there were, and how many are carried over."""
    lost: dict[str, int] = {}
    for each in {(each.noun, each.name, each.place): each for each in draft.left_out}.values():
        lost[each.noun] = lost.get(each.noun, 0) + 1
        lost["test"] = lost.get("test", 0) + each.tests
    return {noun: (count, max(count - lost.get(noun, 0), 0)) for noun, count in draft.found.items() if count}


def _facts(tool: str, draft: Draft, target: Path, files: tuple[File, ...]) -> dict[str, Any]:
    return {
        "tool": tool,
        "project": draft.project,
        "dialect": draft.dialect,
        "to": target,
        "carried_over": {noun: {"found": found, "carried": kept} for noun, (found, kept) in _counts(draft).items()},
        "left_out": [_fact(each) for each in draft.left_out],
        "look_at": [_fact(each) for each in draft.remarks],
        "files": [file.path for file in files],
    }


def _fact(each: LeftOut) -> dict[str, Any]:
    return {"noun": each.noun, "name": each.name, "file": each.place.file, "line": each.place.line, "why": each.why}


def _show(tool: str, draft: Draft, source: Path, target: Path) -> None:
    from mainstem.cli.screen import table
    from mainstem.core.words import counted

    click.echo(f'{tool} project "{draft.project}" ({draft.dialect}) in {source}, brought over into {target}')
    rows = [
        (f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s", str(kept), f"of {found}")
        for noun, (found, kept) in _counts(draft).items()
    ]
    for line in table(rows, indent=2, right=(1,)):
        click.echo(line)
    for title, listed in (("Left out", draft.left_out), ("Carried over; look at it", draft.remarks)):
        if listed:
            click.echo(f"\n{title}")
        for each in listed:
            where = f"{each.place.file}:{each.place.line}" if each.place.line else each.place.file
            tests = f", with {counted(each.tests, 'test')}" if each.tests else ""
            click.echo(f"  {where}  {each.noun} {each.name}{tests}: {each.why}")
    click.echo("\nGo on")
    if draft.tables:
        click.echo(f"  {counted(len(draft.tables), 'table')} below {target}/sources: say where the rows come from")
    click.echo(f"  mainstem validate -C {target}")
    click.echo(f"  mainstem run -C {target}")
    if draft.tests:
        click.echo(f"  mainstem test -C {target}")
