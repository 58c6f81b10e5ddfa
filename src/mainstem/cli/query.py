"""`mainstem query`."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from mainstem.cli.opening import open_project
from mainstem.cli.options import env_option, json_option, project_option, variables_option
from mainstem.lifecycle.serving.request import Answer

WIDEST = 80
"""Signs of a cell in a terminal."""


@click.command("query")
@click.argument("sql")
@project_option
@env_option
@json_option
@variables_option
@click.option("--limit", default=1000, show_default=True, type=click.IntRange(min=1), help="At most so many rows.")
@click.option("--clear", is_flag=True, help="Show tagged columns as they are; this is recorded.")
@click.option("--release", "release_id", metavar="RELEASE", help="An earlier release instead of the current one.")
def command(
    sql: str,
    folder: Path | None,
    env: str,
    as_json: bool,
    limit: int,
    clear: bool,
    release_id: str | None,
    variables: Mapping[str, str],
) -> None:
    """Ask the current release a question: one SELECT over `schema.table` (SQL `-` reads it from standard input).
    `$name` is the value of a variable of the project.

    Columns that carry a tag are redacted. Nothing but the release can be read, nothing can be changed.
    """
    from mainstem.lifecycle.serving.request import Request
    from mainstem.orchestration.reading import ask, current_release
    from mainstem.sql.variables import put_in

    text = sys.stdin.read() if sql == "-" else sql
    opened = open_project(folder, env, variables=variables)
    release = current_release(opened.ledger, env, release_id)
    request = Request("query", put_in(text, opened.project.variables), limit, clear=clear, release=release.id)
    answer = ask(opened.project, opened.ledger, opened.clock, release, request)
    show_answer(answer, limit, as_json=as_json, sql=text)


def show_answer(answer: Answer, limit: int, *, as_json: bool, sql: str = "", more: str = "--limit") -> None:
    """Rows as a table for people, or as JSON objects; what was left out is said on standard error.

    `sql` is the query as it was asked, `more` the option with which more rows can be asked for.
    """
    from mainstem.cli.screen import print_json
    from mainstem.core.words import counted

    if as_json:
        names = [column.name for column in answer.columns]
        print_json([dict(zip(names, row, strict=True)) for row in answer.rows])
    else:
        show_rows(answer)
    if answer.truncated:
        click.echo(f"only the first {counted(limit, 'row')}; {more} N shows more", err=True)
    redacted = _redacted(answer, sql)
    if redacted and not as_json:
        click.echo(f"redacted: {', '.join(redacted)} (see them with --clear; that is recorded)", err=True)


def show_rows(answer: Answer) -> None:
    """The rows as a table."""
    from mainstem.cli.screen import table

    cells = [[cell(value) for value in row] for row in answer.rows]
    numeric = [i for i, column in enumerate(answer.columns) if _is_number(column.type)]
    lines = table([[column.name for column in answer.columns], *cells], right=numeric)
    click.echo(lines[0])
    click.echo("─" * max(len(line) for line in lines))
    for line in lines[1:]:
        click.echo(line)


def cell(value: object) -> str:
    """A value on one short line; `--json` has all of it."""
    text = " ".join(_text(value).split("\n"))
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"


def _text(value: object) -> str:
    """A value as SQL and JSON write it: NULL, true, {"a": 1}."""
    from mainstem.cli.screen import plain

    if value is None:
        return "NULL"
    if isinstance(value, bool | list | dict):
        return json.dumps(value, default=plain, ensure_ascii=False)
    return str(value)


def _redacted(answer: Answer, sql: str) -> list[str]:
    """The tagged columns that had a part in the answer: shown, named by the query, or hidden in a redacted text.

    A condition on a redacted column compares with nothing that is stored: whoever wrote it must hear of that.
    """
    named = {column.name.lower() for column in answer.columns} | set(re.findall(r"\w+", sql.lower()))
    has_text = any("[redacted]" in str(value) for row in answer.rows for value in row)
    columns = {(n, c) for n, each in answer.audit.columns.items() for c, how in each.items() if how == "redact"}
    return sorted(f"{name}.{column}" for name, column in columns if has_text or column.lower() in named)


def _is_number(type_: str) -> bool:
    return type_.upper().startswith(
        ("BIGINT", "INTEGER", "SMALLINT", "TINYINT", "DOUBLE", "FLOAT", "DECIMAL", "HUGEINT")
    )
