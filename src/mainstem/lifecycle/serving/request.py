"""What is asked of the gate, of what it is asked, and what may leave."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mainstem.core.output import Policy
from mainstem.core.release import Field
from mainstem.core.tags import ColumnTags
from mainstem.security.audit import AuditRow
from mainstem.security.decide import Reader
from mainstem.security.redact import Key

EXITS: Mapping[str, str] = {
    "alert": "the text of an alert",
    "api": "the answer of a data API",
    "catalog": "rows of one dataset, on its page in the console",
    "console": "rows of a visitor's SELECT, in the console",
    "dashboard": "the blocks of a dashboard",
    "diff": "a few rows that differ between two releases, and figures of their columns",
    "metric": "the figures of a metric",
    "probe": "rows that show whether an output does what was promised; they go no further",
    "quarantine": "rows that a contract set aside, on the command line",
    "query": "rows of a SELECT, on the command line",
    "sample": "a few failed rows of a check",
    "show": "rows of one dataset, on the command line",
    "sync": "rows written into another system",
    "test": "rows of a few inputs of a model, recorded as a test, with made-up values in the place of tagged ones",
    "training": "the rows of a training set",
}
"""Every way out by name, with what leaves there. A request through any other is a bug."""

LOCAL = "local"
"""The principal of whoever works on this machine, with its files at hand."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One dataset as it may be asked for.

    `relation` is SQL usable in FROM that reads exactly its version: `Engine.relation(files, fields)`, or the expanded
    SELECT of a view in parentheses. `files` are all files that it reads. `tags` are its effective tags.
    """

    relation: str
    fields: tuple[Field, ...]
    files: tuple[Path, ...] = ()
    tags: ColumnTags = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for, by whom and where it goes.

    `exit` is a key of `EXITS`. `sql` is one SELECT over dataset names, `parameters` the values of its `$names`.
    `role` and `purpose` are those of the policy under which it is asked; without a role tagged columns are redacted, or
    shown as they are with `clear`. `action`: read | export | record. At most `limit` rows leave. `release` is the id of
    the release that is read, for the audit. `into` is a Parquet file that the rows are written to, with their own
    types, instead of into the answer; its folder exists.
    """

    exit: str
    sql: str
    limit: int
    clear: bool = False
    principal: str = LOCAL
    release: str | None = None
    role: str | None = None
    purpose: str | None = None
    action: str = "read"
    parameters: Mapping[str, Any] = field(default_factory=dict)
    into: Path | None = None

    def __post_init__(self) -> None:
        if self.exit not in EXITS:
            raise ValueError(f'"{self.exit}" is no way out that is registered in EXITS')

    @property
    def reader(self) -> Reader:
        return Reader(self.role, self.purpose, self.action, self.clear)


@dataclass(frozen=True, slots=True)
class Rules:
    """What decides who sees what: the project's policy, and the key of its hashes."""

    policy: Policy
    key: Key | None = None


NO_RULES = Rules(Policy())
"""Without a policy nothing is granted to any role."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What may leave. Instants with a time zone are text, in UTC. `truncated`: there are more rows than the limit.

    `audit` is the row that was written down before.
    """

    columns: tuple[Field, ...]
    rows: tuple[tuple[Any, ...], ...]
    truncated: bool
    audit: AuditRow


@dataclass(frozen=True, slots=True)
class Allowed:
    """A query that may run: its rewritten text, the datasets that it reads, how their tagged columns are treated."""

    text: str
    datasets: tuple[str, ...]
    treated: Mapping[str, Mapping[str, str]]
    files: tuple[Path, ...] = ()


Columns = tuple[Field, ...]
Rows = Sequence[tuple[Any, ...]]
Run = Callable[[Allowed, Request], tuple[Columns, Rows, int]]
"""Runs what is allowed, where nothing else can be read: columns, up to one row more than the limit, and how many."""
