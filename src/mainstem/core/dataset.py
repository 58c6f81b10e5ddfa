"""Datasets and where they come from: sources, contracts, checks, models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from enum import StrEnum
from typing import Any, Literal

from mainstem.core.place import Place, Places

QUARANTINE = "__quarantine"
"""What the name of a load's quarantine adds to the load's own name."""


DELETED_AT, VALID_FROM, VALID_TO = "deleted_at", "valid_from", "valid_to"
"""Columns that a write mode adds: when a row was first seen to be gone; since when it holds, and until when."""


class Severity(StrEnum):
    """`error` blocks publication, `warning` publishes and marks, `info` records."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Column:
    """One column as its author wrote it; `None` means "not said".

    `type` is a SQL type in the engine's dialect (DuckDB). `original` is the name at the source where it differs.
    `tags` are the sensitivity tags declared here; inherited ones come from lineage. `references` names the column that
    holds all values, as `schema.table.column`. `places` are those of the values.
    """

    name: str
    place: Place
    type: str | None = None
    description: str = ""
    required: bool = False
    unique: bool = False
    min: str | None = None
    max: str | None = None
    accepted: tuple[str, ...] | None = None
    matches: str | None = None
    tags: frozenset[str] = frozenset()
    original: str | None = None
    references: str | None = None
    places: Places = field(default_factory=Places, compare=False, repr=False)

    @property
    def refers_to(self) -> tuple[str, str] | None:
        """The dataset and the column that hold every value of this one; None where nothing was said."""
        schema, table, column, *more = (*(self.references or "").split("."), "", "", "")
        return (f"{schema}.{table}", column) if column and not any(more) else None


@dataclass(frozen=True, slots=True)
class Volume:
    """How many rows are usual: `within` (`50%`) around the median of the loads of a time (`28d`)."""

    within: str
    of: str


@dataclass(frozen=True, slots=True)
class Expectation:
    """How rows should arrive: at least once `every` (a duration text such as `1d`), each day `by` a time of the
    project's zone, `rows_at_least` a load, as many as usual. `on_breach` stop: a load of too few or unusually many
    rows fails."""

    every: str | None = None
    rows_at_least: int | None = None
    by: time | None = None
    volume: Volume | None = None
    on_breach: Literal["warn", "stop"] = "warn"


@dataclass(frozen=True, slots=True)
class Check:
    """A predicate on a dataset.

    `id` is unique within its dataset (default: its kind). `options` is the frozen options class of the check's
    kind. `per` is "table", or "partition" where the dataset has a `time_column` and the kind can be counted so.
    """

    id: str
    kind: str
    options: Any
    place: Place
    severity: Severity = Severity.ERROR
    per: str = "partition"


@dataclass(frozen=True, slots=True)
class Load:
    """How a table of a source becomes a dataset.

    `table` is its name in the source file. `load`: full | incremental. `write`: replace | append | merge | scd2.
    `on_schema_change`: evolve | freeze | quarantine. `options` is the frozen options class that the source's
    kind gives to a table (for `files`: the path).

    `on_delete` says what becomes of a row that is gone at the source: keep | delete | mark. `deleted` names the column
    in which the source says so, `revision` the one that grows with each change of a row, `effective` the one that says
    since when a row holds (scd2). `lookback` is how far before the cursor a read begins: a length of time or a number.
    `allow_deletes`: most rows of a table may be gone at once, or all of one that is replaced.
    """

    source: str
    table: str
    options: Any
    load: str = "full"
    cursor: str | None = None
    write: str = "replace"
    on_schema_change: str = "evolve"
    expect: Expectation | None = None
    on_delete: str = "keep"
    deleted: str | None = None
    revision: str | None = None
    effective: str | None = None
    lookback: str | None = None
    allow_deletes: bool = False

    @property
    def added(self) -> tuple[str, ...]:
        """Columns that the write mode adds to those of the source."""
        if self.write == "scd2":
            return (VALID_FROM, VALID_TO)
        return (DELETED_AT,) if self.write == "merge" and self.on_delete == "mark" else ()


