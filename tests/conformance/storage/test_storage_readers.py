"""Other readers trust our statistics; what they leave out because of them must be nothing."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from storage_world import World

VALUES = {
    "bigint": ("1", "5", "9223372036854775807"),
    "double": ("1.5", "'nan'", "1e300"),
    "float": ("0.1", "'inf'", "-0.0"),
    "decimal(38, 20)": ("0.1", "'12345678901234567.12345678901234567891'", "-1"),
    "varchar": ("'a'", "'ä'", "repeat('z', 300)"),
    "timestamp": ("'2013-12-17 10:09:00.123456'", "'1044-03-15'", "'2200-01-01'"),
    "timestamptz": ("'2013-12-17 10:09:00+00'", "null", "'2013-12-17 10:09:00.000001+00'"),
    "date": ("'2013-12-17'", "'0001-01-01'", "null"),
    "boolean": ("true", "false", "null"),
}


@pytest.mark.parametrize("type_", VALUES)
def test_every_row_is_found_by_its_value(world: World, type_: str) -> None:
    base = None
    for number, value in enumerate(VALUES[type_]):
        base = world.put(f"select {value}::{type_} as v, {number} as n", base)
    assert base is not None
    assert len(base.files) == len(VALUES[type_])
    for number, value in enumerate(VALUES[type_]):
        if value == "null":
            assert (number,) in world.library_rows("select n from t where v is null")
        else:
            same = f"select n from t where v = (select v from t where n = {number})"
            assert world.library_rows(same) == [(number,)]


@pytest.mark.parametrize(
    ("type_", "predicate", "numbers"),
    [
        ("bigint", "v > 1", [1, 2]),
        ("bigint", "v >= 9223372036854775807", [2]),
        ("double", "v > 100", [1, 2]),
        ("float", "v > 1000", [1]),
        ("float", "v >= cast(0.1 as float)", [0, 1]),
        ("float", "v <= cast(0 as float)", [2]),
        ("decimal(38, 20)", "v > 12345678901234567", [1]),
        ("decimal(38, 20)", "v < 0", [2]),
        ("varchar", "v > 'zz'", [1, 2]),
        ("varchar", "v < 'b'", [0]),
        ("timestamp", "v > timestamp '2013-12-17 10:09:00.123455'", [0, 2]),
        ("timestamp", "v <= timestamp '2013-12-17 10:09:00.123456'", [0, 1]),
        ("timestamptz", "v > timestamp '2013-12-17T10:09:00Z'", [2]),
        ("date", "v < date '2000-01-01'", [1]),
        ("boolean", "v", [0]),
        ("boolean", "v is null", [2]),
    ],
)
def test_no_row_is_left_out_by_a_range(world: World, type_: str, predicate: str, numbers: list[int]) -> None:
    base = None
    for number, value in enumerate(VALUES[type_]):
        base = world.put(f"select {value}::{type_} as v, {number} as n", base)
    assert world.library_rows(f"select n from t where {predicate}") == [(number,) for number in numbers]


def test_a_file_with_a_not_a_number_is_not_left_out(world: World) -> None:
    base = world.put("select unnest([1.0, 2.0, 'nan'::double]) as f")
    world.put("select 5.0::double as f", base)
    assert world.library_rows("select count(*) as c from t where f > 100") == [(1,)]


def test_a_long_text_is_not_left_out(world: World) -> None:
    base = world.put("select repeat('z', 500) || 'end' as s")
    world.put("select 'a' as s", base)
    assert world.library_rows("select length(s) as c from t where s > 'zzz'") == [(503,)]


def test_the_name_of_a_column_at_the_source_is_in_its_metadata(world: World) -> None:
    change = world.write("select 1 as order_no, 2 as amount")
    named = replace(
        change, fields=tuple(replace(f, original="Order No.") for f in change.fields[:1]) + change.fields[1:]
    )
    first = world.commit(named, None)
    assert [field.original for field in first.fields] == ["Order No.", None]
    schema = json.loads(world.library().schema().to_json())
    assert [field["metadata"] for field in schema["fields"]] == [{"mainstem.name": "Order No."}, {}]
    second = world.put("select 3 as order_no, 4 as amount, 5 as more", first)
    assert [field.original for field in second.fields] == ["Order No.", None, None]
    assert world.library_rows("order_no, amount, more") == [(1, 2, None), (3, 4, 5)]
