"""One thread's connection to DuckDB."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from mainstem.core.ports import Written
from mainstem.core.problem import Problem, WorldError
from mainstem.core.release import DataFile, Field
from mainstem.engines.errors import world_error
from mainstem.engines.statistics import delta_statistics
from mainstem.sql.quote import literal, quote

FILE_SIZE = "512MB"
"""A result larger than this becomes several files."""

_INSTANT = "TIMESTAMP WITH TIME ZONE"


@contextmanager
def complaints(text: str = "", start: int = 0) -> Iterator[None]:
    """Exceptions of the engine leave as WorldError; see `errors.world_error` for `text` and `start`."""
    try:
        yield
    except duckdb.Error as error:
        raise world_error(error, text, start) from error


class Session:
    """A cursor over the engine's one in-memory database; for one thread at a time, `cancel` excepted.

    A stream that `query` returned ends when the session runs something else. Implements `core.ports.Session`.
    """

    __slots__ = ("_cursor",)

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor

    def describe(self, select: str) -> tuple[Field, ...]:
        self._one_select(select)
        return self._fields(select)

    def rows(self, select: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        self._one_select(select)
        with complaints(select):
            self._cursor.execute(select, list(parameters))
            if not any(_INSTANT in str(column[1]) for column in self._cursor.description or ()):
                return self._cursor.fetchall()
        return self._rows_with_instants(select, parameters)

    def query(self, select: str) -> Any:
        self._one_select(select)
        return self._relation(select)

    def write(self, select: str, folder: Path, prefix: str) -> Written:
        text = self._one_select(select)
        fields = self._fields(text)
        attempt = f"{prefix}{secrets.token_hex(4)}-"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _folder_refused(folder, error) from error
        options = (
            f"format parquet, compression zstd, return_stats, write_empty_file false, overwrite_or_ignore true, "
            f"file_size_bytes '{FILE_SIZE}', filename_pattern {literal(attempt + '{i}')}"
        )
        try:
            with complaints(text, len("copy (")):
                self._cursor.execute(f"copy ({text}\n) to {literal(str(folder))} ({options})")
                written = self._cursor.fetchall()
        except BaseException:
            _remove(folder, attempt)
            raise
        return Written(tuple(sorted((_data_file(row, fields) for row in written), key=_number)), fields)

    def execute(self, statement: str) -> None:
        with complaints(statement):
            self._cursor.execute(statement)

    def cancel(self) -> None:
        self._cursor.interrupt()

    def close(self) -> None:
        self._cursor.close()

    def _one_select(self, text: str) -> str:
        """`text` without a final semicolon; WorldError E001 or E011 unless it is exactly one SELECT."""
        try:
            statements = self._cursor.extract_statements(text)
        except duckdb.Error as error:
            raise world_error(error, text) from error
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise WorldError(
                Problem("E011", "the text is not exactly one SELECT", "leave one SELECT with fixed columns in it")
            )
        return _without_end(text) if ";" in text else text

    def _relation(self, select: str) -> duckdb.DuckDBPyRelation:
        try:
            return self._cursor.sql(select)
        except duckdb.Error:
            # Only a statement that is run tells the place of its fault.
            explain = "explain "
            with complaints(select, len(explain)):
                self._cursor.execute(explain + select)
            raise

    def _fields(self, select: str) -> tuple[Field, ...]:
        found = self._relation(select)
        return tuple(Field(name, _type_text(kind)) for name, kind in zip(found.columns, found.types, strict=True))

    def _rows_with_instants(self, select: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Rows whose instants are aware datetimes in UTC; the engine itself could give them only with pytz."""
        text = _without_end(select)
        columns = self._described(text, parameters)
        instants = frozenset(index for index, field in enumerate(columns) if field.type == _INSTANT)
        shown = ", ".join(_shown(field) for field in columns)
        names = ", ".join(field.name for field in columns)
        with complaints(select):
            self._cursor.execute(f"select {shown} from ({text}\n) shown({names})", list(parameters))
            rows = self._cursor.fetchall()
        return [tuple(_aware(value) if i in instants else value for i, value in enumerate(row)) for row in rows]

    def _described(self, text: str, parameters: Sequence[Any]) -> tuple[Field, ...]:
        """The columns of a text with parameters, under names of our own."""
        with complaints(text):
            self._cursor.execute(f"describe ({text}\n)", list(parameters))
            return tuple(Field(f"c{index}", str(row[1])) for index, row in enumerate(self._cursor.fetchall()))


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
