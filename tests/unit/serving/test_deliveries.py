"""What leaves by a sync: values as the other system keeps them, bad rows alone, digests instead of values."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mainstem.core.clock import WallClock
from mainstem.core.dataset import Source
from mainstem.core.delivery import Delivery, Destination, RowsRefusedError
from mainstem.core.place import Place
from mainstem.core.problem import ProjectError, WorldError
from mainstem.ledger.holder import this_holder
from mainstem.ledger.sqlite import open_ledger
from mainstem.lifecycle.serving.changes import Wanted, find_changes, refuse_surprise
from mainstem.lifecycle.serving.sync import Options, destination
from mainstem.lifecycle.serving.targets import sqlite
from mainstem.orchestration import deliver as orchestration
from mainstem.orchestration.run import run
from mainstem.project import load

PLACE = Place("serving/syncs/s.yml", 1, 1)
SECRET = b"k" * 32


def source() -> Source:
    return Source("crm", "sqlite", SimpleNamespace(file="crm.db"), Place("sources/crm.yml"))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(tmp_path / "crm.db", isolation_level=None)) as connection:
        yield connection


def opened(folder: Path, columns: Sequence[str], mode: str = "upsert", key: Sequence[str] = ("id",)) -> Any:
    return sqlite.open(source(), Destination("t", tuple(columns), tuple(key), mode, PLACE), folder, writes=True)


def test_values_are_written_as_sqlite_keeps_them(tmp_path: Path, database: sqlite3.Connection) -> None:
    names = ("id", "day", "at", "price", "yes", "tags", "bytes", "none")
    database.execute("create table t (id integer primary key, day, at, price, yes, tags, bytes, none)")
    table = opened(tmp_path, names)
    at = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
    row = (7, date(2024, 1, 2), at, Decimal("1.50"), True, ["ä", None], b"\x00", None)

    table.write([table.values(row)])

    kept = (7, "2024-01-02", "2024-01-02 03:04:05+00:00", "1.50", 1, '["ä", null]', b"\x00", None)
    assert database.execute("select * from t").fetchall() == [kept]


@pytest.mark.parametrize("value", [float("nan"), 2**63])
def test_a_value_that_sqlite_would_change_is_refused(value: Any, tmp_path: Path, database: sqlite3.Connection) -> None:
    database.execute("create table t (id integer primary key, n)")
    table = opened(tmp_path, ("id", "n"))
    with pytest.raises(RowsRefusedError):
        table.write([(1, 1), (2, value)])
    assert database.execute("select * from t").fetchall() == []


def test_deletes_are_only_for_mirrors_and_never_most_of_them() -> None:
    state = {bytes([n]): b"row" for n in range(4)}
    wanted = {bytes([n]): Wanted((n,), b"row") for n in range(2)}
    to = Destination("t", ("id",), ("id",), "mirror", PLACE)
    assert find_changes(wanted, state, "upsert").is_empty
    half = find_changes(wanted, state, "mirror")
    assert len(half.deletes) == 2
    refuse_surprise(half, 2, state, to)
    more = find_changes({bytes([0]): Wanted((0,), b"row")}, state, "mirror")
    for changes, count in ((more, 1), (find_changes({}, state, "upsert"), 0)):
        with pytest.raises(WorldError) as refused:
            refuse_surprise(changes, count, state, to)
        assert refused.value.problems[0].code == "V039"
    refuse_surprise(find_changes({}, {}, "mirror"), 0, {}, to)


def test_options_name_columns_that_are_sent() -> None:
    to = destination(Options("crm", "t", ("ID",), columns={"name": "label"}), ["id", "name"], PLACE)
    assert (to.columns, to.key) == (("id", "label"), ("id",))
    with pytest.raises(ProjectError) as refused:
        destination(Options("crm", "t", ("key",), columns={"x": "y"}), ["id", "id"], PLACE)
    assert [problem.code for problem in refused.value.problems] == ["V038", "V038", "V038"]


FILES = {
    "mainstem.yml": "name: small\nenvironments: {prod: {deliver: true}}\n",
    "policies/access.yml": """
roles:
  crm: {members: ["service:crm"], purposes: [care]}
tags:
  pii: {default: deny}
