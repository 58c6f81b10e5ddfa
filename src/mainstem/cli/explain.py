"""`mainstem explain`."""

from __future__ import annotations

import click

from mainstem.cli.naming import codes
from mainstem.cli.options import json_option


@click.command("explain")
@click.argument("code", required=False, shell_complete=codes)
@json_option
def command(code: str | None, as_json: bool) -> None:
    """What an error CODE means, what it protects, and how to get past it. Without a code: all of them."""
    from mainstem.cli.screen import print_json
    from mainstem.core.codes import CODES
    from mainstem.core.problem import Problem, ProjectError, nearest

    if code is None:
        if as_json:
            print_json({name: text.title for name, text in CODES.items()})
            return
        for name, text in CODES.items():
            click.echo(f"{name}  {text.title}")
        return
    found = CODES.get(code.upper())
    if found is None:
        near = [name for name in CODES if name[0] == code[:1].upper()]
        mend = nearest(code.upper(), near, kind="codes") if near else "copy it from a message, such as T001"
        raise ProjectError(Problem("C006", f'"{code}" is no error code', mend))
    if as_json:
        print_json({"code": code.upper(), "title": found.title, "why": found.why, "mend": found.mend})
        return
    click.echo(f"{code.upper()}  {found.title}\n")
    click.echo(click.wrap_text(found.why, 92) + "\n")
    click.echo(click.wrap_text("mend: " + found.mend, 92, subsequent_indent="      "))
