"""`mainstem validate`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from mainstem.cli.opening import open_text
from mainstem.cli.options import env_option, json_option, project_option, variables_option
from mainstem.core.problem import Problem, ProjectError, raise_all
from mainstem.core.project import Project


@click.command("validate")
@project_option
@env_option
@json_option
@variables_option
def command(folder: Path | None, env: str, as_json: bool, variables: Mapping[str, str]) -> None:
    """Read the whole project: syntax, names, columns, types, bindings, policies. Touches no data.

    All problems are shown at once, each with its place and a way out. Exit code 2 if there is one. Sentences of
    requirements that could be said better are listed as advice and change no exit code.
    """
    from mainstem.cli.screen import print_json

    try:
        project = open_text(folder, env, variables)
        advice = _read(project, env)
    except ProjectError as error:
        if not as_json:
            raise
        print_json({"valid": False, "problems": error.problems})
        sys.exit(2)
    if as_json:
        counts = {f"{name}s": count for name, count in _counts(project).items()}
        print_json({"project": project.name, "valid": True, **counts, "advice": advice})
    else:
        _show(project, advice)


def _read(project: Project, env: str) -> Sequence[Problem]:
    """Advice; one ProjectError with all that is wrong in models, bindings, tests and requirements."""
    from mainstem.dataops.model_tests import problems as test_problems
    from mainstem.lifecycle.requirements.lint import lint
    from mainstem.orchestration.known import known_fields
    from mainstem.orchestration.opening import bind_project

    problems: list[Problem] = []
    try:
        bound = bind_project(project, known_fields(project, env))
        problems += test_problems(project, bound)
    except ProjectError as error:
        problems += error.problems
    errors, advice = lint(project)
    raise_all(dict.fromkeys([*problems, *errors]))
    return advice


def _counts(project: Project) -> dict[str, int]:
    return {
        "source": len(project.sources),
        "dataset": len(project.datasets),
        "check": sum(len(dataset.checks) for dataset in project.datasets.values()),
        "test": len(project.tests),
        "output": len(project.outputs),
        "requirement": len(project.requirements),
        "stakeholder": len(project.stakeholders),
    }


def _show(project: Project, advice: Sequence[Problem]) -> None:
    from mainstem.core.words import counted
    from mainstem.project.render import render_problem

    for problem in advice:
        click.echo(render_problem(problem, project.root) + "\n")
    said = ", ".join(counted(count, name) for name, count in _counts(project).items() if count)
    click.echo(f"{project.name} is valid: {said or 'nothing in it yet'}")
    if advice:
        click.echo(f"{counted(len(advice), 'piece')} of advice above")
