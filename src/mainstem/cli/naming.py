"""Completes names while they are typed: what the project around the folder has, with its title."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from mainstem.core.project import Project

Complete = Callable[[click.Context, click.Parameter, str], "Sequence[CompletionItem]"]


def naming(*kinds: str) -> Complete:
    """What completes an argument that names a thing of the project of one of these kinds.

    Nothing is offered outside a project, or where it cannot be read: a shell that completes never shows an error.
    """

    def complete(context: click.Context, parameter: click.Parameter, begun: str) -> Sequence[CompletionItem]:
        del parameter

        def named(project: Project) -> Mapping[str, str]:
            return {name: title for kind in kinds for name, title in _named(project, kind).items()}

        return _items(_of_project(context, named), begun)

    return complete


def _of_project(context: click.Context, named: Callable[[Project], Mapping[str, str]]) -> Mapping[str, str]:
    """Names in the project around the current folder; none outside a project, or where it cannot be read."""
    from mainstem.cli.opening import find_root
    from mainstem.core.problem import MainstemError
    from mainstem.project import read

    try:
        project, _ = read(find_root(context.params.get("folder")), context.params.get("env"))
        return named(project)
    except (MainstemError, OSError):
        return {}


def selecting(context: click.Context, parameter: click.Parameter, begun: str) -> Sequence[CompletionItem]:
    """Words that select datasets; one that begins with a `+` stays so."""
    del parameter
    from mainstem.orchestration.selection import words

    def named(project: Project) -> Mapping[str, str]:
        return {**_named(project, "dataset"), **words(project)}

    plus = "+" if begun.startswith("+") else ""
    found = _of_project(context, named)
    return _items({plus + word: title for word, title in found.items()}, begun)


def releases(context: click.Context, parameter: click.Parameter, begun: str) -> Sequence[CompletionItem]:
    """The releases of the environment, newest first."""
    del parameter
    from mainstem.cli.opening import find_root
    from mainstem.core.problem import MainstemError
    from mainstem.ledger.sqlite import is_made, open_ledger
    from mainstem.project import read

    try:
        project, _ = read(find_root(context.params.get("folder")))
        if not is_made(project.ledger):
            return ()
        ledger = open_ledger(project.ledger)
        try:
            found = ledger.releases(context.params.get("env") or "prod", 50)
        finally:
            ledger.close()
    except (MainstemError, OSError):
        return ()
    return _items({release.id: f"{release.at:%Y-%m-%d %H:%M} UTC" for release in found}, begun)


def codes(context: click.Context, parameter: click.Parameter, begun: str) -> Sequence[CompletionItem]:
    """The codes of messages."""
    del context, parameter
    from mainstem.core.codes import CODES

    return _items({code: said.title for code, said in CODES.items()}, begun.upper())


def _branches(project: Project) -> dict[str, str]:
    from mainstem.cli.opening import branches

    return dict.fromkeys(branches(project), "branch")


def _items(found: Mapping[str, str], begun: str) -> Sequence[CompletionItem]:
    from click.shell_completion import CompletionItem

    return [CompletionItem(name, help=title or None) for name, title in found.items() if name.startswith(begun)]


def _named(project: Project, kind: str) -> Mapping[str, str]:
    """Names of a kind of thing, each with what it is."""
    find = _NAMES.get(kind)
    if find is not None:
        return find(project)
    return {name.partition("/")[2]: kind for name, output in project.outputs.items() if output.kind == kind}


_NAMES: Mapping[str, Callable[[Project], Mapping[str, str]]] = {
    "environment": lambda project: dict.fromkeys(project.environments, "environment") | _branches(project),
    "branch": _branches,
    "dataset": lambda project: {name: each.description for name, each in project.datasets.items()},
    "test": lambda project: {name: each.description or each.model for name, each in project.tests.items()},
    "requirement": lambda project: {
        id: each.title for id, each in project.requirements.items() if each.retired is None
    },
    "definition": lambda project: {id: each.title for id, each in project.definitions.items()},
    "stakeholder": lambda project: {id: each.title for id, each in project.stakeholders.items()},
    "output": lambda project: {name: each.kind for name, each in project.outputs.items()},
}
