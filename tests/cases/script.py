"""Scripts: files to write and commands to run in a folder of their own, with the output that is expected."""

from __future__ import annotations

import gzip
import json
import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from click.testing import CliRunner, Result

PROGRESS = re.compile(r"\d+/\d+ \w+\.\w+: ")
_HOLD = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("begin exclusive")
print("locked", flush=True)
sys.stdin.read()
"""
PROGRAMS = (
    "mainstem, cat, cd, export, gzip, lock, ls, mysql, psql, python3, rm, serve, set, sqlite, sqlite3, touch, unlock, "
    "zip"
)


@dataclass
class Part:
    """A file to write (`path`) or a command to run (`command`), with the lines that belong to it."""

    path: str | None = None
    command: str | None = None
    lines: list[str] = field(default_factory=list)


def read_script(lines: Iterable[str]) -> tuple[list[str], list[Part]]:
    """The lines before the first part, and the parts."""
    head: list[str] = []
    parts: list[Part] = []
    for line in lines:
        if line.startswith("--- ") and not line.startswith("--- */"):
            parts.append(Part(path=line[4:].strip()))
        elif line.startswith("$ "):
            parts.append(Part(command=line[2:]))
        elif parts:
            parts[-1].lines.append(line)
        else:
            head.append(line)
    for part in parts:
        while part.command is not None and part.lines and not part.lines[-1].strip():
            part.lines.pop()
    return head, parts


def as_lines(part: Part) -> list[str]:
    """The part as it stands in a script; a blank line after a command's output."""
    if part.path is not None:
        return [f"--- {part.path}", *part.lines]
    return [f"$ {part.command}", *part.lines, ""]


