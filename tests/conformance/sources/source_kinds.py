"""One small table behind every kind of source: how its rows get there, and what can befall it."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from proxy import Proxy
from tests.servers import MySql, Postgres

COLUMNS = {"id": "bigint", "seen": "timestamp", "word": "varchar", "n": "integer"}

Row = Mapping[str, Any]


@dataclass
class Kind:
    """A source with the table `t`, in a project's folder. `rows` is what the source holds, by id."""

    folder: Path
    rows: dict[int, dict[str, Any]] = field(default_factory=dict)
    columns: list[str] = field(default_factory=lambda: list(COLUMNS))
    load: str = "full"

    has_cursor = True

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
        raise NotImplementedError

    def break_off(self) -> None:
        """The next read breaks off in the middle, until the source is brought back."""
        raise NotImplementedError

    def forget_password(self) -> str | None:
        """Wrong credentials from now on; the secret in them. None where there are none."""
        return None

    def close(self) -> None:
        pass


class Sqlite(Kind):
    types = "id integer, seen text, word text, n integer"

    def head(self) -> str:
        return "kind: sqlite\npath: data.db"

    @property
    def file(self) -> Path:
        return self.folder / "data.db"

    def connect(self) -> Any:
        return sqlite3.connect(self.file)

    def write(self, new: Sequence[Row]) -> None:
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
        (self.folder / "away.db").rename(self.file)


class Adbc(Sqlite):
    types = "id bigint, seen timestamp, word text, n integer"

    def head(self) -> str:
        return f'kind: adbc\ndriver: adbc_driver_duckdb\noptions: {{path: "{self.file}"}}'

    def connect(self) -> Any:
        import duckdb

        database = duckdb.connect(self.file)
        database.begin()
        return database


class Files(Kind):
    has_cursor = False

    def head(self) -> str:
        return "kind: files\npath: inbox"

    def table(self) -> str:
        return 'path: "*.jsonl"'

    def write(self, new: Sequence[Row]) -> None:
        inbox = self.folder / "inbox"
        inbox.mkdir(exist_ok=True)
        rows = new if self.load == "incremental" else self.rows.values()
        name = f"{len(list(inbox.iterdir()))}.jsonl" if self.load == "incremental" else "all.jsonl"
        (inbox / name).write_text("".join(json.dumps(dict(row)) + "\n" for row in rows))
        os.utime(inbox / name, ns=(0, len(self.rows) * 10**9))

    def take_down(self) -> None:
        (self.folder / "inbox").rename(self.folder / "away")

    def bring_back(self) -> None:
        (self.folder / "away").rename(self.folder / "inbox")


class Program(Kind):
    """Kinds whose rows come from a program: it reads them from a file, and raises where it says so."""

    has_cursor = False
    text = ""

    @property
    def file(self) -> Path:
        return self.folder / "rows.json"

    def write(self, new: Sequence[Row]) -> None:
        (self.folder / "sources").mkdir(exist_ok=True)
        (self.folder / "sources" / "program.py").write_text(self.text.replace("FILE", repr(str(self.file))))
        self.file.write_text(json.dumps({"rows": list(self.rows.values()), "breaks": False}))

    def take_down(self) -> None:
        self.file.rename(self.folder / "away.json")

    def bring_back(self) -> None:
        if (self.folder / "away.json").exists():
            (self.folder / "away.json").rename(self.file)
        self.write([])

    def break_off(self) -> None:
        self.file.write_text(json.dumps({"rows": list(self.rows.values()), "breaks": True}))


class Python(Program):
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


@dataclass
class Remote(Kind):
    """Kinds behind a network: a proxy stands between, which can refuse, and break off."""

    proxy: Proxy | None = None
    user: str = ""

    @property
    def port(self) -> int:
        assert self.proxy is not None
        return self.proxy.port

    def take_down(self) -> None:
        assert self.proxy is not None
        self.proxy.limit = 0

    def break_off(self) -> None:
        assert self.proxy is not None
        self.proxy.limit = 500_000

    def bring_back(self) -> None:
        assert self.proxy is not None
        self.proxy.limit = None

    def close(self) -> None:
        if self.proxy is not None:
            self.proxy.close()


