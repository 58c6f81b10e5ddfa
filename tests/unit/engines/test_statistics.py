"""Statistics that Delta may trust: exact or absent, never wrong."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mainstem.engines.session import Session


def statistics(session: Session, folder: Path, select: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(session.write(select, folder, "a").files[0].stats or "", parse_float=Decimal)
    return found


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [
        ("1, 3, null", 1, 3),
        ("-9223372036854775808, 9223372036854775807", -9223372036854775808, 9223372036854775807),
        ("1.5::double, 2.25::double", Decimal("1.5"), Decimal("2.25")),
        (
            "0.10::decimal(38, 20), 12345678901234567.12345678901234567890",
            Decimal("0.1"),
            Decimal("12345678901234567.12345678901234567890"),
        ),
        ("0.0::double, -0.0::double, 1", Decimal("-0.0"), Decimal("1.0")),
        ("-1::float, -0.0::float", Decimal("-1.0"), Decimal("0.0")),
        ("date '2013-12-17', date '2014-01-01'", "2013-12-17", "2014-01-01"),
        (
            "timestamp '2013-12-17 10:09', timestamp '2013-12-17 10:09:00.5'",
            "2013-12-17T10:09:00.000000",
            "2013-12-17T10:09:00.500000",
        ),
        ("timestamptz '2013-12-17 10:09:00.123456-05'", "2013-12-17T15:09:00.123456Z", "2013-12-17T15:09:00.123456Z"),
        ("'a', 'b\"\\\n'", "a", 'b"\\\n'),
    ],
)
def test_bounds_are_exact(session: Session, tmp_path: Path, values: str, low: object, high: object) -> None:
    found = statistics(session, tmp_path, f"select unnest([{values}]) as v")
    assert (found["minValues"]["v"], found["maxValues"]["v"]) == (low, high)


@pytest.mark.parametrize(
    "values",
    [
        "1.0::double, 'nan'::double",
        "1.0::double, 'inf'::double",
        "'-inf'::float, 1",
        "date '0044-03-15 (BC)', date '2024-01-01'",
        "date 'infinity', date '2024-01-01'",
        "timestamp 'infinity', timestamp '2024-01-01'",
        "timestamp '12024-01-01', timestamp '2024-01-01'",
        "repeat('x', 129), 'a'",
        "true, false",
        "'a'::blob",
        "null::integer",
    ],
)
def test_bounds_that_a_reader_could_mistake_are_left_out(session: Session, tmp_path: Path, values: str) -> None:
    found = statistics(session, tmp_path, f"select unnest([{values}]) as v, 1 as n")
    assert found["minValues"] == {"n": 1}
    assert found["maxValues"] == {"n": 1}
    assert "v" in found["nullCount"]


def test_nested_columns_have_no_statistics(session: Session, tmp_path: Path) -> None:
    found = statistics(session, tmp_path, "select [1] as l, {'a': 1} as s, map {'k': 1} as m, 2 as n")
    assert found["nullCount"] == {"n": 0}


def test_a_column_named_like_a_nested_one_keeps_its_own(session: Session, tmp_path: Path) -> None:
    found = statistics(session, tmp_path, """select {'b': 1} as a, 2 as "a.b", 3 as "a"".""b", 4 as "ä" """)
    assert found["minValues"] == {"a.b": 2, 'a"."b': 3, "ä": 4}


def test_only_the_first_columns_of_a_wide_table_have_statistics(session: Session, tmp_path: Path) -> None:
    columns = ", ".join(f"{number} as c{number}" for number in range(100))
    found = statistics(session, tmp_path, f"select {columns}")
    assert found["numRecords"] == 1
    assert len(found["minValues"]) == 32
