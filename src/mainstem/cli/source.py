"""`mainstem source`."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mainstem.cli.options import json_option, project_option
from mainstem.cli.secret_file import SECRETS, keep_secret
from mainstem.core.problem import Problem, ProjectError

if TYPE_CHECKING:
    from mainstem.core.found import FoundColumn, FoundTable

_SCHEMES = {"postgres": "postgres", "postgresql": "postgres", "mysql": "mysql", "mariadb": "mysql", "sqlite": "sqlite"}


@click.group("source")
def command() -> None:
    """Sources: look at a system before a file of the project names it."""


@command.command("discover")
@click.argument("url")
@click.option("--name", help="The name of the source: of its file and schema; that of the database if it is not said.")
@click.option("--table", "only", multiple=True, metavar="TABLE", help="Only this table; may be said several times.")
@click.option("--write", is_flag=True, help="Write sources/NAME.yml, and the address into .mainstem/secrets.env.")
@project_option
@json_option
def discover(
    url: str, name: str | None, only: tuple[str, ...], write: bool, folder: Path | None, as_json: bool
) -> None:
    """Draft a source's file from the tables of a database: types, keys, what is required, suggested tags.

    URL is postgresql://USER:PASSWORD@HOST/DATABASE, mysql://..., sqlite:///FILE or a SQLite file. Nothing is loaded.
    The draft goes to standard output; with --write, into the project.
    """
    from mainstem.cli.opening import find_root
    from mainstem.cli.screen import print_json
    from mainstem.core.words import counted
    from mainstem.governance.suggest import tags_of
    from mainstem.project.draft import draft_source

    kind, name = _kind(url), name or _name(url)
    tables = _tables(kind, url, only)
    variable = re.sub(r"\W", "_", name).upper() + "_URL"
    root = find_root(folder) if write else Path.cwd()
    plain = {"path": _from(root, url)} if kind == "sqlite" else {"url": f"${{{variable}}}"}
    drafted = draft_source(kind, plain, tables, tags_of)
    if as_json:
        print_json({"kind": kind, "tables": [_facts(table, tags_of) for table in tables]})
        return
    if not write:
        click.echo(drafted.text, nl=False)
        return
    file = _write(root, name, drafted.text, {variable: url} if kind != "sqlite" else {})
    said = f"{counted(drafted.tables, 'table')}, {counted(drafted.columns, 'column')}"
    click.echo(f"wrote {file}: {said}, {drafted.tagged} with suggested tags")
    if kind != "sqlite":
        click.echo(f"wrote {variable} into {SECRETS}, which git does not see")
    click.echo("go on: read the file, say its owner, then `mainstem validate` and `mainstem run`")


def _kind(url: str) -> str:
    scheme, there, _ = url.partition("://")
    if there and scheme in _SCHEMES:
        return _SCHEMES[scheme]
    if not there and Path(url).is_file():
        return "sqlite"
    mend = "write postgresql://..., mysql://..., sqlite:///FILE, or the path of a SQLite database"
    what = f'"{scheme}://..." is no address of a database that can be listed' if there else f'there is no file "{url}"'
    raise ProjectError(Problem("C030", what, mend))


def _from(root: Path, url: str) -> str:
    """The path of a SQLite database as the project's file has it."""
    return Path(os.path.relpath(url.removeprefix("sqlite:///"), root)).as_posix()


def _name(url: str) -> str:
    """The database's name, as a source may be called."""
    from mainstem.project.names import snake_case

    return snake_case(Path(url.partition("?")[0]).stem)


def _facts(table: FoundTable, tags_of: Callable[[FoundColumn], Sequence[str]]) -> dict[str, Any]:
    """What is known of a table; samples stay here."""
    columns = [
        {
            "name": column.name,
            "type": column.type,
            "required": column.required,
            "unique": column.unique,
            "accepted": column.accepted,
            "tags": tags_of(column),
        }
        for column in table.columns
    ]
    return {"name": table.name, "rows": table.rows, "key": table.key, "columns": columns}


def _tables(kind: str, url: str, only: tuple[str, ...]) -> list[FoundTable]:
    from mainstem.core.kinds import find
    from mainstem.core.problem import nearest

    source: Any = find("sources", kind)
    options = source.Options(path=url.removeprefix("sqlite:///")) if kind == "sqlite" else source.Options(url=url)
    found: list[FoundTable] = source.discover(options, Path.cwd(), frozenset(only))
    names = [table.name for table in found]
    for wanted in only:
        if wanted not in names:
            there = [table.name for table in source.discover(options, Path.cwd(), frozenset())]
            mend = nearest(wanted, there, kind="tables")
            raise ProjectError(Problem("C031", f'table "{wanted}" is not in the database', mend))
    if not found:
        raise ProjectError(Problem("C031", "the database has no table that may be read", "name another database"))
    return found


def _write(root: Path, name: str, text: str, secrets: dict[str, str]) -> Path:
    """Write the draft and the address; nothing that is there is overwritten."""
    from mainstem.core.place import Place
    from mainstem.project.names import identifier_problem

    wrong = identifier_problem(name, "source", Place(f"sources/{name}.yml"))
    if wrong:
        raise ProjectError(wrong)
    file = Path("sources") / f"{name}.yml"
    if (root / file).exists():
        mend = "give the source another --name, or leave --write away and compare"
        raise ProjectError(Problem("C032", f'"{file}" is there already', mend))
    (root / file).parent.mkdir(exist_ok=True)
    (root / file).write_text(text, encoding="utf-8")
    for variable, value in secrets.items():
        keep_secret(root, variable, value)
    return file
