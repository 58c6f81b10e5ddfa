"""The 22 queries of TPC-H as incremental models over tables that change ten times: always the engine's answers."""

from __future__ import annotations

import importlib.util
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlglot
from sqlglot import expressions as exp

from mainstem.core.clock import SetClock
from mainstem.core.release import Release
from mainstem.ledger.sqlite import open_ledger
from mainstem.lifecycle.storage import tables
from mainstem.orchestration.run import run
from mainstem.project import load

PIECES = 10
KEYS = {
    "customer": ("c_custkey",),
    "lineitem": ("l_orderkey", "l_linenumber"),
    "nation": ("n_nationkey",),
    "orders": ("o_orderkey",),
    "part": ("p_partkey",),
    "partsupp": ("ps_partkey", "ps_suppkey"),
    "region": ("r_regionkey",),
    "supplier": ("s_suppkey",),
}
GROWS = {
    "customer": "c_acctbal",
    "lineitem": "l_extendedprice",
    "orders": "o_totalprice",
    "partsupp": "ps_supplycost",
    "supplier": "s_acctbal",
}
"""Tables that arrive in pieces, and the column that is updated; the others are there from the first day."""

IN_FULL = {
    "in full: a LIMIT takes rows by their order": {2, 3, 10, 18, 21},
    "in full: all rows make one result": {6, 14, 17, 19},
    'in full: a subquery outside of FROM and WHERE reads "tpch.partsupp"': {11},
}
"""Why some are computed as a whole; all others are kept up by what changed."""


@pytest.fixture
def engine() -> Iterator[Any]:
    """All of the data, as `final.<table>`."""
    package = importlib.util.find_spec("duckdb_extension_tpch")
    assert package is not None
    assert package.origin is not None
    (extension,) = Path(package.origin).parent.rglob("*.duckdb_extension")
    with duckdb.connect() as there:
        there.execute(f"load '{extension}'")
        there.execute("call dbgen(sf = 0.01)")
        there.execute("create schema final")
        for table in KEYS:
            there.execute(f"create table final.{table} as from {table}")
            there.execute(f"create or replace table {table} as from final.{table} limit 0")
        yield there


def lay_out(root: Path, there: Any) -> dict[int, str]:
    """A project with the tables and a model for each query; returns the queries."""
    for folder in ("sources", "models", "inbox"):
        (root / folder).mkdir()
    (root / "mainstem.yml").write_text("name: tpch\nclock: replay\n")
    lines = ["kind: files", "path: inbox", "tables:"]
    for table, key in KEYS.items():
        lines += [
            f"  {table}:",
            f'    path: "{table}-*.parquet"',
            "    load: incremental",
            "    write: merge",
            f"    key: [{', '.join(key)}]",
            "    deleted: gone",
            "    on_delete: delete",
        ]
        columns = there.execute(f"describe {table}").fetchall()
        lines += ["    columns:", *(f'      {name}: {{type: "{type_}"}}' for name, type_, *_ in columns)]
        lines += ["      gone: {type: boolean}"]
    (root / "sources" / "tpch.yml").write_text("\n".join(lines) + "\n")
    queries = dict(there.execute("select query_nr, query from tpch_queries()").fetchall())
    for number, query in queries.items():
        head = "/* ---\nkind: incremental\nrefresh: incremental\n--- */\n"
        (root / "models" / f"q{number}.sql").write_text(f"{head}{_of_source(query)}\n")
    return {number: query.strip().rstrip(";") for number, query in queries.items()}


def _of_source(query: str) -> str:
    """The query over the tables of the source; each column of its result has a name."""
    tree = sqlglot.parse_one(query, dialect="duckdb")
    for table in tree.find_all(exp.Table):
        if table.name in KEYS:
            table.set("db", exp.to_identifier("tpch"))
    for item in tree.expressions:
        if not item.alias_or_name:
            item.replace(exp.alias_(item.copy(), "quantity"))
    return tree.sql("duckdb")


def arrive(root: Path, there: Any, piece: int) -> None:
    """One piece of the data: new rows, and some of those before updated or deleted; the last one brings the truth."""
    is_last = piece == PIECES - 1
    for table, key in KEYS.items():
        first = key[0]
        if table not in GROWS:
            change = f"select *, false as gone from final.{table}" if piece == 0 else None
        elif is_last:
            there.execute(f"create or replace temp table truth as from final.{table}")
            change = (
                f"select *, false as gone from (from truth except from {table}) union all by name "
                f"select *, true as gone from {table} anti join truth using ({', '.join(key)})"
            )
        else:
            price = GROWS[table]
            change = (
                f"select *, false as gone from final.{table} where {first} % {PIECES} = {piece} union all "
                f"select * replace (cast({price} + {piece} as decimal(15, 2)) as {price}), false from {table} "
                f"where {first} % 97 = {piece} union all select *, true from {table} where {first} % 89 = {piece}"
            )
        if change is None:
            continue
        file = root / "inbox" / f"{table}-{piece}.parquet"
        there.execute(f"copy (select distinct on ({', '.join(key)}) * from ({change})) to '{file}' (format parquet)")
        merged = f"select * exclude (gone) from read_parquet('{file}') where not gone"
        there.execute(
            f"create or replace table {table} as from {table} anti join read_parquet('{file}') "
            f"using ({', '.join(key)}) union all {merged}"
        )


def stored(lake: Path, release: Release, name: str) -> list[tuple[Any, ...]]:
    version = release.versions[name]
    found = tables.snapshot(lake, version.table, version.number)
    assert found is not None
    if not found.files:
        return []
    files = [str(lake / version.table / file.path) for file in found.files]
    listed = ", ".join(f'"{field.name}"' for field in found.fields)
    return duckdb.sql(f"select {listed} from read_parquet({files})").fetchall()


def alike(left: list[tuple[Any, ...]], right: list[tuple[Any, ...]]) -> bool:
    """Equal rows in any order; a DOUBLE may differ in the last digits, which the order of a sum decides."""

    def plain(row: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(f"{value:.9g}" if isinstance(value, float) else value for value in row)

    return Counter(map(plain, left)) == Counter(map(plain, right))


def test_all_queries_are_right_while_their_tables_change(tmp_path: Path, engine: Any) -> None:
    queries = lay_out(tmp_path, engine)
    clock = SetClock(datetime(2026, 1, 1, tzinfo=UTC))
    ways: dict[int, set[str]] = {number: set() for number in queries}
    for piece in range(PIECES):
        arrive(tmp_path, engine, piece)
        project = load(tmp_path)
        with closing(open_ledger(project.ledger)) as ledger:
            done = run(project, ledger, clock)
            assert done.failures == ()
            release = ledger.current("prod")
        assert release is not None
        for step in done.done:
            if step.how and piece:
                ways[int(step.dataset.removeprefix("main.q"))].add(step.how.split(" computed")[0])
        wrong = []
        for number, query in queries.items():
            if not alike(stored(project.lake, release, f"main.q{number}"), engine.execute(query).fetchall()):
                wrong.append(number)
        assert not wrong, (piece, wrong)
        clock.at += timedelta(days=1)
    for why, numbers in IN_FULL.items():
        assert {number for number, found in ways.items() if found == {why}} == numbers, ways
    kept = {n for n, found in ways.items() if found and all(way.startswith("incrementally") for way in found)}
    assert kept == set(queries) - set().union(*IN_FULL.values()), ways
