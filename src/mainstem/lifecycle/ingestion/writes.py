"""From the rows of a batch to the files of the table: replace, append, merge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from mainstem.core.problem import Problem, WorldError
from mainstem.core.release import DataFile, Field, Snapshot
from mainstem.lifecycle.ingestion import aside
from mainstem.lifecycle.ingestion.batch import Batch
from mainstem.lifecycle.ingestion.casts import cast
from mainstem.lifecycle.ingestion.duplicates import key_words
from mainstem.lifecycle.ingestion.target import Destination
from mainstem.sql.quote import quote
from mainstem.sql.types import Type, parse_type

ID = "mainstem_row"
"""The number of a batch's row, beside its columns as they are stored."""

Labels = tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a write made: `labels` are those whose rows differ now, None for any."""

    fields: tuple[Field, ...]
    added: tuple[DataFile, ...] = ()
    removed: tuple[str, ...] = ()
    replace: bool = False
    loaded: int = 0
    unchanged: int = 0
    labels: Labels = ()


@dataclass(frozen=True, slots=True)
class _Place:
    """A batch on its way into a table: its rows as they are stored, and the table's state before.

    `refitted` is SQL usable in FROM of the whole table in new types, None where no column gets another type.
    """

    batch: Batch
    destination: Destination
    base: Snapshot | None
    select: str
    fields: tuple[Field, ...]
    refitted: str | None = None

    @property
    def count(self) -> int:
        return int(self.batch.one(f"select count(*) from {self.batch.rows}"))

    @property
    def label(self) -> str | None:
        """SQL of a row's partition label, None without a time column."""
        name = self.batch.dataset.time_column
        types = {field.name: field.type for field in self.fields}
        return f"try({self.destination.label(name, types[name])})" if name in types and name is not None else None

    def touched(self, names: Sequence[str]) -> tuple[DataFile, ...]:
        """Files of the table that may hold a row whose values of these columns are in the batch."""
        assert self.base is not None
        return self.base.files if self.refitted else self.destination.touched(names, _stored(self))

    def old(self, files: Sequence[DataFile]) -> str:
        """Rows of files of the table, with the columns of the new state."""
        return self.refitted or self.destination.relation(files, self.fields)


def write(batch: Batch, destination: Destination, base: Snapshot | None) -> Outcome:
    """Write the rows of the batch; rows that the table holds already, or that contradict it, leave the batch.

    WorldError I008 where the table's rows do not fit a new type.
    """
    select, fields = destination.store(batch.select(), batch.fields)
    place = _Place(batch, destination, base, select, fields)
    if batch.load.write == "replace" or base is None:
        return _replace(place)
    place = replace(place, refitted=_refitted(place, base))
    if not place.count and place.refitted is None:
        return Outcome(base.fields)
    _take_rows(place)
    if batch.load.write == "append":
        unchanged = _drop_known(place)
        _refuse_taken(place, [])
        return _append(place, unchanged)
    _refuse_taken(place, batch.dataset.key)
    return _merge(place)


def _replace(place: _Place) -> Outcome:
    count, before = place.count, place.base
    order = ", ".join(map(quote, place.batch.dataset.key)) if place.batch.load.write == "merge" else ""
    labels: Labels = None
    if before is not None and before.fields == place.fields:
        old, new = (_contents(place, rows) for rows in (place.old(before.files), f"({place.select})"))
        changed = {label for label in {*old, *new} if old.get(label) != new.get(label)}
        if not changed:
            return Outcome(place.fields, unchanged=count)
        labels = _sorted(changed) if place.label else None
    elif before is None:
        labels = _labels_of(place, f"({place.select})")
    written = _written(place, place.select + (f" order by {order}" if order else ""))
    return Outcome(place.fields, written, replace=True, loaded=count, labels=labels)


def _written(place: _Place, select: str) -> tuple[DataFile, ...]:
    return place.batch.session.write(select, place.destination.folder, place.destination.prefix).files


def _contents(place: _Place, rows: str) -> Mapping[str | None, tuple[int, int]]:
    """Count and digest of rows by label; a sum of hashes, so that order does not count."""
    label, names = place.label or "cast(null as varchar)", ", ".join(quote(field.name) for field in place.fields)
    found = place.batch.session.rows(
        f"select {label} as l, count(*), cast(sum(cast(hash({names}) as hugeint)) as varchar) from {rows} group by l"
    )
    return {name: (count, digest) for name, count, digest in found}


