"""The tables of a SQLite ledger, and how an older ledger comes to have them: steps that only ever add."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from mainstem import __version__
from mainstem.core.problem import WorldError
from mainstem.ledger.refusals import foreign, locked, newer

if TYPE_CHECKING:
    from sqlite3 import Connection

_APPLICATION_ID = 0x6D73746D
"""SQLite's mark of whose file it is; "mstm"."""

_PAUSE_S = 0.02

_FIRST = (
    """create table ledger (
        one integer primary key check (one = 1),
        id text not null,               -- random, given at creation
        written_by text not null,       -- version of mainstem that made the newest tables
        latest text,                    -- greatest instant of the clock ever recorded
        audit_rows integer not null default 0,
        audit_digest text not null )""",  # of the newest audit row, so that a missing one shows
    """create table environment (
        id integer primary key,
        name text not null unique,
        release integer,                -- sequence of the release it stands at
        moved_by integer not null default 0 )""",  # greatest sequence of a run that moved it
    """create table run (
        sequence integer primary key,
        run text not null unique,
        env integer not null,
        started_at text not null,
        finished_at text,
        status text not null,
        summary text not null,
        holder text not null )""",
    "create index run_of on run (env, sequence)",
    # One row an attempt, for ever. state: open | recorded | given_up. hold: held | released | lost.
    """create table attempt (
        env integer not null,
        dataset text not null,
        fence integer not null,
        run text not null,
        physical text not null,
        prefix text not null,
        holder text not null,
        taken_s real not null,
        until_s real not null,
        state text not null,
        hold text not null,
        primary key (env, dataset, fence) ) without rowid""",
    "create index attempt_of_run on attempt (run, hold)",
    "create index attempt_open on attempt (env, dataset, fence) where state = 'open'",
    "create index attempt_held on attempt (physical) where hold = 'held'",
    # fence: the greatest that ever wrote to the table; it outlives a change of the writing environment.
    """create table physical (
        path text primary key,
        env integer not null,
        fence integer not null ) without rowid""",
    # What many versions share: column lists, SQL of views.
    "create table text (id integer primary key, digest blob not null unique, body text not null)",
    """create table version (
        id integer primary key,
        digest blob not null unique,
        dataset text not null,
        physical text not null,
        number integer not null,
        fields integer not null references text (id),
        fingerprint text not null,
        skip_key text not null,
        rows integer,
        size_bytes integer,
        inputs text not null,
        position text,
        sql integer references text (id),
        quarantine integer,
        newest text,
        attempt integer not null,
        run text not null )""",
    # as_of moves when a source is looked at and nothing is new: it is no part of a version's row.
    """create table head (
        env integer not null,
        dataset text not null,
        version integer not null references version (id),
        as_of text not null,
        run_sequence integer not null,
        primary key (env, dataset) ) without rowid""",
    """create table release (
        sequence integer primary key,
        id text not null unique,
        number integer not null unique,
        env integer not null references environment (id),
        at text not null,
        run text not null,
        parent text,
        why text not null,
        full_sequence integer not null,   -- the release of this environment that lists everything
        behind integer not null,          -- entries of changes written since then
        datasets integer not null )""",
    "create index release_of on release (env, sequence)",
    # What a release changed against the one its environment stood at; version null: the dataset is gone.
    """create table entry (
        env integer not null,
        release integer not null references release (sequence),
        dataset text not null,
        version integer references version (id),
        as_of text,
        primary key (env, release, dataset) ) without rowid""",
    # value and total are texts of decimals: 0.95 stays 0.95.
    """create table evidence (
        id integer primary key,
        kind text not null,
        env text,
        subject text not null,
        version text,
        label text,
        at text not null,
        until text,
        value text,
        total text,
        unit text,
        outcome text,
        definition text,
        run text,
        step text,
        attempt integer,
        skew_s real not null,
        recorded_at text not null,
        facts text not null )""",
    "create index evidence_of on evidence (subject, coalesce(until, at))",
    "create index evidence_kind on evidence (kind, coalesce(until, at))",
    "create index evidence_since on evidence (coalesce(until, at))",
    "create table seen (digest text primary key, content text not null, at text not null) without rowid",
    """create table audit (
        id integer primary key,
        at text not null,
        body text not null,
        previous text not null,
        digest text not null )""",
)

