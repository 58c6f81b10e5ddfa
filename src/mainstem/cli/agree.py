"""`mainstem agree`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from mainstem.cli.naming import naming
from mainstem.cli.opening import open_project
from mainstem.cli.options import usual_options
from mainstem.core.problem import Problem, ProjectError, nearest
from mainstem.core.requirement import Agreement


@click.command("agree")
@click.argument("requirement", shell_complete=naming("requirement", "definition"))
@click.option("--by", required=True, metavar="STAKEHOLDER", shell_complete=naming("stakeholder"), help="Who agrees.")
@click.option(
    "--recorded-by",
    metavar="STAKEHOLDER",
    shell_complete=naming("stakeholder"),
    help="Who writes it down; by default the project's owner.",
)
@usual_options
def command(
    requirement: str,
    by: str,
    recorded_by: str | None,
    folder: Path | None,
    env: str,
    now: str | None,
    as_json: bool,
) -> None:
    """Record that STAKEHOLDER agrees to REQUIREMENT (or a definition) as it is written now.

    The entry, with the full text agreed to and its digest, is appended to `requirements/agreements/<id>.yml`. A later
    change of the text makes the requirement suspect: the agreed text stays in force until it is agreed to again.
    """
    from mainstem.cli.opening import open_text
    from mainstem.cli.screen import print_json, word
    from mainstem.core.words import local
    from mainstem.lifecycle.requirements.agreement import agree
    from mainstem.orchestration.copying import copy_ledger
    from mainstem.orchestration.judge import judge
    from mainstem.project import append_agreement

    opened = open_project(folder, env, now, writes=True)
    project = opened.project
    if recorded_by is not None and recorded_by not in project.stakeholders:
        mend = nearest(recorded_by, list(project.stakeholders), kind="stakeholders")
        raise ProjectError(Problem("R061", f'stakeholder "{recorded_by}" does not exist', mend))
    at = opened.clock.now()
    entry = agree(project, requirement, by, at, recorded_by or project.owner)
    item = project.item(requirement)
    assert item is not None
    before = _same(project.agreements.get(item.id, ()), entry)
    if before is None:
        append_agreement(project.root, item.id, entry)
    changed = open_text(project.root, env)
    judged = judge(changed, opened.ledger, env, at, record=True)
    copy_ledger(opened.ledger, opened.project.lake, opened.clock)
    verdict = judged.verdicts.get(item.id)
    if as_json:
        print_json({"agreed": entry, "is_new": before is None, "status": verdict.status if verdict else None})
        return
    who = project.item(by).title  # type: ignore[union-attr]
    if before is None:
        click.echo(f"{who} agrees to: {item.title}")
        click.echo(f"recorded in requirements/agreements/{item.id}.yml")
    else:
        click.echo(f"{who} agrees to this text since {local(before.at, project.timezone)}; nothing new is recorded")
    if verdict is not None:
        click.echo(f"now {word(verdict.status)}: {verdict.reasons[0] if verdict.reasons else ''}")


def _same(entries: Sequence[Agreement], new: Mapping[str, Any]) -> Agreement | None:
    """The newest agreement of the same person, if it is to the same text and the same links; None otherwise."""
    own = [entry for entry in entries if entry.kind == "agreed" and entry.by == new["agreed"]]
    if not own:
        return None
    last = own[-1]
    is_same = (last.promise, last.binding, last.links) == (new["promise"], new["binding"], new["links"])
    return last if is_same else None
