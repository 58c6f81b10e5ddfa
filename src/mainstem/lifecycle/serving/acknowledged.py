"""What a system has acknowledged of one sync: digests of keys and rows in a small file, never values."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import Self

from mainstem.core.delivery import Row
from mainstem.core.problem import Problem, WorldError

DIGEST_BYTES = 16

State = Mapping[bytes, bytes | None]
"""Digest of key -> digest of row as acknowledged; None: sent perhaps, and not acknowledged."""

_SCHEMA = """
create table if not exists sent (key blob primary key, row blob) without rowid;
create table if not exists destination (digest blob not null);
"""


def digest_of(secret: bytes, row: Row) -> bytes:
    """A digest of values that nobody without the secret can guess from a list of likely values."""
    return blake2b(repr(row).encode(errors="surrogatepass"), key=secret, digest_size=DIGEST_BYTES).digest()


def read_state(file: Path, destination: bytes) -> State:
    """What the destination acknowledged; nothing where there is no file, or it is about another destination.

    WorldError V035 when the file cannot be read.
    """
    if not file.exists():
        return {}
    with _complaints(file), closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
        tables = connection.execute(
            "select count(*) from sqlite_master where name in ('sent', 'destination')"
        ).fetchone()
        if tables[0] < 2 or connection.execute("select digest from destination").fetchone() != (destination,):
            return {}
        return dict(connection.execute("select key, row from sent"))


class Acknowledged:
    """The file, open for writing; each method is one durable transaction. WorldError V035 when it cannot be written.

    One process at a time: the caller holds the lease of the delivery.
    """

    def __init__(self, file: Path, destination: bytes) -> None:
        self._file = file
        with _complaints(file):
            file.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(file, isolation_level=None)
            self._connection.executescript(_SCHEMA)
            if self._connection.execute("select digest from destination").fetchone() != (destination,):
                with self._transaction():
                    self._connection.execute("delete from sent")
                    self._connection.execute("delete from destination")
                    self._connection.execute("insert into destination values (?)", (destination,))

    def intend(self, keys: Iterable[bytes]) -> dict[bytes, bytes | None]:
        """These keys are about to be sent or deleted: from now on nobody knows what the destination holds of them,
        and whatever it holds is ours. Returns what was known of those that are known."""
        before: dict[bytes, bytes | None] = {}
        with self._transaction():
            for key in keys:
                before |= self._connection.execute("select key, row from sent where key = ?", (key,)).fetchall()
                self._connection.execute("insert or replace into sent values (?, null)", (key,))
        return before

    def acknowledge(self, rows: Mapping[bytes, bytes | None], gone: Iterable[bytes] = ()) -> None:
        """The destination holds these rows, and does not hold those that are gone."""
        with self._transaction():
            self._connection.executemany("insert or replace into sent values (?, ?)", rows.items())
            self._connection.executemany("delete from sent where key = ?", ((key,) for key in gone))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with _complaints(self._file):
            self._connection.execute("begin immediate")
            try:
                yield
                self._connection.execute("commit")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("rollback")
                raise


@contextmanager
def _complaints(file: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        what = f'what was acknowledged cannot be read or written in "{file.parent.name}/{file.name}": {error}'
        mend = "make it readable and writable; or remove it, and every row is sent once more"
        raise WorldError(Problem("V035", what, mend)) from error
