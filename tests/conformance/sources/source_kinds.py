"""One small table behind every kind of source: how its rows get there, and what can befall it on this machine."""

from __future__ import annotations

import json
import os
import pickle
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from mainstem.core.kinds import find

COLUMNS: Mapping[str, str] = {"id": "bigint", "seen": "timestamp", "word": "varchar", "n": "integer"}

Row = Mapping[str, Any]


class LackingError(Exception):
    """There is no such thing at a source of this kind; the text says why."""


@contextmanager
def amid(module: Any, name: str, act: Callable[[], None]) -> Iterator[None]:
    """`act` happens once, when the first call of a function of a module ends."""
    whole, left = getattr(module, name), [act]

    def call(*given: Any, **named: Any) -> Any:
        found = whole(*given, **named)
        if left:
            left.pop()()
        return found

    setattr(module, name, call)
    try:
        yield
    finally:
        setattr(module, name, whole)
    assert not left, f"{name} was never called"


@dataclass
class Kind:
    """A source with the table `t`, in a project's folder. `rows` is what the source holds, by id."""

    folder: Path
    rows: dict[int, dict[str, Any]] = field(default_factory=dict)
    columns: list[str] = field(default_factory=lambda: list(COLUMNS))
    load: str = "full"

    name = ""
    promised = COLUMNS
    """The types of the contract."""
    has_cursor = True
    """Whether an incremental load names the column that says what is new."""
    needs_lookback = True
    """Whether rows that are written late are only read with `lookback`."""
    deaths: ClassVar[Mapping[str, str]] = {}
    """What can break off a read in its middle, with the code of the problem that says so."""
    refusal = ""
    """The code of the problem that says that the credentials are wrong."""

    def head(self) -> str:
        """The source's own keys."""
        raise NotImplementedError

    def table(self) -> str:
        """Keys of the table, on one line."""
        return ""

    def write(self, new: Sequence[Row]) -> None:
        """Make the source hold `self.rows`, of which `new` were just put."""
        raise NotImplementedError

    def put(self, *new: tuple[Any, ...]) -> None:
        """Insert rows, or replace those of their ids; values in the order of `columns`."""
        made = [dict(zip(self.columns, row, strict=False)) for row in new]
        self.rows |= {row["id"]: row for row in made}
        self.write(made)

    def remove(self, key: int) -> None:
        del self.rows[key]
        self.write([])

    def add_column(self, name: str) -> None:
        self.columns.append(name)

    def take_down(self) -> None:
        """The source is gone, until it is brought back."""
        raise NotImplementedError

    def bring_back(self) -> None:
        """The source is as it was before it was gone, or died."""
        raise NotImplementedError

    def dying(self, death: str) -> AbstractContextManager[None]:
        """The first read in this block breaks off in its middle, by one of `deaths`."""
        raise NotImplementedError

    def meddling(self, act: Callable[[], None]) -> AbstractContextManager[None]:
        """`act` happens in the middle of the first read in this block."""
        return self.begun(act)

    def begun(self, act: Callable[[], None]) -> AbstractContextManager[None]:
        """`act` happens when the first read has looked at the source, and before the rows are with us for good."""
        kind = find("sources", self.name)
        return amid(kind, "read_with" if hasattr(kind, "read_with") else "read", act)

    def forget_password(self) -> str:
        """Wrong credentials from now on; the secret in them."""
        raise LackingError(f"kind {self.name} asks for no credentials")

    def close(self) -> None:
        pass


