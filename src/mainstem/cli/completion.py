"""`mainstem completion`."""

from __future__ import annotations

import click

SHELLS = ("bash", "zsh", "fish")


@click.command("completion")
@click.argument("shell", type=click.Choice(SHELLS))
def command(shell: str) -> None:
    """The completion script of SHELL: `eval "$(mainstem completion bash)"`."""
    from click.shell_completion import get_completion_class

    from mainstem.cli.app import command as app

    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(app, {}, "mainstem", "_MAINSTEM_COMPLETE").source())
