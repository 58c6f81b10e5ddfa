"""Databases behind ADBC drivers: SQLite's and DuckDB's."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import pytest
from ingestion_world import PLACE, World, balanced, code_of, column

from mainstem.core.dataset import Column, Dataset, Load, Source
from mainstem.core.kinds import find
from mainstem.core.problem import ProjectError, WorldError
from mainstem.core.secret import Secret

KIND = find("sources", "adbc")


@dataclass
class Base:
    """A database file, and the world that loads from it through a driver."""

    world: World
    driver: str

    @property
    def source(self) -> Source:
        options = {"uri": f"file:{self.world.root / 'ops.db'}"}
        if self.driver == "adbc_driver_duckdb":
            options = {"path": str(self.world.root / "ops.duckdb")}
        return Source("db", "adbc", KIND.Options(self.driver, options), PLACE)

    def sql(self, *statements: str) -> None:
        if self.driver == "adbc_driver_sqlite":
            self.world.sql(*statements)
            return
        import duckdb

        with duckdb.connect(str(self.world.root / "ops.duckdb")) as connection:
            for statement in statements:
                connection.execute(statement)

    def table(self, *columns: Column, key: tuple[str, ...] = (), **said: Any) -> Dataset:
        options = {name: said.pop(name) for name in ("table", "query", "where", "exclude", "null") if name in said}
        load = said.get("load", "full")
        write = said.pop("write", "replace" if load == "full" else "merge" if key else "append")
        return Dataset("db.t", PLACE, Load("db", "t", KIND.TableOptions(**options), write=write, **said), columns, key)


@pytest.fixture(params=["adbc_driver_sqlite", "adbc_driver_duckdb"])
def base(request: pytest.FixtureRequest, world: World, monkeypatch: pytest.MonkeyPatch) -> Base:
    made = Base(world, request.param)
    monkeypatch.setattr(world, "source", lambda dataset: made.source)
    return made


def test_a_table_arrives_and_grows(base: Base) -> None:
    base.sql(
        "create table t (id bigint, word text, moved bigint)", "insert into t values (1, 'é''\"', 5), (2, null, 6)"
    )
    table = base.table(load="incremental", cursor="moved")
    assert base.world.look(table).state == "new"
    assert base.world.load(table).loaded == 2
    assert base.world.rows(table) == [(1, "é'\"", 5), (2, None, 6)]
    base.sql("insert into t values (3, 'tie', 6), (4, 'late', 1), (5, 'new', 7)")
    change = base.world.load(table)
    assert (change.loaded, change.unchanged) == (2, 1)
    assert base.world.load(table).is_empty
    assert base.world.rows(table, "id") == [(1,), (2,), (3,), (5,)]


def test_texts_and_times_are_cursors(base: Base) -> None:
    type_ = "timestamp" if base.driver == "adbc_driver_duckdb" else "text"
    base.sql(f"create table t (id bigint, moved {type_})", "insert into t values (1, '2024-01-09 00:00:00.5')")
    table = base.table(load="incremental", cursor="moved")
    base.world.load(table)
    base.sql("insert into t values (2, '2024-01-10 00:00:00'), (3, '2024-01-09 00:00:00')")
    assert base.world.load(table).loaded == 1
    assert base.world.rows(table, "id") == [(1,), (2,)]


def test_rows_are_merged_and_held_to_the_contract(base: Base) -> None:
    base.sql("create table t (id bigint, v text)", "insert into t values (1, '5'), (2, 'x'), (3, '7')")
    table = base.table(column("id", "bigint"), column("v", "integer", max="6"), key=("id",), write="merge")
    assert balanced(base.world.load(table))
    assert base.world.rows(table) == [(1, 5)]
    assert [origin for _, origin in base.world.reasons(table)] == ["key=2", "key=3"]


def test_queries_filters_and_columns_are_left_to_the_database(base: Base) -> None:
    base.sql('create table "Order Lines" (id bigint, v text)', "insert into \"Order Lines\" values (1, 'a'), (2, 'b')")
    table = base.table(table="Order Lines", where="id > 1 or v = 'c'", exclude=("v",))
    base.world.load(table)
    assert base.world.rows(table) == [(2,)]
    asked = base.table(query='select id * 10 as id from "Order Lines"', where="id > 10")
    base.world.load(asked)
    assert base.world.rows(asked) == [(20,)]


def test_what_stands_against_it_is_told(base: Base) -> None:
    base.sql("create table t (id bigint, b blob)", "insert into t values (1, null)")
    for code, table in {
        "G081": base.table(table="nothing_here"),
        "G006": base.table(load="incremental", cursor="moved"),
        "G085": base.table(column("id", "varchar"), load="incremental", cursor="id"),
    }.items():
        with pytest.raises(WorldError) as found:
            base.world.load(table)
        assert code_of(found.value) == code


def test_a_missing_driver_is_named(base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    options = KIND.Options("adbc_driver_nobody", {"password": Secret("hush", "${PASSWORD}")})
    gone = Source("db", "adbc", options, PLACE)
    monkeypatch.setattr(base.world, "source", lambda dataset: gone)
    with pytest.raises(WorldError, match="pip install adbc-driver-nobody") as found:
        base.world.look(base.table())
    assert code_of(found.value) == "G080"
    monkeypatch.setitem(sys.modules, "adbc_driver_manager", None)
    with pytest.raises(WorldError, match=r"pip install 'mainstem\[adbc\]'"):
        base.world.look(base.table())
    assert "hush" not in repr(gone)


def test_options_that_contradict_each_other() -> None:
    for make in (lambda: KIND.TableOptions(table="t", query="select 1"), lambda: KIND.Options("x", {}, "?")):
        with pytest.raises(ProjectError) as found:
            make()
        assert code_of(found.value) == "G086"
