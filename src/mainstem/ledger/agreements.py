"""Agreement entries: when each was first seen, whatever its file says later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from mainstem.ledger.rows import instant_of, text_of, to_json

if TYPE_CHECKING:
    from sqlite3 import Connection


def seen(connection: Connection, digests: Iterable[str]) -> dict[str, datetime]:
    """When each of these entries was first seen; those never seen are left out."""
    rows = connection.execute(
        "select digest, at from seen where digest in (select value from json_each(?))", (to_json(list(digests)),)
    )
    return {digest: instant_of(at) for digest, at in rows}


def see(connection: Connection, entries: Mapping[str, str], at: datetime) -> None:
    """Entries (digest -> content) are seen now, unless they were seen before."""
    connection.executemany(
        "insert into seen (digest, content, at) values (?, ?, ?) on conflict do nothing",
        [(digest, content, text_of(at)) for digest, content in entries.items()],
    )
