"""One row a key: of several in a load one stays, the latest where a revision or cursor tells, else the first read."""

from __future__ import annotations

from collections.abc import Sequence

from mainstem.lifecycle.ingestion import aside
from mainstem.lifecycle.ingestion.batch import Batch
from mainstem.lifecycle.ingestion.rules import shown
from mainstem.sql.quote import literal

_ORDER = "length(origin), origin, id"
"""As people count: orders.csv:9 before orders.csv:10."""


def drop_repeated(batch: Batch) -> int:
    """Keep one row a key (and instant, where a history has its own); returns how many rows it replaces.

    An earlier revision gives way to a later one (a cursor, where there are no revisions), and a row to one that is
    equal in every column. Rows of one key and one revision that contradict each other cannot both be right: the first
    stays, the others are set aside.
    """
    key = [batch.column(name) for name in batch.identity]
    if not key or not has_repeated(batch, key):
        return 0
    ranked = _ranked(batch, key)
    same = " and ".join(f"c{i} is not distinct from first_{i}" for i in range(len(batch.targets)))
    worse = f"select id from ({ranked}) where place > 1 and (latest is distinct from version or ({same}))"
    removed = aside.remove(batch, worse)
    words = key_words(batch, batch.identity)
    aside.move(
        batch,
        f"select id, {words} || ' occurs ' || n || ' times in this load' as reason "
        f"from ({_ranked(batch, key)}) where place > 1",
    )
    return removed


def set_aside_repeated(batch: Batch) -> None:
    """Set aside all but the first row of each value of a column that the contract calls unique."""
    if batch.load.effective:
        return  # several rows of one key are its history
    for number, target in enumerate(batch.targets):
        if target.column is None or not target.column.unique or batch.dataset.key == (target.name,):
            continue
        value = f"c{number}"
        if not has_repeated(batch, [value]):
            continue
        counted = (
            f"select *, row_number() over (partition by {value} order by {_ORDER}) as place, "
            f"count(*) over (partition by {value}) as n from (select *, rowid as id from {batch.rows}) "
            f"where {value} is not null"
        )
        words = f"{key_words(batch, (target.name,))} || ' occurs ' || n || ' times in this load'"
        aside.move(batch, f"select id, {words} as reason from ({counted}) where place > 1")


def has_repeated(batch: Batch, values: Sequence[str]) -> bool:
    """Whether two rows have the same values, none of them NULL."""
    listed = ", ".join(values)
    there = " and ".join(f"{value} is not null" for value in values)
    return bool(
        batch.one(f"select count(*) > count(distinct ({listed})) from {batch.rows} where {there}"),
    )


def key_words(batch: Batch, names: Sequence[str]) -> str:
    """SQL that names columns and their values: `flight_id: 17`, `origin, hour: "EWR", 5`."""
    targets = {target.name: target for target in batch.targets}
    values = " || ', ' || ".join(shown(batch.column(name), is_number=targets[name].type.is_number) for name in names)
    return f"{literal(', '.join(names) + ': ')} || {values}"


def _ranked(batch: Batch, key: Sequence[str]) -> str:
    """Rows of keys that occur more than once, with their `place` in the key, the key's `n` latest rows, this row's
    `version` (revision, or cursor) and the key's `latest`, and the values of the row that stays."""
    newer = batch.load.revision or batch.load.cursor
    version = batch.column(newer) if newer else "cast(null as integer)"
    listed = ", ".join(key)
    firsts = ", ".join(f"first_value(c{i}) over w as first_{i}" for i in range(len(batch.targets)))
    return (
        f"select *, {firsts}, row_number() over w as place, first_value(version) over w as latest, "
        f"count(*) over (partition by {listed}, version) as n "
        f"from (select *, rowid as id, {version} as version from {batch.rows}) "
        f"where ({listed}) in (select ({listed}) from {batch.rows} group by {listed} having count(*) > 1) "
        f"window w as (partition by {listed} order by version desc nulls last, {_ORDER})"
    )
