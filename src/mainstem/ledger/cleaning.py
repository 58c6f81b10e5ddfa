"""What is kept, what is given up, and which versions somebody still needs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from mainstem.core.release import Branch, Needed, Outline
from mainstem.ledger.rows import instant_of, text_of, to_json
from mainstem.ledger.runs import last_sequence
from mainstem.ledger.versions import Entry, Versions

if TYPE_CHECKING:
    from sqlite3 import Connection

_BRANCHES = """select environment.name, above.name, began.parent, began.at, stands.id, stands.at from environment
    join release as began on began.sequence = branch
    join release as stands on stands.sequence = environment.release
    left join release as parent on parent.id = began.parent
    left join (select id as number, name from environment) as above on above.number = parent.env
    order by environment.name"""

_ENTRIES = """select release.sequence, full_sequence = release.sequence, cleaned_at is null and id not in
        (select value from json_each(:without)), dataset, version, as_of
    from release left join entry on entry.env = release.env and entry.release = release.sequence
    where release.env = :env and release.sequence >= (
        select min(full_sequence) from release
        where env = :env and cleaned_at is null and id not in (select value from json_each(:without)))
    order by release.sequence"""

_RETIRE = """update physical set env = 0 where path in (select value from json_each(?))
    and path not in (select physical from attempt where state = 'open')
    and path not in (select physical from head join version on version.id = head.version)
    returning path"""


def branches(connection: Connection) -> list[Branch]:
    """The branches by name; see the port."""
    return [
        Branch(name, of, release, instant_of(began_at), stands_at, instant_of(moved_at))
        for name, of, release, began_at, stands_at, moved_at in connection.execute(_BRANCHES)
    ]


def drop(connection: Connection, env: int, at: datetime) -> None:
    """The environment stands nowhere, and keeps nothing."""
    connection.execute(
        "update environment set release = null, branch = null, moved_by = max(moved_by, ?) where id = ?",
        (last_sequence(connection), env),
    )
    connection.execute("delete from head where env = ?", (env,))
    connection.execute("update release set cleaned_at = ? where env = ? and cleaned_at is null", (text_of(at), env))


def outlines(connection: Connection) -> list[Outline]:
    """Kept releases without their versions; see the port."""
    rows = connection.execute(
        """select release.id, name, at, parent, environment.release is release.sequence
        from release join environment on environment.id = release.env
        where cleaned_at is null order by env, sequence"""
    )
    return [Outline(id, env, instant_of(at), parent, bool(is_current)) for id, env, at, parent, is_current in rows]


def give_up(connection: Connection, ids: Sequence[str], at: datetime) -> None:
    """These releases are kept no longer; see the port."""
    connection.execute(
        """update release set cleaned_at = ? where id in (select value from json_each(?)) and cleaned_at is null
        and sequence not in (select release from environment where release is not null)""",
        (text_of(at), to_json(list(ids))),
    )


def needed(connection: Connection, known: Versions, without: Collection[str]) -> Needed:
    """What must stay; see the port."""
    entries: set[Entry] = set(connection.execute("select version, as_of from head"))
    for (env,) in connection.execute("select id from environment").fetchall():
        entries.update(_kept(connection, env, to_json(sorted(without))))
    versions = known.load(connection, {str(row): (row, as_of) for row, as_of in entries})
    writing = connection.execute("select distinct physical from attempt where state = 'open'")
    there = connection.execute("select path, env from physical").fetchall()
    return Needed(
        tuple(versions.values()),
        frozenset(path for (path,) in writing),
        frozenset(path for path, env in there if env),
        frozenset(path for path, env in there if not env),
    )


def _kept(connection: Connection, env: int, without: str) -> Iterator[Entry]:
    """Entries of an environment's kept releases: each is what the one before it was, and what it changed."""
    state: dict[str, Entry] = {}
    was_kept = False
    found = connection.execute(_ENTRIES, {"env": env, "without": without})
    for (_, is_full, is_kept), rows in groupby(found, key=itemgetter(0, 1, 2)):
        changed = {dataset: (version, as_of) for *_, dataset, version, as_of in rows if dataset is not None}
        new = {name: entry for name, entry in changed.items() if entry[0] is not None}
        state = new if is_full else {name: entry for name, entry in state.items() if name not in changed} | new
        if is_kept:
            yield from (new if was_kept else state).values()
        was_kept = bool(is_kept)


def retire(connection: Connection, tables: Collection[str]) -> frozenset[str]:
    """Tables that nobody may write to any more; see the port."""
    return frozenset(path for (path,) in connection.execute(_RETIRE, (to_json(sorted(tables)),)).fetchall())
