"""Merge: one row a key, the newest revision, without the rows that are gone or with the instant at which they went."""

from __future__ import annotations

from mainstem.core.dataset import DELETED_AT
from mainstem.lifecycle.ingestion.vanished import find_vanished
from mainstem.lifecycle.ingestion.writing import GONE, ID, Outcome, Writing, on, put, remove
from mainstem.sql.quote import quote


def merge(writing: Writing) -> Outcome:
    """Rows replace those of their keys; equal ones and older ones leave the batch. WorldError I020."""
    key = writing.batch.dataset.key
    touched = writing.touched(key) if writing.count else ()
    old = writing.old(touched)
    deduplicated = drop_older(writing, old, key)
    unchanged = remove(writing, same(writing, old, is_whole=True)) if touched and not writing.refitted else 0
    unchanged += _drop_unknown(writing, old)
    going = _going(writing, old)
    vanished, count = find_vanished(writing)
    counts = Outcome(
        writing.kept_fields,
        loaded=writing.count,
        unchanged=unchanged,
        deduplicated=deduplicated,
        gone=going + count,
    )
    if not counts.loaded and not count and writing.base is not None and not writing.refitted:
        return counts
    keys = _keys(writing, vanished) if count else writing.stored
    rows = writing.rows
    if writing.batch.load.added:
        going_now = f"{writing.instant()} as {DELETED_AT}"
        marked = f"select {writing.names} from (select * replace ({going_now}) from {vanished})"
        rows = f"select {writing.names} from {writing.stored} union all {marked}"
    return put(writing, keys, rows, key, counts)


def _keys(writing: Writing, vanished: str) -> str:
    names, table = ", ".join(map(quote, writing.batch.dataset.key)), f"{writing.batch.rows}_keys"
    writing.batch.session.execute(
        f"create temp table {table} as select {names} from {writing.stored} union select {names} from {vanished}"
    )
    return table


def equal(writing: Writing, left: str, right: str) -> str:
    """SQL that is true where two rows are equal in every column that the table has had so far."""
    known = writing.base_names - {*writing.batch.load.added}
    parts = [
        f"{left}.{quote(field.name)} is not distinct from {right}.{quote(field.name)}"
        for field in writing.fields
        if field.name in known
    ]
    if DELETED_AT in writing.batch.load.added:
        parts.append(f"({left}.{DELETED_AT} is null) = ({right}.{DELETED_AT} is null)")
    return " and ".join(parts) or "true"


def same(writing: Writing, old: str, *, is_whole: bool) -> str:
    """A SELECT of the numbers of rows that the table holds, exactly once and equal in every column that it has had so
    far; `is_whole`: and without a value in a new one."""
    skip = {*writing.base_names, *writing.batch.load.added}
    new = [field.name for field in writing.fields if is_whole and field.name not in skip]
    blank = "".join(f" and n.{quote(name)} is null" for name in new)
    if is_whole and not writing.batch.load.added:
        blank += f" and not n.{GONE}"
    return (
        f"select n.{ID} from {writing.stored} as n join {old} as o on {on(writing.batch.dataset.key, 'n', 'o')} "
        f"group by n.{ID} having count(*) = 1 and bool_and({equal(writing, 'n', 'o')}{blank})"
    )


def drop_older(writing: Writing, old: str, key: tuple[str, ...]) -> int:
    """Rows older than the table's by the revision column leave the batch; returns how many."""
    revision = writing.batch.load.revision
    if revision is None or revision not in writing.base_names:
        return 0
    name = quote(revision)
    return remove(
        writing,
        f"select n.{ID} from {writing.stored} as n semi join {old} as o on {on(key, 'n', 'o')} and o.{name} > n.{name}",
    )


def _drop_unknown(writing: Writing, old: str) -> int:
    """Rows that say that they are deleted, and that the table does not hold: nothing is to be done."""
    if writing.batch.load.deleted is None or writing.batch.load.added:
        return 0
    match = on(writing.batch.dataset.key, "n", "o")
    return remove(writing, f"select n.{ID} from {writing.stored} as n anti join {old} as o on {match} where n.{GONE}")


def _going(writing: Writing, old: str) -> int:
    """How many rows say for the first time that they are deleted; those that said so before keep that instant."""
    batch, stored, match = writing.batch, writing.stored, on(writing.batch.dataset.key, "n", "o")
    if batch.load.deleted is None:
        return 0
    if not batch.load.added:
        return int(batch.one(f"select count(*) from {stored} where {GONE}"))
    batch.session.execute(
        f"update {stored} as n set {DELETED_AT} = o.{DELETED_AT} from {old} as o "
        f"where {match} and n.{GONE} and o.{DELETED_AT} is not null"
    )
    return int(batch.one(f"select count(*) from {stored} where {GONE} and {DELETED_AT} = {writing.instant()}"))
