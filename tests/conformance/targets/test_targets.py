"""Every kind of target keeps the same promises: each key once, a batch whole or not at all, twice is once."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.servers import Postgres, postgres

from mainstem.core.clock import WallClock
from mainstem.core.crash import DELIVERY_POINTS
from mainstem.core.dataset import Source
from mainstem.core.delivery import Delivery, Destination, Row, RowsRefusedError
from mainstem.core.kinds import find
from mainstem.core.place import Place
from mainstem.core.problem import WorldError
from mainstem.ledger.holder import this_holder
from mainstem.ledger.sqlite import open_ledger
from mainstem.lifecycle.serving.acknowledged import Acknowledged, digest_of, read_state
from mainstem.lifecycle.serving.changes import Wanted, find_changes
from mainstem.lifecycle.serving.sending import send
from mainstem.orchestration.deliver import deliver
from mainstem.orchestration.run import run
from mainstem.project import load

PLACE = Place("serving/syncs/s.yml", 1, 1)
SECRET = b"k" * 32


@dataclass
class System:
    """A database of one kind, and a folder beside it."""

    kind: str
    folder: Path
    server: Postgres | None
    database: str

    def sql(self, *statements: str) -> list[Row]:
        if self.server:
            return self.server.sql(*statements, database=self.database)
        with closing(sqlite3.connect(self.folder / self.database, isolation_level=None)) as connection:
            return [connection.execute(statement).fetchall() for statement in statements][-1]

    @property
    def lines(self) -> str:
        """The head of a source's file."""
        if self.server:
            return f"kind: postgres\nurl: {self.server.url(self.database)}\n"
        return f"kind: sqlite\npath: {self.database}\n"

    @property
    def source(self) -> Source:
        url = self.server.url(self.database) if self.server else None
        return Source("crm", self.kind, SimpleNamespace(file=self.database, url=url, schema=None), PLACE)

    def open(
        self,
        columns: Sequence[str] = ("id", "n"),
        mode: str = "upsert",
        key: Sequence[str] = ("id",),
        *,
        writes: bool = True,
    ) -> Any:
        to = Destination("t", tuple(columns), tuple(key), mode, PLACE)
        return find("targets", self.kind).open(self.source, to, self.folder, writes=writes)

    def write(self, rows: Sequence[Row], *columns: str, mode: str = "upsert") -> None:
        with closing(self.open(columns or ("id", "n"), mode)) as table:
            table.write([table.values(row) for row in rows])

    def refused(self, columns: Sequence[str] = ("id", "n"), **said: Any) -> tuple[str, str]:
        """Code and words of what stands against the table."""
        with pytest.raises(WorldError) as found:
            self.open(columns, **said)
        return found.value.problems[0].code, found.value.problems[0].what

    def sync(self, rows: Sequence[Row], mode: str = "upsert") -> Any:
        """One delivery of these rows into table t."""
        digest = lambda row: digest_of(SECRET, row)  # noqa: E731
        file = self.folder / "state.sqlite"
        with closing(self.open(mode=mode)) as table, Acknowledged(file, b"there") as sent:
            values = [table.values(row) for row in rows]
            keys = table.stored([(row[0],) for row in values])
            wanted = {digest(key): Wanted(row, digest(row)) for key, row in zip(keys, values, strict=True)}
            return send(find_changes(wanted, read_state(file, b"there"), mode), table, sent, "syncs/s", digest)


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgres"])
def system(request: pytest.FixtureRequest, tmp_path: Path) -> System:
    if request.param == "sqlite":
        (tmp_path / "crm.db").touch()
        return System("sqlite", tmp_path, None, "crm.db")
    running: Postgres = request.getfixturevalue("server")
    return System("postgres", tmp_path, running, running.database())


def test_keys_are_compared_as_the_table_keeps_them(system: System) -> None:
    system.sql("create table t (id integer primary key, n integer)")
    with closing(system.open(writes=False)) as table:
        first = table.stored([table.values((value, 0))[:1] for value in (5, 6)])
        assert table.stored([table.values((value, 0))[:1] for value in ("5", 6.0)]) == first
    assert len(set(first)) == 2
    assert system.sql("select * from t") == []


