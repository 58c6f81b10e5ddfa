"""`mainstem why`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from mainstem.cli.naming import naming
from mainstem.cli.opening import Opened, dataset_name, open_project
from mainstem.cli.options import usual_options
from mainstem.core.dataset import QUARANTINE, Severity
from mainstem.core.evidence import Evidence, Verdict
from mainstem.core.problem import Problem, ProjectError, nearest
from mainstem.core.project import Project
from mainstem.core.release import Version
from mainstem.core.requirement import Item, Requirement
from mainstem.orchestration.judge import Judged, people_of

SHOWN_SLICES = 10
UNTRIED = "O003"
"""The code of a step that was not tried since another failed."""


@click.command("why")
@click.argument("thing", required=False, shell_complete=naming("requirement", "dataset"))
@usual_options
@click.option("--all", "everything", is_flag=True, help="Every slice and every piece of evidence.")
def command(thing: str | None, folder: Path | None, env: str, now: str | None, as_json: bool, everything: bool) -> None:
    """Why a verdict, a dataset, a run, a release: down to the evidence. Without THING: the latest runs.

    THING is a requirement's id, a dataset's name, a run or release id, or `e` and the number of a piece of evidence.
    """
    opened = open_project(folder, env, now)
    if thing is None:
        _runs(opened, as_json=as_json)
        return
    item = opened.project.item(thing)
    name = dataset_name(opened.project, thing.removesuffix(QUARANTINE))
    if isinstance(item, Requirement):
        _requirement(opened, item.id, as_json=as_json, everything=everything)
    elif name in opened.project.datasets:
        _dataset(opened, name, as_json=as_json, everything=everything)
    elif re.fullmatch(r"e\d+", thing):
        _evidence(opened, int(thing[1:]), as_json=as_json)
    elif (run := next((r for r in opened.ledger.runs(limit=100_000) if r["run"].startswith(thing)), None)) is not None:
        _run(opened, run, as_json=as_json)
    elif (release := opened.ledger.release(thing)) is not None:
        _run(opened, next(r for r in opened.ledger.runs(limit=100_000) if r["run"] == release.run), as_json=as_json)
    elif item is None or not _suspect(opened, item, as_json=as_json):
        raise ProjectError(_unknown(opened, thing))


def _suspect(opened: Opened, item: Item, *, as_json: bool) -> bool:
    """Why a need or a decision is to be looked at again; False where it is not."""
    from mainstem.cli.screen import console, escaped, print_json, say
    from mainstem.orchestration.judge import judge

    words = judge(opened.project, opened.ledger, opened.env, opened.clock.now()).suspects.get(item.id, ())
    if words and as_json:
        print_json({"item": item, "suspect": words})
    elif words:
        out = console()
        out.print(f"[yellow]suspect[/]  [bold]{escaped(item.title)}[/]")
        for word in words:
            say(out, f"[bright_black]because[/] {escaped(word)}", 2)
    return bool(words)


def _unknown(opened: Opened, thing: str) -> Problem:
    """What to say of a name that `why` cannot explain; of other items, the requirements that follow from them."""
    project = opened.project
    item = project.item(thing)
    if item is None:
        mend = nearest(thing, [*project.requirements, *project.datasets], kind="requirements and datasets")
        return Problem("C005", f'nothing here is called "{thing}"', mend)
    serving = [id for id in project.requirements if item.id in _above(project, id)]
    mend = f"its requirements are: {', '.join(serving)}" if serving else "no requirement leads to it"
    return Problem("C005", f'"{item.id}" is a {type(item).__name__.lower()}, and only requirements have verdicts', mend)


def _above(project: Project, id: str) -> set[str]:
    """The needs, goals and people that a requirement serves, and the definitions that it uses."""
    requirement = project.requirements[id]
    needs = [project.needs[need] for need in requirement.needs if need in project.needs]
    goals = [need.goal for need in needs if need.goal]
    return {*requirement.needs, *requirement.uses, *goals, *people_of(project, id)}


def _requirement(opened: Opened, id: str, *, as_json: bool, everything: bool) -> None:
    from mainstem.cli.screen import print_json
    from mainstem.orchestration.judge import judge

    judged = judge(opened.project, opened.ledger, opened.env, opened.clock.now())
    verdict = judged.verdicts[id]
    if as_json:
        numbers = dict.fromkeys((*(n for piece in verdict.slices for n in piece.evidence), *verdict.evidence))
        facts = {number: judged.facts_of(number) for number in numbers}
        print_json({"requirement": opened.project.requirements[id], "verdict": verdict, "evidence": facts})
        return
    _show_verdict(opened, judged, verdict)
    _show_proofs(opened, judged, verdict)
    _show_slices(verdict, everything=everything)


def _show_verdict(opened: Opened, judged: Judged, verdict: Verdict) -> None:
    from mainstem.cli.screen import GLYPHS, console, escaped, glyph, say, styled, word
    from mainstem.core.words import local, zone_name

    out = console()
    project = opened.project
    requirement = project.requirements[verdict.requirement]
    said = styled(word(verdict.status), GLYPHS[verdict.status][1])
    flags = "".join(f" [yellow]{flag}[/]" for flag in verdict.flags)
    out.print(f"{glyph(verdict.status)} {said}{flags}  [bold]{escaped(requirement.title)}[/]")
    say(out, f"{escaped(' '.join(requirement.statement.split()))}", 2)
    for text in _agreed_texts(project, requirement) if "suspect" in verdict.flags else ():
        say(out, f"[bright_black]agreed to was[/] {escaped(text)}", 2)
    for reason in verdict.reasons:
        say(out, f"[bright_black]because[/] {escaped(reason)}", 2)
    if verdict.would_be:
        say(out, f"[bright_black]today's wording would be[/] {word(verdict.would_be)}", 2)
    if verdict.budget and verdict.budget.words not in verdict.reasons:
        say(out, f"[bright_black]budget[/] {escaped(verdict.budget.words)}", 2)
    who = ", ".join(project.stakeholders[each].title for each in people_of(project, requirement.id))
    agreed = [entry for entry in project.agreements.get(requirement.id, ()) if entry.kind == "agreed"]
    latest = {entry.by: entry for entry in agreed}
    names = ", ".join(f"{by} on {local(entry.at, project.timezone)}" for by, entry in latest.items())
    say(out, f"[bright_black]for[/] {escaped(who or 'nobody in particular')}", 2)
    say(out, f"[bright_black]agreed by[/] {escaped(names or 'nobody yet')}", 2)
    say(out, f"[bright_black]binds[/] {', '.join(requirement.binds)}", 2)
    zone = project.timezone
    say(out, f"[bright_black]judged at[/] {local(judged.at, zone)} {zone_name(zone)}, rule {verdict.rule or '-'}", 2)


def _show_proofs(opened: Opened, judged: Judged, verdict: Verdict) -> None:
    """What was shown of a functional requirement, of which release, and when."""
    from mainstem.cli.screen import console, escaped, glyph, styled
    from mainstem.core.words import local

    shown = [row for number in verdict.evidence if (row := judged.evidence[number]).kind == "proof"]
    if shown:
        console().print()
    for row in shown:
        sign = glyph({"ok": "met", "refused": "violated"}.get(row.outcome or "", "unverified"))
        reason = f": {row.facts['reason']}" if row.facts.get("reason") else ""
        said = escaped(f"{row.facts.get('proof', 'proof').replace('_', ' ')} {row.label}{reason}")
        version = f"{row.version}, " if row.version else ""
        when = styled(f"{version}{local(row.at, opened.project.timezone)}  e{row.id}", "bright_black")
        console().print(f"  {sign} {said}  {when}")


def _agreed_texts(project: Project, requirement: Requirement) -> list[str]:
    """Statements that were agreed to and read otherwise now."""
    now = " ".join(requirement.statement.split())
    entries = [entry for entry in project.agreements.get(requirement.id, ()) if entry.kind == "agreed" and entry.text]
    latest = {entry.by: str((entry.text or {}).get("statement", "")) for entry in entries}
    return [text for text in dict.fromkeys(latest.values()) if text and text != now]


def _show_slices(verdict: Verdict, *, everything: bool) -> None:
    from mainstem.cli.screen import SLICES, console, escaped, say

    out = console()
    telling = [piece for piece in verdict.slices if piece.state not in ("good", "before", "unbuilt")]
    newest = [piece for piece in verdict.slices if piece.state not in ("before", "unbuilt")][-3:]
    shown = verdict.slices if everything else [p for p in verdict.slices if p in telling[-SHOWN_SLICES:] or p in newest]
    if not shown:
        return
    out.print()
    for piece in shown:
        sign, style = SLICES[piece.state]
        numbers = " ".join(f"e{number}" for number in piece.evidence)
        mended = " (mended since)" if piece.mended else ""
        say(out, f"[{style}]{sign}[/] {piece.label}  {escaped(piece.reason)}{mended}  [bright_black]{numbers}[/]", 2)
    left = len(verdict.slices) - len(shown)
    if left:
        say(out, f"[bright_black]{left} more with --all[/]", 2)
    first = next((number for piece in reversed(shown) for number in piece.evidence), None)
    if first is not None:
        out.print(f"[bright_black]what a piece of evidence is: mainstem why e{first}[/]")


def _dataset(opened: Opened, name: str, *, as_json: bool, everything: bool) -> None:
    from mainstem.cli.loads import SHOWN_LOADS, loads_of, set_aside, show_loads
    from mainstem.cli.screen import console, escaped, print_json
    from mainstem.core.words import counted
    from mainstem.orchestration.arrivals import amiss, stopped
    from mainstem.orchestration.run import prepare

    made = prepare(opened.project, opened.ledger, opened.clock, opened.env).plan
    step = next(each for each in made.steps if each.dataset == name)
    release = opened.ledger.current(opened.env)
    version = release.versions.get(name) if release else None
    rows = [row for row in opened.ledger.evidence(subjects=[name], kinds=["measured"]) if row.facts.get("check")]
    newest = _newest(rows)
    loads = loads_of(opened, name)
    if as_json:
        print_json({"dataset": name, "version": version, "next": step, "measured": newest, "loads": loads})
        return
    out = console()
    out.print(f"[bold]{name}[/]")
    if version is None:
        out.print("  in no release yet")
    else:
        reads = ", ".join(f"{each} {id}" for each, id in version.inputs.items())
        out.print(f"  [bright_black]released[/] {version.id}, made by run {version.run}")
        source = "its source" if opened.project.datasets[name].is_load else "nothing else"
        out.print(f"  [bright_black]built on[/] {escaped(reads or source)}")
        if how := _how(opened, name, version):
            out.print(f"  [bright_black]brought up to date[/] {escaped(how)}")
        if aside := set_aside(opened, version):
            are = "is" if aside == 1 else "are"
            out.print(f"  [yellow]{counted(aside, 'row')} {are} set aside[/]: mainstem show {name}{QUARANTINE}")
    out.print(f"  [bright_black]next run[/] {step.action}: {escaped(step.why)}")
    seen = (opened.project, opened.ledger, opened.env, opened.clock.now())
    for found in (*stopped(*seen), *amiss(*seen)):
        if found.dataset == name:
            out.print(f"  [yellow]![/] {escaped(found.words)}")
    show_loads(opened, loads if everything else loads[:SHOWN_LOADS])
    _show_measured(opened.project, newest if everything else newest[-SHOWN_SLICES:])


def _how(opened: Opened, name: str, version: Version) -> str | None:
    """How an incremental model came to be as it is."""
    rows = opened.ledger.evidence(env=opened.env, subjects=[name], kinds=["refreshed"])
    return next((row.facts["how"] for row in reversed(rows) if row.version == version.id), None)


def _newest(rows: Sequence[Evidence]) -> list[Evidence]:
    """The newest row of each check and label."""
    found: dict[tuple[str, str | None], Evidence] = {}
    for row in rows:
        key = (row.facts["check"], row.label)
        found.pop(key, None)
        found[key] = row
    return list(found.values())


def _show_measured(project: Project, rows: Sequence[Evidence]) -> None:
    from mainstem.cli.screen import console, escaped, styled

    out = console()
    if rows:
        out.print()
    for row in rows:
        sign, said = _measured(project, row)
        aside = " (refused attempt)" if (row.version or "").startswith("attempt:") else ""
        out.print(f"  {sign} {escaped(said + aside)}  {styled(f'e{row.id}', 'bright_black')}")
    sampled = [f"mainstem why e{row.id}" for row in rows if row.facts.get("sample") and not _holds(project, row)]
    if sampled:
        out.print(styled(f"failing rows: {', '.join(sampled)}", "bright_black"))


def _holds(project: Project, row: Evidence) -> bool:
    from mainstem.orchestration.passed import check_of, passed

    check = check_of(project, row)
    return check is not None and passed(check, row)


def _measured(project: Project, row: Evidence) -> tuple[str, str]:
    """A sign and a sentence: `not_null holds for 3 of 3 rows`; only numbers where the check is no longer written so."""
    from mainstem.orchestration.passed import check_of, in_words, passed

    check = check_of(project, row)
    name = row.facts["check"]
    if check is None:
        total = "" if row.total is None else f" of {row.total}"
        return "[bright_black]·[/]", f"{name}{f' on {row.label}' if row.label else ''}: {row.value}{total}"
    severity = "" if check.severity == Severity.ERROR else f" ({check.severity})"
    if passed(check, row):
        return "[green]●[/]", f"{name} {in_words(row, holds=True)}"
    return "[red]✕[/]", f"{name} {in_words(row)}{severity}"


def _evidence(opened: Opened, number: int, *, as_json: bool) -> None:
    from mainstem.cli.screen import console, escaped, plain, print_json
    from mainstem.core.words import local

    row = next((each for each in opened.ledger.evidence() if each.id == number), None)
    if row is None:
        raise ProjectError(Problem("C005", f'there is no evidence "e{number}"', "take a number that `why` shows"))
    if as_json:
        print_json(row)
        return
    out = console()
    zone = opened.project.timezone
    out.print(f"[bold]e{row.id}[/] {row.kind} {row.subject}{f' on {row.label}' if row.label else ''}{_number(row)}")
    recorded = f", recorded {local(row.recorded_at, zone)}" if row.recorded_at else ""
    out.print(f"  [bright_black]at[/] {local(row.at, zone)}{recorded}")
    for name in ("version", "run", "outcome", "definition"):
        if getattr(row, name):
            out.print(f"  [bright_black]{name}[/] {getattr(row, name)}")
    for name, fact in row.facts.items():
        if name == "made":  # digests, which tell a person nothing
            continue
        if name != "sql" and fact is not None:
            out.print(f"  [bright_black]{name}[/] {escaped(str(plain(fact)))}")
    if row.facts.get("sql"):
        out.print(f"  [bright_black]measured by[/]\n{escaped(_indented(row.facts['sql']))}")
    if row.facts.get("sample"):
        _sample(opened, row)


def _number(row: Evidence) -> str:
    """What was counted: `: 872 of 900 rows`, `: 12 ms`."""
    counted = " of ".join(str(each) for each in (row.value, row.total) if each is not None)
    return f": {counted} {row.unit or ''}".rstrip() if counted else ""


def _indented(sql: str) -> str:
    return "\n".join(f"    {line}" for line in sql.strip().splitlines())


def _sample(opened: Opened, row: Evidence) -> None:
    from mainstem.cli.query import show_rows
    from mainstem.governance.tags import effective_tags, failing_tags
    from mainstem.lifecycle.serving.samples import UNTRACED, read_sample
    from mainstem.orchestration.opening import open_engine
    from mainstem.orchestration.reading import bound_to

    facts = bound_to(opened.project, opened.ledger.current(opened.env)).facts
    known = effective_tags(opened.project, facts)
    dataset = opened.project.datasets.get(row.subject)
    check = next((each for each in dataset.checks if each.id == row.facts.get("check")), None) if dataset else None
    found = failing_tags(check, row.subject, known) if check else known.get(row.subject, {})
    tags = UNTRACED if found is None else found
    engine = open_engine(opened.project)
    try:
        answer = read_sample(engine, opened.project.lake, row.facts["sample"], tags, opened.ledger, opened.clock)
    finally:
        engine.close()
    click.echo("  failing rows")
    show_rows(answer)


def _runs(opened: Opened, *, as_json: bool) -> None:
    from mainstem.cli.screen import console, escaped, print_json
    from mainstem.core.words import local

    runs = opened.ledger.runs(opened.env, 20)
    if as_json:
        print_json(runs)
        return
    out = console()
    signs = {"published": "[green]●[/]", "unchanged": "[bright_black]·[/]", "failed": "[red]✕[/]"}
    for run in runs:
        summary = run["summary"] or {}
        release = summary.get("release") or ""
        status = _status(run)
        sign = signs.get(run["status"], "[yellow]?[/]")
        failed = ", ".join(each["dataset"] for each in summary.get("failed") or () if each["code"] != UNTRIED)
        said = " ".join(filter(None, (status, release, failed and f"at {failed}")))
        out.print(f"{sign} {run['run']}  {local(run['started_at'], opened.project.timezone)}  {escaped(said)}")
    if not runs:
        out.print("nothing ran yet")


def _status(run: Mapping[str, Any]) -> str:
    from mainstem.ledger.holder import is_alive

    if run["finished_at"] is None and not is_alive(run["holder"]):
        return "killed; the next run carries on"
    return str(run["status"])


def _run(opened: Opened, run: Mapping[str, Any], *, as_json: bool) -> None:
    from mainstem.cli.screen import console, escaped, print_json
    from mainstem.core.words import local

    if as_json:
        print_json(run)
        return
    out = console()
    summary = run["summary"] or {}
    zone = opened.project.timezone
    out.print(f"[bold]{run['run']}[/]  {_status(run)}  {run['env']}")
    ended = f" to {local(run['finished_at'], zone)}" if run["finished_at"] else ""
    out.print(f"  [bright_black]clock[/] {local(run['started_at'], zone)}{ended}")
    steps = ", ".join(f"{count} {outcome}" for outcome, count in (summary.get("steps") or {}).items())
    out.print(f"  [bright_black]steps[/] {steps or 'none'}")
    for step in summary.get("did") or ():
        out.print(f"  [green]+[/] {step['dataset']}  [bright_black]{escaped(step['why'])}[/]")
    if summary.get("release"):
        out.print(f"  [bright_black]published[/] {summary['release']}")
    for name, count in (summary.get("rejected") or {}).items():
        out.print(f"  [yellow]set aside[/] {count} rows of {name}: mainstem show {name}__quarantine")
    for failed in summary.get("failed") or ():
        out.print(f"  [red]✕[/] {failed['dataset']}: {failed['code']} {escaped(failed['what'])}")
