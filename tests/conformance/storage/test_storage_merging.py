"""A merge rewrites the files that hold its keys, and no other; which, is decided by statistics, then by the rows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from storage_world import World

from mainstem.core.release import Snapshot
from mainstem.lifecycle.storage import tables


def table_of(world: World, *selects: str) -> Snapshot:
    base: Snapshot | None = None
    for select in selects:
        base = world.put(select, base)
    assert base is not None
    return base


def touched(world: World, base: Snapshot, key: tuple[str, ...], batch: str) -> list[int]:
    """Positions of the touched files among the table's."""
    found = tables.files_touched(world.session, world.lake, base, key, f"({batch})")
    return [base.files.index(file) for file in found]


TENS = tuple(f"select (i + {10 * number})::bigint as id, 'v' as v from range(10) r(i)" for number in range(3))


@pytest.mark.parametrize(
    ("batch", "expected"),
    [
        ("select 15::bigint as id", [1]),
        ("select unnest([5, 25])::bigint as id", [0, 2]),
        ("select unnest([0, 10, 20])::bigint as id", [0, 1, 2]),
        ("select 1000::bigint as id", []),
        ("select null::bigint as id", []),
        ("select 1::bigint as id where false", []),
        ("select 15::integer as id, 'more' as other", [1]),
    ],
)
def test_files_are_found_by_their_keys(world: World, batch: str, expected: list[int]) -> None:
    assert touched(world, table_of(world, *TENS), ("id",), batch) == expected


def test_a_file_whose_range_fits_but_whose_rows_do_not_is_left_alone(world: World) -> None:
    base = table_of(world, "select unnest([1, 9])::bigint as id", "select unnest([2, 8])::bigint as id")
    assert touched(world, base, ("id",), "select 5::bigint as id") == []
    assert touched(world, base, ("id",), "select 8::bigint as id") == [1]


@pytest.mark.parametrize(
    ("type_", "low", "high"),
    [
        ("varchar", "'a'", "'ä'"),
        ("date", "'2013-12-17'", "'2014-01-01'"),
        ("timestamp", "'2013-12-17 10:09:00'", "'2013-12-17 10:09:00.5'"),
        ("timestamptz", "'2013-12-17 10:09:00+00'", "'2013-12-17 10:09:00.000001+00'"),
        ("decimal(20, 5)", "'9.5'", "'10.25'"),
        ("double", "1.5", "'nan'"),
        ("boolean", "false", "true"),
        ("smallint", "-5", "3"),
    ],
)
def test_keys_of_any_type_are_found(world: World, type_: str, low: str, high: str) -> None:
    base = table_of(world, f"select {low}::{type_} as k", f"select {high}::{type_} as k")
    assert touched(world, base, ("k",), f"select {low}::{type_} as k") == [0]
    assert touched(world, base, ("k",), f"select {high}::{type_} as k") == [1]


def test_keys_of_several_columns_are_found_together(world: World) -> None:
    base = table_of(
        world,
        "select 1 as a, 'x' as b",
        "select 1 as a, 'y' as b",
        "select 2 as a, 'x' as b",
    )
    assert touched(world, base, ("a", "b"), "select 1 as a, 'y' as b") == [1]
    assert touched(world, base, ("a", "b"), "select 2 as a, 'y' as b") == []


def test_files_without_statistics_are_looked_into(world: World) -> None:
    base = table_of(world, *TENS)
    bare = replace(base, files=tuple(replace(file, stats=None) for file in base.files))
    assert touched(world, bare, ("id",), "select 15::bigint as id") == [1]


def test_a_key_that_old_files_lack_matches_only_where_it_is(world: World) -> None:
    base = table_of(world, "select 1 as a", "select 2 as a, 7 as k")
    assert touched(world, base, ("k",), "select 7 as k") == [1]


def test_an_empty_table_has_nothing_to_rewrite(world: World) -> None:
    base = table_of(world, "select 1::bigint as id where false")
    assert touched(world, base, ("id",), "select 1::bigint as id") == []