_HELD = ("create index evidence_held on evidence (subject, version) where kind = 'version' and definition is not null",)

_COPY = (
    # Where the copy in the lake ends, and the greatest ids that it holds.
    """create table copied (
        one integer primary key check (one = 1),
        part integer not null,
        size_bytes integer not null,
        evidence integer not null,
        audit integer not null )""",
    "insert into copied (one, part, size_bytes, evidence, audit) values (1, 0, 0, 0, 0)",
    "alter table seen add column copied integer not null default 0",
    "alter table run add column copied integer not null default 0",
    "create index seen_to_copy on seen (digest) where copied = 0",
    "create index run_to_copy on run (sequence) where copied = 0",
)

_BRANCHES = (
    "alter table release add column cleaned_at text",  # when its files were given up; null: they are kept
    "alter table environment add column branch integer",  # sequence of the release that it began at; null: no branch
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (_FIRST, _HELD, _COPY, _BRANCHES)
"""Statements, step by step. A step that was released is never changed; new ones add tables, columns, indexes."""


def prepare(connection: Connection, path: Path, migrations: tuple[tuple[str, ...], ...] = MIGRATIONS) -> str:
    """Make the ledger's tables, or those that are missing, in one transaction; returns the ledger's id.

    Any number of processes may do so at once. WorldError L007 if the ledger is newer than `migrations`, L014 if
    the file is somebody else's database: nothing is written then.
    """
    if _level(connection, path, migrations) < len(migrations):
        connection.execute("begin immediate")
        try:
            level = _level(connection, path, migrations)  # another process may have been quicker
            for step in migrations[level:]:
                for statement in step:
                    connection.execute(statement)
            _sign(connection, is_new=level == 0, level=len(migrations))
            connection.execute("commit")
        finally:
            if connection.in_transaction:
                connection.rollback()
    _write_ahead(connection, path)
    return str(connection.execute("select id from ledger").fetchone()[0])


def _level(connection: Connection, path: Path, migrations: tuple[tuple[str, ...], ...]) -> int:
    """How many steps the file has taken."""
    mark = connection.execute("pragma application_id").fetchone()[0]
    level = int(connection.execute("pragma user_version").fetchone()[0])
    if mark != _APPLICATION_ID:
        if mark or level or connection.execute("select count(*) from sqlite_master").fetchone()[0]:
            raise WorldError(foreign(path))
        return 0
    if level > len(migrations):
        raise WorldError(newer(path, str(connection.execute("select written_by from ledger").fetchone()[0])))
    return level


def _sign(connection: Connection, *, is_new: bool, level: int) -> None:
    if is_new:
        id = os.urandom(16).hex()
        connection.execute(
            "insert into ledger (one, id, written_by, audit_digest) values (1, ?, ?, ?)", (id, __version__, id)
        )
    connection.execute("update ledger set written_by = ?", (__version__,))
    connection.execute(f"pragma application_id = {_APPLICATION_ID}")
    connection.execute(f"pragma user_version = {level}")


def _write_ahead(connection: Connection, path: Path) -> None:
    """Switch to write-ahead logging, once in a ledger's life. Nobody may read meanwhile, and SQLite does not wait."""
    import sqlite3

    wait_s = connection.execute("pragma busy_timeout").fetchone()[0] / 1000
    for _ in range(max(1, int(wait_s / _PAUSE_S))):
        if connection.execute("pragma journal_mode").fetchone()[0] == "wal":
            return
        try:
            connection.execute("pragma journal_mode = wal")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname != "SQLITE_BUSY":
                raise
            time.sleep(_PAUSE_S)
        else:
            return  # on a file system that cannot, the mode stays as it was: slower, and just as safe
    raise WorldError(locked(path, wait_s))
