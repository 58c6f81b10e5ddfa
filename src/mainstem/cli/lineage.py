"""`mainstem lineage`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from mainstem.cli.naming import naming
from mainstem.cli.opening import Opened, dataset_name, open_project
from mainstem.cli.options import env_option, json_option, project_option
from mainstem.governance.lineage import Branch
from mainstem.governance.reach import Reached

SIGNS = {
    "": "",
    "value": "",
    "reads": "",
    "influence": "  (decides which rows)",
    "unresolved": "  (not traced: all counts)",
}


@click.command("lineage")
@click.argument("name", metavar="NAME[.COLUMN]", shell_complete=naming("dataset", "output"))
@project_option
@env_option
@json_option
@click.option("--up", "direction", flag_value="up", help="What it comes from only.")
@click.option("--down", "direction", flag_value="down", help="What rests on it only.")
def command(name: str, folder: Path | None, env: str, as_json: bool, direction: str | None) -> None:
    """What a dataset or column comes from and whose that is, and what rests on it: datasets, outputs, requirements,
    people.

    Values are followed column by column; columns that only decide which rows appear (filters, joins, grouping) are
    followed too, and marked.
    """
    from mainstem.cli.screen import print_json
    from mainstem.governance.lineage import lineage_tree
    from mainstem.governance.reach import owners, reached, split_name
    from mainstem.orchestration.reading import bound_to

    opened = open_project(folder, env)
    facts = bound_to(opened.project, opened.ledger.current(env)).facts
    name = dataset_name(opened.project, name)
    dataset, column = split_name(opened.project, name)
    up = lineage_tree(facts, "up", dataset, column) if direction != "down" else None
    down = lineage_tree(facts, "down", dataset, column) if direction != "up" else None
    touched = reached(opened.project, facts, name) if direction != "up" else None
    whose = owners(opened.project, facts, name) if direction != "down" else ()
    if as_json:
        print_json({"name": name, "up": up, "down": down, "owners": whose, "reached": touched})
        return
    _show(opened, up, down, whose, touched)


def _show(
    opened: Opened, up: Branch | None, down: Branch | None, whose: Sequence[str], touched: Reached | None
) -> None:
    from mainstem.cli.screen import console, escaped

    out = console()
    for title, tree in (("comes from", up), ("is read by", down)):
        if tree is None:
            continue
        out.print(f"[bold]{escaped(tree.name)}[/] {title}{'' if tree.branches else ' nothing else'}")
        for line in _lines(tree, ""):
            out.print(escaped(line))
    reach = [("requirements", touched.requirements), ("people", touched.people)] if touched else []
    for title, ids in [("owned by", whose), *reach]:
        if ids:
            out.print(f"[bold]{title}[/]")
            for id in ids:
                item = opened.project.item(id)
                out.print(f"  {id}  [bright_black]{escaped(item.title if item else '')}[/]")


def _lines(tree: Branch, indent: str) -> list[str]:
    lines: list[str] = []
    for position, branch in enumerate(tree.branches):
        is_last = position == len(tree.branches) - 1
        more = " …" if branch.is_repeated else ""
        lines.append(f"{indent}{'└─' if is_last else '├─'} {branch.name}{SIGNS.get(branch.by, '')}{more}")
        lines += _lines(branch, indent + ("   " if is_last else "│  "))
    return lines
