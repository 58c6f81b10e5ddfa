"""Nested records in JSON Lines: what each tool is given, and what it is told to do with it."""

from __future__ import annotations

import json
import random
from pathlib import Path

RECORDS = 100_000

RAW = """
import duckdb
duckdb.connect("raw.duckdb").execute("create table orders as select * from read_json('orders.jsonl')")
"""

DLT = """
import json
import dlt

@dlt.resource(name="orders", max_table_nesting=0)
def orders():
    with open("orders.jsonl") as lines:
        while batch := [json.loads(line) for _, line in zip(range(10_000), lines)]:
            yield batch

there = dlt.destinations.duckdb("dlt.duckdb")
made = dlt.pipeline("bench", pipelines_dir="dlt", destination=there, dataset_name="shop")
made.run(orders())
"""


def write_project(folder: Path, records: int = RECORDS, seed: int = 7) -> None:
    """The records in `orders.jsonl`, about 270 bytes each, and a project that loads them."""
    (folder / "sources").mkdir(parents=True, exist_ok=True)
    (folder / "mainstem.yml").write_text("name: bench\nlake: lake/\n")
    (folder / "sources" / "shop.yml").write_text("kind: files\ntables:\n  orders: {path: orders.jsonl}\n")
    pick = random.Random(seed)
    with (folder / "orders.jsonl").open("w") as lines:
        for number in range(records):
            lines.write(json.dumps(_record(number, pick)) + "\n")


def _record(number: int, pick: random.Random) -> dict[str, object]:
    address = {"city": f"city {number % 313}", "zip": f"{number % 99_999:05}"}
    items = [
        {"sku": f"s{pick.randrange(1000)}", "quantity": pick.randrange(9), "price": pick.randrange(10_000) / 100}
        for _ in range(pick.randrange(1, 4))
    ]
    return {
        "id": number,
        "at": f"2026-01-{1 + number % 28:02}T{number % 24:02}:00:00Z",
        "customer": {"id": pick.randrange(10**6), "name": f"name {number % 977}", "address": address},
        "items": items,
        "total": pick.randrange(10**6) / 100,
        "is_paid": number % 3 > 0,
    }
