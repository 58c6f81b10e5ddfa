"""What a ledger copies into its lake, and what a lake knows of a lost ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mainstem.core.release import Release


@dataclass(frozen=True, slots=True)
class Kept:
    """Where a copy ended: a part of it in the lake (1, 2, ...; 0: nothing was copied yet) and that part's size."""

    part: int = 0
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one table of a ledger as JSON data, in the order of `columns`.

    `after` is the id that they come after, where they are numbered: whatever was copied from there on before is
    replaced by them. 0 where a row replaces the one of its name.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    after: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """What a ledger wrote since its last copy. `tables` has evidence, audit, seen and run.

    `environments` says at which release each stands, `releases` is the greatest number of a release by then.
    """

    ledger: str
    at: datetime
    environments: Mapping[str, str | None]
    releases: int
    tables: Mapping[str, Rows]


@dataclass(frozen=True, slots=True)
class Trace:
    """A physical table as its log shows it. `number` is its newest version with data, -1 if there is none;
    `attempt` the greatest number of an attempt that left anything there; `run` made the newest data."""

    table: str
    dataset: str
    number: int
    attempt: int
    run: str


@dataclass(frozen=True, slots=True)
class Past:
    """All that a lake knows of its ledger. `batches` come in the order of copying, each with where it ended;
    `releases` in order of their numbers. `env` is whose a table is that no release and no known run tells of."""

    ledger: str
    batches: Iterable[tuple[Kept, Batch]]
    releases: Sequence[Release]
    tables: Sequence[Trace]
    env: str


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back. `until` is the instant of the newest batch (None: nothing was copied); `holes` are stretches
    before it of which batches are missing; `uncopied` are releases made after it."""

    until: datetime | None
    holes: tuple[tuple[datetime | None, datetime], ...]
    uncopied: tuple[Release, ...]
    rows: Mapping[str, int]
