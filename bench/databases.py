"""Tables of a PostgreSQL server of its own: what each tool is given, and what it is told to do with it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.servers import Postgres, postgres

ROWS = 1_000_000
CHANGING = 300_000

RAW = """
import importlib.util, pathlib, sys
import duckdb
package = pathlib.Path(importlib.util.find_spec("duckdb_extension_postgres_scanner").origin).parent
extension, = package.rglob("*.duckdb_extension")
db = duckdb.connect()
db.execute(f"load '{extension}'")
db.execute(f"attach '{sys.argv[1]}' as pg (type postgres, read_only)")
db.execute("copy (select * from pg.lineitem) to 'lineitem.parquet' (format parquet, compression zstd)")
"""

DLT = """
import sys
import dlt
from dlt.sources.sql_database import sql_table

table = sql_table(credentials=sys.argv[1], table="lineitem", backend="pyarrow", chunk_size=100_000)
there = dlt.destinations.duckdb("dlt.duckdb")
dlt.pipeline("bench", pipelines_dir="dlt", destination=there, dataset_name="shop").run(table)
"""
DLT_PACKAGES = ("dlt[duckdb]>=1.31,<2", "sqlalchemy>=2,<2.1", "psycopg2-binary", "pyarrow")

STEADY = """
import resource, sys
from mainstem.cli.app import run
def spent():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
def go():
    before = spent()
    try:
        run(["run"])
    except SystemExit as end:
        assert not end.code, end.code
    return spent() - before
go()
print("steady", go(), flush=True)
sys.stdin.readline()
print("steady", go(), flush=True)
"""
"""A process that stays warm: it loads, loads nothing new, waits until rows have changed, and loads those."""

_LINEITEM = """
create table lineitem as select i as id, i / 4 as l_orderkey, i % 200000 as l_partkey, i % 10000 as l_suppkey,
  i % 7 as l_linenumber, (i % 50)::numeric(15, 2) as l_quantity, (i * 1.37)::numeric(15, 2) as l_extendedprice,
  0.04::numeric(15, 2) as l_discount, 0.02::numeric(15, 2) as l_tax, 'N' as l_returnflag, 'O' as l_linestatus,
  date '1996-01-01' + (i % 2000) as l_shipdate, date '1996-01-01' + (i % 2100) as l_commitdate,
  date '1996-01-01' + (i % 2200) as l_receiptdate, 'DELIVER IN PERSON' as l_shipinstruct, 'TRUCK' as l_shipmode,
  'comment ' || i as l_comment, timestamptz '2024-01-01' + i * interval '1 second' as updated_at
from generate_series(1, {rows}) i
"""
_ACCOUNTS = """
create table accounts as select i as id, 'name ' || i as name, (i * 1.37)::numeric(15, 2) as amount, i % 7 as kind,
  timestamptz '2024-01-01' + i * interval '1 second' as updated_at from generate_series(1, {rows}) i
"""


@contextmanager
def served() -> Iterator[Postgres]:
    """A server with the tables of the workloads."""
    with postgres() as server:
        server.sql(_LINEITEM.format(rows=ROWS), "alter table lineitem add primary key (id)", "analyze lineitem")
        server.sql(_ACCOUNTS.format(rows=CHANGING), "alter table accounts add primary key (id)")
        server.sql("create index on accounts (updated_at)", "analyze accounts")
        yield server


def change(server: Postgres) -> None:
    """One percent of the accounts, all over the table."""
    server.sql("update accounts set amount = amount + 1, updated_at = timestamptz '2025-01-01' where id % 100 = 7")


def write_project(folder: Path, url: str, table: str) -> None:
    """A project that loads one of the tables."""
    tables = {
        "lineitem": "lineitem: {}",
        "accounts": "accounts: {load: incremental, cursor: updated_at, key: [id]}",
    }
    (folder / "sources").mkdir(parents=True, exist_ok=True)
    (folder / "mainstem.yml").write_text("name: bench\n")
    (folder / "sources" / "shop.yml").write_text(f"kind: postgres\nurl: {url}\ntables:\n  {tables[table]}\n")
