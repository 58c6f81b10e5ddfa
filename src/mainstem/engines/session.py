"""One thread's connection to DuckDB."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import Any

import duckdb

from mainstem.core.ports import Written
from mainstem.core.problem import Problem, WorldError
from mainstem.core.reached import Reached
from mainstem.core.release import DataFile, Field
from mainstem.engines.errors import world_error
from mainstem.engines.statistics import delta_statistics
from mainstem.engines.work import Work
from mainstem.sql.quote import literal, quote

FILE_SIZE = "512MB"
"""The size of each file of a large result."""

LARGE = 100_000_000
"""A result that is thought to hold more values than this (rows by columns) becomes several files."""

_WATCHED = "set enable_progress_bar = true; set enable_progress_bar_print = false"
"""The engine keeps account of how far a query is, and draws nothing. It costs a small query a tenth, so it is asked for
only where large data may be at hand."""

_INSTANT = "TIMESTAMP WITH TIME ZONE"

Parameters = Sequence[Any] | Mapping[str, Any]
"""Values of a statement's parameters, in order or by name."""


@contextmanager
def complaints(text: str = "", start: int = 0) -> Iterator[None]:
    """Exceptions of the engine leave as WorldError; see `errors.world_error` for `text` and `start`."""
    try:
        yield
    except duckdb.Error as error:
        raise world_error(error, text, start) from error


class Stream:
    """The rows of one SELECT, run when somebody takes them as Arrow."""

    __slots__ = ("_relation", "_select")

    def __init__(self, relation: duckdb.DuckDBPyRelation, select: str) -> None:
        self._relation = relation
        self._select = select

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> Any:
        with complaints(self._select):
            return self._relation.__arrow_c_stream__(requested_schema)


