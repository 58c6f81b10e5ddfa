"""The embedded engine: one in-memory DuckDB, many sessions, datasets bound by name as views over files."""

from __future__ import annotations

import os
import re
import secrets
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from shutil import rmtree
from threading import Lock
from typing import Any
from weakref import WeakSet

import duckdb

from mainstem.core.ports import Capabilities
from mainstem.core.problem import Problem, ProjectError, WorldError
from mainstem.core.project import EngineSettings
from mainstem.core.release import Field
from mainstem.engines import extensions
from mainstem.engines import tree as trees
from mainstem.engines.errors import world_error
from mainstem.engines.session import Session, complaints
from mainstem.sql.quote import literal, quote

CAPABILITIES = Capabilities(name="duckdb", dialect="duckdb", reads_local_databases=True, is_distributed=False)

_KEPT_SCHEMAS = frozenset({"information_schema", "memory", "pg_catalog", "system", "temp"})
_MUCH_BYTES = 64 * 1024 * 1024
_COPY_ROWS = 32 * 1024
"""Rows of a row group of a copy. Who looks a key up reads one group: a quarter of the engine's own size costs a fifth
less, of 200,000 rows as of 5 million, and those who read the whole table pay nothing for it."""
_SPILL = re.compile(r"duckdb-(\d+)-[0-9a-f]+")

_FIXED: Mapping[str, str] = {
    "allow_persistent_secrets": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "errors_as_json": "true",
    "preserve_insertion_order": "true",
    "python_enable_replacements": "false",
}
"""Settings of every engine. Order is kept so that row numbers are those of a file's lines and tables keep the
order of their SELECT; writing spills within the memory limit either way."""

_AT_START = "set global timezone = 'UTC'; set global parquet_metadata_cache = true"


def open(settings: EngineSettings, temp: Path | None = None) -> Engine:
    """A new, empty engine.

    It spills below `settings.temp_directory` (not at all where that is empty), else below `temp`, else below the
    system's temporary folder; the space is given back at `close`, and that of killed processes at the next `open`.
    ProjectError E014 when a setting is wrong.
    """
    config = _config(settings)
    config["temp_directory"] = "" if settings.temp_directory == "" else str(_spill_folder(_parent(settings, temp)))
    try:
        connection = duckdb.connect(":memory:", config=config)
        connection.execute(_AT_START)
    except duckdb.Error as error:
        words = world_error(error).problems[0].what
        mend = 'write memory_limit like "4GB" and threads as a whole number above 0'
        raise ProjectError(Problem("E014", f"a setting of the engine is wrong: {words}", mend)) from error
    return Engine(connection)


def open_copy(file: Path, settings: EngineSettings) -> Engine:
    """An engine over a file that `Engine.write_copy` made; it can only be read. WorldError E0.. when it cannot."""
    with complaints():
        connection = duckdb.connect(str(file), read_only=True, config=_config(settings))
        connection.execute(_AT_START)
    return Engine(connection)


def _config(settings: EngineSettings) -> dict[str, str | bool | int | float | list[str]]:
    config: dict[str, str | bool | int | float | list[str]] = dict(_FIXED)
    if settings.memory_limit is not None:
        config["memory_limit"] = settings.memory_limit
    if settings.threads is not None:
        config["threads"] = settings.threads
    return config


