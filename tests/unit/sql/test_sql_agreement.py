"""Random queries: what mainstem reads in a text is what the engine does with it."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import HealthCheck, assume, given, settings
from sql_grammar import BASE, Text, queries
from sql_world import COLUMNS, described, engine

from mainstem.core.place import Place
from mainstem.sql.facts import read_facts

PLACE = Place("models/random.sql")
_ROWS = {
    "t": [(1, 2, 3), (2, 2, 1), (3, 1, 2), (3, 3, 3), (1, None, 2)],
    "u": [(1, 2), (2, 3), (3, 3), (5, 1)],
}
BASES = [(table, column) for table, names in BASE.items() for column in names]
_OTHER = {1: 3, 2: 1, 3: 5, 5: 2, None: 1}


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    filled = engine()
    for table, rows in _ROWS.items():
        filled.executemany(f"insert into {table} values ({', '.join('?' * len(rows[0]))})", rows)
    return filled


def _accepted(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[str, ...]:
    try:
        return described(connection, sql)
    except duckdb.Error:
        assume(False)
        raise


def _few(examples: int) -> settings:
    return settings(
        max_examples=examples, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
    )


def _many(examples: int) -> settings:
    return settings(_few(examples), derandomize=False)


@_few(80)
@given(queries())
def test_output_columns_are_those_of_the_engine_and_nothing_that_runs_is_called_wrong(
    connection: duckdb.DuckDBPyConnection, query: Text
) -> None:
    _assert_columns_agree(connection, query.sql)


@_few(80)
@given(queries())
def test_a_base_column_that_is_neither_lineage_nor_influence_does_not_matter(
    connection: duckdb.DuckDBPyConnection, query: Text
) -> None:
    _assert_other_columns_do_not_matter(connection, query.sql)


@pytest.mark.slow
@_many(1000)
@given(queries())
def test_many_random_queries_agree(connection: duckdb.DuckDBPyConnection, query: Text) -> None:
    _assert_columns_agree(connection, query.sql)
    _assert_other_columns_do_not_matter(connection, query.sql)


def _assert_columns_agree(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    columns = _accepted(connection, sql)
    facts = read_facts(sql, PLACE, COLUMNS)
    assert facts.columns == columns
    assert [problem for problem in facts.problems if problem.code not in ("Q012", "Q013")] == []
    assert facts.unresolved == frozenset()
    assert set(facts.lineage) == set(columns)


def _assert_other_columns_do_not_matter(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Change every value of one base column: output columns that do not name it keep their values."""
    _accepted(connection, sql)
    facts = read_facts(sql, PLACE, COLUMNS)
    before = connection.execute(sql).fetchall()
    for table, column in BASES:
        name = f"main.{table}.{column}"
        untouched = [index for index, shown in enumerate(facts.columns) if name not in facts.lineage[shown]]
        if untouched and name not in facts.influences:
            after = _with_other_values(connection, sql, table, column)
            assert _bag(after, untouched) == _bag(before, untouched), name


def _with_other_values(
    connection: duckdb.DuckDBPyConnection, sql: str, table: str, column: str
) -> list[tuple[object, ...]]:
    cases = " ".join(f"when {old} then {new}" for old, new in _OTHER.items() if old is not None)
    connection.begin()
    try:
        connection.execute(f"update {table} set {column} = case {column} {cases} else {_OTHER[None]} end")
        return connection.execute(sql).fetchall()
    finally:
        connection.rollback()


def _bag(rows: list[tuple[object, ...]], at: list[int]) -> list[str]:
    return sorted(repr([row[index] for index in at]) for row in rows)
