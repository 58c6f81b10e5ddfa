"""Steps under way: each has a session, which tells how far it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from mainstem.core.ports import Session
from mainstem.core.reached import Reached
from mainstem.orchestration.ground import Ground


@contextmanager
def working(ground: Ground, name: str, doing: str) -> Iterator[Session]:
    """The session of a step, which begins with `doing`, while it is at work."""
    session, outer = ground.engine.session(), ground.sessions.get(name)
    session.begin(doing)
    ground.sessions[name] = session
    try:
        yield session
    finally:
        if outer is not None:  # a load that brings nothing is measured where it lies
            ground.sessions[name] = outer
        else:
            del ground.sessions[name]
        session.close()


def reached(ground: Ground, name: str) -> Reached | None:
    """How far a step is; None where nobody knows. Called from another thread than the step's."""
    session = ground.sessions.get(name)
    found = session.reached() if session is not None else None
    return found and replace(found, size_bytes=_written_bytes(ground, name))


def _written_bytes(ground: Ground, name: str) -> int:
    """The files of the attempt so far."""
    lease, total = ground.leases.get(name), 0
    if lease is None or not lease.table:
        return 0
    for file in (ground.lake / lease.table).glob(f"{lease.prefix}*.parquet"):
        with suppress(FileNotFoundError):  # of an attempt that is just taken back
            total += file.stat().st_size
    return total
