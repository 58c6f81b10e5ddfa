"""Releases: published by compare-and-set, kept as what each changed against the one before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from mainstem.core.problem import Problem, ProjectError, WorldError
from mainstem.core.release import Head, Release, Version
from mainstem.ledger.environments import enter
from mainstem.ledger.holder import is_alive
from mainstem.ledger.rows import instant_of, text_of, to_json
from mainstem.ledger.runs import last_sequence, publishes
from mainstem.ledger.versions import Entry, Versions, same_content, store

if TYPE_CHECKING:
    from sqlite3 import Connection

_COLUMNS = "sequence, id, number, env, at, run, parent, why, full_sequence, behind, cleaned_at"
_SHOWN = 12


_HEADS_GO_ALONG = """insert or replace into head (env, dataset, version, as_of, run_sequence)
    select ?, dataset, row, as_of, 0 from (
        select head.dataset, head.version as row, head.as_of, max(number)
        from head join version on version.id = head.version
        where physical in (select value from json_each(?)) group by head.dataset)"""
"""How far a table has come passes on with it: else the next load would think that it has to fork."""


class _Row(NamedTuple):
    """A release without its versions. The release `full_sequence` of the same environment lists all of its datasets;
    `behind` counts the changes since then."""

    sequence: int
    id: str
    number: int
    env: int
    at: str
    run: str
    parent: str | None
    why: str
    full_sequence: int
    behind: int
    cleaned_at: str | None


def next_number(connection: Connection) -> int:
    """One more than the greatest number of any release."""
    return int(connection.execute("select coalesce(max(number), 0) + 1 from release").fetchone()[0])


def publish(connection: Connection, known: Versions, release: Release, expected: str | None) -> None:
    """Insert the release and move its environment; see the port."""
    env = enter(connection, release.env)
    before = _standing(connection, env)
    _require_standing(release.env, before, expected)
    _require_new(connection, release)
    old = _entries(connection, before) if before else {}
    versions = known.load(connection, old)
    new = {
        name: _entry(connection, version, old.get(name), versions.get(name))
        for name, version in release.versions.items()
    }
    changed: dict[str, Entry | None] = {name: entry for name, entry in new.items() if old.get(name) != entry}
    changed |= {name: None for name in old if name not in new}
    if release.why == "promote":
        _pass_on(connection, env, [release.versions[name] for name in changed if name in new])
    sequence = _insert(connection, env, release, before, new, changed)
    _stand(connection, env, sequence, publishes(connection, release.run))
    if release.why == "branch":
        connection.execute("update environment set branch = ? where id = ?", (sequence, env))


def restore(connection: Connection, known: Versions, release: Release) -> None:
    """A release of a lost ledger comes back, after its parent where that one did."""
    env = enter(connection, release.env)
    parent = stand_at(connection, env, release.parent)
    publish(connection, known, release, parent)


def stand_at(connection: Connection, env: int, release: str | None) -> str | None:
    """The environment stands at that release if it is one of its own, else at none; returns where it stands."""
    found = connection.execute("select sequence from release where id = ? and env = ?", (release, env)).fetchone()
    _stand(connection, env, found and found[0], last_sequence(connection))
    return release if found else None


def move(connection: Connection, env: str, release: str, expected: str) -> None:
    """The environment stands at a release that exists; see the port."""
    number = enter(connection, env)
    _require_standing(env, _standing(connection, number), expected)
    kept = "select sequence from release where id = ? and cleaned_at is null"
    found = connection.execute(kept, (release,)).fetchone()
    if found is None:
        problem = Problem(
            "L015", f'there is no release "{release}" any more', "list them with `mainstem rollback --list`"
        )
        raise WorldError(problem)
    _stand(connection, number, found[0], last_sequence(connection))


def _stand(connection: Connection, env: int, release: int | None, moved_by: int) -> None:
    connection.execute(
        "update environment set release = ?, moved_by = max(moved_by, ?) where id = ?", (release, moved_by, env)
    )


def _insert(
    connection: Connection,
    env: int,
    release: Release,
    before: _Row | None,
    new: Mapping[str, Entry],
    changed: Mapping[str, Entry | None],
) -> int:
    """The release's row and its entries: what it changed, or everything.

    Everything comes once as many entries have gathered as a full list has (so that reading stays short, and writing
    pays for what changed), and where the release does not follow the newest one of its environment.
    """
    behind = len(changed) + (before.behind if before else 0)
    last = connection.execute("select max(sequence) from release where env = ?", (env,)).fetchone()[0]
    full_sequence = before.full_sequence if before and before.sequence == last and behind <= len(new) else 0
    made = connection.execute(
        """insert into release (id, number, env, at, run, parent, why, full_sequence, behind, datasets)
        values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            release.id,
            release.number,
            env,
            text_of(release.at),
            release.run,
            release.parent,
            release.why,
            full_sequence,
            behind if full_sequence else 0,
            len(new),
        ),
    )
    sequence = made.lastrowid or 0
    if not full_sequence:
        connection.execute("update release set full_sequence = sequence where sequence = ?", (sequence,))
    connection.executemany(
        "insert into entry (env, release, dataset, version, as_of) values (?, ?, ?, ?, ?)",
        [
            (env, sequence, name, *(entry or (None, None)))
            for name, entry in sorted((changed if full_sequence else new).items())  # in the table's order: dense pages
        ],
    )
    return sequence


def _entry(connection: Connection, version: Version, old: Entry | None, known: Version | None) -> Entry:
    if old is None or known is None or not same_content(known, version):
        return store(connection, version), text_of(version.as_of)
    return old if known.as_of == version.as_of else (old[0], text_of(version.as_of))