class Session:
    """A cursor over the engine's one in-memory database; for one thread at a time, `cancel` and `reached`
    excepted.

    A stream that `query` returned ends when the session runs something else. `reads_much` tells whether large files
    are bound in the engine. Implements `core.ports.Session`.
    """

    __slots__ = ("__weakref__", "_closing", "_cursor", "_has_own", "_is_watched", "_reads_much", "_work")

    def __init__(self, cursor: duckdb.DuckDBPyConnection, reads_much: Callable[[], bool]) -> None:
        self._cursor = cursor
        self._reads_much = reads_much
        self._has_own = self._is_watched = False
        self._closing = Lock()
        self._work = Work()

    def describe(self, select: str, parameters: Parameters = ()) -> tuple[Field, ...]:
        self._one_select(select)
        return self._fields(select, parameters)

    def rows(self, select: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        statement = self._statement(select)
        self._work.begin_query(is_most=False)
        with complaints(select):
            self._cursor.execute(statement, _values(parameters))
            if not any(_INSTANT in str(column[1]) for column in self._cursor.description or ()):
                return self._cursor.fetchall()
        return self._rows_with_instants(select, parameters)

    def query(self, select: str) -> Any:
        self._one_select(select)
        return Stream(self._relation(select), select)

    def handed(self, select: str, form: str) -> Any:
        self._one_select(select)
        relation = self._relation(select)
        if form == "pandas":
            import_module("pandas")  # the engine says less of it when it is not there
            with complaints(select):
                return relation.df()
        return relation

    def write(self, select: str, folder: Path, prefix: str, about: int = 0) -> Written:
        text = self._one_select(select)
        fields = self._fields(text)
        attempt = f"{prefix}{secrets.token_hex(4)}-"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _folder_refused(folder, error) from error
        if about * len(fields) > LARGE or self._is_large(text, len(fields)):
            place, split = folder, f", overwrite_or_ignore true, file_size_bytes '{FILE_SIZE}', filename_pattern "
            split += literal(attempt + "{i}")
        else:
            place, split = folder / f"{attempt}0.parquet", ", use_tmp_file false"
        self._begin_query(is_most=True)
        options = f"format parquet, compression zstd, return_stats, write_empty_file false{split}"
        try:
            with complaints(text, len("copy (")):
                self._cursor.execute(f"copy ({text}\n) to {literal(str(place))} ({options})")
                written = self._cursor.fetchall()
        except BaseException:
            _remove(folder, attempt)
            raise
        return Written(tuple(sorted((_data_file(row, fields) for row in written), key=_number)), fields)

    def _is_large(self, select: str, columns: int) -> bool:
        """The engine's own estimate, asked for only where large data is at hand: it costs a tenth of a small write.

        One file keeps the order of the rows and is read in parallel all the same; several files are what lets a later
        merge rewrite a part of a large table. Their parts are written in the order in which threads finish.
        """
        if not (self._has_own or self._reads_much()):
            return False
        with complaints():
            self._cursor.execute(f"explain (format json) {select}")
            plan = json.loads(self._cursor.fetchall()[0][1])
        return _estimate(plan) * columns > LARGE

    def take(self, table: str, stream: Any) -> int:
        self._has_own = True
        self._begin_query(is_most=self._work.is_reading)
        from arro3.core import RecordBatchReader

        given = f"{table}_given"
        with complaints():
            is_pandas = type(stream).__module__.partition(".")[0] == "pandas"  # its Arrow stream asks for pyarrow
            self._cursor.register(given, stream if is_pandas else RecordBatchReader.from_stream(stream))
            try:
                there = "select 1 from duckdb_tables() where temporary and table_name = ?"
                has_table = bool(self._cursor.execute(there, [table]).fetchall())
                into = f"insert into {table} by name" if has_table else f"create temp table {table} as"
                self._cursor.execute(f"{into} select * from {given}")
                return int(self._cursor.fetchall()[0][0])
            finally:
                self._cursor.unregister(given)

    def execute(self, statement: str) -> None:
        self._has_own = True
        self._begin_query(is_most=self._work.is_reading)
        with complaints(statement):
            self._cursor.execute(statement)

    def begin(self, doing: str) -> None:
        self._work.begin(doing)

    def count_by(self, rows: Callable[[], int | None]) -> None:
        self._work.count_by(rows)

    def reached(self) -> Reached | None:
        try:
            with self._closing:
                percentage = self._cursor.query_progress()
        except duckdb.ConnectionException:  # it was closed
            return None
        return self._work.reached(percentage)

    def cancel(self) -> None:
        self._cursor.interrupt()

    def close(self) -> None:
        with self._closing:
            self._cursor.close()

    def _begin_query(self, *, is_most: bool) -> None:
        """A query that may take long begins."""
        if not self._is_watched and (self._has_own or self._reads_much()):
            self._is_watched = True
            with suppress(duckdb.Error):  # an engine that is locked takes no settings
                self._cursor.execute(_WATCHED)
        self._work.begin_query(is_most=is_most)

    def _one_select(self, text: str) -> str:
        """`text` without a final semicolon; see `_statement`."""
        self._statement(text)
        return _without_end(text) if ";" in text else text

    def _statement(self, text: str) -> duckdb.Statement:
        """The text, parsed; WorldError E001 or E011 unless it is exactly one SELECT."""
        try:
            statements = self._cursor.extract_statements(text)
        except duckdb.Error as error:
            raise world_error(error, text) from error
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise WorldError(
                Problem("E011", "the text is not exactly one SELECT", "leave one SELECT with fixed columns in it")
            )
        return statements[0]

    def _relation(self, select: str, parameters: Parameters = ()) -> duckdb.DuckDBPyRelation:
        try:
            return self._cursor.sql(select, params=_values(parameters)) if parameters else self._cursor.sql(select)
        except duckdb.Error:
            # Only a statement that is run tells the place of its fault.
            explain = "explain "
            with complaints(select, len(explain)):
                self._cursor.execute(explain + select, _values(parameters))
            raise

    def _fields(self, select: str, parameters: Parameters = ()) -> tuple[Field, ...]:
        found = self._relation(select, parameters)
        return tuple(Field(name, _type_text(kind)) for name, kind in zip(found.columns, found.types, strict=True))

    def _rows_with_instants(self, select: str, parameters: Parameters) -> list[tuple[Any, ...]]:
        """Rows whose instants are aware datetimes in UTC; the engine itself could give them only with pytz."""
        text = _without_end(select)
        columns = self._described(text, parameters)
        instants = frozenset(index for index, field in enumerate(columns) if field.type == _INSTANT)
        shown = ", ".join(_shown(field) for field in columns)
        names = ", ".join(field.name for field in columns)
        with complaints(select):
            self._cursor.execute(f"select {shown} from ({text}\n) shown({names})", _values(parameters))
            rows = self._cursor.fetchall()
        return [tuple(_aware(value) if i in instants else value for i, value in enumerate(row)) for row in rows]

    def _described(self, text: str, parameters: Parameters) -> tuple[Field, ...]:
        """The columns of a text with parameters, under names of our own."""
        with complaints(text):
            self._cursor.execute(f"describe ({text}\n)", _values(parameters))
            return tuple(Field(f"c{index}", str(row[1])) for index, row in enumerate(self._cursor.fetchall()))


def _values(parameters: Parameters) -> list[Any] | dict[str, Any]:
    return dict(parameters) if isinstance(parameters, Mapping) else list(parameters)


def _type_text(kind: Any) -> str:
    """The type as SQL. Names within a STRUCT are always quoted, so that one type has one text."""
    text = str(kind)
    if "STRUCT(" not in text:
        return text
    parts = kind.children
    if kind.id == "list":
        return f"{_type_text(parts[0][1])}[]"
    if kind.id == "array":
        return f"{_type_text(parts[0][1])}[{parts[1][1]}]"
    if kind.id == "map":
        return f"MAP({_type_text(parts[0][1])}, {_type_text(parts[1][1])})"
    if kind.id in {"struct", "union"} and all(name for name, _ in parts):
        return f"{kind.id.upper()}({', '.join(f'{quote(name)} {_type_text(part)}' for name, part in parts)})"
    return text


def _shown(field: Field) -> str:
    if field.type == _INSTANT:
        return f"cast({field.name} as timestamp)"
    return f"cast({field.name} as varchar)" if _INSTANT in field.type else field.name


def _estimate(nodes: Sequence[Mapping[str, Any]]) -> int:
    """Rows of the topmost operator that has an estimate."""
    for node in nodes:
        estimated = node.get("extra_info", {}).get("Estimated Cardinality")
        return int(estimated) if estimated is not None else _estimate(node.get("children", ()))
    return 0


def _aware(value: Any) -> Any:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value


def _without_end(text: str) -> str:
    """`text` up to its final semicolon, so that it can stand in brackets; semicolons in strings and comments stay."""
    raw = text.encode()
    tokens = [offset for offset, _ in duckdb.tokenize(text)]
    while tokens and raw[tokens[-1] :].lstrip().startswith(b";"):
        raw = raw[: tokens.pop()]
    return raw.decode()


def _data_file(row: tuple[Any, ...], fields: tuple[Field, ...]) -> DataFile:
    file, rows, size, _, columns, _ = row
    return DataFile(Path(file).name, int(size), int(rows), delta_statistics(int(rows), fields, columns))


def _number(file: DataFile) -> int:
    return int(file.path.removesuffix(".parquet").rpartition("-")[2])


def _remove(folder: Path, attempt: str) -> None:
    """Remove what a failed write left under its own name, torn files included."""
    ours = re.compile(re.escape(attempt) + r"\d+\.parquet")
    for file in folder.iterdir():
        if ours.fullmatch(file.name):
            file.unlink(missing_ok=True)


def _folder_refused(folder: Path, error: OSError) -> WorldError:
    reason = (error.strerror or type(error).__name__).lower()
    return WorldError(
        Problem("E007", f'folder "{folder}" cannot be made: {reason}', "make the folder writable, then run again")
    )
