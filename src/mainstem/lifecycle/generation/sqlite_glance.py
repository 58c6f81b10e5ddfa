"""What can be seen of a SQLite database without reading its rows, and what its complaints mean.

POSIX file locks belong to the process: when one library of SQLite in it lets go of a file, the other one's locks on
that file are gone as well, and a writer may change pages under a reader. So nothing here opens a database while the
engine of this process reads it.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote as percent_quoted

from mainstem.core.clock import WallClock
from mainstem.core.dataset import Dataset
from mainstem.core.place import Place
from mainstem.core.problem import Problem, WorldError
from mainstem.lifecycle.generation.lookback import begin
from mainstem.lifecycle.generation.sqlite_text import SourceColumn, greatest_text, newer, row_text
from mainstem.sql.quote import literal, quote

SETTLED_S = 2.0
"""Times of files are coarse: a file may change twice within one tick. Younger ones prove nothing."""

_MOST_TIES = 1000
_WAIT_S = 1.0

_gate = threading.Lock()
_readings: Counter[Path] = Counter()

_COMPLAINTS = (
    ("is not a database", "G003", "correct `path`, or restore the database"),
    ("malformed", "G003", "restore the database; `sqlite3 FILE 'pragma integrity_check'` says what is damaged"),
    ("is locked", "G004", "run again when the writer is done; `pragma journal_mode=wal` lets both work at once"),
)


def reading(file: Path) -> Callable[[], None]:
    """Note that the engine reads this file from now on, until the function that is returned is called."""
    with _gate:
        _readings[file] += 1

    def finish() -> None:
        with _gate:
            _readings[file] -= 1

    return finish


def state(file: Path) -> list[int] | None:
    """Size and time of change of the file and its write-ahead log, by `stat` alone; None while they are too young."""
    found: list[int] = []
    for each in (file, file.with_name(file.name + "-wal")):
        try:
            seen = each.stat()
        except FileNotFoundError:
            found += [0, 0]
            continue
        if WallClock().elapsed() - seen.st_mtime < SETTLED_S:
            return None
        found += [seen.st_size, seen.st_mtime_ns]
    return found


def ties(
    ask: Callable[[str], Sequence[tuple[Any, ...]]],
    dataset: Dataset,
    table: str,
    cursor: SourceColumn,
    columns: Sequence[SourceColumn],
) -> tuple[str | None, str | None]:
    """The greatest cursor, and a digest of the rows that the next read would see if nothing changes.

    The digest is None when these rows are too many to be looked at.
    """
    greatest = ask(f"select {greatest_text(cursor)} from {quote(table)}")[0][0]
    if greatest is None:
        return None, None
    return greatest, _digest(ask, table, cursor, columns, begin(dataset, greatest))


def _digest(
    ask: Callable[[str], Sequence[tuple[Any, ...]]],
    table: str,
    cursor: SourceColumn,
    columns: Sequence[SourceColumn],
    position: str,
) -> str | None:
    rows = ask(f"select {row_text(columns)} from {quote(table)} where {newer(cursor, position)} limit {_MOST_TIES + 1}")
    if len(rows) > _MOST_TIES:
        return None
    return sha256("\n".join(sorted(str(text) for (text,) in rows)).encode(errors="surrogatepass")).hexdigest()


def moved(file: Path, dataset: Dataset, table: str, position: Mapping[str, Any]) -> str | None:
    """How the cursor moved since a read, in words; "" when it is certain that it did not, None when it is not.

    sqlite3.Error where the database cannot be read.
    """
    import sqlite3

    with _gate:
        if _readings[file]:
            return None
        address = f"file:{percent_quoted(str(file))}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=_WAIT_S)) as connection:
            return _moved(lambda query: connection.execute(query).fetchall(), dataset, table, position)


def _moved(
    ask: Callable[[str], Sequence[tuple[Any, ...]]], dataset: Dataset, table: str, position: Mapping[str, Any]
) -> str | None:
    cursor = SourceColumn(*position["at"])
    found = ask(f"select name from pragma_table_xinfo({literal(table)}) where hidden <> 1")
    columns = [SourceColumn(name, "") for (name,) in found]
    if cursor.name not in {column.name for column in columns}:
        return None
    greatest = ask(f"select {greatest_text(cursor)} from {quote(table)}")[0][0]
    if greatest is None or greatest != position["cursor"]:
        return f"the cursor is at {greatest}" if greatest is not None else None
    digest = _digest(ask, table, cursor, columns, begin(dataset, greatest))
    return "" if digest is not None and [greatest, digest] == list(position["ties"]) else None


@contextmanager
def complaints(place: Place, file: str) -> Iterator[None]:
    """Complaints of SQLite, through Python or through the engine, leave as WorldError G003, G004 or G007."""
    import sqlite3

    try:
        yield
    except OSError as error:
        raise _refused(error.strerror or type(error).__name__, place, file) from error
    except sqlite3.Error as error:
        raise _refused(str(error), place, file) from error
    except WorldError as error:
        if not error.problems[0].code.startswith("E"):
            raise
        raise _refused(error.problems[0].what, place, file) from error


def meant(words: str, place: Place, file: str) -> Problem | None:
    """What SQLite means by words of the engine; None where they are not about the database."""
    found = next(((code, mend) for sign, code, mend in _COMPLAINTS if sign in words), None)
    if found is None:
        return None
    code, mend = found
    what = f'database "{file}" is locked by another program'
    return Problem(code, what if code == "G004" else f'"{file}" is not a sound SQLite database', mend, place)


def _refused(words: str, place: Place, file: str) -> WorldError:
    what = f'database "{file}" cannot be read: {words.rpartition(": ")[2].lower()}'
    mend = "make the file readable, then run again"
    return WorldError(meant(words, place, file) or Problem("G007", what, mend, place))
