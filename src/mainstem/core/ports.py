"""Ports: what the rooms know of one another. Implementations are found by name (`kinds.py`), never imported."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

from mainstem.core.copy import Batch, Kept
from mainstem.core.dataset import Dataset, Source
from mainstem.core.evidence import Evidence
from mainstem.core.problem import Problem
from mainstem.core.reached import Reached
from mainstem.core.release import Branch, DataFile, Field, Head, Lease, Needed, Outline, Release, Version
from mainstem.core.run import Look
from mainstem.core.span import Again


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an engine can do, as data."""

    name: str
    dialect: str
    reads_local_databases: bool
    is_distributed: bool


@dataclass(frozen=True, slots=True)
class Written:
    """Files that `Session.write` made below its folder, and the columns that they hold."""

    files: tuple[DataFile, ...]
    fields: tuple[Field, ...]

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self.files)


class Session(Protocol):
    """One thread's connection to an engine. SQL is in the DuckDB dialect. Temporary tables live as long as it does.

    Every method raises WorldError (code E0..) when the engine refuses, with the engine's own words in `what`.
    """

    def describe(self, select: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> tuple[Field, ...]:
        """The columns of a SELECT, without running it."""
        ...

    def rows(self, select: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
        """A small result as Python values. `parameters` are in order (`?`) or by name (`$name`).

        Never select TIMESTAMPTZ: cast it to VARCHAR.
        """
        ...

    def query(self, select: str) -> Any:
        """A large result: an object with `__arrow_c_stream__`."""
        ...

    def handed(self, select: str, form: str) -> Any:
        """A result for a user's program: as `relation`, the engine's own object, computed when it is used and only
        while this session is open; or as `pandas`, a frame. ImportError where that library is not installed.
        """
        ...

    def write(self, select: str, folder: Path, prefix: str, about: int = 0) -> Written:
        """Run the SELECT into Parquet files `<folder>/<prefix>*.parquet` (zstd); types already storable.

        Statistics are those that Delta may trust. No file is written for an empty result. A result of many rows
        becomes several files; `about` is how many may come, where the engine has no way to know.
        """
        ...

    def take(self, table: str, stream: Any) -> int:
        """Put the rows of an Arrow stream (`__arrow_c_stream__`), or of a frame of pandas, into the temporary table
        `table`; how many they are.

        The first stream makes the table. Memory is bounded by one batch of the stream.
        """
        ...

    def execute(self, statement: str) -> None:
        """Run a statement of ours: temporary table, ATTACH, LOAD. Never a user's text."""
        ...

    def begin(self, doing: str) -> None:
        """What the session is used for from now on, for those who ask how far it is: a word of `Reached.doing`."""
        ...

    def count_by(self, rows: Callable[[], int | None]) -> None:
        """`rows` tells, in any thread, how many have come from the source so far; asked until something else begins."""
        ...

    def reached(self) -> Reached | None:
        """How far it is with what it began, from any thread; None where it began nothing, or is closed."""
        ...

    def cancel(self) -> None:
        """Interrupt what runs in this session, from another thread."""
        ...

    def close(self) -> None: ...


class Engine(Protocol):
    """Computes. `bind` makes a dataset readable by its name in every session of this engine."""

    capabilities: Capabilities

    def session(self) -> Session: ...

    def bind(self, name: str, files: Sequence[Path], fields: Sequence[Field]) -> None:
        """`name` ("schema.table") now reads exactly these files, with these columns. No files: an empty table."""
        ...

    def bind_view(self, name: str, select: str) -> None:
        """`name` now reads this SELECT over names already bound."""
        ...

    def load_extension(self, name: str) -> None:
        """Make an engine extension usable (`sqlite_scanner`), offline, from its wheel."""
        ...

    def relation(self, files: Sequence[Path], fields: Sequence[Field]) -> str:
        """SQL text, usable in FROM, that reads exactly these files with these columns (a parenthesised SELECT)."""
        ...

    def parse_tree(self, sql: str) -> Mapping[str, Any]:
        """The engine's own syntax tree of one SELECT; ProjectError (S0..) for anything else."""
        ...

    def render_tree(self, tree: Mapping[str, Any]) -> str: ...

    def write_copy(self, file: Path, selects: Mapping[str, str]) -> None:
        """Make a file in the engine's own format, with a table for each SELECT by its name; `open_copy` reads it."""
        ...

    def lock(self, files: Sequence[Path]) -> None:
        """From now on nothing but these files can be read, nothing written, no setting changed."""
        ...

    def cancel(self) -> None:
        """Interrupt what runs in any session, from another thread."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Reading:
    """How the engine reads what is new in one table of a source. All texts are SQL in the DuckDB dialect.

    `setup` runs first, `teardown` always last; `begin` at the start of the transaction that reads. `select` yields the
    source's columns under their original names (as in `columns`) and `_origin` VARCHAR (`orders.csv:17`, or `key=17`).
    Columns whose source has no trustworthy types are selected as VARCHAR, so that the contract's casts decide, row by
    row; the type in `columns` is then what the source declares or its values suggest, for columns of which no contract
    says more.
    `broken`, if any, is a SELECT of what is no row at all: `_origin`, `raw`, `reason`.
    `whole` is a SELECT like `select` over the whole table at the source in the same transaction, None if that
    cannot be had: totals for reconciliation come from it.
    `position` is the position after this read, as JSON data; where it has a key "cursor", ingestion puts the greatest
    cursor value read there, as the source writes it, and the next read begins at that value again: ties.
    `is_complete`: the whole table is read, not only what is new. `is_loose`: the next read may bring rows from before
    its position, too. `about` is how many rows there may be, where the engine cannot know; 0 if nobody does.
    `careful` is a slower way to read the same, for values that the engine gives up on (text that is no UTF-8); None
    if there is none.
    `again` is what of it was read before and is read again on purpose; of a span, `position` is where the load stands.
    `meant` says what it means that the engine breaks off with these words; None where it is not about the source.
    `count` tells, in any thread, how many rows of `select` have come so far, None for not known.
    `finish` is called once after the last use, whatever happened; WorldError if what was read changed meanwhile.
    """

    select: str
    columns: tuple[Field, ...]
    position: Any
    setup: tuple[str, ...] = ()
    begin: tuple[str, ...] = ()
    teardown: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()
    broken: str | None = None
    whole: str | None = None
    is_complete: bool = False
    is_loose: bool = False
    about: int = 0
    notes: tuple[str, ...] = ()
    careful: Reading | None = None
    meant: Callable[[str], Problem | None] | None = None
    finish: Callable[[], None] | None = None
    count: Callable[[], int | None] | None = None
    again: Again | None = None


class SourceKind(Protocol):
    """A kind of source: one file in `lifecycle/generation`, one entry point in group `mainstem.sources`.

    `Options` and `TableOptions` are frozen dataclasses: fields are what may stand in the source's file.
    `EXTENSIONS` are the engine extensions to load before `read`.
    Both functions raise WorldError (G0..) when the source cannot be reached or has no such table.
    A kind may also have `read_span(source, dataset, span, root, session) -> Reading`, which reads the rows of a
    `core.span.Span` again, or more; of a kind without it everything is read.
    """

    Options: type
    TableOptions: type
    EXTENSIONS: tuple[str, ...]

    def look(self, source: Source, dataset: Dataset, position: Any, root: Path) -> Look:
        """A glance: is there something new after `position` (None: nothing was ever read)? Cheap, reads no rows."""
        ...

    def read(self, source: Source, dataset: Dataset, position: Any, root: Path, session: Session) -> Reading: ...

    # A kind whose rows follow from the clock and from the source's other tables has, in place of both,
    # `look_at(source, dataset, position, root, at)` and `read_at(source, dataset, position, root, session, at,
    # tables)`: `at` is the run's clock, `tables` are the datasets of the source by the names of its tables.
    # A kind whose tables may be made of the same things has beside both `look_with(source, dataset, position, root,
    # seen)` and `read_with(source, dataset, position, root, session, seen)`: `seen` is one dictionary a source and run,
    # in which the first look notes what is there, and beyond which no later one sees.
    # `seen_before(dataset, position)`, if there is one, is such a dictionary of what was read up to a position.
    # `problems(source, tables, root) -> Iterable[Problem]`, if there is one, says what in the text of a source does not
    # fit together, and what beside it is missing; it reads texts of the project and nothing else.
    # A kind that filters at the source has `condition(source, dataset) -> Condition | None`, which is held to be one.
    # A kind whose rows follow from texts beside the source's file (a user's program) also has
    # `told(source, dataset, root) -> str`: those texts. WorldError where there are none.
    # A kind whose systems list their tables also has
    # `discover(options, root, only: frozenset[str]) -> list[FoundTable]`: all of them, or those that are named.


@dataclass(frozen=True, slots=True)
class CheckSql:
    """What a check asks of a relation.

    `measure` is a SELECT of exactly (label VARCHAR, value, total): one row a partition label when a label
    expression was given, else one row with label NULL. `value` is rows (or groups) that are good, `total` all of
    them; for counts `value` is the count and `total` NULL. `failing` is a SELECT of failing rows with all their
    columns, None where a check has no failing rows (row_count).
    """

    measure: str
    failing: str | None


class CheckKind(Protocol):
    """A kind of check: one file in `governance/checks`, one entry point in group `mainstem.checks`.

    `Options` is a frozen dataclass. `SHORTHAND` names the option that a bare value fills (`not_null: [a, b]`), None
    if none.
    `BY_PARTITION` tells whether it can be counted per partition. A kind with an option that is SQL names it in `SQL`.
    """

    Options: type
    SHORTHAND: str | None
    BY_PARTITION: bool

    def sql(self, options: Any, relation: str, label: str | None) -> CheckSql:
        """`relation` is SQL usable in FROM; `label` a SQL expression that gives a row's partition label, or None."""
        ...

    def passes(self, options: Any, value: Decimal, total: Decimal | None) -> bool: ...

    def reads(self, options: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Columns of the checked dataset, and other datasets, that it reads; for binding and planning."""
        ...

    # A kind that knows the columns of the other datasets also has `reads_of_others(options) -> Mapping[str, tuple[str,
    # ...]]`: those that it reads, by dataset. `SHOWS_OTHERS = True`: its failing rows show values of them.


class Ledger(Protocol):
    """The small database of runs, releases, leases, evidence, agreements, audit. Never rows of data, never secrets.

    Every write method is one transaction. Methods raise WorldError (L0..) when the database cannot be used.
    """

    id: str

    def latest(self) -> datetime | None:
        """The greatest instant of the clock that was ever recorded; None for an empty ledger."""
        ...

    def begin_run(self, run: str, env: str, at: datetime, holder: str) -> int:
        """Record that a run began; returns its sequence number."""
        ...

    def end_run(self, run: str, at: datetime, status: str, summary: Mapping[str, Any]) -> None:
        """`status`: published | unchanged | failed. Releases the run's leases."""
        ...

    def runs(self, env: str | None = None, limit: int = 20) -> list[Mapping[str, Any]]:
        """Newest first: run, sequence, env, started_at, finished_at, status, summary, holder."""
        ...

    def acquire(
        self, env: str, targets: Mapping[str, str], run: str, holder: str, now_s: float, until_s: float
    ) -> dict[str, Lease]:
        """Leases on all datasets of `targets` (dataset -> physical table), or none of them.

        A lease that has run out, or whose holder on this host is dead, may be taken. WorldError (L0..) names the
        holder otherwise, or the environment that a table belongs to. A fence is one more than the greatest so far of
        its (env, dataset) and of its table, which may have come from another environment.
        """
        ...

    def renew(self, run: str, until_s: float) -> bool:
        """Prolong all leases of the run; False when one was lost."""
        ...

    def unfinished(self, env: str, now_s: float | None = None) -> list[Lease]:
        """Attempts that were leased, never recorded and never given up, of runs that no longer live.

        A run lives no longer when it has ended, its process is dead, another run took its lease, or the lease has
        run out by `now_s` (None: that is not looked at). In order of dataset and fence.
        """
        ...

    def give_up(self, lease: Lease) -> None:
        """The attempt left nothing behind (its files are swept)."""
        ...

    def record_step(self, lease: Lease, version: Version, evidence: Iterable[Evidence], at: datetime) -> None:
        """The attempt's commit, its version as the new head of (env, dataset), and its evidence, together."""
        ...

    def heads(self, env: str) -> dict[str, Head]: ...

    def table_owner(self, table: str) -> str | None:
        """The one environment that may write to a physical table; None: nobody ever did, "": it is cleaned away."""
        ...

    def branches(self) -> list[Branch]:
        """Environments that began at a release of another one (`why` branch) and were not dropped, by name."""
        ...

    def drop(self, env: str, at: datetime) -> None:
        """The environment stands nowhere, and none of its releases is kept: what they hold, nobody needs any more."""
        ...

    def outlines(self) -> list[Outline]:
        """Releases of all environments whose files are kept, each environment's in order of publication."""
        ...

    def give_up_releases(self, ids: Sequence[str], at: datetime) -> None:
        """Their files are kept no longer, and no environment can be moved there; one that stands there is left out."""
        ...

    def needed(self, without: Collection[str] = ()) -> Needed:
        """What must stay in the lake, if the releases `without` are given up, too."""
        ...

    def retire(self, tables: Collection[str]) -> frozenset[str]:
        """Those of these physical tables that nobody writes to and that are nobody's newest version: from now on nobody
        may, ever."""
        ...

    def publish(self, release: Release, evidence: Iterable[Evidence], expected: str | None) -> None:
        """Insert the release and move its environment, durably.

        WorldError (L0..) if the environment is not at `expected`.
        """
        ...

    def move(self, env: str, release: str, evidence: Iterable[Evidence], at: datetime, expected: str) -> None:
        """Move an environment to a release that exists (rollback, forward), with evidence, durably.

        WorldError (L0..) if the environment is not at `expected`.
        """
        ...

    def next_release_number(self) -> int:
        """One more than the greatest number of any release."""
        ...

    def current(self, env: str) -> Release | None: ...

    def release(self, id: str) -> Release | None:
        """By id or by unambiguous prefix of an id or by number."""
        ...

    def releases(self, env: str, limit: int = 20) -> list[Release]:
        """Newest first."""
        ...

    def record(self, evidence: Iterable[Evidence], at: datetime) -> None:
        """Append evidence; `at` becomes `recorded_at`."""
        ...

    def evidence(
        self,
        *,
        env: str | None = None,
        kinds: Sequence[str] = (),
        subjects: Sequence[str] = (),
        known: datetime | None = None,
        since: datetime | None = None,
    ) -> list[Evidence]:
        """Rows in order of recording; empty filters mean all; `env` also returns rows without environment.

        `known`: recorded by then. `since`: `at`, or `until` where there is one, is not before.
        """
        ...

    def newest_evidence(self, after: int = 0) -> tuple[int, int]:
        """Ids above `after` of the evidence that was recorded last, and of the last that is no reader's request and
        no heartbeat; 0 where there is none."""
        ...

    def held(self, versions: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """What versions (dataset and id) were last held to: `definition` of the newest `version` row that has one."""
        ...

    def looked(self, versions: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Any]:
        """Where the last read that led to each version (dataset and id), or found nothing beyond it, ended.

        Of sources whose position is too long for evidence there is none.
        """
        ...

    def see(self, entries: Mapping[str, str], at: datetime) -> dict[str, datetime]:
        """Agreement entries (digest -> content): when each was first seen; new ones are seen at `at`."""
        ...

    def audit(self, row: Mapping[str, Any], at: datetime) -> None:
        """Append an audit row; each carries the digest of the one before."""
        ...

    def note(self, rows: Iterable[tuple[Mapping[str, Any], datetime]], evidence: Iterable[Evidence]) -> None:
        """Append audit rows, each with its instant, and evidence, recorded when it is valid, in one transaction."""
        ...

    def audited(self, after: int = 0, limit: int = 1000) -> list[Mapping[str, Any]]:
        """Audit rows in order of writing, from the one after id `after`: id, at, row (what was appended)."""
        ...

    def verify_audit(self) -> int | None:
        """The id of the first audit row that was changed or removed; None if all are as they were written."""
        ...

    def copy(self, keep: Callable[[Kept, Batch], Kept | None], at: datetime) -> None:
        """Hand everything that was not copied yet to `keep`, batch by batch, so that the ledger can be rebuilt.

        `keep` is told where the last copy ended, and returns where this one does; None if what was copied before is
        not there any more: then it is handed everything once more. What it raises ends the copy, which goes on from
        its last batch the next time. One process at a time copies.
        """
        ...

    def check(self) -> list[str]:
        """What is wrong with the ledger itself, a sentence each; reads everything."""
        ...

    def close(self) -> None: ...
