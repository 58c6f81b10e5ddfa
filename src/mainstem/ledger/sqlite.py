"""The ledger in a SQLite file: the default, for any number of processes of one machine."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from mainstem.core.copy import Batch, Kept, Past, Restored
from mainstem.core.evidence import Evidence
from mainstem.core.problem import MainstemError, WorldError
from mainstem.core.release import Branch, Head, Lease, Needed, Outline, Release, Version
from mainstem.ledger import (
    agreements,
    audit,
    cleaning,
    copying,
    latest,
    leases,
    releases,
    restoring,
    runs,
    soundness,
    steps,
)
from mainstem.ledger.connections import Connections, connect
from mainstem.ledger.environments import number_of
from mainstem.ledger.evidence import append, held, looked, made, newest, select
from mainstem.ledger.refusals import closed, refused
from mainstem.ledger.rows import evidence_rows
from mainstem.ledger.schema import prepare
from mainstem.ledger.versions import Versions

_WAIT_S = 10.0


def open_ledger(path: Path, *, wait_s: float = _WAIT_S) -> SqliteLedger:
    """The ledger in that file; file and folders are made where there are none.

    One ledger may be shared by all threads of a process, and its file by all processes of a machine. Every method
    waits up to `wait_s` seconds for others who write. The file is SQLite's: let nothing else in this process
    open it (closing a file drops the locks that SQLite holds on it, see sqlite.org/howtocorrupt.html, 2.2).

    Every method raises WorldError: L004 locked, L005 damaged, L006 not to be opened or written, L008 disk full,
    L013 disk refuses. Opening also L007 (made by a newer mainstem) and L014 (somebody else's database).
    """
    try:
        _make_folders(path.parent)
    except OSError as error:
        raise WorldError(closed(path, error.strerror or str(error))) from error
    with refused(path, wait_s):
        connection = connect(path, wait_s)
        try:
            id = prepare(connection, path)
        except BaseException:
            connection.close()
            raise
    return SqliteLedger(id, Connections(path, wait_s, connection))


def is_made(path: Path) -> bool:
    """Whether there is a file that may be a ledger: an empty one is none, though SQLite would open it as a new one."""
    return path.exists() and path.stat().st_size > 0


def _make_folders(folder: Path) -> None:
    """Make missing folders, so that they outlive a power cut."""
    missing = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    if os.name == "posix":
        for made in missing:
            above = os.open(made.parent, os.O_RDONLY)
            try:
                os.fsync(above)
            finally:
                os.close(above)


class SqliteLedger:
    """An open ledger. `id` was given at its creation, at random; the port says what each method promises."""

    __slots__ = ("_connections", "_versions", "id")

    def __init__(self, id: str, connections: Connections) -> None:
        self.id = id
        self._connections = connections
        self._versions = Versions()

    def latest(self) -> datetime | None:
        with self._connections.reading() as connection:
            return latest.latest(connection)

    def begin_run(self, run: str, env: str, at: datetime, holder: str) -> int:
        with self._connections.writing() as connection:
            latest.note(connection, at)
            return runs.begin(connection, run, env, at, holder)

    def end_run(self, run: str, at: datetime, status: str, summary: Mapping[str, Any]) -> None:
        with self._connections.writing() as connection:
            latest.note(connection, at)
            runs.end(connection, run, at, status, summary)
            leases.release(connection, run)

    def runs(self, env: str | None = None, limit: int = 20) -> list[Mapping[str, Any]]:
        with self._connections.reading() as connection:
            return runs.listed(connection, env, limit)

    def acquire(
        self, env: str, targets: Mapping[str, str], run: str, holder: str, now_s: float, until_s: float
    ) -> dict[str, Lease]:
        with self._connections.writing() as connection:
            return leases.acquire(connection, env, targets, run, holder, now_s, until_s)

    def renew(self, run: str, until_s: float) -> bool:
        with self._connections.writing() as connection:
            return leases.renew(connection, run, until_s)

    def unfinished(self, env: str, now_s: float | None = None) -> list[Lease]:
        with self._connections.reading() as connection:
            return leases.unfinished(connection, env, now_s)

    def give_up(self, lease: Lease) -> None:
        with self._connections.writing() as connection:
            leases.give_up(connection, lease)

    def record_step(self, lease: Lease, version: Version, evidence: Iterable[Evidence], at: datetime) -> None:
        rows = evidence_rows(evidence, at)
        with self._connections.writing() as connection:
            if steps.record(connection, lease, version):
                append(connection, rows)
                latest.note(connection, at)

    def heads(self, env: str) -> dict[str, Head]:
        with self._connections.reading() as connection:
            number = number_of(connection, env)
            return {} if number is None else releases.heads(connection, self._versions, number)

    def table_owner(self, table: str) -> str | None:
        with self._connections.reading() as connection:
            return leases.owner(connection, table)

    def branches(self) -> list[Branch]:
        with self._connections.reading() as connection:
            return cleaning.branches(connection)

    def drop(self, env: str, at: datetime) -> None:
        with self._connections.writing(durable=True) as connection:
            number = number_of(connection, env)
            if number is not None:
                cleaning.drop(connection, number, at)
                latest.note(connection, at)

    def outlines(self) -> list[Outline]:
        with self._connections.reading() as connection:
            return cleaning.outlines(connection)

    def give_up_releases(self, ids: Sequence[str], at: datetime) -> None:
        with self._connections.writing(durable=True) as connection:
            cleaning.give_up(connection, ids, at)

    def needed(self, without: Collection[str] = ()) -> Needed:
        with self._connections.reading() as connection:
            return cleaning.needed(connection, self._versions, without)

    def retire(self, tables: Collection[str]) -> frozenset[str]:
        with self._connections.writing(durable=True) as connection:
            return cleaning.retire(connection, tables)

    def next_release_number(self) -> int:
        with self._connections.reading() as connection:
            return releases.next_number(connection)

    def publish(self, release: Release, evidence: Iterable[Evidence], expected: str | None) -> None:
        rows = evidence_rows(evidence, release.at)
        with self._connections.writing(durable=True) as connection:
            releases.publish(connection, self._versions, release, expected)
            append(connection, rows)
            latest.note(connection, release.at)

    def move(self, env: str, release: str, evidence: Iterable[Evidence], at: datetime, expected: str) -> None:
        rows = evidence_rows(evidence, at)
        with self._connections.writing(durable=True) as connection:
            releases.move(connection, env, release, expected)
            append(connection, rows)
            latest.note(connection, at)

    def current(self, env: str) -> Release | None:
        with self._connections.reading() as connection:
            number = number_of(connection, env)
            return None if number is None else releases.current(connection, self._versions, number)

    def release(self, id: str) -> Release | None:
        with self._connections.reading() as connection:
            return releases.find(connection, self._versions, id)

    def releases(self, env: str, limit: int = 20) -> list[Release]:
        with self._connections.reading() as connection:
            number = number_of(connection, env)
            return [] if number is None else releases.listed(connection, self._versions, number, limit)

    def record(self, evidence: Iterable[Evidence], at: datetime) -> None:
        rows = evidence_rows(evidence, at)
        with self._connections.writing() as connection:
            append(connection, rows)
            latest.note(connection, at)

    def evidence(
        self,
        *,
        env: str | None = None,
        kinds: Sequence[str] = (),
        subjects: Sequence[str] = (),
        known: datetime | None = None,
        since: datetime | None = None,
    ) -> list[Evidence]:
        with self._connections.reading() as connection:
            return select(connection, env=env, kinds=kinds, subjects=subjects, known=known, since=since)

    def newest_evidence(self, after: int = 0) -> tuple[int, int]:
        with self._connections.reading() as connection:
            return newest(connection, after)

    def held(self, versions: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
        with self._connections.reading() as connection:
            return held(connection, versions)

    def made(self, versions: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Any]:
        with self._connections.reading() as connection:
            return made(connection, versions)

    def looked(self, versions: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Any]:
        with self._connections.reading() as connection:
            return looked(connection, versions)

    def see(self, entries: Mapping[str, str], at: datetime) -> dict[str, datetime]:
        with self._connections.reading() as connection:
            known = agreements.seen(connection, entries)
        if len(known) == len(entries):
            return known
        with self._connections.writing() as connection:
            agreements.see(connection, entries, at)
            latest.note(connection, at)
            return agreements.seen(connection, entries)

    def audit(self, row: Mapping[str, Any], at: datetime) -> None:
        with self._connections.writing() as connection:
            audit.append(connection, [(row, at)])
            latest.note(connection, at)

    def note(self, rows: Iterable[tuple[Mapping[str, Any], datetime]], evidence: Iterable[Evidence]) -> None:
        found = [row for each in evidence for row in evidence_rows([each], each.at)]
        audited = list(rows)
        with self._connections.writing() as connection:
            audit.append(connection, audited)
            append(connection, found)
            if audited:
                latest.note(connection, max(at for _, at in audited))

    def audited(self, after: int = 0, limit: int = 1000) -> list[Mapping[str, Any]]:
        with self._connections.reading() as connection:
            return audit.listed(connection, after, limit)

    def verify_audit(self) -> int | None:
        with self._connections.reading() as connection:
            return audit.first_broken(connection)

    def copy(self, keep: Callable[[Kept, Batch], Kept | None], at: datetime) -> None:
        with self._connections.reading() as connection:
            more = copying.is_behind(connection)
        while more:
            with self._connections.writing() as connection:
                more = copying.copy(connection, self.id, keep, at)

    def restore(self, past: Past) -> Restored:
        """Become the ledger that the lake knows of: its id, its rows, its releases. For a ledger that was just made."""
        with self._connections.writing(durable=True) as connection:
            restored = restoring.restore(connection, past)
        self.id = past.ledger
        return restored

    def check(self) -> list[str]:
        try:
            with self._connections.reading() as connection:
                return soundness.problems(connection)
        except MainstemError as error:
            return [problem.what for problem in error.problems]

    def close(self) -> None:
        self._connections.close()
