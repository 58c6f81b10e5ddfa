"""Killed while rows are marked, ended, deleted or read again, and run again: the same tables."""

from __future__ import annotations

import shutil
import signal
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from mainstem.core.crash import POINTS
from mainstem.core.span import Again, Span
from tests.crash.project import killed_run, run, tables

FILES = {
    "mainstem.yml": "name: crash\nclock: replay\n",
    "sources/shop.yml": """
kind: sqlite
path: shop.db
tables:
  marked:  {key: id, write: merge, on_delete: mark}
  deleted: {key: id, load: incremental, cursor: at, lookback: 2d, deleted: gone, revision: at,
            columns: {id: bigint, word: varchar, gone: boolean, at: timestamp}}
  ended:   {key: id, write: scd2}
  history: {key: id, write: scd2, load: incremental, cursor: at, lookback: 2d, effective: since,
            columns: {id: bigint, word: varchar, since: date, at: timestamp}}
  clicks:  {load: incremental, cursor: at, columns: {word: varchar, at: {type: timestamp, min: 2024-01-01}}}
""",
    "models/counts.sql": """
select (select count(deleted_at) from shop.marked) as marked, (select count(*) from shop.deleted) as deleted,
  (select count(valid_to) from shop.ended) as ended, (select count(valid_to) from shop.history) as history,
  (select count(*) from shop.clicks) as clicks
""",
}
LOADS = ("shop.marked", "shop.deleted", "shop.ended", "shop.history", "shop.clicks")
TABLES = (*LOADS, "main.counts", "shop.clicks__quarantine")
OF_A_STEP = [each for each in POINTS[1 : POINTS.index("after-record") + 1] if each != "after-sync"]
CLICKS = Again("shop.clicks", Span("at", "2024-01-01", "2024-01-02"))


def sql(folder: Path, *statements: str) -> None:
    with sqlite3.connect(folder / "shop.db") as database:
        for statement in statements:
            database.execute(statement)
    database.close()


def make(folder: Path) -> Path:
    """The project after its first run, with the second day's changes waiting."""
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    sql(
        folder,
        *(f"create table {name} (id integer, word text)" for name in ("marked", "ended")),
        *(f"insert into {name} values (1, 'a'), (2, 'b'), (3, 'c')" for name in ("marked", "ended")),
        "create table deleted (id integer, word text, gone integer, at text)",
        "insert into deleted values (1, 'a', 0, '2024-01-01'), (2, 'b', 0, '2024-01-02')",
        "create table history (id integer, word text, since text, at text)",
        "insert into history values (1, 'a', '2024-01-01', '2024-01-01'), (1, 'c', '2024-01-03', '2024-01-02')",
        "create table clicks (word text, at text)",
        "insert into clicks values ('a', '2024-01-01'), ('a', '2024-01-01'), ('b', '2024-01-02'), ('x', '2023-01-01')",
    )
    assert run(folder, 3).release is not None
    sql(
        folder,
        *(f"delete from {name} where id = 2" for name in ("marked", "ended")),
        *(f"update {name} set word = 'C' where id = 3" for name in ("marked", "ended")),
        "update deleted set gone = 1, at = '2024-01-03' where id = 1",
        "insert into deleted values (3, 'late', 0, '2024-01-01')",
        "insert into history values (1, 'b', '2024-01-02', '2024-01-02')",
        "insert into clicks values ('c', '2024-01-03'), ('late', '2024-01-01'), ('y', '2023-01-01')",
    )
    return folder


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("morning") / "project")


@pytest.fixture(scope="module")
def undisturbed(morning: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = shutil.copytree(morning, tmp_path_factory.mktemp("undisturbed") / "project")
    assert run(folder, 4).release is not None
    return tables(folder, TABLES)


@pytest.fixture(scope="module")
def read_again(morning: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = shutil.copytree(morning, tmp_path_factory.mktemp("again") / "project")
    assert run(folder, 4, CLICKS).release is not None
    return tables(folder, TABLES)


def test_the_second_day(undisturbed: dict[str, Any], read_again: dict[str, Any]) -> None:
    assert undisturbed["main.counts"] == ((1, 2, 2, 2, 4),)
    assert read_again["main.counts"] == ((0, 2, 0, 1, 4),)
    assert len(undisturbed["shop.clicks__quarantine"]) == 1


@pytest.mark.parametrize("load", LOADS)
@pytest.mark.parametrize("point", OF_A_STEP)
def test_a_killed_load_is_carried_on(
    point: str, load: str, tmp_path: Path, morning: Path, undisturbed: dict[str, Any]
) -> None:
    folder = shutil.copytree(morning, tmp_path / "project")
    kill(folder, f"{point}:{load}", ["run"])

    assert not run(folder, 4).failures
    assert tables(folder, TABLES) == undisturbed


@pytest.mark.parametrize("point", [*(f"{point}:shop.clicks" for point in OF_A_STEP), "before-publish"])
def test_a_killed_backfill_is_given_once_more(
    point: str, tmp_path: Path, morning: Path, undisturbed: dict[str, Any], read_again: dict[str, Any]
) -> None:
    folder = shutil.copytree(morning, tmp_path / "project")
    kill(folder, point, ["backfill", "shop.clicks", "--from", "2024-01-01", "--to", "2024-01-02"])

    assert not run(folder, 4, CLICKS).failures
    assert tables(folder, TABLES) == read_again

    run(folder, 4)
    late = tuple(row for row in read_again["shop.clicks"] if row[0] == "late")
    assert tables(folder, TABLES)["shop.clicks"] == tuple(sorted(undisturbed["shop.clicks"] + late))


def kill(folder: Path, point: str, command: Sequence[str]) -> None:
    killed = killed_run(folder, 4, point, command)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
