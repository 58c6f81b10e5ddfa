"""Versions of datasets, and releases of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Field:
    """A column as it is stored: name, and SQL type in the DuckDB dialect.

    `original` is its name at the source where that differs, else None; two fields that differ in it alone are equal.
    """

    name: str
    type: str
    original: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class DataFile:
    """A Parquet file of a table. `path` is relative to the table's folder.

    `stats` is the text of Delta's statistics JSON, or None.
    """

    path: str
    size_bytes: int
    rows: int
    stats: str | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """One immutable state of a dataset.

    `table` is the physical table: a folder below the lake (`operations/flights`), or "" for a view. `number` is its
    Delta version (0 for a view). `skip_key` is the digest of fingerprint, input versions and, where the text
    reads it, the clock: equal key, equal content. `inputs` maps each input dataset to the `id` of the version read.
    `as_of` is the instant of the data (smallest over inputs; for a load the start of its last complete read).
    `position` is the source position of a load (JSON data), None for models.
    `sql` is the expanded SELECT of a view, None for tables.
    """

    dataset: str
    table: str
    number: int
    fields: tuple[Field, ...]
    fingerprint: str
    skip_key: str
    as_of: datetime
    rows: int | None = None
    size_bytes: int | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    position: Any = None
    sql: str | None = None
    quarantine: int | None = None
    newest: datetime | None = None
    attempt: int = 0
    run: str = ""

    @property
    def id(self) -> str:
        """`operations/flights@12`, or `view:<digest>` for a view."""
        return f"{self.table}@{self.number}" if self.table else f"view:{self.skip_key[7:23]}"


@dataclass(frozen=True, slots=True)
class Release:
    """One consistent, immutable set of versions. `number` counts releases of all environments; `parent` is the
    release the environment stood at before, of a branch's first one the release that it begins at. `why`: publish |
    partial (some steps failed: their datasets are as before, or left out) | rollback | promote | branch. `cleaned_at`
    is when its files were given up, None while they are kept."""

    id: str
    number: int
    env: str
    at: datetime
    run: str
    parent: str | None
    versions: Mapping[str, Version]
    why: str = "publish"
    cleaned_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outline:
    """A release whose files are kept, without its versions. `parent` is the one that its environment stood at before.
    `is_current`: its environment stands at it."""

    id: str
    env: str
    at: datetime
    parent: str | None
    is_current: bool


@dataclass(frozen=True, slots=True)
class Branch:
    """An environment that began at a release of another one: `of` at `release`, None where that is not known."""

    name: str
    of: str | None
    release: str | None
    began_at: datetime
    stands_at: str
    moved_at: datetime


@dataclass(frozen=True, slots=True)
class Needed:
    """What must stay in a lake. `versions` are those of kept releases and the newest of each environment's datasets;
    `open` are physical tables that an attempt may be writing to; `tables` are all that somebody may write to, `retired`
    those that nobody may any more."""

    versions: tuple[Version, ...]
    open: frozenset[str]
    tables: frozenset[str]
    retired: frozenset[str]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a physical table holds at one Delta version.

    `attempt` is the greatest attempt number of ours in its log up to here (the `txn` version whose application id is
    `table`), 0 if none. `facts` is the metadata of the newest commit of ours (see `Identity`).
    """

    table: str
    number: int
    fields: tuple[Field, ...]
    files: tuple[DataFile, ...]
    attempt: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self.files)

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)


@dataclass(frozen=True, slots=True)
class Change:
    """What a step wants to commit: files already written below the table's folder, named by nobody yet.

    `replace`: the added files are the whole table (everything else is removed). Otherwise `removed` are paths of the
    base that the added files supersede. `fields` is the schema after the change. `rejects` are files of the
    table's quarantine (paths relative to the *quarantine* table's folder), committed there afterwards; with `settles`
    they are all that is left of it: rows that it held before have gone into the table, or were discarded.
    `position` is the source position after this change. `rows_in` = rows read; `rejected` = rows set aside.
    `gone` counts rows of the table that are gone at the source since this read: deleted, marked or ended.
    Of a load, `rows_in` = `loaded` + `rejected` + `deduplicated` (another row of the same key took their place) +
    `unchanged` (the table, or the quarantine, holds them already). `brought` = rows that no read before had.
    `as_of` is the start of a complete read (loads), None for models. `labels` are the partition labels
    (ISO dates) touched, None for "any". `totals` maps the name of a total to the source's value by partition label,
    in the same read.
    """

    fields: tuple[Field, ...]
    added: tuple[DataFile, ...] = ()
    removed: tuple[str, ...] = ()
    replace: bool = False
    rejects: tuple[DataFile, ...] = ()
    settles: bool = False
    position: Any = None
    rows_in: int = 0
    rejected: int = 0
    as_of: datetime | None = None
    labels: tuple[str, ...] | None = None
    totals: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    loaded: int = 0
    deduplicated: int = 0
    unchanged: int = 0
    gone: int = 0
    brought: int = 0

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.removed or self.replace or self.rejects or self.settles)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who commits, written into the commit itself, so that the table can answer "was this step's output committed".

    `attempt` is the lease's fence: it only grows per dataset, and is the version of the commit's `txn`.
    """

    run: str
    dataset: str
    attempt: int
    at: datetime
    fingerprint: str = ""
    skip_key: str = ""
    as_of: datetime | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    position: Any = None
    rejects: tuple[DataFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write one dataset of one environment, held by a run. `fence` only grows per (env, dataset).

    `table` is the physical table that the attempt writes to, `prefix` the beginning of every file name of the attempt.
    `holder` is `host:pid:start` of the process.
    """

    env: str
    dataset: str
    run: str
    fence: int
    table: str
    prefix: str
    holder: str
    until_s: float


@dataclass(frozen=True, slots=True)
class Head:
    """The newest committed version of a dataset in an environment, published or not, and the ledger sequence of the
    run that made it. `is_pending`: committed after the last publication, not in a release yet."""

    version: Version
    sequence: int
    is_pending: bool
