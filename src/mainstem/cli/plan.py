"""`mainstem plan`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mainstem.cli.naming import selecting
from mainstem.cli.opening import Opened, open_project
from mainstem.cli.options import usual_options, variables_option
from mainstem.core.change import ColumnChange
from mainstem.core.run import Plan, Step

if TYPE_CHECKING:
    from rich.console import Console

    from mainstem.orchestration.run import Prepared

FINISHED = "finished by an earlier run"
SIGNS = {
    "load": ("↓", "cyan"),
    "build": ("+", "green"),
    "view": ("=", "green"),
    "check": ("✓", "cyan"),
    "adopt": ("↑", "green"),
    "skip": ("·", "bright_black"),
}


@click.command("plan")
@click.argument("select", nargs=-1, shell_complete=selecting)
@usual_options
@variables_option
@click.option("--exit-code", is_flag=True, help="Exit with 3 when a step would commit.")
def command(
    select: tuple[str, ...],
    folder: Path | None,
    env: str,
    now: str | None,
    as_json: bool,
    exit_code: bool,
    variables: Mapping[str, str],
) -> None:
    """What a run would do, why, and whose requirements it touches. Nothing is touched.

    SELECT are names or globs of datasets, tag:NAME, requirement:ID, stakeholder:ID or changed, each with a + before
    it for what it is made of, behind it for what is made of it; all by default.
    """
    from mainstem.orchestration.run import prepare

    opened = open_project(folder, env, now, variables=variables)
    made = show(opened, prepare(opened.project, opened.ledger, opened.clock, env, select), as_json=as_json)
    if exit_code and (any(step.commits is not False for step in made.steps) or _publishes(made)):
        sys.exit(3)


def show(opened: Opened, prepared: Prepared, *, as_json: bool) -> Plan:
    """The plan for a person, or as JSON data: with what it changes, breaks and may cost."""
    from mainstem.cli.screen import print_json
    from mainstem.orchestration.changes import explained

    now = opened.clock.now()
    made = explained(prepared.plan, opened.project, prepared.bound, prepared.state, opened.ledger, now)
    if as_json:
        facts = {field.name: getattr(made, field.name) for field in fields(made)}
        print_json({**facts, "base": made.base.id if made.base else None})
    else:
        show_plan(opened, made)
    return made


def _publishes(made: Plan) -> bool:
    """Whether a run would publish a release although no step has anything to do."""
    return bool(made.removed) or any(_is_waiting(step) for step in made.steps)


def _is_waiting(step: Step) -> bool:
    """Finished by an earlier run that published nothing."""
    return step.action == "skip" and step.why.startswith(FINISHED)


def show_plan(opened: Opened, made: Plan) -> None:
    """The plan as a person reads it: what changes first, what stays in one line."""
    from mainstem.cli.screen import console, escaped, say_beside, styled

    out = console()
    base = f"from release {made.base.id}" if made.base else "first release"
    out.print(f"[bold]{opened.project.name}[/] · {made.env} · {base}")
    moving = [step for step in made.steps if step.action != "skip"]
    width = max((len(step.dataset) for step in made.steps if step.action != "skip" or _is_waiting(step)), default=0)
    for step in moving:
        sign, style = SIGNS[step.action]
        sure = "?" if step.commits is None else " "
        lead = f"  {styled(sign, style)}{sure} {step.dataset.ljust(width)}  "
        say_beside(out, lead, styled(step.why, "bright_black"))
        if _columns(step):
            say_beside(out, " " * (width + 7), styled(_columns(step), "bright_black"))
    for step in made.steps:
        if _is_waiting(step):
            lead = f"  {styled('·', 'bright_black')}  {step.dataset.ljust(width)}  "
            say_beside(out, lead, styled(step.why, "bright_black"))
    for reason, count in _kept(made).items():
        say_beside(out, styled("  ·  ", "bright_black"), styled(f"{count} kept: {reason}", "bright_black"))
    for note in made.notes:
        say_beside(out, "  [yellow]![/]  ", escaped(note))
    if not made.steps and not made.removed:
        out.print("Nothing to do: there is no model and no table of a source yet.")
        return
    if not moving:
        published = "Nothing to compute; a run would publish what is said above."
        out.print(published if _publishes(made) else "Nothing to do: every text and every input is as released.")
        return
    if all(step.is_still for step in moving):
        out.print("Nothing to compute: what is new is adopted.")
    _show_touched(opened, made)


def _show_touched(opened: Opened, made: Plan) -> None:
    from mainstem.cli.screen import console, escaped, say_beside, styled

    out = console()
    _show_breaking(out, opened, made)
    touched = [(id, opened.project.requirements[id]) for id in made.touched]
    if touched:
        out.print("\nRequirements that this touches")
        for id, requirement in touched:
            who = ", ".join(_people(opened, requirement.needs, requirement.for_))
            say_beside(out, f"  {id}  ", styled(f"{escaped(requirement.title)} · {who}", "bright_black"))
    if made.outputs:
        out.print("\nOutputs that this touches")
        for name in made.outputs:
            output = opened.project.outputs[name]
            aside = " · ".join(word for word in (escaped(output.title), output.owner) if word)
            say_beside(out, f"  {name}  ", styled(aside, "bright_black"))
    costs = _costs(made)
    if costs:
        out.print(f"\n{costs}")


def _columns(step: Step) -> str:
    """What becomes of single columns, in few words."""
    from mainstem.orchestration.asked import listed

    said = ["rests on other rows"] if any(column.what == "rows" for column in step.columns) else []
    for what, word in _WHAT.items():
        names = [_named(column) for column in step.columns if column.what == what]
        said += [f"{word} {listed(names)}"] if names else []
    return "; ".join(said)


def _named(column: ColumnChange) -> str:
    return f"{column.name} ({column.was} to {column.becomes})" if column.what == "retyped" else column.name


_WHAT = {"removed": "drops", "retyped": "turns", "added": "adds", "remade": "changes"}


def _show_breaking(out: Console, opened: Opened, made: Plan) -> None:
    from mainstem.cli.screen import escaped, say_beside, styled

    if made.breaking:
        out.print("\nBreaks for those who read it")
    for each in made.breaking:
        people = (opened.project.stakeholders.get(id) for id in each.people)
        who = [*each.datasets, *each.outputs, *each.requirements, *(person.title for person in people if person)]
        said = "vanishes" if each.column.what == "removed" else f"turns from {each.column.was} to {each.column.becomes}"
        read = f"read by {', '.join(who)}" if who else "nobody here reads it"
        lead = f"  [yellow]![/]  {each.dataset}.{escaped(each.column.name)}  "
        say_beside(out, lead, styled(f"{said}; {escaped(read)}", "bright_black"))


def _costs(made: Plan) -> str:
    """What all of it may take, where that is worth a word."""
    from mainstem.core.words import counted

    costs = made.estimate
    if costs is None or costs.seconds is None or costs.seconds < WORTH_TELLING_S:
        return ""
    price = f", {costs.cost:.2f} {made.currency or ''}".rstrip() if costs.cost is not None else ""
    rest = f"; {counted(costs.unknown, 'step')} not known" if costs.unknown else ""
    return f"The last time this took {costs.seconds:,.0f} s of its steps{price}{rest}"


WORTH_TELLING_S = 10
"""Seconds from which on a plan tells a person how long its steps took the last time; `--json` always does."""


def _kept(made: Plan) -> dict[str, int]:
    """How many steps are skipped for which reason, in few words."""
    counts: dict[str, int] = {}
    for step in made.steps:
        if step.action == "skip" and not _is_waiting(step):
            reason = step.why.partition(":")[0]
            counts[reason] = counts.get(reason, 0) + 1
    return counts


def _people(opened: Opened, needs: tuple[str, ...], named: str | None) -> list[str]:
    project = opened.project
    ids = [project.needs[need].stakeholder for need in needs if need in project.needs]
    return sorted({project.stakeholders[id].title for id in (*ids, *((named,) if named else ()))})
