"""Text files line by line: counting, decoding, and records whose place in the file is known.

The engine reads regular files faster than Python does, and says nothing of lines. So it reads a file first; only if
that does not give one row a line (quoted newlines, ragged or broken rows, blank lines, another encoding) the file is
read here, exactly, and handed to the engine in a regular form.
"""

from __future__ import annotations

import csv
import re
import secrets
import tempfile
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from shutil import rmtree
from types import TracebackType
from typing import Self

from mainstem.core.ports import Session
from mainstem.sql.quote import literal

LONGEST_VALUE = 2**31 - 1
"""Characters; Python's own limit is far lower."""

_BLOCK_BYTES = 1 << 20
_LONGEST_BYTES = 1 << 21
_UNDECODED = re.compile("[\udc80-\udcff]")
ENGINE_ENCODINGS = frozenset({"utf-8", "utf8", "utf-8-sig", "ascii"})


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a file. `line` is where it begins, from 1. `values` is None for what is no record; `reason`
    says why then. `raw` is its text without the end of the line."""

    line: int
    raw: str
    values: Sequence[str] | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a CSV is written. `quote` is "" where nothing is quoted; `escape` None: a quote is doubled to stand for
    itself. `skip` lines come before the first record."""

    delimiter: str = ","
    quote: str = '"'
    escape: str | None = None
    skip: int = 0

    @property
    def is_doubled(self) -> bool:
        """Whether no other sign than the quote itself escapes."""
        return self.escape in (None, self.quote)

    def reader(self, lines: Iterator[str], *, strict: bool = True) -> Iterator[list[str]]:
        """Records of the lines; csv.Error for one that is none, if it is `strict`."""
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            quotechar=self.quote or None,
            quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            escapechar=None if self.is_doubled else self.escape,
            doublequote=self.is_doubled,
            strict=strict,
        )


def opened(path: Path, encoding: str) -> TextIOWrapper:
    """The file as text, without a byte order mark; bytes that are no text become lone surrogates."""
    decoded = "utf-8-sig" if encoding.lower() in ENGINE_ENCODINGS else encoding
    return path.open(encoding=decoded, errors="surrogateescape", newline="")


def count_lines(path: Path) -> int:
    """Lines that end in a line feed, and a last one without; -1 if some end in a carriage return alone."""
    lines, returns, last = 0, 0, b"\n"
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK_BYTES):
            lines, returns, last = lines + block.count(b"\n"), returns + block.count(b"\r"), block[-1:]
    return -1 if returns not in (0, lines) else lines + (last != b"\n")


def lines(stream: TextIOWrapper, encoding: str = "UTF-8") -> Iterator[Record]:
    """Every line that is not blank, as a record of one value. `encoding` is its name for people."""
    for number, text in enumerate(stream, start=1):
        raw = text.rstrip("\r\n")
        if is_undecoded(raw):
            yield Record(number, readable(raw), None, f"is not {encoding} text")
        elif raw.strip():
            yield Record(number, raw, (raw,))


def records(stream: Iterator[str], dialect: Dialect, encoding: str = "UTF-8") -> Iterator[Record]:
    """Records of a CSV, blank lines left out.

    A record that cannot be read (a quote that is never closed) costs its first line only: reading goes on at the next.
    """
    csv.field_size_limit(LONGEST_VALUE)
    for _ in range(dialect.skip):
        next(stream, None)
    source = _Pushback(stream)
    reader, number = dialect.reader(source), dialect.skip
    while True:
        source.taken.clear()
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield Record(number + 1, readable(source.taken[0].rstrip("\r\n")), None, "has a quote that does not close")
            source.give_back()
            reader, number = dialect.reader(source), number + 1
            continue
        raw = "".join(source.taken).rstrip("\r\n")
        if is_undecoded(raw):
            yield Record(number + 1, readable(raw), None, f"is not {encoding} text")
        elif values:
            yield Record(number + 1, raw, values)
        number += len(source.taken)


class _Pushback:
    """Lines that can be given back: all that were `taken` since it was cleared, but for the first."""

    def __init__(self, stream: Iterator[str]) -> None:
        self.stream = stream
        self.waiting: deque[str] = deque()
        self.taken: list[str] = []

    def __iter__(self) -> _Pushback:
        return self

    def __next__(self) -> str:
        line = self.waiting.popleft() if self.waiting else next(self.stream)
        self.taken.append(line)
        return line

    def give_back(self) -> None:
        self.waiting.extendleft(reversed(self.taken[1:]))


def is_undecoded(raw: str) -> bool:
    return not raw.isascii() and _UNDECODED.search(raw) is not None


def readable(raw: str) -> str:
    return raw.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def spill_folder(session: Session) -> Path:
    """A new folder beside the engine's own temporary files, under a name like theirs: what a killed process leaves
    behind is removed with them."""
    spill = session.rows("select current_setting('temp_directory')")[0][0]
    folder = Path(f"{spill}{secrets.token_hex(4)}" if spill else tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


class Spool:
    """Rows on their way to a table of the engine, in a temporary file of a form that it reads exactly."""

    def __init__(self, session: Session) -> None:
        self._folder = spill_folder(session)
        self._session, self.path = session, self._folder / "rows.csv"
        self._stream = self.path.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._stream, quoting=csv.QUOTE_ALL, lineterminator="\n")
        self._longest = self._width = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stream.close()
        rmtree(self._folder, ignore_errors=True)

    def add(self, record: Record, *values: object) -> None:
        """One row of values made from a record, as many as in the others."""
        self._width = len(values)
        self._longest = max(self._longest, len(record.raw))
        self._writer.writerow(values)

    def pour(self, into: str, columns: Sequence[str]) -> None:
        """Insert all rows into a table; `columns` are expressions over `v0`, `v1`, ..., the values as VARCHAR."""
        if not self._width:
            return
        self._stream.flush()
        names = ", ".join(f"'v{i}': 'VARCHAR'" for i in range(self._width))
        # A character takes up to four bytes, and a quote is doubled; the origin stands before them.
        longest_bytes = _LONGEST_BYTES + 8 * self._longest
        self._session.execute(
            f"insert into {into} select {', '.join(columns)} from read_csv({literal(str(self.path))}, "
            f"columns = {{{names}}}, header = false, auto_detect = false, delim = ',', quote = '\"', escape = '\"', "
            f"nullstr = '\x02', new_line = '\\n', parallel = false, max_line_size = {longest_bytes})"
        )