@dataclass
class Database(Remote):
    server: Any = None
    name: str = ""

    def __post_init__(self) -> None:
        self.name = self.server.database()
        self.proxy = Proxy(self.server.port)
        types = "id bigint, seen TIME, word TEXT, n integer".replace("TIME", self.time).replace("TEXT", self.text)
        self.server.sql(f"create table t ({types})", database=self.name)

    time = "timestamp"
    text = "text"

    def write(self, new: Sequence[Row]) -> None:
        values = ", ".join("(" + ", ".join(_literal(row.get(name)) for name in self.columns) + ")" for row in new)
        ids = ", ".join(str(row["id"]) for row in new)
        gone = f"id not in ({', '.join(map(str, self.rows))})" if self.rows else "true"
        self.server.sql(f"delete from t where {gone}", database=self.name)
        if new:
            self.server.sql(f"delete from t where id in ({ids})", database=self.name)
            self.server.sql(f"insert into t ({', '.join(self.columns)}) values {values}", database=self.name)

    def add_column(self, name: str) -> None:
        super().add_column(name)
        self.server.sql(f"alter table t add column {name} {self.text}", database=self.name)


def _literal(value: Any) -> str:
    if value is None:
        return "null"
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


class Postgresql(Database):
    def head(self) -> str:
        user = self.user or "postgres"
        return f'kind: postgres\nurl: "postgresql://{user}@127.0.0.1:{self.port}/{self.name}"'

    def forget_password(self) -> str | None:
        self.user = "nobody:hush-hush"
        return "hush-hush"


class Mysql(Database):
    time = "datetime"
    text = "longtext"

    def head(self) -> str:
        return f'kind: mysql\nurl: "mysql://{self.user or "root"}@127.0.0.1:{self.port}/{self.name}"'

    def forget_password(self) -> str | None:
        self.user = "root:hush-hush"
        return "hush-hush"


@dataclass
class Rest(Remote):
    server: Any = None

    def __post_init__(self) -> None:
        kind = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                is_known = self.headers["Authorization"] == "Bearer right"
                since = parse_qs(urlsplit(self.path).query).get("since", [""])[0]
                rows = [row for row in kind.rows.values() if str(row["seen"]) >= since]
                body = json.dumps(rows).encode()
                self.send_response(200 if is_known else 401)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body if is_known else b"")

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.proxy = Proxy(self.server.server_port)
        self.user = "right"

    def head(self) -> str:
        return (
            f'kind: rest\nurl: "http://127.0.0.1:{self.port}"\nretries: 0\ntimeout: 20s\n'
            f'auth: {{bearer: "{self.user}"}}'
        )

    def table(self) -> str:
        return "path: t" + (", since: {param: since}" if self.load == "incremental" else "")

    def write(self, new: Sequence[Row]) -> None:
        pass

    def forget_password(self) -> str | None:
        self.user = "hush-hush"
        return "hush-hush"

    def close(self) -> None:
        super().close()
        self.server.shutdown()
        self.server.server_close()


LOCAL: Mapping[str, type[Kind]] = {"sqlite": Sqlite, "adbc": Adbc, "files": Files, "python": Python, "dlt": Dlt}
ELSEWHERE = {"synthetic": "makes its rows itself: tests/unit/ingestion/test_synthetic.py"}
KINDS = ("adbc", "dlt", "files", "mysql", "postgres", "python", "rest", "sqlite")


@contextmanager
def kind_of(name: str, folder: Path, server: Postgres | MySql | None) -> Iterator[Kind]:
    if name == "rest":
        made: Kind = Rest(folder)
    elif name in LOCAL:
        made = LOCAL[name](folder)
    else:
        made = (Postgresql if name == "postgres" else Mysql)(folder, server=server)
    try:
        yield made
    finally:
        made.close()