class Stage:
    """A folder in which scripts are played: `root`, and the one that `cd` leads to.

    Databases that a script locks stay locked until it unlocks them.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder
        self._locks: dict[str, subprocess.Popen[bytes]] = {}
        self._servers = ExitStack()

    def write(self, path: str, lines: Iterable[str]) -> None:
        """A file with these lines, without blank ones at the end."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("\n".join(lines).rstrip("\n") + "\n", encoding="utf-8")

    def carry_out(self, command: str) -> list[str]:
        """What a command prints, standard output and standard error as they come; `[exit N]` when it fails."""
        command, _, path = command.partition(" | json")
        program, *arguments = shlex.split(command)
        if program == "mainstem":
            arguments = [
                os.path.expandvars(argument) if argument.startswith("$") else argument for argument in arguments
            ]
            return mainstem(arguments, self.root, json_path=path.strip() if _ else None)
        action = getattr(self, f"_{program}", None)
        assert action is not None, f"a script runs {PROGRAMS}, not {program}"
        return list(action(*arguments) or ())

    def _cd(self, path: str) -> None:
        self.folder = self.folder / path
        os.chdir(self.folder)

    def _sqlite(self, file: str, sql: str) -> list[str]:
        with sqlite3.connect(self.folder / file) as database:
            found = database.execute(sql).fetchall() if sql.startswith("select") else database.executescript(sql)
            rows = ["|".join(map(str, row)) for row in found]
        database.close()
        return rows

    _sqlite3 = _sqlite

    def _lock(self, file: str) -> None:
        """In a process of its own: locks of one process do not stop itself."""
        holder = subprocess.Popen(
            [sys.executable, "-c", _HOLD, str(self.folder / file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert holder.stdout is not None
        assert holder.stdout.readline(), f"{file} is locked"
        self._locks[file] = holder

    def _unlock(self, file: str) -> None:
        self._locks.pop(file).communicate()

    def _rm(self, path: str) -> None:
        target = self.folder / path
        shutil.rmtree(target) if target.is_dir() else target.unlink()

    def _cat(self, path: str) -> list[str]:
        return normal((self.folder / path).read_text(encoding="utf-8"), self.root).splitlines()

    def _ls(self, path: str = ".") -> list[str]:
        return sorted(entry.name for entry in (self.folder / path).iterdir())

    def _gzip(self, path: str) -> None:
        target = self.folder / path
        (self.folder / f"{path}.gz").write_bytes(gzip.compress(target.read_bytes()))
        target.unlink()

    def _zip(self, archive: str, *paths: str) -> None:
        with zipfile.ZipFile(self.folder / archive, "w") as target:
            for path in paths:
                target.write(self.folder / path, path.rpartition("/")[2])

    def _python3(self, *arguments: str) -> list[str]:
        done = subprocess.run(
            [sys.executable, *arguments], cwd=self.folder, capture_output=True, text=True, check=False
        )
        return [*done.stdout.splitlines(), *done.stderr.splitlines()]

    def _touch(self, path: str) -> None:
        (self.folder / path).touch()

    def _set(self, setting: str) -> None:
        """An address of PostgreSQL or MySQL becomes that of a server which is started for it."""
        name, _, value = setting.partition("=")
        if value.startswith("postgresql://"):
            from tests.servers import postgres

            value = self._servers.enter_context(postgres()).url()
        if value.startswith("mysql://"):
            from tests.servers import mariadb

            server = self._servers.enter_context(mariadb())
            value = server.url(server.database())
        os.environ[name] = value

    _export = _set

    def _psql(self, url: str, _: str, sql: str) -> list[str]:
        import psycopg

        with psycopg.connect(os.path.expandvars(url), autocommit=True) as connection:
            found = connection.execute(sql.encode())
            return ["|".join(map(str, row)) for row in found.fetchall()] if found.description else []

    def _mysql(self, url: str, _: str, sql: str) -> list[str]:
        import pymysql

        where = urlsplit(os.path.expandvars(url))
        there = {"host": where.hostname, "port": where.port, "user": where.username, "database": where.path[1:]}
        with pymysql.connect(**there, autocommit=True) as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return ["|".join(map(str, row)) for row in cursor.fetchall()]

    def _serve(self, path: str, variable: str) -> None:
        """Give out the JSON files of a folder on a free port; its address goes into an environment variable."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Files, self.folder / path))
        Thread(target=server.serve_forever, daemon=True).start()
        self._servers.callback(server.server_close)
        self._servers.callback(server.shutdown)
        os.environ[variable] = f"http://127.0.0.1:{server.server_port}"

    def close(self) -> None:
        """Unlock what is locked, and stop servers."""
        for file in list(self._locks):
            self._unlock(file)
        self._servers.close()


class _Files(BaseHTTPRequestHandler):
    """`GET /orders?page=2` is the file `orders?page=2.json` of the folder, else `orders.json`."""

    def __init__(self, folder: Path, *arguments: Any) -> None:
        self.folder = folder
        super().__init__(*arguments)

    def do_GET(self) -> None:
        names = (self.path, self.path.partition("?")[0])
        file = next((found for name in names if (found := self.folder / f"{name[1:]}.json").is_file()), None)
        content = file.read_bytes() if file else b'{"error": "no such list"}'
        self.send_response(200 if file else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def staged(folder: Path) -> Iterator[Stage]:
    """A stage in `folder`, which is the current one meanwhile; the environment is put back afterwards."""
    before, here = dict(os.environ), Path.cwd()
    os.environ |= {"HOME": str(folder / "home"), "COLUMNS": "160"}
    os.chdir(folder)
    stage = Stage(folder)
    try:
        yield stage
    finally:
        stage.close()
        os.chdir(here)
        os.environ.clear()
        os.environ.update(before)


def invoke(arguments: list[str], text: str = "") -> Result:
    """What became of `mainstem` with these arguments, and this text on standard input. A bug is raised."""
    import click

    from mainstem.cli import app

    @click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
    @click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
    def outer(arguments: tuple[str, ...]) -> None:
        app.run(list(arguments))

    result = CliRunner().invoke(outer, ["--", *arguments], input=text)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def mainstem(arguments: list[str], folder: Path, json_path: str | None = None) -> list[str]:
    """What `mainstem` prints with these arguments; with `json_path` the value there of the JSON on standard output."""
    result = invoke(arguments)
    lines = _chosen(result, folder, json_path)
    while lines and not lines[-1]:
        lines.pop()
    if result.exit_code:
        lines.append(f"[exit {result.exit_code}]")
    return lines


def _chosen(result: Result, folder: Path, json_path: str | None) -> list[str]:
    if json_path is None:
        lines = normal(result.output, folder).splitlines()
        return [line.rstrip() for line in lines if not PROGRESS.match(line)]
    try:
        value = json.loads(result.stdout)
    except ValueError:
        return ["no JSON:", *normal(result.output, folder).splitlines()]
    for step in filter(None, json_path.split(".")):
        value = value[int(step)] if isinstance(value, list) else value[step]
    said = " ".join(sorted(value)) if isinstance(value, dict) else json.dumps(value, ensure_ascii=False)
    return [*normal(result.stderr, folder).splitlines(), normal(said, folder)]


def normal(text: str, folder: Path) -> str:
    """Output without what differs from run to run: folders, run ids, durations, digests, instants of today."""
    text = text.replace(str(folder.resolve()), "FOLDER").replace(str(folder), "FOLDER")
    text = re.sub(r"\b\d{8}T\d{6}-[0-9a-f]{6}\b", "RUN", text)
    text = re.sub(r"\bsha256:[0-9a-f]{64}\b", "sha256:DIGEST", text)
    text = re.sub(r"\bview:[0-9a-f]{16}\b", "view:DIGEST", text)
    text = re.sub(r"\b[0-9a-f]{32}\b|(?<=sound, )[0-9a-f]{8}\b", "LEDGER", text)
    text = re.sub(r"\b\d+(\.\d+)? (ms|s)\b", "TIME", text)
    text = re.sub(r"\b[\d,]+ rows/s", "PACE", text)
    text = re.sub(r"\b\d+(\.\d+)? [kMG]?B\b", "SIZE", text)
    text = re.sub(r"_mainstem/samples/\S+?\.parquet", "_mainstem/samples/SAMPLE", text)
    return re.sub(_instants_of_today(), "NOW", text)


def _instants_of_today() -> str:
    """A pattern of instants as commands write them; the days around today too, for other zones and for midnight."""
    today = datetime.now(UTC)
    days = [today + timedelta(days=shift) for shift in (-1, 0, 1)]
    iso = "|".join(f"{day:%Y-%m-%d}" for day in days)
    said = "|".join(f"{day.day} {day:%b %Y}" for day in days)
    return rf"(?:{iso})[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d(?::\d\d)?)?|(?:{said}) \d\d:\d\d"


def fits(expected: list[str], came: list[str]) -> bool:
    """Whether the lines that came are those expected, `...` standing for any lines and `<...>` for any text."""
    pattern = ""
    for line in expected:
        if line.strip() == "...":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += r".*?".join(re.escape(piece) for piece in line.rstrip().split("<...>")) + r"\n"
    return re.fullmatch(pattern, "".join(line + "\n" for line in came)) is not None


def difference(command: str | None, expected: list[str], came: list[str]) -> str:
    """Both outputs, for people."""
    return f"$ {command}\nexpected:\n{_indented(expected)}\ncame:\n{_indented(came)}\n"


def _indented(lines: list[str]) -> str:
    return "\n".join(f"    {line}" for line in lines)
