"""Rows set aside: into the quarantine with a reason, once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mainstem.core.clock import instant_text
from mainstem.core.release import DataFile
from mainstem.lifecycle.ingestion.batch import Batch, typed
from mainstem.lifecycle.ingestion.target import Destination
from mainstem.sql.quote import literal

MOST_KNOWN = 2000
"""Digests kept of rows that every read sees again; where there are more, the quarantine itself is looked through."""

_DIGEST = "left(md5(row), 16)"


@dataclass(frozen=True, slots=True)
class Aside:
    """What was set aside: new rows as files, how many rows were set aside before, and digests for the next read."""

    files: tuple[DataFile, ...]
    count: int
    known: int
    digests: tuple[str, ...]


def move_bad(batch: Batch) -> None:
    """Move the rows that break the contract out of the batch."""
    batch.session.execute(
        f"insert into {batch.out} select why, origin, row, cursor from {batch.rows} where why is not null"
    )
    batch.session.execute(f"delete from {batch.rows} where why is not null")


def move(batch: Batch, chosen: str) -> int:
    """Move rows out of the batch; `chosen` is a SELECT of (id, reason). Returns how many.

    Their values were cast already, so the quarantine shows them in the contract's types.
    """
    pairs = ", ".join(f"{literal(each.name)}, {typed(each, f'r.c{i}')}" for i, each in enumerate(batch.targets))
    before = batch.one(f"select count(*) from {batch.out}")
    batch.session.execute(f"create temp table {batch.rows}_chosen as {chosen}")
    batch.session.execute(
        f"insert into {batch.out} select c.reason, r.origin, cast(json_object({pairs}) as varchar), r.cursor "
        f"from {batch.rows} as r join {batch.rows}_chosen as c on r.rowid = c.id"
    )
    batch.session.execute(f"delete from {batch.rows} where rowid in (select id from {batch.rows}_chosen)")
    batch.session.execute(f"drop table {batch.rows}_chosen")
    return int(batch.one(f"select count(*) from {batch.out}") - before)


def remove(batch: Batch, chosen: str) -> int:
    """Remove rows from the batch; `chosen` is a SELECT of ids. Returns how many."""
    before = batch.one(f"select count(*) from {batch.rows}")
    batch.session.execute(f"delete from {batch.rows} where rowid in ({chosen})")
    return int(before - batch.one(f"select count(*) from {batch.rows}"))


def write(
    batch: Batch,
    destination: Destination,
    known: Sequence[str],
    run: str,
    at: datetime,
    *,
    again: str,
    quarantine: str | None = None,
) -> Aside:
    """Write what was set aside and was not so before: what is not `known` by the digests of the read before.

    `again` is SQL that is true for what the next read sees again. `quarantine`, SQL usable in FROM, is all that was
    ever set aside: what is in it is known, too.
    """
    digests = tuple(
        digest
        for (digest,) in batch.session.rows(
            f"select distinct {_DIGEST} as d from {batch.out} where {again} order by d limit {MOST_KNOWN}"
        )
    )
    total = count = batch.one(f"select count(*) from {batch.out}")
    if total and (known or quarantine):
        seen = [f"select unnest([{', '.join(map(literal, known))}])"] if known else []
        seen += [f"select {_DIGEST} from {quarantine}"] if quarantine else []
        batch.session.execute(f"delete from {batch.out} where {_DIGEST} in ({' union all '.join(seen)})")
        count = batch.one(f"select count(*) from {batch.out}")
    if not count:
        return Aside((), 0, total, digests)
    written = batch.session.write(
        f'select reason, origin, {literal(run)} as run, cast({literal(instant_text(at))} as timestamptz) as "at", row '
        f"from {batch.out}",
        destination.rejects,
        destination.prefix,
    )
    return Aside(written.files, count, total - count, digests)