@dataclass(frozen=True, slots=True)
class Variable:
    """A value that SQL names as `$name`: its SQL type, and its text, which is one of that type."""

    name: str
    type: str
    value: str
    description: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows that a project holds itself, each value as a text, None for NULL.

    `names` are the columns, as the lake names them. `lines` tell in which line of the file a row begins. `digest` is
    that of all names and values.
    """

    names: tuple[str, ...]
    values: tuple[tuple[str | None, ...], ...]
    lines: tuple[int, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class Program:
    """A function of a file of the project that makes rows of rows.

    `module` is the file, `text` all that is in it, `line` where the function begins. `inputs` maps its parameters to
    datasets, `variables` others to variables; `places` are those of what they name. `lineage` has, by output column,
    the columns (`schema.table.column`) that reach it; None where nobody said. `digest` is that of the function and of
    what it calls in its file.
    """

    module: str
    function: str
    line: int
    text: str
    digest: str
    inputs: Mapping[str, str]
    variables: Mapping[str, str]
    lineage: Mapping[str, tuple[str, ...]] | None = None
    places: Places = field(default_factory=Places, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Model:
    """How a SELECT, or a file of another language, becomes a dataset. `kind`: view | table | incremental | csv, or
    append | merge | scd2, which add to the rows that are there.

    `refresh` says how an incremental one is brought up to date: auto (what its inputs' changes reach, where that is
    known and pays), incremental (wherever it is known), full.

    `sql` is the text of the SELECT with the YAML head blanked out by spaces and newlines, so that line and
    column of any part of it are those of the file. It is "" where `rows` or a `program` stand in its place.
    `variables` are those that the text names. `effective` is the column that says since when a row holds (scd2).
    """

    kind: str
    sql: str
    place: Place
    refresh: str = "auto"
    rows: Rows | None = None
    program: Program | None = None
    variables: Mapping[str, Variable] = field(default_factory=dict)
    effective: str | None = None

    @property
    def as_load(self) -> Load | None:
        """The load that writes rows as this model does, where a step goes on from the rows that are there; else None.

        A history ends what the SELECT does not show any more; merged rows stay.
        """
        if self.kind == "append":
            return Load("", "", None, load="incremental", write="append")
        if self.kind not in ("merge", "scd2"):
            return None
        gone = "mark" if self.kind == "scd2" else "keep"
        return Load("", "", None, write=self.kind, on_delete=gone, effective=self.effective, allow_deletes=True)

    @property
    def noun(self) -> str:
        """What makes its rows, in a word: SQL, rows, Python."""
        return "rows" if self.rows else "Python" if self.program else "SQL"

    @property
    def written(self) -> str:
        """Its text: SQL, or Python."""
        return self.program.text if self.program else self.sql


@dataclass(frozen=True, slots=True)
class Dataset:
    """A table of the lake, as its author wrote it. `name` is `schema.table`.

    `made_by` tells how rows get there. `columns` are the declared ones (all of them for a load with a contract;
    for a model those that carry a description, a tag or a promise). `time_column` names the column whose date
    is the partition. `owner` is a stakeholder's id, None where nobody was named.
    """

    name: str
    place: Place
    made_by: Load | Model
    columns: tuple[Column, ...] = ()
    key: tuple[str, ...] = ()
    time_column: str | None = None
    checks: tuple[Check, ...] = ()
    owner: str | None = None
    description: str = ""
    tags: frozenset[str] = frozenset()

    @property
    def schema(self) -> str:
        return self.name.partition(".")[0]

    @property
    def is_load(self) -> bool:
        return isinstance(self.made_by, Load)

    @property
    def is_kept(self) -> bool:
        """Whether rows of earlier versions stay, so that a step goes on from them: they cannot all be made again."""
        return isinstance(self.made_by, Load) or self.made_by.as_load is not None


@dataclass(frozen=True, slots=True)
class Source:
    """A system that makes data. `options` is the frozen options class of its kind, secrets already put in.

    `owner` is a stakeholder whose side is upstream.
    """

    name: str
    kind: str
    options: Any
    place: Place
    owner: str | None = None
    description: str = ""
    tables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """A filter that another database evaluates: its text, its place, and the SQL that it is written in (None: some)."""

    text: str
    place: Place
    dialect: str | None


@dataclass(frozen=True, slots=True)
class SqlFacts:
    """What the text of one SELECT says, read without touching data; cacheable by the text and its inputs' columns.

    `inputs`: datasets read, in order of first mention, each with the place of its first mention.
    `columns`: output columns in order. `lineage[column]` = the base columns ("schema.table.column") whose values
    reach that output column. `influences` = base columns that decide which rows appear or in which order (WHERE,
    JOIN, GROUP, HAVING, ORDER, QUALIFY, DISTINCT) without being shown. `unresolved` = output columns that could
    not be traced: they inherit everything in scope.
    `fingerprint`: digest of the meaning of the text: comments, white space and letter case of keywords do not
    count. `reads_clock`: current_date, now() and their like occur. `volatile`: names of functions that cannot
    be bound to the run's clock or seed and so make a result that no rerun repeats.
    `is_settled`: the rows follow from the columns in `lineage` and `influences` alone, whatever the order of rows.
    `frame` is a digest of the text beside what makes single output columns, "" where that is not told apart; `made`
    has a digest of what makes each of them (by lower case): none of these speak of the datasets that are read.
    """

    inputs: Mapping[str, Place]
    columns: tuple[str, ...]
    lineage: Mapping[str, frozenset[str]]
    influences: frozenset[str]
    fingerprint: str
    unresolved: frozenset[str] = frozenset()
    reads_clock: bool = False
    volatile: tuple[str, ...] = ()
    problems: tuple[Any, ...] = field(default=())
    is_settled: bool = False
    frame: str = ""
    made: Mapping[str, str] = field(default_factory=dict)
