"""Pieces that arrive in a folder: rows that repeat, change and break the contract, and what must come of them."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

COLUMNS = ("id", "revision", "day", "amount", "status", "note")
NOTES = ("plain", 'said "no", twice', "naïve — ☃", "two\nlines", "'; drop table orders; --")

Row = tuple[int, int, str, str, str, str]


@dataclass
class Oracle:
    """What must have come of all rows that arrived: the newest revision of each key, and the place of each bad row."""

    arrived: int = 0
    rows: dict[int, Row] = field(default_factory=dict)
    bad: list[str] = field(default_factory=list)

    def good(self, row: Row) -> None:
        known = self.rows.get(row[0])
        if known is None or known[1] < row[1]:
            self.rows[row[0]] = row


def arrive(folder: Path, number: int, count: int, ending: str, dice: random.Random, oracle: Oracle) -> None:
    """Put a piece of `count` rows into the folder under its whole name at once, as a careful writer does."""
    name = f"p{number:04}.{ending}"
    lines, line = ([",".join(COLUMNS)], 2) if ending == "csv" else ([], 1)
    for row, fault in _rows(count, dice, oracle):
        text = _spoilt(row, fault, ending) if fault else _written(list(row), ending)
        lines.append(text)
        if fault:
            oracle.bad.append(f"{name}:{line}")
        else:
            oracle.good(row)
        line += text.count("\n") + 1
    oracle.arrived += count
    unfinished = folder / f"{name}.part"
    unfinished.write_text("\n".join(lines) + "\n", encoding="utf-8")
    unfinished.rename(folder / name)


def _rows(count: int, dice: random.Random, oracle: Oracle) -> Iterator[tuple[Row, str | None]]:
    """Rows and what is wrong with each: new keys, rows once more, later revisions, and some that are older."""
    keys, new = list(oracle.rows), len(oracle.rows) + len(oracle.bad) + 1
    here: list[Row] = []
    for _ in range(count):
        chance = dice.random()
        if chance < 0.05 and here:
            row = dice.choice(here)
        elif chance < 0.10 and keys:
            row = oracle.rows[dice.choice(keys)]
        elif chance < 0.20 and keys:
            known = oracle.rows[dice.choice(keys)]
            row = row_of(known[0], known[1] + dice.choice((-1, 1, 1, 2)))
        else:
            row, new = row_of(new, 1), new + 1
        here.append(row)
        yield row, dice.choice(FAULTS) if dice.random() < 0.02 else None


def row_of(key: int, revision: int) -> Row:
    """All values follow from key and revision, so that a revision says the same whenever it is sent."""
    n = key * 31 + revision * 7919
    day = f"2024-{1 + n % 12:02}-{1 + n % 28:02}"
    return key, revision, day, f"{n % 1_000_000 / 100:.2f}", ("open", "paid", "sent")[n % 3], NOTES[n % len(NOTES)]


FAULTS = ("negative", "no key", "no number", "no day", "other status", "broken")


def _spoilt(row: Row, fault: str, ending: str) -> str:
    values: list[Any] = list(row)
    values[5] = "bad"
    match fault:
        case "negative":
            values[3] = "-0.01"
        case "no key":
            values[0] = None
        case "no number":
            values[1] = "three"
        case "no day":
            values[2] = "2024-02-30"
        case "other status":
            values[4] = "lost"
        case "broken":
            text = _written(values, ending)
            return text[: len(text) // 2].rpartition(",")[0] if ending == "jsonl" else text + ",more,and more"
    return _written(values, ending)


def _written(values: list[Any], ending: str) -> str:
    if ending == "jsonl":
        return json.dumps(dict(zip(COLUMNS, values, strict=True)), ensure_ascii=False)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(values)
    return text.getvalue().removesuffix("\n")
