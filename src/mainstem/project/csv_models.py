"""CSV files below `models/`: small tables that people keep by hand, with the project's own text."""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from collections.abc import Iterator
from io import StringIO

from mainstem.core.dataset import Column, Model, Rows
from mainstem.core.place import Place
from mainstem.core.problem import Problem
from mainstem.project.files import Written
from mainstem.project.model_heads import ROWS, ReadModel, read_head
from mainstem.project.nodes import Keys, read_keys
from mainstem.project.pairing import pair

MOST_CHARACTERS = 5_000_000
"""Beyond this a file is no text that people keep by hand: each command would read all of it."""

_ELSEWHERE = "load it: a source of kind `files` takes any format, and keeps what breaks its contract apart"


def read_csv_model(name: str, written: Written, beside: Written | None, problems: list[Problem]) -> ReadModel | None:
    """A CSV file as a dataset; `beside` is the YAML file of the same name, None where there is none.

    P045 for what is no table, P049 for a file that is too large, P016 for two columns of one name.
    """
    keys = read_keys(beside.text, beside.path, problems) if beside else Keys({}, Place(written.path, 1, 1))
    head = read_head(ROWS, keys, problems) if keys else None
    rows = _rows(written, head.columns if head else (), problems)
    if keys is None:
        return None
    if head is None or rows is None:
        return ReadModel(None, keys)
    place = Place(written.path, 1, 1)
    return ReadModel(head.dataset(name, place, Model("csv", "", place, rows=rows)), keys)


def _rows(written: Written, columns: tuple[Column, ...], problems: list[Problem]) -> Rows | None:
    place = Place(written.path, 1, 1)
    if len(written.text) > MOST_CHARACTERS:
        what = f"the file has more than {MOST_CHARACTERS:,} characters"
        problems.append(Problem("P049", what, _ELSEWHERE, place))
        return None
    before = len(problems)
    records = _records(written, problems)
    _, header = next(records, (1, []))
    if not header:
        problems.append(Problem("P045", "the file has no header", "write the names of its columns on line 1", place))
        return None
    names = _names(header, columns, place, problems)
    found = list(_fitting(records, len(names), written.path, problems))
    if len(problems) > before:
        return None
    values = tuple(tuple(value or None for value in record) for _, record in found)
    digest = hashlib.sha256(repr((names, values)).encode()).hexdigest()
    return Rows(names, values, tuple(line for line, _ in found), digest)


def _records(written: Written, problems: list[Problem]) -> Iterator[tuple[int, list[str]]]:
    """The records that are not empty, each with the line in which it begins."""
    reader = csv.reader(StringIO(written.text, newline=""), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            mend = 'close each quoted value, and double a quote inside it (`"5"" pipe"`)'
            problems.append(Problem("P045", f"the record is no CSV: {error}", mend, Place(written.path, line, 1)))
            return
        if record:
            yield line, record


def _names(header: list[str], columns: tuple[Column, ...], place: Place, problems: list[Problem]) -> tuple[str, ...]:
    sign = next((sign for sign in (";", "\t", "|") if len(header) == 1 and sign in header[0]), None)
    if sign is not None:
        mend = f"write commas; or {_ELSEWHERE}"
        problems.append(Problem("P045", f"values are separated by {sign!r}, not by commas", mend, place))
    unnamed = [number for number, name in enumerate(header, 1) if not name.strip()]
    problems += [Problem("P045", f"column {each} has no name", "name it on line 1", place) for each in unnamed]
    names = tuple(name for name, _ in pair([name.strip() for name in header], columns))
    for name, count in Counter(names).items():
        if count > 1 and not unnamed:
            problems.append(Problem("P016", f'{count} columns are called "{name}"', "rename all but one", place))
    return names


def _fitting(
    records: Iterator[tuple[int, list[str]]], width: int, path: str, problems: list[Problem]
) -> Iterator[tuple[int, list[str]]]:
    """The records with a value for each column; others are problems."""
    for line, record in records:
        if len(record) == width:
            yield line, record
            continue
        what = f"the row has {len(record)} value{'' if len(record) == 1 else 's'}, the header {width}"
        mend = "give it one for each column; a value with a comma in it goes in double quotes"
        problems.append(Problem("P045", what, mend, Place(path, line, 1)))