def _require_standing(env: str, before: _Row | None, expected: str | None) -> None:
    """The environment stands where the caller thinks."""
    stands = before.id if before else None
    if stands != expected:
        raise WorldError(
            Problem(
                "L003",
                f'environment "{env}" stands at {_named(stands)}, not at {_named(expected)} any more',
                "run again: the next run begins from there, and keeps what is finished",
            )
        )


def _require_new(connection: Connection, release: Release) -> None:
    """Neither id nor number was given to another release."""
    taken = connection.execute(
        "select id, number from release where id = ? or number = ?", (release.id, release.number)
    ).fetchone()
    if taken:
        what = f'release "{taken[0]}" (number {taken[1]}) exists already'
        raise WorldError(Problem("L012", what, "run again: the next release gets an id of its own"))


def _named(release: str | None) -> str:
    return f'release "{release}"' if release else "no release"


def _pass_on(connection: Connection, env: int, versions: Iterable[Version]) -> None:
    """The promoted versions' tables are this environment's to write now; WorldError L001 while another one writes."""
    tables = to_json([version.table for version in versions if version.table])
    for run, dataset, holder in connection.execute(
        """select run, dataset, holder from attempt indexed by attempt_held
        where hold = 'held' and state = 'open' and env <> ? and physical in (select value from json_each(?))""",
        (env, tables),
    ):
        if is_alive(holder):
            what = f'run "{run}" ({holder}) is writing "{dataset}", whose table is to be promoted'
            raise WorldError(Problem("L001", what, "promote again once that run has ended"))
    connection.execute(
        "update physical set env = ? where path in (select value from json_each(?))",
        (env, tables),
    )
    connection.execute(_HEADS_GO_ALONG, (env, tables))


def _standing(connection: Connection, env: int) -> _Row | None:
    found = connection.execute(
        f"select {_COLUMNS} from release where sequence = (select release from environment where id = ?)", (env,)
    ).fetchone()
    return _Row(*found) if found else None


def _entries(connection: Connection, release: _Row) -> dict[str, Entry]:
    """What a release holds: the full list before it, and every change since."""
    entries: dict[str, Entry] = {}
    for name, version, as_of in connection.execute(
        "select dataset, version, as_of from entry where env = ? and release between ? and ? order by release",
        (release.env, release.full_sequence, release.sequence),
    ):
        if version is None:
            del entries[name]
        else:
            entries[name] = (version, as_of)
    return entries


def _release(connection: Connection, known: Versions, row: _Row) -> Release:
    (env,) = connection.execute("select name from environment where id = ?", (row.env,)).fetchone()
    versions = known.load(connection, _entries(connection, row))
    cleaned_at = instant_of(row.cleaned_at) if row.cleaned_at else None
    return Release(row.id, row.number, env, instant_of(row.at), row.run, row.parent, versions, row.why, cleaned_at)


def current(connection: Connection, known: Versions, env: int) -> Release | None:
    """The release that the environment stands at."""
    row = _standing(connection, env)
    return row and _release(connection, known, row)


def listed(connection: Connection, known: Versions, env: int, limit: int) -> list[Release]:
    """The environment's releases, newest first."""
    rows = connection.execute(
        f"select {_COLUMNS} from release where env = ? order by sequence desc limit ?", (env, limit)
    ).fetchall()
    return [_release(connection, known, _Row(*row)) for row in rows]


def find(connection: Connection, known: Versions, text: str) -> Release | None:
    """By id, by number (`42`, `r42`), or by the beginning of an id; ProjectError L010 if several begin so."""
    number = text.removeprefix("r")
    is_number = number.isascii() and number.isdigit() and (number == text or not number.startswith("0"))
    exact: tuple[tuple[str, Any], ...] = (("id = ?", text),)
    if is_number and len(number) < 19:
        exact += (("number = ?", int(number)),)
    for condition, value in exact:
        row = connection.execute(f"select {_COLUMNS} from release where {condition}", (value,)).fetchone()
        if row:
            return _release(connection, known, _Row(*row))
    rows = connection.execute(
        f"select {_COLUMNS} from release where ? <> '' and id >= ? and id < ? order by id limit ?",
        (text, text, text + "\U0010ffff", _SHOWN + 1),
    ).fetchall()
    if len(rows) > 1:
        ids = ", ".join(row[1] for row in rows[:_SHOWN]) + (", ..." if len(rows) > _SHOWN else "")
        raise ProjectError(Problem("L010", f'several releases begin with "{text}"', f"write more of the id: {ids}"))
    return _release(connection, known, _Row(*rows[0])) if rows else None


def heads(connection: Connection, known: Versions, env: int) -> dict[str, Head]:
    """The newest recorded version of each dataset; see the port."""
    rows = connection.execute("select dataset, version, as_of, run_sequence from head where env = ?", (env,)).fetchall()
    versions = known.load(connection, {name: (version, as_of) for name, version, as_of, _ in rows})
    (moved_by,) = connection.execute("select moved_by from environment where id = ?", (env,)).fetchone()
    released = _released(connection, known, env, [name for name, *_, sequence in rows if sequence > moved_by])
    return {
        name: Head(versions[name], sequence, sequence > moved_by and released.get(name) != versions[name].id)
        for name, _, _, sequence in rows
    }


def _released(connection: Connection, known: Versions, env: int, names: Iterable[str]) -> Mapping[str, str]:
    """Ids of the released versions of these datasets."""
    wanted = set(names)
    row = _standing(connection, env) if wanted else None
    entries = _entries(connection, row) if row else {}
    loaded = known.load(connection, {name: entry for name, entry in entries.items() if name in wanted})
    return {name: version.id for name, version in loaded.items()}
