"""Runs that wait their turn: a lease held elsewhere is waited for, for a while."""

from __future__ import annotations

import time
from collections.abc import Sequence

from mainstem.core.clock import Clock
from mainstem.core.errand import Errand
from mainstem.core.ports import Ledger
from mainstem.core.problem import WorldError
from mainstem.core.project import Project
from mainstem.core.run import Run
from mainstem.ledger.holder import this_holder
from mainstem.orchestration.ground import Listener, Progress, unheard
from mainstem.orchestration.run import run

HELD = "L001"
"""The code of a lease that another run holds."""
_PAUSE_S = 0.2


def run_waiting(
    project: Project,
    ledger: Ledger,
    clock: Clock,
    env: str = "prod",
    select: Sequence[str] = (),
    listen: Listener = unheard,
    wait_s: float = 0,
    errand: Errand | None = None,
) -> Run:
    """`run`, again and again while another run holds a lease, for at most `wait_s` seconds of real time."""
    until_s = clock.elapsed() + wait_s
    while True:
        try:
            return run(project, ledger, clock, env, select, listen, this_holder(), errand)
        except WorldError as error:
            if error.problems[0].code != HELD or clock.elapsed() >= until_s:
                raise
            listen(Progress("waiting", error.problems[0].what))
            time.sleep(_PAUSE_S)
