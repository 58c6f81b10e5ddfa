"""Incremental models of whole projects, run by run beside tables of the same SELECTs: never a row of difference.

`MAINSTEM_DIFFERENTIAL` says how many SELECTs are tried in all.
"""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from made_queries import TABLES, Maker

from mainstem.core.clock import SetClock
from mainstem.core.release import Release
from mainstem.ledger.sqlite import open_ledger
from mainstem.lifecycle.storage import tables
from mainstem.orchestration.run import run
from mainstem.project import load

PER_PROJECT = 12
PROJECTS = max(2, int(os.environ.get("MAINSTEM_DIFFERENTIAL", "1500")) // 500)
RUNS = 4
SOURCE = "kind: sqlite\npath: ops.db\ntables:\n" + "".join(
    f"  {name}:\n    allow_deletes: true\n    columns: {{{', '.join(f'{c}: {{type: integer}}' for c in columns)}}}\n"
    for name, columns in TABLES.items()
)


def lay_out(root: Path, maker: Maker) -> list[str]:
    """A project with tables, a view and pairs of models; returns the names of the pairs."""
    for folder in ("sources", "models"):
        (root / folder).mkdir()
    (root / "mainstem.yml").write_text("name: differential\nclock: replay\n")
    (root / "sources" / "ops.yml").write_text(SOURCE)
    (root / "models" / "seen.sql").write_text("/* ---\nkind: view\n--- */\nselect a, b, v from ops.t where v > 0\n")
    names: list[str] = []
    with duckdb.connect() as there:
        for table, columns in TABLES.items():
            there.execute(f"create table {table} ({', '.join(f'{column} integer' for column in columns)})")
        while len(names) < PER_PROJECT:
            made = maker.query()
            try:
                there.execute(f"explain {made.sql}")
            except duckdb.Error:
                continue
            sql = made.sql
            for table in TABLES:
                sql = sql.replace(f"main.{table} ", f"ops.{table} ")
            if len(names) % 3 == 2:
                sql = sql.replace("ops.t ", "main.seen ")
            name = f"m{len(names)}"
            head = "kind: incremental\nrefresh: incremental"
            head += f"\nkey: [{made.columns[0]}]" if maker.by.random() < 0.3 else ""
            (root / "models" / f"{name}.sql").write_text(f"/* ---\n{head}\n--- */\n{sql}\n")
            (root / "models" / f"{name}_full.sql").write_text(sql + "\n")
            names.append(name)
    last = names[0]
    (root / "models" / "above.sql").write_text(
        f"/* ---\nkind: incremental\nrefresh: incremental\n--- */\nselect c0, count(*) as n from {last} group by c0\n"
    )
    (root / "models" / "above_full.sql").write_text(f"select c0, count(*) as n from {last} group by c0\n")
    return [*names, "above"]


def put(root: Path, contents: dict[str, list[tuple[int | None, ...]]]) -> None:
    with closing(sqlite3.connect(root / "ops.db")) as connection:
        for table, rows in contents.items():
            columns = TABLES[table]
            connection.execute(f"drop table if exists {table}")
            connection.execute(f"create table {table} ({', '.join(f'{column} integer' for column in columns)})")
            connection.executemany(f"insert into {table} values ({', '.join('?' * len(columns))})", rows)
        connection.commit()


def rows(lake: Path, release: Release, name: str) -> Counter[Any]:
    version = release.versions[f"main.{name}"]
    found = tables.snapshot(lake, version.table, version.number)
    assert found is not None
    if not found.files:
        return Counter()
    files = [str(lake / version.table / file.path) for file in found.files]
    listed = ", ".join(f'"{field.name}"' for field in found.fields)
    return Counter(duckdb.sql(f"select {listed} from read_parquet({files})").fetchall())


def differing(root: Path, names: Sequence[str], clock: SetClock) -> tuple[list[str], list[str]]:
    """One run; returns the models that differ from their full twins, and how all were brought up to date."""
    project = load(root)
    with closing(open_ledger(project.ledger)) as ledger:
        done = run(project, ledger, clock)
        assert done.failures == ()
        release = ledger.current("prod")
    assert release is not None
    lake = project.lake
    wrong = [name for name in names if rows(lake, release, name) != rows(lake, release, f"{name}_full")]
    return wrong, [step.how for step in done.done if step.how]


@pytest.mark.parametrize("number", range(PROJECTS))
def test_incremental_models_equal_tables_of_the_same_selects(tmp_path: Path, number: int) -> None:
    maker = Maker(70_000 + number)
    names = lay_out(tmp_path, maker)
    clock = SetClock(datetime(2026, 1, 1, tzinfo=UTC))
    contents = {
        table: maker.rows(table, 30) + maker.rows(table, 9) + [(1, 1, 1)[: len(c)]] for table, c in TABLES.items()
    }
    ways: list[str] = []
    for _ in range(RUNS):
        put(tmp_path, contents)
        wrong, how = differing(tmp_path, names, clock)
        texts = {name: (tmp_path / "models" / f"{name}.sql").read_text() for name in wrong}
        assert not wrong, texts
        ways += how
        clock.at += timedelta(days=1)
        contents = {table: maker.changed(table, rows) for table, rows in contents.items()}
    assert any(way.startswith("incrementally") for way in ways), ways
    refused = [way for way in ways if "the engine refuses" in way]
    assert not refused
