"""A small lake with a canary in every tagged cell, and the corpora of queries that are put to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from mainstem.core.ports import Engine, Ledger
from mainstem.core.release import Field
from mainstem.lifecycle.serving.request import Answer, Offer
from mainstem.sql.quote import qualified

CANARY = "canary"
"""Stands in every tagged text and in every file outside; tagged numbers and dates hold the two below."""
CANARIES = (CANARY, "424242", "1911-11-11", "datetime.date(1911, 11, 11)")
PII = frozenset({"pii"})

TABLES = {
    "staging.flights": (
        """
        select i as flight_id, date '2013-01-01' + cast(i % 31 as integer) as flight_date,
               ['JFK', 'LGA', 'EWR'][1 + i % 3] as origin, ['ATL', 'ORD', 'BOS', 'MIA'][1 + i % 4] as dest,
               ['UA', 'AA', 'B6'][1 + i % 3] as carrier,
               case when i % 10 = 0 then null else (i * 37) % 200 - 20 end as dep_delay, i % 10 = 0 as cancelled,
               cast((i % 50) * 1.25 as decimal(9, 2)) as fare,
               timestamp '2013-01-01 05:00:00' + to_minutes(cast(i * 7 as bigint)) as departs,
               [i % 3, i % 5] as gates, {'deck': i % 2, 'row': i % 40} as seat
        from range(400) t(i)
        """,
        {},
    ),
    "raw.flights": ("select i as flight_id, i % 7 as source from range(400) t(i)", {}),
    "main.airports": (
        "select * from (values ('JFK', 'Kennedy'), ('LGA', 'La Guardia'), ('EWR', 'Newark')) v(faa, name)",
        {},
    ),
    "raw.people": (
        """
        select i as id, 'canary-name-' || i as name, 'canary-mail-' || i || '@example.org' as email, 424242 as phone,
               date '1911-11-11' as born, {'note': 'canary-note', 'n': 424242} as notes, ['canary-tag'] as labels,
               ['NYC', 'BOS'][1 + i % 2] as city, i % 400 as flight_id
        from range(20) t(i)
        """,
        dict.fromkeys(("name", "email", "phone", "born", "notes", "labels"), PII),
    ),
    "raw.people__quarantine": (
        """
        select 'city is missing: canary-reason' as reason, 'people.csv:' || i as origin,
               '{"email": "canary-raw"}' as row
        from range(3) t(i)
        """,
        {"reason": PII, "row": PII},
    ),
}
"""Each table of the lake as a SELECT, with the tags of its columns."""

VIEW = "select email || ' ' || name as contact, city as town from raw.people"
"""The text of the view marts.contacts."""


@dataclass(frozen=True)
class Lake:
    """The files of each table, a folder outside, and the ledger of what left."""

    files: dict[str, Path]
    fields: dict[str, tuple[Field, ...]]
    outside: Path
    ledger: Ledger

    def offers(self, engine: Engine) -> Offers:
        return Offers(self, engine)

    def placed(self, sql: str) -> str:
        """The text with the paths that only this lake knows."""
        return sql.replace("{outside}", str(self.outside)).replace("{people}", str(self.files["raw.people"]))


class Offers(Mapping[str, Offer]):
    """Every table of the lake, and a view.

    The hardest case: all of them stand unredacted in the engine that runs the query, under their own names.
    """

    def __init__(self, lake: Lake, engine: Engine) -> None:
        self._lake = lake
        for name, file in lake.files.items():
            engine.bind(name, [file], lake.fields[name])
        engine.bind_view("marts.contacts", VIEW)

    def __getitem__(self, name: str) -> Offer:
        if name == "marts.contacts":
            fields = (Field("contact", "VARCHAR"), Field("town", "VARCHAR"))
            return Offer(f"({VIEW})", fields, (self._lake.files["raw.people"],), {"contact": PII})
        return Offer(qualified(name), self._lake.fields[name], (self._lake.files[name],), TABLES[name][1])

    def __iter__(self) -> Iterator[str]:
        yield from self._lake.files
        yield "marts.contacts"

    def __len__(self) -> int:
        return len(self._lake.files) + 1


Ask = Callable[..., Answer]
"""Asks the gate one query."""


def cases(name: str) -> list[tuple[str, str, str]]:
    """The cases of a corpus: (title, expected code or "", SQL). A case begins with `# title | code`."""
    found: list[tuple[str, str, list[str]]] = []
    for line in (Path(__file__).parent / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            title, _, code = line[2:].partition(" | ")
            found.append((title.strip(), code.strip(), []))
        elif found:
            found[-1][2].append(line)
    return [(title, code, "\n".join(lines).strip("\n")) for title, code, lines in found]


def outside(folder: Path) -> Path:
    """Files that no query may reach, each with a canary in it."""
    folder.mkdir()
    (folder / "secret.csv").write_text("a,b\ncanary,1\n")
    (folder / "secret.txt").write_text("canary")
    (folder / "secret.json").write_text(json.dumps([{"a": "canary"}]))
    with duckdb.connect(str(folder / "secret.duckdb")) as database:
        database.execute("create table t as select 'canary' as a")
        database.execute(f"copy t to '{folder / 'secret.parquet'}'")
    return folder
