"""Connections to one SQLite file: one that writes, a transaction at a time, and others that read meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from mainstem.core.problem import WorldError
from mainstem.ledger.refusals import locked, refused

if TYPE_CHECKING:
    from sqlite3 import Connection


def connect(path: Path, wait_s: float) -> Connection:
    """A connection that any thread may use, one at a time. Transactions are begun and ended by us alone."""
    import sqlite3

    connection = sqlite3.connect(path, timeout=wait_s, isolation_level=None, check_same_thread=False)
    connection.execute("pragma trusted_schema = off")
    connection.execute("pragma cache_size = -8000")  # kB; rows of many subjects touch many pages
    connection.execute("pragma wal_autocheckpoint = 4000")  # pages: the same page is folded in once, not each time
    connection.execute("pragma fullfsync = on")  # where fsync does not reach the disk (macOS), this does
    return connection


class Connections:
    """The ways into one ledger file, shared by all threads of a process.

    Threads wait for one another at a lock of ours, since SQLite's own waiting sleeps and polls; processes wait at the
    file's lock. Nobody waits longer than `wait_s` seconds. Readers never wait for writers, nor writers for readers.
    """

    __slots__ = ("_gate", "_idle", "_writer", "path", "wait_s")

    def __init__(self, path: Path, wait_s: float, writer: Connection) -> None:
        self.path = path
        self.wait_s = wait_s
        self._writer = writer
        self._gate = Lock()
        self._idle: list[Connection] = []

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one moment of the ledger, whatever is written meanwhile."""
        with refused(self.path, self.wait_s):
            connection = self._reader()
            try:
                with _transaction(connection, "begin"):
                    yield connection
            finally:
                self._idle.append(connection)

    @contextmanager
    def writing(self, *, durable: bool = False) -> Iterator[Connection]:
        """One transaction: all of the block, or nothing. `durable`: at its end it has reached the disk.

        Without `durable` it survives the death of the process, and a power cut may take back the last moments.
        """
        if not self._gate.acquire(timeout=self.wait_s):
            raise WorldError(locked(self.path, self.wait_s))
        try:
            with refused(self.path, self.wait_s):
                self._writer.execute("pragma synchronous = full" if durable else "pragma synchronous = normal")
                with _transaction(self._writer, "begin immediate"):
                    yield self._writer
        finally:
            self._gate.release()

    def close(self) -> None:
        """Close all connections. The last process that does so folds the write-ahead log into the file."""
        with suppress(IndexError):
            while True:
                self._idle.pop().close()
        self._writer.close()

    def _reader(self) -> Connection:
        with suppress(IndexError):
            return self._idle.pop()
        connection = connect(self.path, self.wait_s)
        connection.execute("pragma query_only = on")
        return connection


@contextmanager
def _transaction(connection: Connection, begin: str) -> Iterator[None]:
    import sqlite3

    try:
        connection.execute(begin)
        yield
        connection.execute("commit")
    finally:
        if connection.in_transaction:  # SQLite has taken it back by itself where the disk was full
            with suppress(sqlite3.Error):
                connection.rollback()
