"""The right to write: one run at a time moves an environment, and each table has one writing environment."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from mainstem.core.clock import Clock
from mainstem.core.ports import Ledger
from mainstem.core.problem import WorldError
from mainstem.core.project import Project
from mainstem.core.release import Lease
from mainstem.core.run import Plan, Step
from mainstem.lifecycle.storage import tables
from mainstem.orchestration.state import State

LEASE_S = 60.0
"""How long a lease holds without being renewed, in seconds; it is renewed three times as often."""

_TAKEN = "L009"
"""The code of a table that is another environment's."""

_TRIES = 20


@contextmanager
def turn(ledger: Ledger, clock: Clock, envs: Sequence[str], run_id: str, holder: str) -> Iterator[None]:
    """One run at a time stands between reading where an environment is and moving it; WorldError L001 names it."""
    held: list[Lease] = []
    try:
        for env in envs:
            now_s, name = clock.elapsed(), f"environment {env}"
            held += ledger.acquire(env, {name: ""}, run_id, holder, now_s, now_s + LEASE_S).values()
        yield
    finally:
        for each in held:
            ledger.give_up(each)


def lease(
    project: Project, ledger: Ledger, clock: Clock, run_id: str, holder: str, state: State, plan: Plan
) -> dict[str, Lease]:
    """Leases on all that the plan may write.

    Two environments that begin tables of one dataset at once may choose the same folder: the second chooses again.
    """
    steps = [step for step in plan.steps if step.commits is not False]
    for _ in range(_TRIES if steps else 0):
        targets = {step.dataset: target(project, ledger, state, step) for step in steps}
        now_s = clock.elapsed()
        try:
            return ledger.acquire(state.env, targets, run_id, holder, now_s, now_s + LEASE_S)
        except WorldError as error:
            refused = error
            if any(problem.code != _TAKEN for problem in error.problems):
                raise
    if steps:
        raise refused
    return {}


def target(project: Project, ledger: Ledger, state: State, step: Step) -> str:
    """The physical table that a step writes to, "" for a view: of this environment, never of another.

    Where the base is another environment's, or lost from the lake, it is a new one: no number of a version is ever
    given again.
    """
    if step.action == "view":
        return ""
    base, lake = state.bases.get(step.dataset), project.lake
    table = base.table if base is not None and base.table else ""
    if not table:
        first = tables.table_folder(step.dataset)
        owner = ledger.table_owner(first)
        if owner == state.env or (owner is None and not tables.is_left(lake, first)):
            return first
    elif not (project.datasets[step.dataset].is_kept and step.dataset in state.forks):
        assert base is not None
        if ledger.table_owner(table) in (None, state.env) and tables.has_version(lake, table, base.number):
            return table
    return tables.next_table(
        lake, table or tables.table_folder(step.dataset), lambda name: ledger.table_owner(name) is not None
    )


class renewing:  # noqa: N801 - reads as a word where it is used
    """While inside, a thread prolongs the leases of a run or a delivery."""

    def __init__(self, ledger: Ledger, clock: Clock, run_id: str) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._renew, args=(ledger, clock, run_id), daemon=True)

    def _renew(self, ledger: Ledger, clock: Clock, run_id: str) -> None:
        while not self._stop.wait(LEASE_S / 3):
            with suppress(WorldError):  # a ledger that is busy now may not be so at the next try
                ledger.renew(run_id, clock.elapsed() + LEASE_S)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
