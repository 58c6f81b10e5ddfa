"""Rows of the table that a full read does not find any more: some of them, or all."""

from __future__ import annotations

from mainstem.core.dataset import DELETED_AT, VALID_TO, Dataset, Load
from mainstem.core.problem import Problem, WorldError
from mainstem.core.release import Snapshot
from mainstem.lifecycle.ingestion.writing import Writing
from mainstem.sql.quote import quote


def find_vanished(writing: Writing) -> tuple[str, int]:
    """A temporary table of the table's rows whose keys a full read did not find, and how many they are.

    Rows that are known to be gone do not count. WorldError I020 where more than half of the rows would be gone.
    """
    batch, seen, base = writing.batch, writing.seen, writing.base
    table = f"{batch.rows}_vanished"
    batch.session.execute(f"drop table if exists {table}")
    if seen is None or seen.unreadable or base is None:
        batch.session.execute(f"create temp table {table} as select {writing.names} from {writing.stored} limit 0")
        return table, 0
    ended = VALID_TO if batch.load.write == "scd2" else DELETED_AT
    living = f"(select * from {writing.old(base.files)}{f' where {ended} is null' if batch.load.added else ''})"
    key = ", ".join(map(quote, batch.dataset.key))
    batch.session.execute(
        f"create temp table {table} as select {writing.names} from {living} as o "
        f"anti join {seen.table} as n using ({key})"
    )
    count = int(batch.one(f"select count(*) from {table}"))
    if count and not batch.load.allow_deletes:
        _refuse_surprise(batch.dataset, int(batch.one(f"select count(*) from {living}")), count)
    return table, count


def refuse_nothing(dataset: Dataset, base: Snapshot | None) -> None:
    """WorldError I020 where a read that replaces the table brought no row at all, and the table has some."""
    load = dataset.made_by
    assert isinstance(load, Load)
    if load.write == "replace" and not load.allow_deletes and base is not None and base.rows:
        _refuse_surprise(dataset, base.rows, base.rows)


def _refuse_surprise(dataset: Dataset, before: int, gone: int) -> None:
    if 2 * gone <= before:
        return
    what = f'{gone} of {before} rows of "{dataset.name}" are not at the source any more'
    mend = (
        f"look at the source; if they are to go, `mainstem backfill {dataset.name} --all --allow-deletes`, "
        "or always with `allow_deletes: true`"
    )
    raise WorldError(Problem("I020", what, mend, dataset.place))
