"""`mainstem diff`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from mainstem.cli.naming import naming
from mainstem.cli.opening import dataset_name, open_project
from mainstem.cli.options import json_option, project_option
from mainstem.core.release import Release
from mainstem.dataops.differences import Column, Compared, Rows
from mainstem.lifecycle.serving.request import Answer


@click.command("diff")
@click.argument("a", shell_complete=naming("environment"))
@click.argument("b", shell_complete=naming("environment"))
@click.argument("dataset", required=False, shell_complete=naming("dataset"))
@project_option
@json_option
@click.option("--clear", is_flag=True, help="Show tagged columns as they are; this is recorded.")
@click.option("--exit-code", is_flag=True, help="Exit with 3 when something differs.")
def command(
    a: str, b: str, dataset: str | None, folder: Path | None, as_json: bool, clear: bool, exit_code: bool
) -> None:
    """What B has that A has not: environments, or releases (r000012). With DATASET also its rows.

    Without DATASET: every dataset that differs, with its columns and how many rows it has; no row is read. With it: how
    many rows are new, gone and changed, by column, a few of each sort, and figures of each column. Rows are told apart
    by the `key` of the dataset. Columns that carry a tag are redacted.
    """
    from mainstem.dataops.differences import compare, compare_rows, release_of

    opened = open_project(folder, "prod")
    releases = release_of(opened.ledger, opened.project, a), release_of(opened.ledger, opened.project, b)
    found = compare(*releases)
    if dataset is None:
        _show_all(releases, found, as_json=as_json)
        differs = any(each.state != "equal" for each in found)
    else:
        name = dataset_name(opened.project, dataset)
        rows = compare_rows(opened.project, opened.ledger, opened.clock, releases, name, clear=clear)
        one = next(each for each in found if each.dataset == name)
        _show_one(releases, one, rows, as_json=as_json)
        differs = bool(rows.added or rows.removed or rows.changed or one.columns)
    if exit_code and differs:
        raise click.exceptions.Exit(3)


def _show_all(releases: tuple[Release, Release], found: Sequence[Compared], *, as_json: bool) -> None:
    from mainstem.cli.screen import console, print_json, styled, table
    from mainstem.core.words import counted

    if as_json:
        print_json({"before": releases[0].id, "after": releases[1].id, "datasets": found})
        return
    out = console()
    out.print(_title(releases))
    signs = {"added": "+", "removed": "-", "differs": "~"}
    moved = [each for each in found if each.state != "equal"]
    cells = [
        [signs[each.state], each.dataset, _counts(each), ", ".join(_in_words(column) for column in each.columns)]
        for each in moved
    ]
    for line in table(cells) if cells else ():
        out.print(line.rstrip(), markup=False)
    equal = len(found) - len(moved)
    if equal:
        out.print(styled(f"· {counted(equal, 'dataset')} equal", "bright_black"))


def _title(releases: tuple[Release, Release]) -> str:
    before, after = (f"{release.env} ({release.id})" for release in releases)
    return f"[bold]{before} → {after}[/]"


def _counts(each: Compared) -> str:
    from mainstem.cli.screen import number

    sides = [number(rows) for rows in (each.rows_before, each.rows_after) if rows is not None]
    return f"{' → '.join(dict.fromkeys(sides))} {'row' if sides[-1] == '1' else 'rows'}" if sides else "view"


def _in_words(column: Column) -> str:
    if column.before is None:
        return f"+{column.name} {(column.after or '').lower()}"
    if column.after is None:
        return f"-{column.name} {column.before.lower()}"
    return f"{column.name} {column.before.lower()} → {column.after.lower()}"


def _show_one(releases: tuple[Release, Release], one: Compared, rows: Rows, *, as_json: bool) -> None:
    from mainstem.cli.query import show_answer
    from mainstem.cli.screen import console, escaped, print_json

    if as_json:
        print_json(
            {
                "before": releases[0].id,
                "after": releases[1].id,
                "dataset": one.dataset,
                "columns": one.columns,
                "key": rows.key,
                "rows": {"before": rows.before, "after": rows.after},
                "added": rows.added,
                "removed": rows.removed,
                "changed": rows.changed,
                "changed_by_column": rows.columns,
                "sample": _objects(rows.sample),
                "statistics": _objects(rows.statistics),
            }
        )
        return
    out = console()
    out.print(f"[bold]{one.dataset}[/]  {_title(releases)}")
    for column in one.columns:
        out.print(f"  column {escaped(_in_words(column))}")
    out.print(_sizes(rows))
    for name, count in rows.columns.items():
        out.print(f"  {escaped(name)} differs in {count:,}")
    if rows.sample.rows:
        click.echo("")
        show_answer(rows.sample, len(rows.sample.rows), as_json=False)
    _show_statistics(rows.statistics)


def _sizes(rows: Rows) -> str:
    told = f"by {', '.join(rows.key)}" if rows.key else "as whole rows: there is no key that is unique on both sides"
    changed = "" if rows.changed is None else f", {rows.changed:,} changed"
    size = f"{rows.before:,} → {rows.after:,} rows"
    return f"{size}: {rows.added:,} added, {rows.removed:,} removed{changed}  ({told})"


def _objects(answer: Answer) -> list[dict[str, object]]:
    names = ["change" if column.name == "±" else column.name for column in answer.columns]
    return [dict(zip(names, row, strict=True)) for row in answer.rows]


def _show_statistics(answer: Answer) -> None:
    """One line a column whose figures differ."""
    from mainstem.cli.screen import table

    sides: dict[str, dict[str, tuple[object, ...]]] = {}
    for side, column, *figures in answer.rows:
        sides.setdefault(str(column), {})[str(side)] = tuple(figures)
    lines = []
    for column, found in sides.items():
        before, after = found.get("before"), found.get("after")
        if before != after:
            pairs = zip(before or ("",) * 4, after or ("",) * 4, strict=True)
            lines.append([column, *(_moved(*pair) for pair in pairs)])
    if lines:
        click.echo("")
        for line in table([["column", "without a value", "values", "least", "greatest"], *lines]):
            click.echo(line.rstrip())


def _moved(before: object, after: object) -> str:
    texts = ["-" if value is None or value == "" else str(value) for value in (before, after)]
    return " → ".join(dict.fromkeys(texts)) if texts != ["-", "-"] else ""
