"""Reads a project's text, and says all that is wrong with it at once: in its files, and in the names inside its SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from mainstem.core.problem import MainstemError, Problem, ProjectError, raise_all
from mainstem.core.project import Project
from mainstem.project import read
from mainstem.project.settings import FILE


def read_text(root: Path, env: str | None = None, variables: Mapping[str, str] | None = None) -> Project:
    """The project in a folder, as it is in an environment (None: `prod`), with these values of variables.

    One ProjectError where files cannot be read, with the problems of the others' names and types too. What is left
    to be bound in a project whose files are all right is not bound here.
    """
    project, problems = read(root, env, variables=variables)
    if problems:
        raise_all(dict.fromkeys([*problems, *_further(project, env or "prod")]))
    return project


def _further(project: Project, env: str) -> Sequence[Problem]:
    """What is wrong with the names, types and requirements of what could be read."""
    from mainstem.lifecycle.requirements.lint import lint
    from mainstem.orchestration.known import known_fields
    from mainstem.orchestration.opening import bind_project

    errors = () if FILE in project.lost else lint(project)[0]
    try:
        bind_project(project, known_fields(project, env))
    except ProjectError as error:
        return (*errors, *(each for each in error.problems if not _may_be_a_macro(each, project)))
    except MainstemError:  # a ledger that cannot be opened: told once the text is whole
        pass
    return errors


def _may_be_a_macro(problem: Problem, project: Project) -> bool:
    """Whether a name is unknown that a macro may have which could not be read."""
    return problem.code == "Q003" and "macros" in project.lost
