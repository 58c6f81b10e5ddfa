"""A batch on its way into a table: what all write modes share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from mainstem.core.dataset import DELETED_AT, VALID_FROM
from mainstem.core.release import DataFile, Field, Snapshot
from mainstem.lifecycle.ingestion import aside
from mainstem.lifecycle.ingestion.batch import Batch
from mainstem.lifecycle.ingestion.gone import Seen, is_gone
from mainstem.lifecycle.ingestion.target import Destination
from mainstem.sql.quote import literal, quote
from mainstem.sql.types import INSTANT

ID = "mainstem_row"
"""The number of a batch's row, beside its columns as they are stored."""

GONE = "mainstem_gone"
"""Whether the row says that it is deleted."""

Labels = tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a write made: `labels` are those whose rows differ now, None for any. `gone` counts rows of the table that
    are gone at the source, `deduplicated` rows of the batch that are older than the table's."""

    fields: tuple[Field, ...]
    added: tuple[DataFile, ...] = ()
    removed: tuple[str, ...] = ()
    replace: bool = False
    loaded: int = 0
    unchanged: int = 0
    labels: Labels = ()
    deduplicated: int = 0
    gone: int = 0


@dataclass(frozen=True, slots=True)
class Writing:
    """A batch on its way into a table: its rows as they are stored, and the table's state before.

    `at` is the read's start; `seen` the keys that are at the source, where rows that are not are looked for.
    `refitted` is SQL usable in FROM of the whole table in new types, None where no column gets another type.
    """

    batch: Batch
    destination: Destination
    base: Snapshot | None
    at: datetime
    seen: Seen | None
    select: str
    fields: tuple[Field, ...]
    refitted: str | None = None

    @property
    def count(self) -> int:
        return int(self.batch.one(f"select count(*) from {self.batch.rows}"))

    @property
    def stored(self) -> str:
        """The table of the rows as they are stored."""
        return f"{self.batch.rows}_stored"

    @property
    def names(self) -> str:
        """All columns, as in a SELECT list."""
        return ", ".join(quote(field.name) for field in self.fields)

    @property
    def kept_fields(self) -> tuple[Field, ...]:
        """The columns of the table where no row is written: those it has, and those that the write mode adds."""
        if self.base is None:
            return self.fields
        added = [field for field in self.fields if field.name in self.batch.load.added]
        return (*self.base.fields, *(field for field in added if field.name not in self.base_names))

    @property
    def base_names(self) -> frozenset[str]:
        """The columns that the table has had so far."""
        return frozenset(field.name for field in self.base.fields) if self.base else frozenset()

    @property
    def rows(self) -> str:
        """A SELECT of the rows of the batch that say nothing of a deletion, as they are stored."""
        return f"select {self.names} from {self.stored} where not {GONE}"

    @property
    def label(self) -> str | None:
        """SQL of a row's partition label, None without a time column."""
        name = self.batch.dataset.time_column
        types = {field.name: field.type for field in self.fields}
        return f"try({self.destination.label(name, types[name])})" if name in types and name is not None else None

    def instant(self, type_: str = INSTANT) -> str:
        """SQL of the read's start in a type of instants; without a zone it is UTC."""
        aware = literal(self.at)
        return aware if type_ == INSTANT else f"cast(timezone('UTC', {aware}) as {type_})"

    def touched(self, names: Sequence[str], relation: str = "") -> tuple[DataFile, ...]:
        """Files of the table that may hold a row whose values of these columns are in a relation: the batch."""
        if self.base is None:
            return ()
        return self.base.files if self.refitted else self.destination.touched(names, relation or self.stored)

    def old(self, files: Sequence[DataFile]) -> str:
        """Rows of files of the table, with the columns of the new state."""
        return self.refitted or self.destination.relation(files, self.fields)

    def written(self, select: str) -> tuple[DataFile, ...]:
        """The files of a SELECT; those of the batch itself may be there already."""
        if self.batch.files is not None:
            return self.batch.files
        return self.batch.session.write(select, self.destination.folder, self.destination.prefix).files

    def labels_of(self, rows: str) -> Labels:
        """The labels of rows (SQL usable in FROM)."""
        if self.label is None:
            return None
        found = self.batch.session.rows(f"select distinct {self.label} as l from {rows} where l is not null")
        return in_order(label for (label,) in found)


def in_order(labels: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(sorted(label for label in labels if label is not None))


def take_rows(writing: Writing) -> None:
    """A temporary table of the rows as they are stored, each with its number and whether it says that it is gone."""
    batch = writing.batch
    select, _ = writing.destination.store(
        batch.select(f"rowid as {ID}, {is_gone(batch)} as {GONE}, "),
        (Field(ID, "BIGINT"), Field(GONE, "BOOLEAN"), *batch.fields),
    )
    types = {field.name: field.type for field in writing.fields}
    added = "".join(f", {_added(writing, name, types[name])} as {name}" for name in batch.load.added)
    batch.session.execute(f"create temp table {writing.stored} as select *{added} from ({select})")


def _added(writing: Writing, name: str, type_: str) -> str:
    if name == DELETED_AT:
        return f"case when {GONE} then {writing.instant()} end"
    if name == VALID_FROM:
        effective = writing.batch.load.effective
        return quote(effective) if effective else writing.instant(type_)
    return f"cast(null as {type_})"


def remove(writing: Writing, chosen: str) -> int:
    """Remove rows, by a SELECT of their numbers, from the batch and from its stored form."""
    count = aside.remove(writing.batch, chosen)
    if count:
        forget_removed(writing)
    return count


def forget_removed(writing: Writing) -> None:
    writing.batch.session.execute(
        f"delete from {writing.stored} where {ID} not in (select rowid from {writing.batch.rows})"
    )


def on(key: Sequence[str], left: str, right: str) -> str:
    """SQL that is true where two rows are of one key."""
    return " and ".join(f"{left}.{quote(name)} = {right}.{quote(name)}" for name in key)


def put(writing: Writing, keys: str, rows: str, order: Sequence[str], counts: Outcome) -> Outcome:
    """The rows of these keys (a table of them) are exactly `rows` (a SELECT) from now on; other keys stay."""
    key = writing.batch.dataset.key
    touched = writing.touched(key, keys)
    names, select = writing.names, f"select {writing.names} from ({rows})"
    labels = writing.labels_of(f"({rows})")
    if touched or writing.refitted:
        old, match = writing.old(touched), on(key, "o", "n")
        if labels is not None:
            gone = writing.labels_of(f"(select o.* from {old} as o semi join {keys} as n on {match})")
            labels = in_order({*labels, *(gone or ())})
        select = f"select {names} from {old} as o anti join {keys} as n on {match} union all {select}"
    files = writing.written(f"select * from ({select}) order by {', '.join(map(quote, order))}")
    is_whole = writing.base is None or len(touched) == len(writing.base.files)
    return Outcome(
        writing.fields,
        files,
        () if is_whole else tuple(file.path for file in touched),
        is_whole,
        counts.loaded,
        counts.unchanged,
        None if writing.refitted else labels,
        counts.deduplicated,
        counts.gone,
    )