def _labels_of(place: _Place, rows: str) -> Labels:
    if place.label is None:
        return None
    found = place.batch.session.rows(f"select distinct {place.label} as l from {rows} where l is not null")
    return _sorted(label for (label,) in found)


def _sorted(labels: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(sorted(label for label in labels if label is not None))


def _take_rows(place: _Place) -> None:
    """A temporary table of the rows as they are stored, each with its number."""
    batch = place.batch
    select, _ = place.destination.store(batch.select(f"rowid as {ID}, "), (Field(ID, "BIGINT"), *batch.fields))
    batch.session.execute(f"create temp table {_stored(place)} as {select}")


def _stored(place: _Place) -> str:
    return f"{place.batch.rows}_stored"


def _remove(place: _Place, chosen: str) -> int:
    """Remove rows, by a SELECT of their numbers, from the batch and from its stored form."""
    count = aside.remove(place.batch, chosen)
    if count:
        _forget_removed(place)
    return count


def _forget_removed(place: _Place) -> None:
    place.batch.session.execute(
        f"delete from {_stored(place)} where {ID} not in (select rowid from {place.batch.rows})"
    )


def _equal(place: _Place, left: str, right: str) -> str:
    """SQL that is true where two rows are equal in every column that the table has had so far."""
    assert place.base is not None
    known = {field.name for field in place.base.fields}
    return " and ".join(
        f"{left}.{quote(field.name)} is not distinct from {right}.{quote(field.name)}"
        for field in place.fields
        if field.name in known
    )


def _on(key: Sequence[str], left: str, right: str) -> str:
    return " and ".join(f"{left}.{quote(name)} = {right}.{quote(name)}" for name in key)


def _same(place: _Place, old: str, *, is_whole: bool) -> str:
    """A SELECT of the numbers of rows that the table holds, exactly once and equal in every column that it has had so
    far; `is_whole`: and without a value in a new one."""
    assert place.base is not None
    on, known = _on(place.batch.dataset.key, "n", "o"), {field.name for field in place.base.fields}
    new = [field.name for field in place.fields if is_whole and field.name not in known]
    blank = "".join(f" and n.{quote(name)} is null" for name in new)
    return (
        f"select n.{ID} from {_stored(place)} as n join {old} as o on {on} "
        f"group by n.{ID} having count(*) = 1 and bool_and({_equal(place, 'n', 'o')}{blank})"
    )


def _drop_known(place: _Place) -> int:
    """Before an append: rows that the table holds already leave the batch; with a key, other rows of a key that it
    holds are set aside. Returns how many were there."""
    assert place.base is not None
    if place.batch.dataset.key:
        files = place.touched(place.batch.dataset.key)
        if not files:
            return 0
        old = place.old(files)
        count = _remove(place, _same(place, old, is_whole=False))
        _set_aside_taken(place, place.batch.dataset.key, old)
        return count
    return _drop_ties(place)


def _drop_ties(place: _Place) -> int:
    """Rows that an earlier read of the same cursor brought: as many of each as the table holds."""
    assert place.base is not None
    cursor, base = place.batch.load.cursor, place.base
    if (
        cursor is None
        or not place.batch.overlaps
        or not base.files
        or cursor not in {field.name for field in base.fields}
    ):
        return 0
    names = [quote(field.name) for field in base.fields if field.name in {each.name for each in place.fields}]
    numbered = f"row_number() over (partition by {', '.join(names)}) as mainstem_copy"
    least = f"(select min({quote(cursor)}) from {_stored(place)})"
    old = f"(select {', '.join(names)}, {numbered} from {place.old(base.files)} where {quote(cursor)} >= {least})"
    new = f"(select {ID}, {', '.join(names)}, {numbered} from {_stored(place)})"
    on = " and ".join(f"n.{name} is not distinct from o.{name}" for name in [*names, "mainstem_copy"])
    return _remove(place, f"select n.{ID} from {new} as n join {old} as o on {on}")


def _set_aside_taken(place: _Place, names: Sequence[str], old: str) -> None:
    words = key_words(place.batch, names)
    chosen = f"select n.{ID} from {_stored(place)} as n semi join {old} as o on {_on(names, 'n', 'o')}"
    count = aside.move(
        place.batch,
        f"select rowid as id, {words} || ' is already in the table' as reason from {place.batch.rows} "
        f"where rowid in ({chosen})",
    )
    if count:
        _forget_removed(place)


def _refuse_taken(place: _Place, key: Sequence[str]) -> None:
    """Set aside rows whose value of a unique column another row of the table has: one of another key, for a merge."""
    for target in place.batch.targets:
        if target.column is None or not target.column.unique or tuple(key) == (target.name,):
            continue
        if target.name not in {field.name for field in (place.base.fields if place.base else ())}:
            continue
        files = place.touched([target.name])
        if not files:
            continue
        old = place.old(files)
        if key:
            old = f"(select * from {old} as o anti join {_stored(place)} as n on {_on(key, 'o', 'n')})"
        _set_aside_taken(place, [target.name], old)


def _append(place: _Place, unchanged: int) -> Outcome:
    assert place.base is not None
    if place.refitted:
        return _rewritten(place, f"select * from {place.refitted} union all by name {_new_rows(place)}", unchanged)
    count = place.count
    if not count:
        return Outcome(place.base.fields, unchanged=unchanged)
    labels = _labels_of(place, _stored(place))
    return Outcome(place.fields, _written(place, _new_rows(place)), loaded=count, unchanged=unchanged, labels=labels)


def _new_rows(place: _Place) -> str:
    return f"select {', '.join(quote(field.name) for field in place.fields)} from {_stored(place)}"


def _rewritten(place: _Place, select: str, unchanged: int) -> Outcome:
    """The whole table anew, because a column gets another type."""
    return Outcome(
        place.fields, _written(place, select), replace=True, loaded=place.count, unchanged=unchanged, labels=None
    )


def _refitted(place: _Place, base: Snapshot) -> str | None:
    """All rows of the table in the new types, as SQL usable in FROM; None where every column keeps its type.

    WorldError I008 where a value does not fit its new type.
    """
    types = {field.name: field.type for field in place.fields}
    kept = [field for field in base.fields if field.name in types]
    if all(types[field.name] == field.type for field in kept):
        return None
    casts = [_retyping(quote(field.name), parse_type(field.type), parse_type(types[field.name])) for field in kept]
    rows = place.destination.relation(base.files, base.fields)
    (found,) = place.batch.session.rows(
        "select " + ", ".join(f"count(*) filter ({misfit})" for _, misfit in casts) + f" from {rows}"
    )
    problems = [
        Problem(
            "I008",
            f'{count} values of column "{field.name}" in the table are no {types[field.name]}',
            "take the old type or a wider one, or load all of it anew with `load: full` and `write: replace`",
            place.batch.dataset.place,
        )
        for field, count in zip(kept, found, strict=True)
        if count
    ]
    if problems:
        raise WorldError(*problems)
    shown = ", ".join(f"{value} as {quote(field.name)}" for field, (value, _) in zip(kept, casts, strict=True))
    return f"(select {shown} from {rows})"


def _retyping(name: str, old: Type, new: Type) -> tuple[str, str]:
    """SQL of a column in another type, and SQL that is true where it does not fit."""
    prepared = f"({cast(old, new, name, name, name).prepared})"
    value = f"({cast(old, new, name, prepared, name).value})"
    return value, cast(old, new, name, prepared, value).misfit or "false"


def _merge(place: _Place) -> Outcome:
    assert place.base is not None
    key = place.batch.dataset.key
    if place.refitted:
        rest = f"select * from {place.refitted} as o anti join {_stored(place)} as n on {_on(key, 'o', 'n')}"
        return _rewritten(place, f"{rest} union all by name {_new_rows(place)}", 0)
    touched = place.touched(key)
    unchanged = _remove(place, _same(place, place.old(touched), is_whole=True)) if touched else 0
    if unchanged:
        touched = place.touched(key) if place.count else ()
    count = place.count
    if not count:
        return Outcome(place.base.fields, unchanged=unchanged)
    select, order = _new_rows(place), ", ".join(map(quote, key))
    labels = _labels_of(place, _stored(place))
    if touched:
        on = _on(key, "o", "n")
        old = place.old(touched)
        if labels is not None:
            gone = _labels_of(place, f"(select o.* from {old} as o semi join {_stored(place)} as n on {on})")
            labels = _sorted({*labels, *(gone or ())})
        select = f"select o.* from {old} as o anti join {_stored(place)} as n on {on} union all by name {select}"
    written = _written(place, f"select * from ({select}) order by {order}")
    is_whole = len(touched) == len(place.base.files)
    removed = () if is_whole else tuple(file.path for file in touched)
    return Outcome(place.fields, written, removed, is_whole, count, unchanged, labels)
