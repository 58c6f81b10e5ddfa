"""CSV files as rows of text, each with its file and line."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path

from mainstem.core.ports import Session
from mainstem.core.problem import WorldError
from mainstem.lifecycle.generation.text_files import (
    ENGINE_ENCODINGS,
    LONGEST_VALUE,
    Spool,
    count_lines,
    opened,
    records,
)
from mainstem.sql.quote import literal

_DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A CSV file and how to read it. `columns` are the names in its first line, or `column_1`, ...; `first_line` the
    number of lines before its first record, None where the file must be read exactly."""

    name: str
    path: Path
    encoding: str
    delimiter: str
    has_header: bool
    columns: tuple[str, ...]
    first_line: int | None


def survey(name: str, path: Path, encoding: str, delimiter: str | None, *, has_header: bool) -> CsvFile | None:
    """Read the first record of a file; None if it has none. OSError, EOFError or UnicodeError if it cannot be read,
    csv.Error if the line that shows its columns cannot: the next one must not pass for it."""
    with opened(path, encoding) as stream:
        sign = delimiter or ("\t" if _is_tsv(path) else _delimiter(stream))
        found = records(stream, sign)
        begin = next(found, None)
        first = begin if has_header or begin is None or begin.values else next((r for r in found if r.values), begin)
    if first is None:
        return None
    if first.values is None:
        raise csv.Error(f"its line {first.line}, which shows the columns, {first.reason}")
    values = [value.strip() for value in first.values]
    names = [value or f"column_{i}" for i, value in enumerate(values, 1)]
    if not has_header:
        names = [f"column_{i}" for i in range(1, len(values) + 1)]
    plain = encoding.lower() in ENGINE_ENCODINGS and first.line == 1 and "\n" not in first.raw and len(values) > 1
    return CsvFile(name, path, encoding, sign, has_header, tuple(names), int(has_header) if plain else None)


def _is_tsv(path: Path) -> bool:
    return path.name.removesuffix(".gz").endswith(".tsv")


def _delimiter(stream: TextIOWrapper) -> str:
    """The sign that parts the first line into the most values; a comma if none parts it."""
    csv.field_size_limit(LONGEST_VALUE)
    line = next((text for text in stream if text.strip()), "")
    stream.seek(0)
    return max(_DELIMITERS, key=lambda sign: len(next(csv.reader([line], delimiter=sign), [])))


def pour(session: Session, file: CsvFile, number: int, places: Sequence[int], rows: str, broken: str) -> None:
    """Insert the records of a file into `rows` (f = `number`, n = line, c0, c1, ...), all as text, and what is no
    record into `broken` (_origin, raw, reason). `places` are the numbers of the file's columns in `rows`."""
    if file.first_line is None or not _pour_regular(session, file, number, places, rows):
        _pour_exactly(session, file, number, places, rows, broken)


def _pour_regular(session: Session, file: CsvFile, number: int, places: Sequence[int], rows: str) -> bool:
    """Let the engine read; False, and nothing inserted, unless every line gave one row."""
    before = _count(session, rows)
    names = ", ".join(f"'v{i}': 'VARCHAR'" for i in range(len(places)))
    with suppress(WorldError):
        session.execute(
            f"insert into {rows} (f, n, {', '.join(f'c{i}' for i in places)}) "
            f"select {number}, row_number() over () + {file.first_line}, * from read_csv({literal(str(file.path))}, "
            f"columns = {{{names}}}, header = false, skip = {file.first_line}, auto_detect = false, "
            f"delim = {literal(file.delimiter)}, quote = '\"', escape = '\"', nullstr = '\x02', ignore_errors = true)"
        )
        if _count(session, rows) - before == count_lines(file.path) - (file.first_line or 0):
            return True
    session.execute(f"delete from {rows} where f = {number}")
    return False


def _count(session: Session, rows: str) -> int:
    return int(session.rows(f"select count(*) from {rows}")[0][0])


def _pour_exactly(session: Session, file: CsvFile, number: int, places: Sequence[int], rows: str, broken: str) -> None:
    expected, skip = len(places), file.has_header
    with opened(file.path, file.encoding) as stream, Spool(session) as good, Spool(session) as bad:
        for record in records(stream, file.delimiter):
            if record.values is None:
                bad.add(record, f"{file.name}:{record.line}", record.raw, record.reason)
            elif skip:
                skip = False
            elif len(record.values) == expected:
                good.add(record, record.line, *record.values)
            else:
                found = len(record.values)
                reason = f"has {found} value{'s' if found > 1 else ''}, {expected} are expected"
                bad.add(record, f"{file.name}:{record.line}", record.raw, reason)
        good.pour(
            f"{rows} (f, n, {', '.join(f'c{i}' for i in places)})",
            (str(number), "v0::bigint", *(f"v{i + 1}" for i in range(expected))),
        )
        bad.pour(broken, ("v0", "v1", "v2"))
