"""Sheets of workbooks as rows of text, each with its sheet and row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from mainstem.core.problem import Problem, WorldError, nearest
from mainstem.lifecycle.generation.excel_errors import failed_cells
from mainstem.lifecycle.generation.file_parts import extra

_WHOLE = 2**53
"""Beyond it a float, the only number that a workbook has, is not every whole number."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: its rows with any value, by their number from 1, as wide as the last column that holds any."""

    name: str
    rows: tuple[tuple[int, list[str]], ...]

    def header(self) -> tuple[str, ...]:
        """The names in the first row; `column_2` where there is none."""
        first = self.rows[0][1] if self.rows else []
        return tuple(value.strip() or f"column_{i}" for i, value in enumerate(first, 1))

    def numbered(self) -> tuple[str, ...]:
        """`column_1`, `column_2`, ..."""
        return tuple(f"column_{i}" for i in range(1, len(self.rows[0][1]) + 1)) if self.rows else ()


def read_sheet(path: Path, name: str | None, skip: int) -> Sheet:
    """A sheet of a workbook (None: the first), without its first `skip` rows.

    OSError if the workbook cannot be read; WorldError G035 without the package that reads it, G037 where it has no such
    sheet.
    """
    calamine = extra("python_calamine", "files")
    try:
        with calamine.CalamineWorkbook.from_path(str(path)) as book:
            names = list(book.sheet_names)
            if not names or (name is not None and name not in names):
                what = f'there is no sheet "{name}"' if names else "there is no sheet"
                raise WorldError(Problem("G037", what, nearest(name or "", names, kind="sheets")))
            found = book.get_sheet_by_name(name or names[0]).to_python(skip_empty_area=False)
    except (calamine.CalamineError, calamine.ZipError, calamine.XmlError, calamine.PasswordError) as error:
        raise OSError(f"it is no workbook that can be read ({str(error).lower()})") from error
    values = [[text(value) for value in row] for row in found]
    for at, column, words in failed_cells(path, name or names[0]):
        values[at - 1][column - 1] = words
    rows = list(enumerate(values, 1))
    rows = [(number, row) for number, row in rows if number > skip and any(row)]
    width = max((i for _, row in rows for i, value in enumerate(row, 1) if value), default=0)
    return Sheet(name or names[0], tuple((number, row[:width]) for number, row in rows))


def text(value: Any) -> str:
    """A cell as text that casts read: whole numbers without a fraction, days without a time.

    >>> [text(each) for each in (17.0, 0.1, True, "x", None)]
    ['17', '0.1', 'true', 'x', '']
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < _WHOLE else repr(value)
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, timedelta):
        return _duration(value)
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)


def _duration(value: timedelta) -> str:
    """`26:03:00`, with a fraction where there is one: how the engine reads an INTERVAL."""
    micros = round(abs(value) / timedelta(microseconds=1))
    seconds, fraction = divmod(micros, 1_000_000)
    shown = f"{'-' if value < timedelta() else ''}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{shown}.{fraction:06}" if fraction else shown
