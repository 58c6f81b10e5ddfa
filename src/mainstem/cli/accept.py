"""`mainstem accept`."""

from __future__ import annotations

from pathlib import Path

import click

from mainstem.cli.naming import naming
from mainstem.cli.opening import open_project
from mainstem.cli.options import usual_options


@click.command("accept")
@click.argument("requirement", shell_complete=naming("requirement"))
@click.option(
    "--by", required=True, metavar="STAKEHOLDER", shell_complete=naming("stakeholder"), help="Who has looked at it."
)
@usual_options
def command(requirement: str, by: str, folder: Path | None, env: str, now: str | None, as_json: bool) -> None:
    """Record that STAKEHOLDER has looked at what REQUIREMENT asks for, and accepts it.

    Only those whom its proofs ask (`accepted_by`) can. It holds for later releases, until the sentence or the text of
    the output changes.
    """
    from mainstem.cli.screen import print_json, word
    from mainstem.core.words import local
    from mainstem.lifecycle.requirements.acceptance import accept, same_acceptance
    from mainstem.orchestration.judge import judge
    from mainstem.orchestration.reading import current_release

    opened = open_project(folder, env, now, writes=True)
    project, ledger = opened.project, opened.ledger
    at = opened.clock.now()
    row = accept(project, requirement, by, current_release(ledger, env), at)
    known = ledger.evidence(env=env, kinds=("proof",), subjects=(row.subject,))
    before = next((each for each in reversed(known) if same_acceptance(each, row)), None)
    if before is None:
        ledger.record([row], at)
    verdict = judge(project, ledger, env, at, record=True).verdicts[row.subject]
    if as_json:
        print_json({"accepted": row.subject, "by": row.label, "is_new": before is None, "status": verdict.status})
        return
    who, what = project.stakeholders[str(row.label)].title, project.requirements[row.subject].title
    if before is None:
        click.echo(f"{who} accepts: {what}")
    else:
        click.echo(f"{who} accepts it since {local(before.at, project.timezone)}; nothing new is recorded")
    click.echo(f"now {word(verdict.status)}: {verdict.reasons[0] if verdict.reasons else ''}")
