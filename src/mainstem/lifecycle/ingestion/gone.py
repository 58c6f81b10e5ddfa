"""What the source says of rows that are gone: those that say so themselves, and the keys that are still there."""

from __future__ import annotations

from dataclasses import dataclass

from mainstem.core.ports import Reading
from mainstem.core.problem import Problem, WorldError
from mainstem.lifecycle.ingestion.batch import Batch
from mainstem.lifecycle.ingestion.target import Destination
from mainstem.sql.quote import quote
from mainstem.sql.types import INTEGERS, SECOND_DIGITS

_SAYS_WHEN = frozenset({"DATE", *SECOND_DIGITS})


@dataclass(frozen=True, slots=True)
class Seen:
    """The keys of all rows of a full read, those set aside included, in a temporary table. `unreadable` counts rows
    without a key that could be read: any of the table's may be meant."""

    table: str
    unreadable: int


def seen_keys(batch: Batch, reading: Reading, destination: Destination) -> Seen | None:
    """Look which keys are at the source, before any row is set aside; None where nobody wants to know what is gone."""
    load = batch.load
    is_wanted = load.write in ("merge", "scd2") and load.on_delete != "keep" and load.load == "full"
    if not is_wanted or not reading.is_complete:
        return None
    key = batch.dataset.key
    types = {field.name: field for field in batch.fields}
    values = ", ".join(f"{batch.column(name)} as {quote(name)}" for name in key)
    there = " and ".join(f"{quote(name)} is not null" for name in key)
    select, _ = destination.store(f"select {values} from {batch.rows}", tuple(types[name] for name in key))
    seen = f"{batch.rows}_seen"
    batch.session.execute(f"create temp table {seen} as select distinct * from ({select}) where {there}")
    unreadable = batch.one(
        f"select (select count(*) from ({select}) where not ({there})) + (select count(*) from {batch.out})"
    )
    return Seen(seen, unreadable)


def is_gone(batch: Batch) -> str:
    """SQL that is true for a row of the batch which says that it is deleted.

    WorldError I021 where the column cannot say so: the text "no" would be taken for a yes.
    """
    name = batch.load.deleted
    if name is None:
        return "false"
    column, type_ = batch.column(name), next(each.type for each in batch.targets if each.name == name)
    if type_.name == "BOOLEAN":
        return f"coalesce({column}, false)"
    if type_.name in INTEGERS:
        return f"coalesce({column} <> 0, false)"
    if type_.name in _SAYS_WHEN:
        return f"({column} is not null)"
    what = f'column "{name}" says what is deleted, and is of type {type_.text}'
    mend = "declare it as boolean, a whole number (0: not deleted) or an instant in `columns:`"
    raise WorldError(Problem("I021", what, mend, batch.dataset.place))


def unread_note(seen: Seen | None) -> str | None:
    """What to say where rows without a readable key hide which rows are gone."""
    if seen is None or not seen.unreadable:
        return None
    were = "1 row has no key" if seen.unreadable == 1 else f"{seen.unreadable} rows have no key"
    return f"{were} that can be read: nothing was taken for gone"
