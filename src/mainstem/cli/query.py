"""`mainstem query`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from mainstem.cli.opening import env_option, json_option, open_project, project_option
from mainstem.lifecycle.serving.gate import Answer

WIDEST = 80
"""Signs of a cell in a terminal."""


@click.command("query")
@click.argument("sql")
@project_option
@env_option
@json_option
@click.option("--limit", default=1000, show_default=True, type=click.IntRange(min=1), help="At most so many rows.")
@click.option("--clear", is_flag=True, help="Show tagged columns as they are; this is recorded.")
@click.option("--release", "release_id", metavar="RELEASE", help="An earlier release instead of the current one.")
def command(
    sql: str, folder: Path | None, env: str, as_json: bool, limit: int, clear: bool, release_id: str | None
) -> None:
    """Ask the current release a question: one SELECT over `schema.table` (SQL `-` reads it from standard input).

    Columns that carry a tag are redacted. Nothing but the release can be read, nothing can be changed.
    """
    from mainstem.lifecycle.serving.gate import Request
    from mainstem.orchestration.reading import ask, current_release

    text = sys.stdin.read() if sql == "-" else sql
    opened = open_project(folder, env)
    release = current_release(opened.ledger, env, release_id)
    request = Request("query", text, limit, clear=clear, release=release.id)
    answer = ask(opened.project, opened.ledger, opened.clock, release, request)
    show_answer(answer, limit, as_json=as_json)


def show_answer(answer: Answer, limit: int, *, as_json: bool) -> None:
    """Rows as a table for people, or as JSON objects; what was left out is said on standard error."""
    from mainstem.cli.screen import print_json, table

    names = [column.name for column in answer.columns]
    if as_json:
        print_json([dict(zip(names, row, strict=True)) for row in answer.rows])
    else:
        cells = [[_cell(value) for value in row] for row in answer.rows]
        numeric = [i for i, column in enumerate(answer.columns) if _is_number(column.type)]
        lines = table([names, *cells], right=numeric)
        click.echo(lines[0])
        click.echo("─" * max(len(line) for line in lines))
        for line in lines[1:]:
            click.echo(line)
    if answer.truncated:
        click.echo(f"only the first {limit} rows are shown; ask for more with --limit", err=True)
    redacted = _redacted(answer)
    if redacted and not as_json:
        click.echo(f"redacted: {', '.join(redacted)} (see them with --clear; that is recorded)", err=True)


def _cell(value: object) -> str:
    """A value on one short line; `--json` has all of it."""
    text = "" if value is None else " ".join(str(value).split("\n"))
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"


def _redacted(answer: Answer) -> list[str]:
    """The tagged columns of which something stands in the answer: a column of that name, or a redacted text."""
    shown = {column.name.lower() for column in answer.columns}
    has_text = any(isinstance(value, str) and "[redacted]" in value for row in answer.rows for value in row)
    columns = {(n, c) for n, each in answer.audit.columns.items() for c, how in each.items() if how == "redact"}
    return sorted(f"{name}.{column}" for name, column in columns if has_text or column.lower() in shown)


def _is_number(type_: str) -> bool:
    return type_.upper().startswith(
        ("BIGINT", "INTEGER", "SMALLINT", "TINYINT", "DOUBLE", "FLOAT", "DECIMAL", "HUGEINT")
    )
