"""What an environment does by itself while somebody keeps it: runs on schedule, verdicts on the clock, alerts."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from mainstem.core.clock import Clock, WallClock
from mainstem.core.evidence import Evidence
from mainstem.core.problem import MainstemError
from mainstem.lifecycle.serving.webhook import post
from mainstem.orchestration.alerting import Send, tell
from mainstem.orchestration.desk import Desk
from mainstem.orchestration.judge import judge
from mainstem.orchestration.schedule import next_time

JUDGED_EVERY = timedelta(minutes=1)
WATCHED_EVERY = timedelta(minutes=5)
KEPT_LOGS = 50
PATIENCE_S = 20.0
"""How long a run that is under way is given to end when the keeper stops."""


class Child(Protocol):
    """A run in a process of its own."""

    def poll(self) -> int | None: ...

    def terminate(self) -> None: ...

    def kill(self) -> None: ...

    def wait(self, timeout: float | None = None) -> int: ...


class Keeper:
    """Keeps one environment. `tick` is called about once a second; all that it does follows from the clock.

    Runs never overlap: what comes due while one is under way is left out, and said. What came due while nobody kept the
    environment is not made up for: the next run brings everything up to date. `told` hears a line for each thing that
    happens.
    """

    def __init__(
        self,
        desk: Desk,
        base: str,
        told: Callable[[str], None],
        *,
        runs: bool = True,
        clock: Clock | None = None,
        start: Callable[[Desk], Child] | None = None,
        send: Send = post,
    ) -> None:
        self._desk = desk
        self._base = base
        self._told = told
        self._runs = runs
        self._clock = clock or WallClock()
        self._start = start or start_run
        self._send = send
        self._child: Child | None = None
        now = self._clock.now()
        self._expression: str | None = None
        self.next_at: datetime | None = None
        self._plan(now)
        self._judge_at = now
        self._watched_at = now
        self._complaint = ""

    def tick(self) -> None:
        """Do what is due. What goes wrong is told, and tried again."""
        now = self._clock.now()
        try:
            self._collect()
            self._begin(now)
            if now >= self._judge_at:
                self._judge_at = now + JUDGED_EVERY
                self._judge()
            if now >= self._watched_at + WATCHED_EVERY:
                self._watch(now)
            self._complaint = ""
        except MainstemError as error:
            words = "; ".join(problem.what for problem in error.problems)
            if words != self._complaint:
                self._told(f"cannot go on for now: {words}")
            self._complaint = words

    def _plan(self, now: datetime) -> None:
        """When the next run is due, by the schedule of today's text."""
        project = self._desk.project
        environment = project.environments.get(self._desk.env)
        expression = environment.schedule if environment and self._runs else None
        if expression != self._expression or (self.next_at is not None and now >= self.next_at):
            self._expression = expression
            self.next_at = next_time(expression, project.timezone, now) if expression else None

    def _begin(self, now: datetime) -> None:
        is_due = self.next_at is not None and now >= self.next_at
        self._plan(now)
        if not is_due:
            return
        if self._child is not None:
            self._told("a run is due, and the one before is still under way: left out")
            return
        self._child = self._start(self._desk)
        self._told("run started")

    def _collect(self) -> None:
        code = self._child.poll() if self._child is not None else None
        if code is None:
            return
        self._child = None
        self._desk.refresh()
        release = self._desk.newest.release.id if self._desk.newest else "nothing published"
        self._told(f"run ended: {release}" if code == 0 else f"run failed with exit code {code}: see .mainstem/logs")
        self._judge()

    def _judge(self) -> None:
        desk = self._desk
        clock = desk.clock
        judged = judge(desk.project, desk.ledger, desk.env, clock.now(), record=True)
        for notice in tell(desk.project, desk.ledger, clock, judged, self._base, self._send):
            self._told(f"{notice.kind}: {notice.state.title}: {notice.state.status.replace('_', ' ')}")

    def _watch(self, now: datetime) -> None:
        """Evidence that somebody was there: what nobody asked for then was not asked for."""
        row = Evidence("watch", "up", self._watched_at, self._desk.env, until=now)
        self._desk.ledger.record([row], self._desk.clock.now())
        self._watched_at = now

    def run(self, stop: threading.Event, every_s: float = 1.0) -> None:
        """Tick until `stop` is set; then end the run under way."""
        while not stop.is_set():
            self.tick()
            stop.wait(every_s)
        self.close()

    def close(self) -> None:
        """Ask the run under way to end, and end it when it does not; what it has finished is kept."""
        child, self._child = self._child, None
        if child is not None and child.poll() is None:
            self._told("stopping the run that is under way")
            child.terminate()
            try:
                child.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        now = self._clock.now()
        if now > self._watched_at:
            self._watch(now)


def start_run(desk: Desk) -> Child:
    """`mainstem run` in a process of its own: it may die without hurting whoever reads. What it says is kept."""
    logs = desk.root / ".mainstem" / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    for old in sorted(logs.glob("run-*.log"))[: -KEPT_LOGS + 1]:
        old.unlink(missing_ok=True)
    command = [sys.executable, "-m", "mainstem", "run", "-C", str(desk.root), "--env", desk.env, "--no-alerts"]
    with _log(logs).open("wb") as log:
        return subprocess.Popen(  # noqa: S603 - our own command
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=desk.root
        )


def _log(logs: Path) -> Path:
    return logs / f"run-{WallClock().now():%Y%m%dT%H%M%S}.log"