grants:
  - {role: crm, on: [main.*], actions: [export]}
treat:
  - {role: crm, tag: pii, as: clear}
""",
    "sources/crm.yml": """
kind: sqlite
path: crm.db
tables:
  people:
    columns: {n: integer, mail: {type: varchar, tags: [pii]}}
""",
    "models/people.sql": "select mail, n from crm.people\n",
    "serving/syncs/clear.yml": "from: main.people\nto: crm\ntable: t\nkey: mail\nrole: crm\npurpose: care\n",
    "serving/syncs/masked.yml": "from: main.people\nto: crm\ntable: t2\nkey: n\n",
}
CANARY = "canary-1@x.org"


@pytest.fixture
def project(tmp_path: Path, database: sqlite3.Connection) -> Path:
    """A tagged column, and two syncs: one may see it."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    database.execute("create table people (n integer, mail text)")
    database.execute("insert into people values (1, ?)", (CANARY,))
    database.execute("create table t (mail text primary key, n integer)")
    database.execute("create table t2 (mail text, n integer primary key)")
    loaded = load(tmp_path)
    with closing(open_ledger(loaded.ledger)) as ledger:
        assert run(loaded, ledger, WallClock()).failures == ()
    return tmp_path


def delivered(folder: Path, *names: str, **options: Any) -> tuple[Delivery, ...]:
    loaded = load(folder)
    with closing(open_ledger(loaded.ledger)) as ledger:
        return orchestration.deliver(loaded, ledger, WallClock(), "prod", names, holder=this_holder(), **options)


def test_what_the_role_may_not_see_does_not_leave(project: Path, database: sqlite3.Connection) -> None:
    planned = delivered(project, plan=True)
    clear, masked = delivered(project)
    assert clear.is_whole
    assert masked.is_whole
    assert database.execute("select mail from t").fetchall() == [(CANARY,)]
    assert CANARY not in str(database.execute("select * from t2").fetchall())
    assert CANARY not in f"{planned} {clear} {masked}"
    kept = [path for path in (project / ".mainstem").rglob("*") if path.is_file()]
    assert [path for path in kept if CANARY.encode() in path.read_bytes()] == []


def test_a_delivery_is_evidence_and_audited(project: Path, database: sqlite3.Connection) -> None:
    delivered(project, "masked")
    database.execute("drop table t2")
    delivered(project, "masked")
    with closing(open_ledger(load(project).ledger)) as ledger:
        first, second = ledger.evidence(kinds=["delivered"])
        audited = [row["row"] for row in ledger.audited() if row["row"]["exit"] == "sync"]
    assert (first.subject, first.version, first.value, first.outcome) == ("syncs/masked", "r000001", 1, "ok")
    assert (first.facts["inserts"], first.facts["refused"]) == (1, 0)
    assert (second.outcome, second.facts["codes"]) == ("errored", ["V033"])
    assert {row["principal"] for row in audited} == {"syncs/masked"}


def test_too_many_rows_are_refused_and_none_is_sent(
    project: Path, database: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.execute("insert into people values (2, 'a'), (3, 'b')")
    loaded = load(project)
    with closing(open_ledger(loaded.ledger)) as ledger:
        run(loaded, ledger, WallClock())
    monkeypatch.setattr(orchestration, "MOST_ROWS", 2)
    (told,) = delivered(project, "masked")
    assert [problem.code for problem in told.problems] == ["V037"]
    assert database.execute("select * from t2").fetchall() == []


def test_a_damaged_memory_is_said_so_and_may_be_removed(project: Path) -> None:
    delivered(project)
    file = project / ".mainstem" / "deliveries" / "prod" / "masked.sqlite"
    file.write_bytes(b"no database" * 500)
    (told,) = delivered(project, "masked")
    assert [problem.code for problem in told.problems] == ["V035"]
    file.unlink()
    (told,) = delivered(project, "masked")
    assert (told.inserts, told.is_whole) == (1, True)


def test_a_plan_writes_nothing(project: Path, database: sqlite3.Connection) -> None:
    delivered(project, plan=True)
    assert database.execute("select count(*) from t2").fetchone() == (0,)
    assert not (project / ".mainstem" / "deliveries" / "prod").exists()
