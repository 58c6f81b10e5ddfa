"""`mainstem show`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from mainstem.cli.naming import naming
from mainstem.cli.opening import Opened, dataset_name, open_project
from mainstem.cli.options import env_option, json_option, project_option
from mainstem.core.release import Release, Version
from mainstem.governance.catalog import Described, DescribedColumn


@click.command("show")
@click.argument("name", required=False, shell_complete=naming("dataset"))
@project_option
@env_option
@json_option
@click.option("--rows", default=5, show_default=True, type=click.IntRange(min=0), help="So many rows of it.")
@click.option("--clear", is_flag=True, help="Show tagged columns as they are; this is recorded.")
def command(name: str | None, folder: Path | None, env: str, as_json: bool, rows: int, clear: bool) -> None:
    """A dataset: what it means, its columns, checks, version and a few rows. Without NAME: all datasets."""
    from mainstem.governance.catalog import describe_dataset
    from mainstem.governance.tags import effective_tags
    from mainstem.orchestration.reading import bound_to

    opened = open_project(folder, env)
    release = opened.ledger.current(env)
    if name is None:
        _show_all(opened, release, as_json=as_json)
        return
    name = dataset_name(opened.project, name)
    facts = bound_to(opened.project, release).facts
    tags = effective_tags(opened.project, facts)
    version = _version(release, name)
    described = describe_dataset(opened.project, facts, tags.get(name, {}), name, version.fields if version else None)
    answer = _sample(opened, release, described, rows, clear=clear) if rows else None
    if as_json:
        _print(described, version, answer)
    else:
        _show(opened, described, version, answer, rows)


def _version(release: Release | None, name: str) -> Version | None:
    """The released version of a dataset, or of a quarantine."""
    from mainstem.core.dataset import QUARANTINE
    from mainstem.lifecycle.storage.quarantine import FIELDS

    version = release.versions.get(name.removesuffix(QUARANTINE)) if release else None
    if version is None or not name.endswith(QUARANTINE):
        return version
    if version.quarantine is None:
        return None
    table = version.table + QUARANTINE
    return replace(version, table=table, number=version.quarantine, fields=FIELDS, rows=None, size_bytes=None)


def _sample(opened: Opened, release: Release | None, described: Described, rows: int, *, clear: bool) -> Any:
    """A few rows through the gate; None where the dataset is in no release yet."""
    from mainstem.core.dataset import QUARANTINE
    from mainstem.lifecycle.serving.request import Request
    from mainstem.orchestration.reading import ask
    from mainstem.sql.quote import qualified

    version = release.versions.get(described.name.removesuffix(QUARANTINE)) if release else None
    if release is None or version is None:
        return None
    if described.name.endswith(QUARANTINE) and version.quarantine is None:
        return None
    request = Request("show", f"select * from {qualified(described.name)}", rows, clear=clear, release=release.id)
    return ask(opened.project, opened.ledger, opened.clock, release, request)


def _print(described: Described, version: Version | None, answer: Any) -> None:
    from mainstem.cli.screen import plain, print_json

    names = [column.name for column in answer.columns] if answer else []
    print_json(
        plain(described)
        | {
            "version": version.id if version else None,
            "rows": version.rows if version else None,
            "as_of": version.as_of if version else None,
            "sample": [dict(zip(names, row, strict=True)) for row in answer.rows] if answer else [],
        }
    )


def _show_all(opened: Opened, release: Release | None, *, as_json: bool) -> None:
    from mainstem.cli.screen import number, print_json

    rows = []
    for dataset in opened.project.datasets.values():
        version = release.versions.get(dataset.name) if release else None
        kind = "load" if dataset.is_load else dataset.made_by.kind  # type: ignore[union-attr]
        rows.append((dataset.name, kind, version.rows if version else None, dataset.description))
    if as_json:
        print_json([dict(zip(("name", "kind", "rows", "description"), row, strict=True)) for row in rows])
        return
    if not rows:
        click.echo("no dataset yet: models are files in models/, tables of sources are listed in sources/*.yml")
        return
    cells = [[name, kind, number(count), text.split("\n")[0]] for name, kind, count, text in rows]
    _columns([["dataset", "kind", "rows", ""], *cells], right=(2,))


def _columns(rows: list[list[str]], right: Sequence[int] = ()) -> None:
    """A table whose last column is prose."""
    from mainstem.cli.screen import console, escaped, say_beside, table

    out = console()
    leads = table([[*row[:-1], "|"] for row in rows], right=right)
    for lead, (*_, prose) in zip(leads, rows, strict=True):
        say_beside(out, escaped(lead[:-1] if prose else lead[:-1].rstrip()), escaped(prose))


def _origin(column: DescribedColumn) -> str:
    """Where a column comes from: base columns, or the name that it has at the source."""
    return f'"{column.original}" at the source' if column.original else ", ".join(column.origins)


def _show(opened: Opened, described: Described, version: Version | None, answer: Any, rows: int) -> None:
    from mainstem.cli.query import show_answer
    from mainstem.cli.screen import console, escaped, styled
    from mainstem.core.words import counted, local, size, zone_name

    out = console()
    zone = opened.project.timezone
    out.print(f"[bold]{described.name}[/]  {styled(described.kind, 'bright_black')}")
    if described.description:
        out.print(escaped(described.description))
    if version:
        size_text = "" if version.size_bytes is None else f"{size(version.size_bytes)}, "
        rows_text = "" if version.rows is None else f"{counted(version.rows, 'row')}, {size_text}"
        said = f"{rows_text}data as of {local(version.as_of, zone)} {zone_name(zone)}, version {version.id}"
        out.print(styled(said, "bright_black"))
    else:
        is_quarantine = described.kind == "quarantine"
        out.print(styled("no row was set aside" if is_quarantine else "in no release yet", "bright_black"))
    for title, names in (("reads", described.inputs), ("read by", (*described.readers, *described.outputs))):
        if names:
            out.print(f"{title}: {', '.join(names)}")
    if described.checks:
        out.print(f"checks: {', '.join(described.checks)}")
    cells = [
        [c.name, (c.type or "").lower(), ", ".join(c.tags), c.description or _origin(c)] for c in described.columns
    ]
    if not cells:
        return
    out.print()
    _columns([["column", "type", "tags", "meaning or origin"], *cells])
    if answer is not None:
        click.echo("")
        show_answer(answer, rows, as_json=False, more="--rows")
