"""`mainstem validate`."""

from __future__ import annotations

from pathlib import Path

import click

from mainstem.cli.opening import env_option, json_option, open_text, project_option


@click.command("validate")
@project_option
@env_option
@json_option
def command(folder: Path | None, env: str, as_json: bool) -> None:
    """Read the whole project: syntax, names, columns, types, bindings, policies. Touches no data.

    All problems are shown at once, each with its place and a way out. Exit code 2 if there is one. Sentences of
    requirements that could be said better are listed as advice and change no exit code.
    """
    from mainstem.cli.screen import print_json
    from mainstem.core.problem import raise_all
    from mainstem.lifecycle.requirements.lint import lint
    from mainstem.orchestration.known import known_fields
    from mainstem.orchestration.run import bind_project
    from mainstem.project.render import render_problem

    project = open_text(folder, env)
    bind_project(project, known_fields(project, env))
    errors, advice = lint(project)
    raise_all(errors)
    counts = {
        "sources": len(project.sources),
        "datasets": len(project.datasets),
        "checks": sum(len(dataset.checks) for dataset in project.datasets.values()),
        "outputs": len(project.outputs),
        "requirements": len(project.requirements),
        "stakeholders": len(project.stakeholders),
    }
    if as_json:
        print_json({"project": project.name, "valid": True, **counts, "advice": advice})
        return
    for problem in advice:
        click.echo(render_problem(problem, project.root) + "\n")
    said = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    click.echo(f"{project.name} is valid: {said or 'nothing in it yet'}")
    if advice:
        click.echo(f"{len(advice)} pieces of advice above")
