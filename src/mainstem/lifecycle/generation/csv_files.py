"""CSV files as rows of text, each with its file and line."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from io import TextIOWrapper
from itertools import islice

from mainstem.core.ports import Session
from mainstem.core.problem import WorldError
from mainstem.lifecycle.generation.file_options import TableOptions
from mainstem.lifecycle.generation.file_parts import Part
from mainstem.lifecycle.generation.text_files import (
    ENGINE_ENCODINGS,
    LONGEST_VALUE,
    Dialect,
    Spool,
    count_lines,
    opened,
    records,
)
from mainstem.sql.quote import literal

_DELIMITERS = (",", ";", "\t", "|")
_BEFORE_COMMA = (";", "\t", "|", ",")
"""Where a comma stands inside numbers, it parts values only if no other sign does."""


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A CSV file and how to read it. `columns` are the names in its first line, or `column_1`, ...; `first_line` the
    number of lines before its first record, None where the file must be read exactly."""

    part: Part
    dialect: Dialect
    has_header: bool
    columns: tuple[str, ...]
    first_line: int | None


def survey(part: Part, options: TableOptions) -> CsvFile | None:
    """Read the first record of a file; None if it has none. OSError, EOFError or UnicodeError if it cannot be read,
    csv.Error if the line that shows its columns cannot: the next one must not pass for it."""
    has_header = options.header
    with opened(part.path, part.encoding) as stream:
        dialect = _dialect(part, stream, options)
        found = records(stream, dialect, part.encoding_name)
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
    is_plain = part.encoding.lower() in ENGINE_ENCODINGS and dialect.is_doubled and len(values) > 1
    if not is_plain or first.line != dialect.skip + 1 or "\n" in first.raw:
        return CsvFile(part, dialect, has_header, tuple(names), None)
    return CsvFile(part, dialect, has_header, tuple(names), dialect.skip + int(has_header))


def _dialect(part: Part, stream: TextIOWrapper, options: TableOptions) -> Dialect:
    """What the options say, and what the first line shows. A line `sep=;`, as spreadsheets write it, is no record."""
    quote = '"' if options.quote is None else options.quote
    dialect = Dialect(options.delimiter or "\t", quote, options.escape, options.skip)
    lines = islice(stream, options.skip, None)
    first = next((text for text in lines if text.strip()), "")
    stream.seek(0)
    sign = first.rstrip("\r\n")
    if options.delimiter is None and sign.lower().startswith("sep=") and len(sign) == 5:
        return replace(dialect, delimiter=sign[-1], skip=dialect.skip + 1)
    if options.delimiter is not None or _is_tsv(part):
        return dialect
    signs = _BEFORE_COMMA if options.decimal == "," else _DELIMITERS
    return replace(dialect, delimiter=max(signs, key=lambda sign: _width(first, replace(dialect, delimiter=sign))))


def _is_tsv(part: Part) -> bool:
    return ".tsv" in part.name.lower().rpartition("/")[2]


def _width(line: str, dialect: Dialect) -> int:
    """Into how many values the line falls."""
    csv.field_size_limit(LONGEST_VALUE)
    return len(next(dialect.reader(iter([line]), strict=False), []))


def pour(session: Session, file: CsvFile, number: int, places: Sequence[int], rows: str, broken: str) -> None:
    """Insert the records of a file into `rows` (f = `number`, n = line, c0, c1, ...), all as text, and what is no
    record into `broken` (_origin, raw, reason). `places` are the numbers of the file's columns in `rows`."""
    if file.first_line is None or not _pour_regular(session, file, number, places, rows):
        _pour_exactly(session, file, number, places, rows, broken)


def _pour_regular(session: Session, file: CsvFile, number: int, places: Sequence[int], rows: str) -> bool:
    """Let the engine read; False, and nothing inserted, unless every line gave one row."""
    before = _count(session, rows)
    names = ", ".join(f"'v{i}': 'VARCHAR'" for i in range(len(places)))
    quote, path = literal(file.dialect.quote), literal(str(file.part.path))
    with suppress(WorldError):
        session.execute(
            f"insert into {rows} (f, n, {', '.join(f'c{i}' for i in places)}) "
            f"select {number}, row_number() over () + {file.first_line}, * from read_csv({path}, "
            f"columns = {{{names}}}, header = false, skip = {file.first_line}, auto_detect = false, "
            f"delim = {literal(file.dialect.delimiter)}, quote = {quote}, escape = {quote}, nullstr = '\x02', "
            "compression = 'none', ignore_errors = true)"
        )
        if _count(session, rows) - before == count_lines(file.part.path) - (file.first_line or 0):
            return True
    session.execute(f"delete from {rows} where f = {number}")
    return False


def _count(session: Session, rows: str) -> int:
    return int(session.rows(f"select count(*) from {rows}")[0][0])


def _pour_exactly(session: Session, file: CsvFile, number: int, places: Sequence[int], rows: str, broken: str) -> None:
    expected, skip, name = len(places), file.has_header, file.part.name
    with opened(file.part.path, file.part.encoding) as stream, Spool(session) as good, Spool(session) as bad:
        for record in records(stream, file.dialect, file.part.encoding_name):
            if record.values is None:
                bad.add(record, f"{name}:{record.line}", record.raw, record.reason)
            elif skip:
                skip = False
            elif len(record.values) == expected:
                good.add(record, record.line, *record.values)
            else:
                found = len(record.values)
                reason = f"has {found} value{'s' if found > 1 else ''}, {expected} are expected"
                bad.add(record, f"{name}:{record.line}", record.raw, reason)
        good.pour(
            f"{rows} (f, n, {', '.join(f'c{i}' for i in places)})",
            (str(number), "v0::bigint", *(f"v{i + 1}" for i in range(expected))),
        )
        bad.pour(broken, ("v0", "v1", "v2"))
