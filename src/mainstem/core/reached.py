"""How far a step has come that takes long: its figures, and how they are said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mainstem.core.words import counted, lasting, size

_LEAST_S = 2.0


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a step under way has come.

    `doing`: fetching (what comes from elsewhere, and what is seen only by looking through it) | reading | reviewing |
    writing | building | checking, for `seconds` now. `share` is that of a query which is most of it, between 0 and 1,
    by the engine's estimate after `query_s`; None where it has none. `rows` have come meanwhile, None where nobody
    counts them. `size_bytes` of files lie in the lake, none of them named yet.
    """

    doing: str
    seconds: float
    share: float | None = None
    query_s: float = 0.0
    rows: int | None = None
    size_bytes: int = 0


def in_parts(reached: Reached) -> Sequence[str]:
    """What can be said of it, the most useful first: `reading for 0:30`, `38%`, `about 0:48 left`, `4,200,000 rows`.

    What nobody knows is left out; what is estimated says so.
    """
    parts = [f"{reached.doing} for {lasting(reached.seconds)}"]
    share = reached.share
    if share is not None:
        parts.append(f"{int(share * 100)}%")
        if reached.query_s >= _LEAST_S and reached.doing != "fetching":  # another query may follow
            parts.append(f"about {lasting(reached.query_s / share * (1 - share))} left")
    if reached.rows:
        parts.append(counted(reached.rows, "row"))
        if share is None and reached.seconds >= _LEAST_S:
            parts.append(f"{round(reached.rows / reached.seconds):,} rows/s")
    if reached.size_bytes:
        parts.append(f"{size(reached.size_bytes)} written")
    return parts
