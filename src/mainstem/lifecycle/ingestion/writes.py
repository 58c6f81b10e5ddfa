"""From the rows of a batch to the files of the table: replace and append here, merge and history beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from mainstem.core.dataset import VALID_FROM, VALID_TO
from mainstem.core.problem import Problem, WorldError
from mainstem.core.release import Snapshot
from mainstem.core.span import Again
from mainstem.lifecycle.ingestion import aside
from mainstem.lifecycle.ingestion.again import fewer, replace_span
from mainstem.lifecycle.ingestion.batch import Batch
from mainstem.lifecycle.ingestion.casts import cast
from mainstem.lifecycle.ingestion.duplicates import key_words
from mainstem.lifecycle.ingestion.gone import Seen
from mainstem.lifecycle.ingestion.history import keep_history
from mainstem.lifecycle.ingestion.merging import merge, same
from mainstem.lifecycle.ingestion.target import Destination, added_fields
from mainstem.lifecycle.ingestion.vanished import refuse_nothing
from mainstem.lifecycle.ingestion.writing import (
    ID,
    Labels,
    Outcome,
    Writing,
    forget_removed,
    in_order,
    on,
    remove,
    take_rows,
)
from mainstem.sql.quote import quote
from mainstem.sql.types import Type, parse_type


def write(
    batch: Batch,
    destination: Destination,
    base: Snapshot | None,
    *,
    at: datetime,
    seen: Seen | None = None,
    again: Again | None = None,
) -> Outcome:
    """Write the rows of the batch; rows that the table holds already, or that contradict it, leave the batch.

    `at` is the read's start, `seen` the keys at the source where rows that are gone are wanted, `again` what was
    read again on purpose. WorldError I008 where the table's rows do not fit a new type, I020 to I027.
    """
    load = batch.load
    select, fields = destination.store(batch.select(), batch.fields)
    fields = (*fields, *added_fields(load, fields))
    writing = Writing(batch, destination, base, at, seen, select, fields)
    if load.write == "replace" or (base is None and not load.added and load.deleted is None):
        return _replace(writing, again)
    span = again.span if again is not None else None
    if base is not None:
        _refuse_history(writing)
        writing = replace(writing, refitted=_refitted(writing, base))
        if not writing.count and writing.refitted is None and seen is None and span is None:
            return Outcome(writing.kept_fields)
    take_rows(writing)
    if load.write == "append" and span is not None:
        return replace_span(writing, span)
    if load.write == "append":
        unchanged = _drop_known(writing)
        _refuse_taken(writing, [])
        return _append(writing, unchanged)
    _refuse_taken(writing, batch.dataset.key)
    return keep_history(writing) if load.write == "scd2" else merge(writing)


def _refuse_history(writing: Writing) -> None:
    """WorldError I023 where the table holds several rows a key, and the load no longer knows which of them is true."""
    load, names = writing.batch.load, {VALID_FROM, VALID_TO}
    here = {target.name for target in writing.batch.targets if target.source is not None}
    if load.write == "scd2" or not names <= writing.base_names or names & here:
        return
    what = f'table "{writing.batch.dataset.name}" holds a history, and the load says `write: {load.write}`'
    mend = "write `write: scd2` again, or give the table another name"
    raise WorldError(Problem("I023", what, mend, writing.batch.dataset.place))


def _replace(writing: Writing, again: Again | None) -> Outcome:
    count, before = writing.count, writing.base
    if again is not None and before is not None and count < before.rows and not writing.batch.load.allow_deletes:
        raise fewer(writing.batch.dataset, "", before.rows, count)
    if not writing.batch.count:
        refuse_nothing(writing.batch.dataset, before)
    order = ", ".join(map(quote, writing.batch.dataset.key)) if writing.batch.load.write == "merge" else ""
    labels: Labels = None
    if before is not None and before.fields == writing.fields:
        old, new = (_contents(writing, rows) for rows in (writing.old(before.files), f"({writing.select})"))
        changed = {label for label in {*old, *new} if old.get(label) != new.get(label)}
        if not changed:
            return Outcome(writing.fields, unchanged=count)
        labels = in_order(changed) if writing.label else None
    elif before is None:
        labels = writing.labels_of(f"({writing.select})")
    written = writing.written(writing.select + (f" order by {order}" if order else ""))
    return Outcome(writing.fields, written, replace=True, loaded=count, labels=labels)


def _contents(writing: Writing, rows: str) -> Mapping[str | None, tuple[int, int]]:
    """Count and digest of rows by label; a sum of hashes, so that order does not count."""
    label, names = writing.label or "cast(null as varchar)", ", ".join(quote(field.name) for field in writing.fields)
    found = writing.batch.session.rows(
        f"select {label} as l, count(*), cast(sum(cast(hash({names}) as hugeint)) as varchar) from {rows} group by l"
    )
    return {name: (count, digest) for name, count, digest in found}


def _drop_known(writing: Writing) -> int:
    """Before an append: rows that the table holds already leave the batch; with a key, other rows of a key that it
    holds are set aside. Returns how many were there."""
    assert writing.base is not None
    if writing.batch.dataset.key:
        files = writing.touched(writing.batch.dataset.key)
        if not files:
            return 0
        old = writing.old(files)
        count = remove(writing, same(writing, old, is_whole=False))
        _set_aside_taken(writing, writing.batch.dataset.key, old)
        return count
    return _drop_ties(writing)


def _drop_ties(writing: Writing) -> int:
    """Rows that an earlier read of the same cursor brought: as many of each as the table holds."""
    assert writing.base is not None
    cursor, base = writing.batch.load.cursor, writing.base
    if (
        cursor is None
        or not writing.batch.overlaps
        or not base.files
        or cursor not in {field.name for field in base.fields}
    ):
        return 0
    names = [quote(field.name) for field in base.fields if field.name in {each.name for each in writing.fields}]
    numbered = f"row_number() over (partition by {', '.join(names)}) as mainstem_copy"
    least = f"(select min({quote(cursor)}) from {writing.stored})"
    old = f"(select {', '.join(names)}, {numbered} from {writing.old(base.files)} where {quote(cursor)} >= {least})"
    new = f"(select {ID}, {', '.join(names)}, {numbered} from {writing.stored})"
    match = " and ".join(f"n.{name} is not distinct from o.{name}" for name in [*names, "mainstem_copy"])
    return remove(writing, f"select n.{ID} from {new} as n join {old} as o on {match}")


def _set_aside_taken(writing: Writing, names: Sequence[str], old: str) -> None:
    words = key_words(writing.batch, names)
    chosen = f"select n.{ID} from {writing.stored} as n semi join {old} as o on {on(names, 'n', 'o')}"
    count = aside.move(
        writing.batch,
        f"select rowid as id, {words} || ' is already in the table' as reason from {writing.batch.rows} "
        f"where rowid in ({chosen})",
    )
    if count:
        forget_removed(writing)


def _refuse_taken(writing: Writing, key: Sequence[str]) -> None:
    """Set aside rows whose value of a unique column another row of the table has: one of another key, for a merge."""
    for target in writing.batch.targets:
        if target.column is None or not target.column.unique or tuple(key) == (target.name,):
            continue
        if target.name not in {field.name for field in (writing.base.fields if writing.base else ())}:
            continue
        files = writing.touched([target.name])
        if not files:
            continue
        old = writing.old(files)
        if writing.batch.load.write == "scd2":
            old = f"(select * from {old} where {VALID_TO} is null)"
        if key:
            old = f"(select * from {old} as o anti join {writing.stored} as n on {on(key, 'o', 'n')})"
        _set_aside_taken(writing, [target.name], old)


def _append(writing: Writing, unchanged: int) -> Outcome:
    assert writing.base is not None
    if writing.refitted:
        return _rewritten(writing, f"select * from {writing.refitted} union all by name {writing.rows}", unchanged)
    count = writing.count
    if not count:
        return Outcome(writing.base.fields, unchanged=unchanged)
    labels = writing.labels_of(writing.stored)
    return Outcome(writing.fields, writing.written(writing.rows), loaded=count, unchanged=unchanged, labels=labels)


def _rewritten(writing: Writing, select: str, unchanged: int) -> Outcome:
    """The whole table anew, because a column gets another type."""
    return Outcome(
        writing.fields, writing.written(select), replace=True, loaded=writing.count, unchanged=unchanged, labels=None
    )


def _refitted(writing: Writing, base: Snapshot) -> str | None:
    """All rows of the table in the new types, as SQL usable in FROM; None where every column keeps its type.

    WorldError I008 where a value does not fit its new type.
    """
    types = {field.name: field.type for field in writing.fields}
    kept = [field for field in base.fields if field.name in types]
    begins_history = VALID_FROM in types and VALID_FROM not in writing.base_names
    if all(types[field.name] == field.type for field in kept) and not begins_history:
        return None
    casts = [_retyping(quote(field.name), parse_type(field.type), parse_type(types[field.name])) for field in kept]
    rows = writing.destination.relation(base.files, base.fields)
    (found,) = writing.batch.session.rows(
        "select " + ", ".join(f"count(*) filter ({misfit})" for _, misfit in casts) + f" from {rows}"
    )
    problems = [
        Problem(
            "I008",
            f'{count} values of column "{field.name}" in the table are no {types[field.name]}',
            "take the old type or a wider one, or load all of it anew with `load: full` and `write: replace`",
            writing.batch.dataset.place,
        )
        for field, count in zip(kept, found, strict=True)
        if count
    ]
    if problems:
        raise WorldError(*problems)
    values = {field.name: value for field, (value, _) in zip(kept, casts, strict=True)}
    if begins_history:
        values[VALID_FROM] = values.get(writing.batch.load.effective or "", writing.instant(types[VALID_FROM]))
    shown = [f"{values.get(name, f'cast(null as {type_})')} as {quote(name)}" for name, type_ in types.items()]
    return f"(select {', '.join(shown)} from {rows})"


def _retyping(name: str, old: Type, new: Type) -> tuple[str, str]:
    """SQL of a column in another type, and SQL that is true where it does not fit."""
    prepared = f"({cast(old, new, name, name, name).prepared})"
    value = f"({cast(old, new, name, prepared, name).value})"
    return value, cast(old, new, name, prepared, value).misfit or "false"
