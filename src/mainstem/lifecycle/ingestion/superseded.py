"""Rows that come late: the table may hold their keys from a later read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mainstem.core.release import Field, Snapshot
from mainstem.lifecycle.ingestion import aside
from mainstem.lifecycle.ingestion.batch import Batch
from mainstem.lifecycle.ingestion.duplicates import key_words
from mainstem.lifecycle.ingestion.target import Destination
from mainstem.sql.quote import quote

_ID = "mainstem_row"


@dataclass(frozen=True, slots=True)
class Known:
    """A batch beside the table: what of it the table holds."""

    batch: Batch
    destination: Destination
    base: Snapshot

    @property
    def rows(self) -> str:
        """The batch as it is stored, each row with its number; made by `take`."""
        return f"{self.batch.rows}_known"

    def take(self) -> None:
        fields = (Field(_ID, "BIGINT"), *self.batch.fields)
        select, _ = self.destination.store(self.batch.select(f"rowid as {_ID}, "), fields)
        self.batch.session.execute(f"create or replace temp table {self.rows} as {select}")

    def same(self) -> str:
        """SQL that is true where a row n and a row o of the table are equal in every column that both have."""
        here = {each.name for each in self.batch.fields}
        names = [quote(each.name) for each in self.base.fields if each.name in here]
        return " and ".join(f"cast(n.{n} as varchar) is not distinct from cast(o.{n} as varchar)" for n in names)


def drop_superseded(known: Known) -> int:
    """Before a merge: rows whose key the table holds at the same revision or a later one leave the batch; how many.

    The cursor stands for a revision where there is none. Without either nobody knows which of two rows is newer: those
    that differ are set aside.
    """
    batch, key = known.batch, known.batch.dataset.key
    if batch.load.write != "merge" or not known.base.files:
        return 0
    known.take()
    files = known.destination.touched(key, known.rows)
    if not files:
        return 0
    old = known.destination.relation(files, known.base.fields)
    cursor = batch.load.revision or batch.load.cursor
    has_cursor = cursor is not None and cursor in {each.name for each in known.base.fields}
    newer = f"o.{quote(cursor or '')} >= n.{quote(cursor or '')}" if has_cursor else known.same()
    joined = f"select n.{_ID} from {known.rows} as n join {old} as o on {_on(key)}"
    count = aside.remove(batch, f"{joined} where {newer}")
    if not has_cursor:
        words = key_words(batch, key)
        late = f"{words} || ' is in the table with other values, and no cursor tells which are newer'"
        aside.move(batch, f"select rowid as id, {late} as reason from {batch.rows} where rowid in ({joined})")
    return count


def come_in_since(known: Known) -> int:
    """Beside a table that is replaced: rows that it holds leave the batch; by their key, where there is one."""
    batch = known.batch
    known.take()
    old = known.destination.relation(known.base.files, known.base.fields) if known.base.files else None
    if old is None:
        return 0
    on = _on(batch.dataset.key) or known.same()
    return aside.remove(batch, f"select n.{_ID} from {known.rows} as n semi join {old} as o on {on}")


def _on(key: Sequence[str]) -> str:
    return " and ".join(f"n.{quote(name)} = o.{quote(name)}" for name in key)
