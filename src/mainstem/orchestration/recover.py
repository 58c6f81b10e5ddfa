"""After a crash: asks each table, not memory, whether an attempt was committed; rolls forward or sweeps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mainstem.core.clock import Clock
from mainstem.core.ports import Ledger
from mainstem.core.problem import WorldError
from mainstem.core.release import Lease
from mainstem.lifecycle.storage import tables
from mainstem.orchestration import attempt

OUTRUN = "L002"
"""The code of a record that comes after a later attempt's."""


def recover(ledger: Ledger, lake: Path, env: str, clock: Clock, holder: str) -> tuple[str, ...]:
    """Settle every attempt of runs that no longer live; says what was done, one sentence an attempt.

    A committed attempt is recorded without computing anything again. Any other is fenced off (so that a process
    thought dead cannot commit later) and its files are removed. One whose table cannot be read waits until it can.
    """
    return tuple(_tried(ledger, lake, lease, clock, holder) for lease in ledger.unfinished(env, clock.elapsed()))


def _tried(ledger: Ledger, lake: Path, lease: Lease, clock: Clock, holder: str) -> str:
    try:
        return _settle(ledger, lake, lease, clock, holder)
    except WorldError as error:
        if not error.problems[0].code.startswith("K"):
            raise
        return f"{lease.dataset}: left as it is: {error.problems[0].what}"


def _settle(ledger: Ledger, lake: Path, lease: Lease, clock: Clock, holder: str) -> str:
    if not lease.table:
        ledger.give_up(lease)
        return f"{lease.dataset}: nothing to settle"
    if _carry_on(ledger, lake, lease, clock):
        return f"{lease.dataset}: its commit stood, recorded without computing again"
    _sweep(ledger, lake, lease, clock, holder)
    return f"{lease.dataset}: attempt {lease.fence} was not committed, its files are removed"


def _carry_on(ledger: Ledger, lake: Path, lease: Lease, clock: Clock) -> bool:
    """Record an attempt that its table's log holds; False if the log does not hold it."""
    made, noted = tables.committed(lake, lease.table, lease.fence), attempt.read_note(lake, lease)
    if made is None or noted is None:
        return False
    version, evidence = noted
    rejects = tables.commit_rejects(lake, made)
    if rejects is not None:
        version = replace(version, quarantine=rejects.number)
    if version.number != made.number:
        version = replace(version, number=made.number)
        evidence = [replace(row, version=version.id) for row in evidence]
    try:
        ledger.record_step(lease, version, evidence, clock.now())
    except WorldError as error:
        if error.problems[0].code != OUTRUN:
            raise
        ledger.give_up(lease)  # its commit lies below one that is recorded already
    attempt.forget(lake, lease)
    return True


def _sweep(ledger: Ledger, lake: Path, lease: Lease, clock: Clock, holder: str) -> None:
    """Fence first: else a process thought dead commits files that are gone."""
    now_s = clock.elapsed()
    run = f"{lease.run}-swept"
    mine = ledger.acquire(lease.env, {lease.dataset: lease.table}, run, holder, now_s, now_s + 60)[lease.dataset]
    tables.fence(lake, lease.table, mine.fence, run, int(clock.now().timestamp() * 1000))
    if _carry_on(ledger, lake, lease, clock):  # it came in just before the fence
        ledger.give_up(mine)
        return
    tables.sweep(lake, lease.table, lease.prefix)
    attempt.forget(lake, lease)
    ledger.give_up(lease)
    ledger.give_up(mine)
