"""The small table behind a network: a proxy stands between, which can refuse, and break off."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from proxy import Proxy
from source_kinds import Kind, Row, lines

ENOUGH_BYTES = 500_000
"""Of an answer, before it breaks off."""


@dataclass
class Remote(Kind):
    """A source behind a proxy. `user` is who asks, with the password."""

    proxy: Proxy | None = None
    user: str = ""

    @property
    def port(self) -> int:
        assert self.proxy is not None
        return self.proxy.port

    def _limit(self, bytes_: int | None) -> None:
        assert self.proxy is not None
        self.proxy.limit = bytes_

    def take_down(self) -> None:
        self._limit(0)

    @contextmanager
    def dying(self, death: str) -> Iterator[None]:
        assert death == "broken off"
        self._limit(ENOUGH_BYTES)
        yield

    def bring_back(self) -> None:
        self._limit(None)

    def close(self) -> None:
        if self.proxy is not None:
            self.proxy.close()


@dataclass
class Database(Remote):
    server: Any = None
    database: str = ""

    time = "timestamp"
    text = "text"
    refusal = "G081"
    deaths: ClassVar = {"broken off": "I007"}

    def __post_init__(self) -> None:
        self.database = self.server.database()
        self.proxy = Proxy(self.server.port)
        self._sql(f"create table t (id bigint, seen {self.time}, word {self.text}, n integer)")

    def _sql(self, statement: str) -> None:
        self.server.sql(statement, database=self.database)

    def write(self, new: Sequence[Row]) -> None:
        values = ", ".join("(" + ", ".join(_literal(row.get(name)) for name in self.columns) + ")" for row in new)
        ids = ", ".join(str(row["id"]) for row in new)
        gone = f"id not in ({', '.join(map(str, self.rows))})" if self.rows else "true"
        self._sql(f"delete from t where {gone}")
        if new:
            self._sql(f"delete from t where id in ({ids})")
            self._sql(f"insert into t ({', '.join(self.columns)}) values {values}")

    def add_column(self, name: str) -> None:
        super().add_column(name)
        self._sql(f"alter table t add column {name} {self.text}")

    def head(self) -> str:
        return f'kind: {self.name}\nurl: "{self.scheme}://{self.user}@127.0.0.1:{self.port}/{self.database}"'

    scheme = ""


def _literal(value: Any) -> str:
    if value is None:
        return "null"
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


class Postgresql(Database):
    name = "postgres"
    scheme = "postgresql"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.server.ask_for_password("clerk", "right")
        self._sql("grant select on t to clerk")
        self.user = "clerk:right"

    def forget_password(self) -> str:
        self.user = "clerk:hush-hush"
        return "hush-hush"


class Mysql(Database):
    name = scheme = "mysql"
    time = "datetime"
    text = "longtext"

    def __post_init__(self) -> None:
        super().__post_init__()
        self._sql("create user if not exists clerk@'127.0.0.1' identified by 'right'")
        self._sql("grant select on t to clerk@'127.0.0.1'")
        self.user = "clerk:right"

    def forget_password(self) -> str:
        self.user = "clerk:hush-hush"
        return "hush-hush"


@dataclass
class Rest(Remote):
    server: Any = None

    name = "rest"
    refusal = "G051"
    deaths: ClassVar = {"broken off": "G050"}

    def __post_init__(self) -> None:
        kind = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                is_known = self.headers["Authorization"] == "Bearer right"
                since = parse_qs(urlsplit(self.path).query).get("since", [""])[0]
                rows = [row for row in kind.rows.values() if str(row["seen"]) >= since]
                body = json.dumps(rows).encode() if is_known else b"{}"
                self.send_response(200 if is_known else 401)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

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

    def forget_password(self) -> str:
        self.user = "hush-hush"
        return "hush-hush"

    def close(self) -> None:
        super().close()
        self.server.shutdown()
        self.server.server_close()


@dataclass
class Bucket(Remote):
    """Files in a bucket; `user` is the secret key."""

    server: Any = None
    bucket: str = ""
    files: int = 0

    name = "files"
    refusal = "G031"
    deaths: ClassVar = {"broken off": "G032"}
    has_cursor = False
    needs_lookback = False

    def __post_init__(self) -> None:
        self.bucket, self.proxy, self.user = self.server.bucket(), Proxy(self.server.port), self.server.secret

    def head(self) -> str:
        return (
            f'kind: files\npath: "s3://{self.bucket}/in"\nendpoint: "http://127.0.0.1:{self.port}"\n'
            f'key: {self.server.key}\nsecret: "{self.user}"'
        )

    def table(self) -> str:
        return 'path: "*.jsonl"'

    def write(self, new: Sequence[Row]) -> None:
        name, content = lines(self, new, self.files)
        self.files += 1
        self.server.put(self.bucket, f"in/{name}", content)

    def forget_password(self) -> str:
        self.user = "hush-hush"
        return "hush-hush"
