"""`mainstem branch`."""

from __future__ import annotations

from pathlib import Path

import click

from mainstem.cli.naming import naming
from mainstem.cli.opening import Opened, open_project
from mainstem.cli.options import json_option, now_option, project_option
from mainstem.core.release import Branch


@click.group("branch")
def command() -> None:
    """Environments that begin at a release of another one: create, list, drop. Nothing is copied.

    Work in one with `--env NAME`: run, query, show, status. `mainstem diff prod NAME` says what is different in it,
    `mainstem promote NAME` takes it over.
    """


@command.command("create")
@click.argument("name")
@click.option(
    "--from", "parent", default="prod", show_default=True, shell_complete=naming("environment"), help="Where it begins."
)
@project_option
@now_option
@json_option
def create(name: str, parent: str, folder: Path | None, now: str | None, as_json: bool) -> None:
    """A branch NAME that shows what another environment shows now, and goes its own way from there."""
    from mainstem.cli.screen import console, print_json, styled
    from mainstem.core.words import counted
    from mainstem.dataops.branches import create as begin

    opened = open_project(folder, parent, now, writes=True)
    made = begin(opened.project, opened.ledger, opened.clock, name, parent)
    if as_json:
        print_json({"branch": name, "of": parent, "at": made.parent, "release": made.id})
        return
    out = console()
    held = counted(len(made.versions), "dataset")
    out.print(f"[bold]{name}[/] begins at {made.parent} of {parent}: {held}, nothing copied")
    out.print(styled(f"work in it: mainstem run --env {name}", "bright_black"))


@command.command("list")
@project_option
@json_option
def list_(folder: Path | None, as_json: bool) -> None:
    """The branches: where each began, where it stands, in how many datasets it differs from there."""
    from mainstem.cli.screen import console, print_json, styled, table

    opened = open_project(folder, "prod")
    rows = [(branch, *_differs(opened, branch)) for branch in opened.ledger.branches()]
    if as_json:
        print_json([_facts(branch) | {"differs": differs, "datasets": of} for branch, differs, of in rows])
        return
    cells = [
        [
            b.name,
            f"{b.release} of {b.of}",
            b.stands_at,
            _local(opened, b),
            f"differs in {differs} of {of}",
        ]
        for b, differs, of in rows
    ]
    for line in table([["branch", "began at", "stands at", "since", ""], *cells]) if cells else ():
        console().print(line.rstrip())
    if not cells:
        console().print(f"there is no branch  {styled('mainstem branch create NAME', 'bright_black')}")


def _facts(branch: Branch) -> dict[str, object]:
    return {
        "branch": branch.name,
        "of": branch.of,
        "at": branch.release,
        "began_at": branch.began_at,
        "release": branch.stands_at,
        "moved_at": branch.moved_at,
    }


def _differs(opened: Opened, branch: Branch) -> tuple[int, int]:
    """In how many datasets it differs from where it began, and how many it has."""
    here = opened.ledger.release(branch.stands_at)
    there = opened.ledger.release(branch.release) if branch.release else None
    before = {name: version.id for name, version in there.versions.items()} if there else {}
    now = {name: version.id for name, version in here.versions.items()} if here else {}
    return sum(before.get(name) != now.get(name) for name in before.keys() | now.keys()), len(now)


def _local(opened: Opened, branch: Branch) -> str:
    from mainstem.core.words import local, zone_name

    zone = opened.project.timezone
    return f"{local(branch.moved_at, zone)} {zone_name(zone)}"


@command.command("drop")
@click.argument("name", shell_complete=naming("branch"))
@project_option
@now_option
@json_option
def drop(name: str, folder: Path | None, now: str | None, as_json: bool) -> None:
    """Remove the branch NAME. What the ledger says of it stays; `mainstem clean` removes the files of its tables."""
    from mainstem.cli.screen import console, print_json, styled
    from mainstem.dataops.branches import drop as remove
    from mainstem.ledger.holder import this_holder

    opened = open_project(folder, "prod", now, writes=True)
    stood_at = remove(opened.project, opened.ledger, opened.clock, name, this_holder())
    if as_json:
        print_json({"branch": name, "stood_at": stood_at.id})
        return
    aside = styled("mainstem clean removes the files of its tables", "bright_black")
    console().print(f"[bold]{name}[/] is dropped; it stood at {stood_at.id}  {aside}")
