"""The command line: which commands there are, and what happens when one of them fails."""

from __future__ import annotations

import sys
from typing import Any

import click

from mainstem import __version__

COMMANDS: dict[str, tuple[str, str, str]] = {
    # name: (module, group, one line of help)
    "demo": ("demo.command", "first", "A complete project on real data: four weeks of New York flights, day by day."),
    "init": ("init", "first", "A new project, small and working."),
    "import": ("import_", "first", "A project of dbt or SQLMesh, brought over."),
    "validate": ("validate", "first", "Read the whole project: syntax, names, columns, types, bindings."),
    "plan": ("plan", "first", "What would be done, why, and whose requirements it touches."),
    "run": ("run", "first", "Bring the environment up to date and publish one release."),
    "test": ("test", "first", "Tests of models: given rows in, expected rows out."),
    "up": ("up", "first", "Console, data APIs, schedule and alerts, in one process."),
    "status": ("status", "first", "The scoreboard: requirements by stakeholder, with evidence."),
    "why": ("why", "first", "Why a verdict, a step, a failure: down to the evidence."),
    "agree": ("agree", "first", "Record that a stakeholder agrees to a requirement."),
    "query": ("query", "first", "Ask the current release a question in SQL."),
    "show": ("show", "look", "A dataset: columns, meaning, checks, versions, sample rows."),
    "lineage": ("lineage", "look", "What a dataset or column comes from, and who rests on it."),
    "diff": ("diff", "look", "What differs between two environments or releases: columns, rows, figures."),
    "export": ("export", "look", "A training set as files, with a manifest that makes it again."),
    "explain": ("explain", "look", "What an error code means and how to get past it."),
    "doctor": ("doctor", "look", "What is wrong with this installation and project, and how to mend it."),
    "source": ("source", "look", "The tables of a database, drafted as a source's file."),
    "schema": ("schema", "look", "JSON Schemas of the project's files, for editors."),
    "completion": ("completion", "look", "The shell's completion script."),
    "accept": ("accept", "time", "Record that a stakeholder has looked at it and accepts it."),
    "alert": ("alert", "time", "Try whether alerts arrive."),
    "deliver": ("deliver", "time", "Send what changed into other systems, as the syncs say."),
    "backfill": ("backfill", "time", "Read rows of a load again, and build what is made of them."),
    "quarantine": ("quarantine", "time", "Rows that were set aside: list, show, replay, discard."),
    "branch": ("branch", "time", "Environments that begin at a release: create, list, drop. Nothing is copied."),
    "promote": ("promote", "time", "Take a branch's versions over into an environment, in one release."),
    "clean": ("clean", "time", "Remove files that no kept release of any environment needs."),
    "rollback": ("rollback", "time", "Move the environment to an earlier release, or forward again."),
}
_GROUPS = {"first": "Commands", "look": "Look", "time": "Time and people"}


class _Commands(click.Group):
    """Commands found by name; a command's module is imported when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        from importlib import import_module

        command: click.Command = import_module(f"mainstem.cli.{COMMANDS[cmd_name][0]}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from mainstem.core.problem import nearest

            ctx.fail(f'"{args[0]}" is no command: {nearest(args[0], list(COMMANDS), kind="commands")}')
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for group, title in _GROUPS.items():
            rows = [(name, text) for name, (_, of, text) in COMMANDS.items() if of == group]
            with formatter.section(title):
                formatter.write_dl(rows)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="mainstem")
def command() -> None:
    """Every table answers a need, and you can see that it does.

    Commands work on the project around the current folder (the nearest `mainstem.yml` upward); `-C` names another.
    """


def run(arguments: list[str] | None = None) -> None:
    """Run the command line and exit: 0 fine, 1 the world stands against it, 2 the text is wrong."""
    from mainstem.core.problem import MainstemError, ProjectError

    try:
        code = command.main(arguments, prog_name="mainstem", standalone_mode=False)
    except click.exceptions.Exit as stop:
        code = stop.exit_code
    except click.exceptions.Abort:
        click.echo("stopped", err=True)
        code = 130
    except click.ClickException as error:
        error.show()
        code = 2
    except MainstemError as error:
        _report(error)
        code = 2 if isinstance(error, ProjectError) else 1
    except BrokenPipeError:
        sys.stderr.close()
        code = 0
    sys.exit(code if isinstance(code, int) else 0)


def _report(error: Any) -> None:
    from mainstem.cli.opening import last_root
    from mainstem.cli.screen import columns
    from mainstem.project.render import render_problem

    for problem in error.problems:
        click.echo(render_problem(problem, last_root(), columns(err=True)), err=True)
    if len(error.problems) > 1:
        click.echo(f"{len(error.problems)} problems", err=True)