def test_keys_that_are_there_are_those_that_were_sent(system: System) -> None:
    system.sql("create table t (id integer primary key, n integer)")
    system.write([(1, 1), (2, 2)])
    with closing(system.open()) as table:
        assert sorted(table.keys_there()) == sorted(table.stored([table.values((n, 0))[:1] for n in (1, 2)]))


def test_a_batch_is_there_whole_or_not_at_all_and_twice_is_once(system: System) -> None:
    system.sql("create table t (id integer primary key, n integer check (n < 10), note text)")
    with pytest.raises(RowsRefusedError):
        system.write([(1, 1), (2, 20)])
    assert system.sql("select * from t") == []
    for _ in range(2):
        system.write([(1, 1), (2, 2)])
    system.sql("update t set note = 'theirs'")
    system.write([(1, 3)])
    assert system.sql("select * from t order by id") == [(1, 3, "theirs"), (2, 2, "theirs")]


def test_rows_are_deleted_by_key_and_those_that_are_gone_are_no_error(system: System) -> None:
    system.sql("create table t (id integer primary key, n integer)", "insert into t values (1, 1), (2, 2)")
    with closing(system.open(mode="mirror")) as table:
        (one, gone) = table.stored([table.values((n, 0))[:1] for n in (1, 5)])
        for _ in range(2):
            table.delete([one, gone])
    assert system.sql("select * from t") == [(2, 2)]


def test_mode_insert_leaves_rows_that_are_there(system: System) -> None:
    system.sql("create table t (id integer primary key, n text)", "insert into t values (1, 'theirs')")
    system.write([(1, "ours"), (2, "ours")], mode="insert")
    assert system.sql("select * from t order by id") == [(1, "theirs"), (2, "ours")]


def test_foreign_keys_of_the_other_system_hold(system: System) -> None:
    system.sql(
        "create table parent (id integer primary key)",
        "create table t (id integer primary key, parent integer references parent)",
    )
    with pytest.raises(RowsRefusedError, match=r"(?i)foreign key"):
        system.write([(1, 5)], "id", "parent")


def test_rows_that_are_not_taken_are_found_and_tried_again(system: System) -> None:
    system.sql("create table t (id integer primary key, n integer not null check (n < 2000))")
    bad = {3: None, 640: 5000, 1200: 5000}
    rows = [(n, bad.get(n, n)) for n in range(1201)]

    first = system.sync(rows)

    assert (first.inserts, first.updates) == (1198, 0)
    assert sorted(first.refused.values()) == [1, 2]
    again = system.sync(rows)
    assert (again.inserts, sum(again.refused.values())) == (0, 3)
    mended = system.sync([(n, 1 if n == 640 else value) for n, value in rows])
    assert (mended.inserts, sum(mended.refused.values())) == (1, 2)


def test_an_update_that_is_not_taken_stays_an_update(system: System) -> None:
    system.sql("create table t (id integer primary key, n integer check (n < 10))")
    system.sync([(1, 1), (2, 2)])
    assert sum(system.sync([(1, 11), (2, 2)]).refused.values()) == 1
    assert system.sync([(1, 1), (2, 2)]).updates == 0
    assert system.sync([(1, 3), (2, 2)]).updates == 1
    assert system.sql("select * from t order by id") == [(1, 3), (2, 2)]


RESULTS = st.lists(
    st.dictionaries(st.integers(0, 9), st.integers(0, 12), max_size=6).map(lambda rows: sorted(rows.items())),
    max_size=5,
)


