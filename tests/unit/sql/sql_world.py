"""The tables that the cases of this folder read, for mainstem and for the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

COLUMNS: Mapping[str, Sequence[str] | None] = {
    "main.t": ("a", "b", "c"),
    "main.u": ("a", "d"),
    "raw.orders": ("id", "amount", "customer", "Status", "s", "l", "j", "ts"),
    "raw.unknown": None,
}
"""What mainstem is told; the columns of `raw.unknown` are not known yet."""

_TABLES = """
create schema raw;
create table t (a integer, b integer, c integer);
create table u (a integer, d integer);
create table raw.orders (
  id integer, amount decimal(10, 2), customer varchar, "Status" varchar,
  s struct(x integer, y struct(z integer)), l integer[], j json, ts timestamp
);
create table raw.unknown (a integer, k integer);
"""


def engine() -> duckdb.DuckDBPyConnection:
    """An engine with the tables, empty."""
    connection = duckdb.connect()
    connection.execute(_TABLES)
    return connection


def described(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[str, ...]:
    """The names of the output columns, as the engine says."""
    return tuple(row[0] for row in connection.execute(f"describe {sql}").fetchall())
