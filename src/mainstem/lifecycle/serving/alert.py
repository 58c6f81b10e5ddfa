"""Alerts: who is told of what, once, and told again when it is over. Pure; sending is `webhook.py`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from mainstem.core.canonical import digest
from mainstem.core.clock import instant_text
from mainstem.core.evidence import Evidence
from mainstem.core.project import Alert

RUN = "run"
"""The subject of an alert about a run, where others have the id of a requirement."""

KEPT = frozenset({"met", "at_risk", "succeeded"})
"""What ends an alert; "unverified" does not: nobody knows."""

FIRST_S, LONGEST_S = 10, 600
"""How long to wait after a failure to send, in seconds: twice as long each time, up to this."""


@dataclass(frozen=True, slots=True)
class State:
    """How a requirement stands, or how the newest run ended (`subject` is `RUN`: failed | succeeded)."""

    subject: str
    status: str
    title: str
    reason: str
    people: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to one receiver. `target` is the number of the alert in mainstem.yml, from 1.

    `kind`: alert | recovery. `key` is the same for every attempt to send it. `attempt` counts those that failed.
    """

    target: int
    kind: str
    state: State
    key: str
    attempt: int = 0


def target_name(number: int) -> str:
    """The subject of evidence about one receiver; never its address, which may be a secret."""
    return f"alerts/{number}"


def due(
    alerts: Sequence[Alert], states: Iterable[State], told: Iterable[Evidence], env: str, now: datetime
) -> list[Notice]:
    """What has to be sent now. `told` is the evidence of earlier attempts, in order of recording."""
    last: dict[tuple[str, str], Evidence] = {}
    tries: dict[tuple[str, str], list[Evidence]] = {}
    for row in told:
        of = (row.subject, str(row.facts.get("requirement")))
        if row.outcome == "ok":
            last[of], tries[of] = row, []
        else:
            tries.setdefault(of, []).append(row)
    found = []
    for state in states:
        for number, alert in enumerate(alerts, 1):
            of = (target_name(number), state.subject)
            before = last.get(of)
            kind = _kind(alert, state, str(before.facts["status"]) if before else None)
            failed = tries.get(of, [])
            if kind is None or _waits(failed, now):
                continue
            key = digest([env, of, kind, state.status, before.id if before else 0]).removeprefix("sha256:")[:32]
            same = [row for row in failed if row.facts.get("key") == key]
            found.append(Notice(number, kind, state, key, len(same)))
    return found


def _kind(alert: Alert, state: State, before: str | None) -> str | None:
    if state.status in alert.when:
        return None if before == state.status else "alert"
    return "recovery" if before in alert.when and state.status in KEPT else None


def _waits(failed: Sequence[Evidence], now: datetime) -> bool:
    if not failed:
        return False
    pause_s = min(FIRST_S * 2 ** (len(failed) - 1), LONGEST_S)
    return now < failed[-1].at + timedelta(seconds=pause_s)


def message(notice: Notice, project: str, env: str, at: datetime, link: str | None) -> Mapping[str, Any]:
    """The body of a message, as JSON data. It holds words of people and of the tool, and no row."""
    state = notice.state
    signs = {"alert": "✕", "recovery": "●"}
    words = state.status.replace("_", " ")
    return {
        "text": f"{signs[notice.kind]} {state.title}: {words}. {state.reason}".rstrip(),
        "kind": notice.kind,
        "project": project,
        "env": env,
        "at": instant_text(at),
        "key": notice.key,
        "link": link,
        **{name: value for name, value in asdict(state).items() if name != "subject"},
        "requirement": None if state.subject == RUN else state.subject,
    }
