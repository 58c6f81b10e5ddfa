"""What is computed anew after a change, put in place of the rows it reaches, equals a full recompute.

SELECTs, tables and changes are made by chance. `MAINSTEM_DIFFERENTIAL` says how many cases are tried.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import duckdb
import pytest
from made_queries import TABLES, Made, Maker

from mainstem.sql.reach import TOUCHED, Moved, Reach, reach

CASES = int(os.environ.get("MAINSTEM_DIFFERENTIAL", "1500"))
MOVED = {f"main.{name}": Moved(f"{name}_before", f"{name}_changed") for name in TABLES}
LEAST_FOLLOWED = 0.6
"""The share of cases that must not end in "compute all of it": a rule that refuses everything would be right, too."""


def put(there: Any, name: str, table: str, rows: list[tuple[int | None, ...]]) -> None:
    listed = ", ".join(f"{column} integer" for column in TABLES[table])
    there.execute(f"create or replace temp table {name} ({listed})")
    if rows:
        there.executemany(f"insert into {name} values ({', '.join('?' * len(TABLES[table]))})", rows)


def change(there: Any, maker: Maker) -> dict[str, Moved]:
    """Tables as they were, as they are, and what lies between; returns those that moved."""
    moved = {}
    for table in TABLES:
        before = maker.rows(table)
        after = maker.changed(table, before)
        put(there, f"{table}_before", table, before)
        there.execute(f"create or replace table main.{table} as from {table}_before limit 0")
        if after:
            marks = ", ".join("?" * len(TABLES[table]))
            there.executemany(f"insert into main.{table} values ({marks})", after)
        there.execute(
            f"create or replace temp table {table}_changed as (from main.{table} except all from {table}_before) "
            f"union all (from {table}_before except all from main.{table})"
        )
        if Counter(before) != Counter(after):
            moved[f"main.{table}"] = MOVED[f"main.{table}"]
    return moved


def before(sql: str) -> str:
    """The SELECT over the tables as they were."""
    for table in TABLES:
        sql = sql.replace(f"main.{table} ", f"{table}_before ")
    return sql


def refreshed(there: Any, made: Made, found: Reach) -> str:
    """The stored rows with the touched ones replaced, as a SELECT."""
    there.execute(f"create or replace temp table stored as {before(made.sql)}")
    for name, select in found.made:
        there.execute(f"create or replace temp table {name} as {select}")
    there.execute(f"create or replace temp table {TOUCHED} as {found.touched}")
    same = " and ".join(f's."{name}" is not distinct from t.mainstem_k{i}' for i, name in enumerate(found.keys))
    return f"select * from stored as s anti join {TOUCHED} as t on {same} union all ({found.again})"


def differences(there: Any, left: str, right: str) -> list[Any]:
    found: list[Any] = there.execute(
        f"(select 'extra', * from (({left}) except all ({right}))) "
        f"union all (select 'missing', * from (({right}) except all ({left})))"
    ).fetchall()
    return found


def tried(there: Any, seed: int) -> str:
    """One case; returns what became of it."""
    maker = Maker(seed)
    moved = change(there, maker)
    made = maker.query()
    try:
        there.execute(f"explain {made.sql}")
    except duckdb.Error:
        return "no query"
    moved = {name: each for name, each in moved.items() if f"{name} " in made.sql}
    if not moved:
        return "nothing moved"
    key = made.columns[:1] if maker.by.random() < 0.3 else ()
    found = reach(made.sql, moved, made.columns, key)
    if isinstance(found, str):
        return found
    wrong = differences(there, refreshed(there, made, found), made.sql)
    assert not wrong, f"seed {seed}: {made.sql}\nmoved: {sorted(moved)}\nby {found.by} {found.keys}\n{wrong}"
    return found.by


@pytest.mark.parametrize("part", range(3))
def test_a_refreshed_table_equals_a_full_recompute(part: int) -> None:
    ends: Counter[str] = Counter()
    with duckdb.connect() as there:
        there.execute("set threads = 1")
        for seed in range(part, CASES, 3):
            ends[tried(there, seed)] += 1
    followed = sum(ends[by] for by in ("group", "partition", "key", "row"))
    asked = ends.total() - ends["no query"] - ends["nothing moved"]
    assert followed > asked * LEAST_FOLLOWED, ends
    assert min(ends[by] for by in ("group", "partition", "key", "row")) > 0, ends