class Engine:
    """One in-memory database; its methods may be called from any thread. Implements `core.ports.Engine`."""

    __slots__ = ("_connection", "_has_much", "_loaded", "_lock", "_schemas", "_sessions", "capabilities")

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.capabilities = CAPABILITIES
        self._connection = connection
        self._has_much = False
        self._lock = Lock()
        self._schemas = {"main"}
        self._sessions: WeakSet[Session] = WeakSet()
        self._loaded = set(extensions.BUILT_IN)

    def session(self) -> Session:
        with self._lock:
            session = Session(self._connection.cursor(), lambda: self._has_much)
            self._sessions.add(session)
            return session

    def bind(self, name: str, files: Sequence[Path], fields: Sequence[Field]) -> None:
        with self._lock:
            if not files:
                self._view(name, _empty(fields))
                return
            try:
                self._view(name, _scan(files, fields))
            except WorldError as error:
                if error.problems[0].code != "E002":
                    raise
                self._view(name, self._filled(files, fields))
            self._has_much = self._has_much or _size_bytes(files) > _MUCH_BYTES

    def bind_view(self, name: str, select: str) -> None:
        with self._lock:
            self._view(name, select)

    def load_extension(self, name: str) -> None:
        with self._lock:
            for wanted in (*extensions.BEFORE.get(name, ()), name):
                if wanted not in self._loaded:
                    file = extensions.extension_file(wanted)
                    with complaints():
                        self._connection.execute(f"load {literal(str(file))}")
                    self._loaded.add(wanted)

    def relation(self, files: Sequence[Path], fields: Sequence[Field]) -> str:
        if not files:
            return f"({_empty(fields)})"
        with self._lock:
            return f"({self._filled(files, fields)})"

    def parse_tree(self, sql: str) -> Mapping[str, Any]:
        with self._lock:
            return trees.parse_tree(self._connection, sql)

    def render_tree(self, tree: Mapping[str, Any]) -> str:
        with self._lock, complaints():
            return trees.render_tree(self._connection, tree)

    def lock(self, files: Sequence[Path]) -> None:
        allowed = ", ".join(literal(str(file)) for file in files)
        with self._lock, complaints():
            for setting in (
                "allow_community_extensions = false",
                "enable_external_file_cache = false",
                "temp_directory = ''",
                "max_temp_directory_size = '0B'",
                f"allowed_paths = [{allowed}]",
                "enable_external_access = false",
                "lock_configuration = true",
            ):
                self._connection.execute(f"set global {setting}")

    def write_copy(self, file: Path, selects: Mapping[str, str]) -> None:
        cursor = self._connection.cursor()
        try:
            with complaints():
                cursor.execute(f"attach {literal(str(file))} as serving_copy (row_group_size {_COPY_ROWS})")
                for name, select in selects.items():
                    schema, _, table = name.rpartition(".")
                    place = f"serving_copy.{quote(schema or 'main')}"
                    cursor.execute(f"create schema if not exists {place}")
                    cursor.execute(f"create table {place}.{quote(table)} as {select}")
                cursor.execute("detach serving_copy")
        finally:
            cursor.close()

    def cancel(self) -> None:
        with self._lock:
            for session in list(self._sessions):
                with suppress(duckdb.ConnectionException):  # it was closed
                    session.cancel()

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _view(self, name: str, select: str) -> None:
        schema, _, table = name.rpartition(".")
        schema = schema or "main"
        if schema.lower() in _KEPT_SCHEMAS:
            what = f'schema name "{schema}" belongs to the engine'
            raise ProjectError(Problem("E013", what, "rename the source, or the folder of the model"))
        if schema not in self._schemas:
            with complaints():
                self._connection.execute(f"create schema if not exists {quote(schema)}")
            self._schemas.add(schema)
        head = f"create or replace view {quote(schema)}.{quote(table)} as "
        with complaints(select, len(head.encode())):
            self._connection.execute(head + select)

    def _filled(self, files: Sequence[Path], fields: Sequence[Field]) -> str:
        """Like `_scan`, with a typed NULL for each column that none of the files holds."""
        with complaints():
            held = {name.lower() for name in self._connection.sql(f"from {_parquet(files)}").columns}
        return _scan(files, fields, frozenset(held))


def _parquet(files: Sequence[Path]) -> str:
    return f"read_parquet([{', '.join(literal(str(file)) for file in files)}], union_by_name = true)"


def _scan(files: Sequence[Path], fields: Sequence[Field], held: frozenset[str] | None = None) -> str:
    """A SELECT of `fields` in their order. Nothing stands between the columns and the file where nothing must, so
    that the engine can prune row groups, and read late."""
    shown = ", ".join(
        quote(field.name) if held is None or field.name.lower() in held else _null(field) for field in fields
    )
    return f"select {shown} from {_parquet(files)}"


def _size_bytes(files: Sequence[Path]) -> int:
    return sum(file.stat().st_size for file in files)


def _empty(fields: Sequence[Field]) -> str:
    return f"select {', '.join(_null(field) for field in fields)} where false"


def _null(field: Field) -> str:
    return f"cast(null as {field.type}) as {quote(field.name)}"


def _parent(settings: EngineSettings, temp: Path | None) -> Path | None:
    return Path(settings.temp_directory) if settings.temp_directory else temp


def _spill_folder(parent: Path | None) -> Path:
    """A folder of this process's own; the engine makes it when it first spills. Those of dead processes are removed."""
    parent = parent or Path(tempfile.gettempdir()) / "mainstem"
    try:
        parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        what = f'the temporary folder "{parent}" cannot be made: {reason}'
        raise ProjectError(Problem("E014", what, "set temp_directory to a folder that can be written")) from error
    for folder in parent.iterdir():
        found = _SPILL.fullmatch(folder.name)
        if found and not _is_alive(int(found[1])):
            rmtree(folder, ignore_errors=True)
    return parent / f"duckdb-{os.getpid()}-{secrets.token_hex(4)}"


def _is_alive(process: int) -> bool:
    if os.name != "posix":
        return True
    with suppress(PermissionError):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return False
    return True
