"""Whatever changes at the source, and however the changes are cut into loads: the table is what a dict would be."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from ingestion_world import World, balanced, column
from test_ingestion_writes import put_csv

from mainstem.core.project import EngineSettings
from mainstem.engines.duckdb import open as open_engine

COLUMNS = (
    column("id", "integer", required=True, min="0"),
    column("day", "date"),
    column("word", "varchar"),
    column("at", "bigint", required=True),
)
KEYS = st.integers(-1, 6)
WORDS = st.sampled_from([None, "a", "b"])
DAYS = st.sampled_from(["2013-12-01", "2013-12-02", "never"])
CHANGES = st.lists(st.tuples(KEYS, DAYS, WORDS, st.booleans()), max_size=12)
"""Rows that are inserted or updated: key, day, word, and whether time moves on before."""


@contextmanager
def small_world() -> Iterator[World]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "lake").mkdir()
        (root / "inbox").mkdir()
        engine = open_engine(EngineSettings(threads=1), root / "spill")
        session = engine.session()
        yield World(root, engine, session)
        session.close()
        engine.close()


def is_good(row: tuple[Any, ...]) -> bool:
    return row[0] >= 0 and row[1] != "never"


@settings(max_examples=12, deadline=None)
@given(loads=st.lists(CHANGES, min_size=1, max_size=4))
def test_a_merged_database_table_equals_a_dict_of_its_rows(
    loads: list[list[tuple[int, str, str | None, bool]]],
) -> None:
    source: dict[int, tuple[Any, ...]] = {}
    good: dict[int, tuple[Any, ...]] = {}
    with small_world() as world:
        world.sql("create table t (id integer primary key, day text, word text, at integer)")
        table = world.table(COLUMNS, key=["id"], load="incremental", cursor="at", time_column="day")
        now = 0
        for changes in loads:
            for key, day, word, is_later in changes:
                now += is_later or key in source
                source[key] = (key, day, word, now)
            good.update({key: row for key, row in source.items() if is_good(row)})
            world.sql("insert or replace into t values (?, ?, ?, ?)", rows=list(source.values()))
            change = world.load(table)
            assert balanced(change)
            again = world.load(table)
            assert again.is_empty
            assert balanced(again)
            assert world.rows(table, 'id, cast(day as varchar), word, "at"', "id") == [
                good[key] for key in sorted(good)
            ]
        faults = {key for key, row in source.items() if not is_good(row)}
        aside = {origin for _, origin in world.reasons(table)}
        assert {f"key={key}" for key in faults} <= aside


@settings(max_examples=12, deadline=None)
@given(loads=st.lists(CHANGES, min_size=1, max_size=4), is_appended=st.booleans())
def test_files_merge_to_a_dict_and_append_to_a_list(
    loads: list[list[tuple[int, str, str | None, bool]]], *, is_appended: bool
) -> None:
    good: dict[int, tuple[Any, ...]] = {}
    every: list[tuple[Any, ...]] = []
    faults, now = 0, 0
    with small_world() as world:
        key = [] if is_appended else ["id"]
        table = world.files("*.csv", COLUMNS, key=key, load="incremental", cursor="at", time_column="day")
        for number, changes in enumerate(loads):
            rows = []
            for id_, day, word, _ in changes:
                now += 1
                rows.append((id_, day, word, now))
            put_csv(world, str(number), rows)
            every += [row for row in rows if is_good(row)]
            good.update({row[0]: row for row in rows if is_good(row)})
            faults += sum(not is_good(row) for row in rows)
            change = world.load(table)
            assert balanced(change)
            assert change.rows_in == len(rows)
        expected = every if is_appended else list(good.values())
        assert world.rows(table, 'id, cast(day as varchar), word, "at"', '"at"') == sorted(expected, key=lambda r: r[3])
        assert len(world.quarantine(table)) == faults