class DatabaseFile(Kind):
    """A database in one file."""

    types = "id integer, seen text, word text, n integer"
    deaths: ClassVar = {"truncated": "G003", "overwritten": "G003"}
    is_being_read = False

    @property
    def file(self) -> Path:
        return self.folder / "data.db"

    def connect(self) -> Any:
        return sqlite3.connect(self.file)

    def write(self, new: Sequence[Row]) -> None:
        """Where the file is being read, as another program: locks of one process do not stop that process."""
        if not self.is_being_read:
            self.fill()
            return
        del new
        here = str(Path(__file__).parent)
        program = f"import pickle, sys; sys.path.insert(0, {here!r}); pickle.load(sys.stdin.buffer).fill()"
        done = subprocess.run(
            [sys.executable, "-c", program], input=pickle.dumps(self), capture_output=True, check=False
        )
        if done.returncode:
            raise LackingError(done.stderr.decode())

    def fill(self) -> None:
        """Make the file hold the rows."""
        with closing(self.connect()) as database:
            database.execute(f"create table if not exists t ({self.types})")
            there = {row[1] for row in database.execute("pragma table_info(t)").fetchall()}
            for name in self.columns:
                if name not in there:
                    database.execute(f"alter table t add column {name} text")
            database.execute("delete from t")
            insert = f"insert into t ({', '.join(self.columns)}) values ({', '.join('?' for _ in self.columns)})"
            for row in self.rows.values():
                database.execute(insert, [row.get(name) for name in self.columns])
            database.commit()

    def take_down(self) -> None:
        self.file.rename(self.folder / "away.db")

    def bring_back(self) -> None:
        if (self.folder / "away.db").exists():
            (self.folder / "away.db").rename(self.file)
        else:
            self.file.unlink()
            self.write([])

    @contextmanager
    def meddling(self, act: Callable[[], None]) -> Iterator[None]:
        self.is_being_read = True
        try:
            with self.begun(act):
                yield
        finally:
            self.is_being_read = False

    def dying(self, death: str) -> AbstractContextManager[None]:
        return self.begun(self.deadly(death))

    def deadly(self, death: str) -> Callable[[], None]:
        return {"truncated": self._truncate, "overwritten": self._overwrite}[death]

    def _truncate(self) -> None:
        os.truncate(self.file, self.file.stat().st_size // 2)

    def _overwrite(self) -> None:
        self.file.write_bytes(b"no database any more".ljust(self.file.stat().st_size, b"!"))


class Sqlite(DatabaseFile):
    name = "sqlite"
    deaths: ClassVar = {**DatabaseFile.deaths, "locked": "G004"}
    lock: subprocess.Popen[bytes] | None = None

    def head(self) -> str:
        return "kind: sqlite\npath: data.db"

    def deadly(self, death: str) -> Callable[[], None]:
        return self._lock if death == "locked" else super().deadly(death)

    def _lock(self) -> None:
        program = f"import sqlite3; database = sqlite3.connect({str(self.file)!r})"
        program += "; database.execute('begin exclusive'); print(); input()"
        self.lock = subprocess.Popen([sys.executable, "-uc", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.lock.stdout is not None
        self.lock.stdout.readline()

    def bring_back(self) -> None:
        if self.lock is None:
            super().bring_back()
            return
        self.lock.communicate(b"\n")
        self.lock = None


class Adbc(DatabaseFile):
    """Its read is two statements: one for the names of columns, one for the rows."""

    name = "adbc"
    deaths: ClassVar = {"truncated": "G081", "overwritten": "G081"}

    def begun(self, act: Callable[[], None]) -> AbstractContextManager[None]:
        return amid(find("sources", "adbc"), "_names", act)


class AdbcSqlite(Adbc):
    """SQLite has no times, so that the cursor is a text. A log lets others write while it is read."""

    promised: ClassVar = {**COLUMNS, "seen": "varchar"}

    def head(self) -> str:
        return f'kind: adbc\ndriver: adbc_driver_sqlite\noptions: {{uri: "file:{self.file}"}}'

    def connect(self) -> Any:
        database = sqlite3.connect(self.file)
        database.execute("pragma journal_mode = wal")
        return database


class AdbcDuckDb(Adbc):
    types = "id bigint, seen timestamp, word text, n integer"

    def head(self) -> str:
        return f'kind: adbc\ndriver: adbc_driver_duckdb\noptions: {{path: "{self.file}"}}'

    def connect(self) -> Any:
        import duckdb

        database = duckdb.connect(self.file)
        database.begin()
        return database


class Files(Kind):
    name = "files"
    has_cursor = False
    needs_lookback = False
    deaths: ClassVar = {"vanishes": "G012", "grows": "G014", "truncated": "G014"}
    newest = Path()
    content = b""

    def head(self) -> str:
        return "kind: files\npath: inbox"

    def table(self) -> str:
        return 'path: "*.jsonl"'

    def write(self, new: Sequence[Row]) -> None:
        inbox = self.folder / "inbox"
        inbox.mkdir(exist_ok=True)
        name, self.content = lines(self, new, len(list(inbox.iterdir())))
        self.newest = inbox / name
        self._lay()

    def _lay(self) -> None:
        self.newest.write_bytes(self.content)
        os.utime(self.newest, ns=(0, len(self.rows) * 10**9))

    def take_down(self) -> None:
        (self.folder / "inbox").rename(self.folder / "away")

    def bring_back(self) -> None:
        if (self.folder / "away").exists():
            (self.folder / "away").rename(self.folder / "inbox")
        self._lay()

    def dying(self, death: str) -> AbstractContextManager[None]:
        more = self.content + b'{"id": 99, "seen": "2024-01-09 10:00:00", "word": "by the way", "n": 9}\n'
        acts: Mapping[str, Callable[[], Any]] = {
            "vanishes": self.newest.unlink,
            "grows": lambda: self.newest.write_bytes(more),
            "truncated": lambda: os.truncate(self.newest, len(self.content) // 2),
        }
        return amid(find("sources", "files"), "_brought", acts[death])


def lines(kind: Kind, new: Sequence[Row], number: int) -> tuple[str, bytes]:
    """A file of JSON lines for what was put, by its name: a further one of an incremental load, else the one."""
    rows = new if kind.load == "incremental" else kind.rows.values()
    name = f"{number}.jsonl" if kind.load == "incremental" else "all.jsonl"
    return name, "".join(json.dumps(dict(row)) + "\n" for row in rows).encode()


class Program(Kind):
    """Kinds whose rows come from a program: it reads them from a file, and raises where it says so."""

    has_cursor = False
    deaths: ClassVar = {"raises": "G061"}
    text = ""

    @property
    def file(self) -> Path:
        return self.folder / "rows.json"

    def write(self, new: Sequence[Row]) -> None:
        del new
        (self.folder / "sources").mkdir(exist_ok=True)
        (self.folder / "sources" / "program.py").write_text(self.text.replace("FILE", repr(str(self.file))))
        self._lay(breaks=False)

    def _lay(self, *, breaks: bool) -> None:
        self.file.write_text(json.dumps({"rows": list(self.rows.values()), "breaks": breaks}))

    def take_down(self) -> None:
        self.file.rename(self.folder / "away.json")

    def bring_back(self) -> None:
        (self.folder / "away.json").unlink(missing_ok=True)
        self._lay(breaks=False)

    @contextmanager
    def dying(self, death: str) -> Iterator[None]:
        self._lay(breaks=death == "raises")
        yield


class Python(Program):
    name = "python"
    text = """
import json


def read(position, table):
    with open(FILE) as file:
        found = json.load(file)
    rows = [row for row in found["rows"] if position is None or row["seen"] >= position]
    for row in sorted(rows, key=lambda row: row["seen"]):
        yield [row], row["seen"]
        if found["breaks"]:
            raise ConnectionError("gone")
    if not rows:
        yield [], position
"""

    def head(self) -> str:
        return "kind: python\nmodule: sources/program.py"


class Dlt(Program):
    name = "dlt"
    text = """
import json

import dlt


@dlt.resource
def t(seen=dlt.sources.incremental("seen", initial_value="")):
    with open(FILE) as file:
        found = json.load(file)
    for row in found["rows"]:
        yield [row]
        if found["breaks"]:
            raise ConnectionError("gone")
"""

    def head(self) -> str:
        return "kind: dlt\nsource: sources/program.py:t"
