"""Tells people what they asked to be told: requirements that break or are kept again, runs that fail."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from mainstem.core.clock import Clock
from mainstem.core.evidence import Evidence
from mainstem.core.ports import Ledger
from mainstem.core.problem import MainstemError, Problem, ProjectError, WorldError
from mainstem.core.project import Project
from mainstem.lifecycle.serving.alert import RUN, Notice, State, due, message, target_name
from mainstem.lifecycle.serving.gate import say
from mainstem.lifecycle.serving.webhook import post
from mainstem.orchestration.judge import Judged

Send = Callable[[str, Mapping[str, Any], str], None]


def tell(
    project: Project, ledger: Ledger, clock: Clock, judged: Judged, base: str | None = None, send: Send = post
) -> list[Notice]:
    """Send what is due, and record what was told; returns what was tried.

    Nothing leaves from an environment that does not say `alerts: true`. `base` is the address of the console. A
    receiver that cannot be reached is tried again later, at the next call that is late enough.
    """
    env = judged.env
    if not project.alerts or not _sends(project, env):
        return []
    now = clock.now()
    told = [row for row in ledger.evidence(env=env, kinds=["delivered"]) if row.subject.startswith("alerts/")]
    notices = due(project.alerts, [*_states(judged), *_run_state(ledger, env)], told, env, now)
    for notice in notices:
        _send(project, ledger, now, env, judged, notice, base, send)
    return notices


def try_out(project: Project, ledger: Ledger, clock: Clock, env: str, send: Send = post) -> int:
    """Send a message that says it is only a test to every receiver; returns their number.

    ProjectError O020 from an environment that sends none, O021 without receivers; WorldError O022 for the first that
    it does not reach.
    """
    if not _sends(project, env):
        mend = f"say so in mainstem.yml: `environments: {{{env}: {{alerts: true}}}}`"
        raise ProjectError(Problem("O020", f'environment "{env}" does not say `alerts: true`', mend))
    if not project.alerts:
        mend = 'add `alerts: [{to: "${ALERT_URL}"}]` to mainstem.yml'
        raise ProjectError(Problem("O021", "no alert is set up", mend))
    state = State("test", "met", "A test", "If you read this, alerts arrive.")
    for number, alert in enumerate(project.alerts, 1):
        now = clock.now()
        body = message(Notice(number, "recovery", state, "test"), project.name, env, now, None)
        say("alert", json.dumps(body), target_name(number), ledger, now)
        send(alert.to, body, f"test-{now.isoformat()}")
    return len(project.alerts)


def _sends(project: Project, env: str) -> bool:
    environment = project.environments.get(env)
    return environment is not None and environment.alerts


def _states(judged: Judged) -> list[State]:
    found = []
    for id, verdict in judged.verdicts.items():
        if "waived" in verdict.flags or verdict.status in ("draft", "retired"):
            continue
        people = tuple(name for name, ids in judged.by_stakeholder.items() if id in ids)
        reason = verdict.reasons[0] if verdict.reasons else ""
        found.append(State(id, verdict.status, judged.project.requirements[id].title, reason, people))
    return found


def _run_state(ledger: Ledger, env: str) -> list[State]:
    """How the newest run ended; what it says of failures are codes and names, no rows."""
    for run in ledger.runs(env, 1):
        failed = run["summary"].get("failed", []) if isinstance(run["summary"], Mapping) else []
        if run["status"] == "failed":
            names = ", ".join(f"{each['dataset']} ({each['code']})" for each in failed[:3]) or "see `mainstem why`"
            return [State(RUN, "failed", f"The run of {env}", f"{len(failed)} of its steps did not succeed: {names}")]
        if run["finished_at"] is not None:
            return [State(RUN, "succeeded", f"The run of {env}", "it succeeds again")]
    return []


def _send(
    project: Project,
    ledger: Ledger,
    now: datetime,
    env: str,
    judged: Judged,
    notice: Notice,
    base: str | None,
    send: Send,
) -> None:
    link = None
    if base is not None:
        link = f"{base}/runs" if notice.state.subject == RUN else f"{base}/requirements/{notice.state.subject}"
    body = message(notice, project.name, env, now, link)
    name = target_name(notice.target)
    release = judged.release.id if judged.release else None
    facts = {"requirement": notice.state.subject, "status": notice.state.status, "key": notice.key, "kind": notice.kind}
    outcome = "ok"
    try:
        say("alert", json.dumps(body), name, ledger, now, release)
        send(project.alerts[notice.target - 1].to, body, notice.key)
    except MainstemError as error:
        if not isinstance(error, WorldError):
            raise
        outcome, facts = "errored", {**facts, "reason": error.problems[0].what}
    row = Evidence("delivered", name, now, env, release, value=Decimal(1), outcome=outcome, facts=facts)
    ledger.record([row], now)
