"""Options that many commands have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from mainstem.cli.naming import naming

F = TypeVar("F", bound=Callable[..., Any])


def project_option(function: F) -> F:
    """`-C FOLDER`: the project."""
    return click.option(
        "-C",
        "--project",
        "folder",
        type=click.Path(path_type=Path),
        default=None,
        is_eager=True,
        help="The project's folder.",
    )(function)


def env_option(function: F) -> F:
    """`--env NAME`."""
    return click.option(
        "--env",
        default=None,
        show_default="prod",
        callback=_environment,
        shell_complete=naming("environment"),
        help="The environment.",
    )(function)


def _environment(context: click.Context, parameter: click.Parameter, value: str | None) -> str:
    """What was said, or the environment that the project works in by itself."""
    del parameter
    from mainstem.cli.git import MAIN, default_environment

    if value is not None or context.resilient_parsing:
        return value or MAIN
    return default_environment(context.params.get("folder"))


def json_option(function: F) -> F:
    """`--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Facts as JSON on standard output.")(function)


def now_option(function: F) -> F:
    """`--now INSTANT`."""
    return click.option(
        "--now", metavar="INSTANT", default=None, help="Act at this instant (ISO 8601) instead of now."
    )(function)


def variables_option(function: F) -> F:
    """`--var NAME=VALUE`, any number of times, as a mapping `variables`."""
    return click.option(
        "--var",
        "variables",
        metavar="NAME=VALUE",
        multiple=True,
        callback=_by_name,
        help="The value of a variable of the project; may be given several times.",
    )(function)


def _by_name(_: click.Context, option: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    for each in given:
        if "=" not in each:
            raise click.BadParameter(f'"{each}" is not NAME=VALUE', param=option)
    return {name: value for name, _, value in (each.partition("=") for each in given)}


def usual_options(function: F) -> F:
    """`-C`, `--env`, `--now` and `--json`, of commands that look at an environment at an instant."""
    return project_option(env_option(now_option(json_option(function))))
