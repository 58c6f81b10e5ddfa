"""`mainstem status`."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from mainstem.cli.opening import Opened, open_project
from mainstem.cli.options import usual_options
from mainstem.core.evidence import Verdict
from mainstem.orchestration.judge import Judged

ORDER = ("violated", "unverified", "at_risk", "met", "draft", "retired")


@click.command("status")
@usual_options
@click.option("--fail-on", type=click.Choice(["violated"]), help="Exit with 1 when a must is violated and not waived.")
def command(folder: Path | None, env: str, now: str | None, as_json: bool, fail_on: str | None) -> None:
    """The scoreboard: every requirement by stakeholder, judged from measured evidence, at the clock's now.

    Violated: broken even if everything unmeasured was good. Met: kept even if everything unmeasured was bad.
    Between them: unverified. `mainstem why REQUIREMENT` opens any of them.
    """
    from mainstem.cli.screen import print_json
    from mainstem.orchestration.judge import judge

    opened = open_project(folder, env, now)
    judged = judge(opened.project, opened.ledger, env, opened.clock.now(), record=now is None)
    if as_json:
        print_json(as_facts(opened, judged))
    else:
        show_status(opened, judged)
    if fail_on and any(_breaks(opened, verdict) for verdict in judged.verdicts.values()):
        sys.exit(1)


def _breaks(opened: Opened, verdict: Verdict) -> bool:
    must = opened.project.requirements[verdict.requirement].priority == "must"
    return must and verdict.status == "violated" and "waived" not in verdict.flags


def as_facts(opened: Opened, judged: Judged) -> dict[str, Any]:
    """The scoreboard as JSON data; evidence by the ids that the slices name."""
    from mainstem.orchestration.arrivals import amiss, stopped

    seen = (opened.project, opened.ledger, opened.env, judged.at)
    return {
        "project": opened.project.name,
        "env": opened.env,
        "release": judged.release.id if judged.release else None,
        "is_partial": judged.release is not None and judged.release.why == "partial",
        "judged_at": judged.at,
        "clock": opened.project.clock,
        "stakeholders": judged.stakeholders,
        "needs": judged.needs,
        "goals": judged.goals,
        "suspects": judged.suspects,
        "amiss": [*stopped(*seen), *amiss(*seen)],
        "requirements": [
            {
                "id": id,
                "title": opened.project.requirements[id].title,
                "priority": opened.project.requirements[id].priority,
                "status": verdict.status,
                "would_be": verdict.would_be,
                "flags": verdict.flags,
                "reasons": verdict.reasons,
                "budget": verdict.budget,
                "rule": verdict.rule,
                "slices": verdict.slices,
                "evidence": [judged.facts_of(number) for number in verdict.evidence],
            }
            for id, verdict in judged.verdicts.items()
        ],
    }


def show_status(opened: Opened, judged: Judged) -> None:
    """The scoreboard as people read it: by stakeholder, worst first."""
    from mainstem.cli.screen import console, escaped, say, styled
    from mainstem.core.words import local, zone_name
    from mainstem.orchestration.arrivals import amiss, stopped

    out = console()
    zone = opened.project.timezone
    release = judged.release.id if judged.release else "nothing published"
    part = " [yellow]in part: a step of its run failed[/]" if judged.release and judged.release.why == "partial" else ""
    clock = ", the ledger's clock" if opened.is_replay else ""
    out.print(f"[bold]{opened.project.name}[/] · {opened.env} · {release}{part}")
    when = f"judged at {local(judged.at, zone)} {zone_name(zone)}{clock}"
    counts = headline(judged.verdicts.values())
    out.print(f"{counts}  {styled(when, 'bright_black')}" if counts else styled(when, "bright_black"))
    seen = (opened.project, opened.ledger, opened.env, judged.at)
    for found in (*stopped(*seen), *amiss(*seen)):
        say(out, f"[yellow]![/] {found.dataset}: {escaped(found.words)}", 2)
    if not judged.verdicts:
        out.print("\nNo requirement is written yet: one Markdown file each, under requirements/.")
        return
    for stakeholder, ids in judged.by_stakeholder.items():
        _show_stakeholder(opened, judged, stakeholder, ids)
    unserved = [id for id in judged.verdicts if not any(id in ids for ids in judged.by_stakeholder.values())]
    if unserved:
        out.print("\n[bold]Nobody in particular[/]")
        for id in unserved:
            _show_requirement(opened, judged.verdicts[id])
    _show_suspects(opened, judged)
    out.print(styled("\nwhy one is so: mainstem why REQUIREMENT", "bright_black"))


def _show_suspects(opened: Opened, judged: Judged) -> None:
    """Needs and decisions in doubt; a requirement in doubt says so in its own lines."""
    from mainstem.cli.screen import console, escaped, say

    out = console()
    spread = {id: words for id, words in judged.suspects.items() if id not in judged.verdicts}
    if spread:
        out.print("\n[bold]To be looked at again[/]")
    for id, words in spread.items():
        item = opened.project.item(id)
        say(out, f"[yellow]suspect[/]  {escaped(item.title if item else id)}", 2)
        for word in words:
            say(out, f"[bright_black]{id}: {escaped(word)}[/]", 4)


def headline(verdicts: Iterable[Verdict]) -> str:
    """How many requirements stand how, worst first."""
    from mainstem.cli.screen import glyph, word

    counts: dict[str, int] = {}
    for verdict in verdicts:
        counts[verdict.status] = counts.get(verdict.status, 0) + 1
    return "  ".join(f"{glyph(status)} {counts[status]} {word(status)}" for status in ORDER if status in counts)


def _show_stakeholder(opened: Opened, judged: Judged, stakeholder: str, ids: tuple[str, ...]) -> None:
    from mainstem.cli.screen import console, escaped, styled, word

    title = opened.project.stakeholders[stakeholder].title
    rolled = judged.stakeholders.get(stakeholder) or "draft"
    console().print(f"\n[bold]{escaped(title)}[/]  {styled(word(rolled), 'bright_black')}")
    for id in sorted(ids, key=lambda each: ORDER.index(judged.verdicts[each].status)):
        _show_requirement(opened, judged.verdicts[id])


def _show_requirement(opened: Opened, verdict: Verdict) -> None:
    from mainstem.cli.screen import GLYPHS, console, escaped, glyph, say, strip, styled, word

    out = console()
    requirement = opened.project.requirements[verdict.requirement]
    flags = "".join(f" [yellow]{flag}[/]" for flag in verdict.flags)
    said = styled(word(verdict.status), GLYPHS[verdict.status][1])
    say(out, f"{glyph(verdict.status)} {said}{flags}  {escaped(requirement.title)}", 2)
    would = f"as worded it would be {word(verdict.would_be)}; " if verdict.would_be else ""
    reason = verdict.reasons[0] if verdict.reasons else ""
    say(out, f"{styled(would + reason, 'bright_black')}", 4)
    if verdict.slices:
        words = verdict.budget.words if verdict.budget else ""
        budget = "" if words in reason else f"  {styled(words, 'bright_black')}"
        say(out, f"{strip(piece.state for piece in verdict.slices)}{budget}", 4)
    say(out, f"{styled(f'{requirement.id} · {requirement.priority}', 'bright_black')}", 4)