@pytest.mark.parametrize(("kind", "examples"), [("sqlite", 40), ("postgres", 10)])
def test_a_mirror_holds_what_was_sent_last_and_what_is_not_ours(
    kind: str, examples: int, server: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> None:
    running, database = (server, server.database()) if kind == "postgres" else (None, "crm.db")

    @settings(deadline=None, max_examples=examples)
    @given(RESULTS)
    def holds(results: list[list[Row]]) -> None:
        there = System(kind, tmp_path_factory.mktemp("mirror"), running, database)
        there.sql("drop table if exists t", "create table t (id integer primary key, n integer check (n < 10))")
        there.sql("insert into t values (100, 0)")
        held: dict[int, int] = {100: 0}
        for rows in results:
            there.sync(rows, "mirror")
            wanted = dict(rows)
            held = {key: value for key, value in held.items() if key in wanted or key == 100}
            held |= {key: value for key, value in wanted.items() if value < 10}
            assert dict(there.sql("select * from t")) == held

    holds()


UNFIT = [
    ("create table other (id integer)", ("id", "n"), "V033", 'table "t" is not in "crm"'),
    (
        "create table t (id integer primary key)",
        ("id", "n"),
        "V033",
        'table "t" of "crm" has no column "n" to write to',
    ),
    (
        "create table t (id integer primary key, n integer, must integer not null)",
        ("id", "n"),
        "V033",
        'column "must" of table "t" of "crm" must hold a value, and the sync has none for it',
    ),
    ("create table t (id integer, n integer)", ("id", "n"), "V034", 'nothing in table "t" of "crm" keeps (id)'),
]


@pytest.mark.parametrize(("table", "columns", "code", "words"), UNFIT)
def test_a_table_that_does_not_fit_is_told_before_anything_is_sent(
    system: System, table: str, columns: Sequence[str], code: str, words: str
) -> None:
    system.sql(table)
    found = system.refused(columns)
    assert (found[0], found[1][: len(words)]) == (code, words)


def test_a_partial_index_keeps_no_key_and_a_whole_one_does(system: System) -> None:
    system.sql("create table t (id integer, n integer)", "create unique index part on t (id) where n > 5")
    assert system.refused()[0] == "V034"
    system.sql("create unique index whole on t (id)")
    system.write([(1, 1), (1, 1)])
    assert system.sql("select * from t") == [(1, 1)]


SELECT = (
    "select n as id, {risk} as risk, date '2024-01-01' + cast(n as integer) as day from range({rows}) as numbers(n)"
)


def published(system: System, select: str) -> None:
    (system.folder / "models").mkdir(exist_ok=True)
    (system.folder / "models" / "risks.sql").write_text(select)
    project = load(system.folder)
    with closing(open_ledger(project.ledger)) as ledger:
        assert run(project, ledger, WallClock(), holder=this_holder()).failures == ()


def delivered(system: System) -> Delivery:
    project = load(system.folder)
    with closing(open_ledger(project.ledger)) as ledger:
        (told,) = deliver(project, ledger, WallClock(), "prod", holder=this_holder())
    return told


@pytest.mark.parametrize("point", DELIVERY_POINTS)
def test_a_killed_delivery_is_carried_on_to_the_same_end(system: System, point: str) -> None:
    """1,200 rows, more than two batches: some are gone then, and the others are changed."""
    for name, text in {
        "mainstem.yml": "name: small\nenvironments: {prod: {deliver: true}}\n",
        "sources/crm.yml": f"{system.lines}tables: {{seeds: {{}}}}\n",
        "serving/syncs/risks.yml": "from: main.risks\nto: crm\ntable: t\nkey: [id, day]\nmode: mirror\n",
    }.items():
        (system.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (system.folder / name).write_text(text)
    system.sql(
        "create table seeds (n integer)",
        "create table t (id integer, risk integer, day date not null, note text, primary key (id, day))",
        "insert into t values (100000, 5, '2024-01-01', 'theirs')",
    )
    published(system, SELECT.format(risk=1, rows=1200))
    assert delivered(system).inserts == 1200
    published(system, SELECT.format(risk="n % 3", rows=1100))

    killed = subprocess.run(
        [sys.executable, "-m", "mainstem", "deliver"],
        cwd=system.folder,
        env={**os.environ, "MAINSTEM_CRASH_AT": f"{point}:syncs/risks"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr

    assert delivered(system).is_whole
    assert delivered(system).rows == 0
    expected = [(n, n % 3, None) for n in range(1100)] + [(100000, 5, "theirs")]
    assert system.sql("select id, risk, note from t order by id") == expected
