"""The demo over a PostgreSQL database is the demo: equal rows, equal verdicts, equal rows in crew planning's list."""

from __future__ import annotations

import json
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.servers import Postgres, postgres

from mainstem.cli import app
from mainstem.cli.demo import operations
from mainstem.cli.demo.database import PostgresSchema
from mainstem.cli.demo.feed import feed, nights
from mainstem.core.clock import SetClock
from mainstem.ledger.sqlite import open_ledger
from mainstem.lifecycle.serving.request import Request
from mainstem.orchestration.reading import ask, current_release
from mainstem.project import load

WEEK = ("--from", "2013-12-11", "--to", "2013-12-17", "--no-serve")
"""The broken weather file, a week of amendments, the late morning."""
LIST = (
    "select cast(flight_date as text), place, route, flights, late, cancelled, p90_delay, cause from {} order by 1, 2"
)


def run(*arguments: str) -> object:
    """The command's exit code."""
    with pytest.raises(SystemExit) as ended:
        app.run(list(arguments))
    return ended.value.code


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


@pytest.fixture(scope="module")
def demos(server: Postgres, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, str]:
    """One on SQLite, one on PostgreSQL, and the name of its database."""
    folder, database = tmp_path_factory.mktemp("demos"), server.database()
    assert run("demo", str(folder / "sqlite"), *WEEK) == 0
    url = server.url(database, password="hush")
    assert run("demo", str(folder / "postgres"), *WEEK, "--operations", url) == 0
    return folder / "sqlite", folder / "postgres", database


def released(folder: Path) -> dict[str, Any]:
    """Types and all rows of every table of the release, those that were set aside included."""
    project = load(folder)
    with closing(open_ledger(project.ledger)) as ledger:
        release = current_release(ledger, "prod")
        found: dict[str, Any] = {}
        for name, version in release.versions.items():
            found[name] = [version.fields, version.number, version.rows]
            loads = [(f"{name}__quarantine", "reason, row")] if name in project.datasets and version.position else []
            for table, columns in [(name, "*"), *loads]:
                request = Request("query", f"select {columns} from {table} order by all", 100_000, clear=True)
                found[f"rows of {table}"] = ask(project, ledger, SetClock(release.at), release, request).rows
        return found


def test_every_released_table_holds_the_same_rows(demos: tuple[Path, Path, str]) -> None:
    on_sqlite, on_postgres = released(demos[0]), released(demos[1])
    assert on_sqlite.keys() == on_postgres.keys()
    for name, rows in on_sqlite.items():
        assert rows == on_postgres[name], name
    assert len(on_sqlite["rows of operations.flights"]) > 6_000
    assert len(on_sqlite["rows of weather.hourly__quarantine"]) == 4


def plain(value: Any) -> Any:
    """Facts without what names a run, a row of the ledger or the text of the source, which two demos never share."""
    if isinstance(value, dict):
        apart = {"id", "run", "sample", "fingerprint"} - ({"id"} if "title" in value else set())
        return {key: plain(each) for key, each in value.items() if key not in apart}
    if isinstance(value, list) and all(isinstance(each, int) for each in value):
        return len(value)
    return sorted(map(plain, value), key=str) if isinstance(value, list) else value


def test_the_scoreboard_says_the_same(demos: tuple[Path, Path, str], capsys: pytest.CaptureFixture[str]) -> None:
    said = []
    for folder in demos[:2]:
        capsys.readouterr()
        run("status", "-C", str(folder), "--json")
        said.append(json.loads(capsys.readouterr().out))
    first, second = said
    assert len(first["requirements"]) == 13
    assert plain(first) == plain(second)


def test_crew_planning_finds_the_same_list(demos: tuple[Path, Path, str], server: Postgres) -> None:
    with closing(sqlite3.connect(demos[0] / "operations.db")) as database:
        expected = database.execute(LIST.format("crew_worst_routes")).fetchall()
    assert server.sql(LIST.format("mainstem_demo.crew_worst_routes"), database=demos[2]) == expected
    assert len(expected) == 35


def test_the_address_is_in_the_secrets_file_alone(demos: tuple[Path, Path, str]) -> None:
    folder = demos[1]
    holding = [path for path in folder.rglob("*") if path.is_file() and b"hush" in path.read_bytes()]
    assert holding == [folder / ".mainstem" / "secrets.env"]
    assert stat.S_IMODE(holding[0].stat().st_mode) == 0o600
    assert not (folder / "operations.db").exists()
    assert "kind: postgres\nurl: ${OPERATIONS_URL}" in (folder / "sources" / "operations.yml").read_text()


DAY = ("--from", "2013-12-04", "--to", "2013-12-04", "--no-serve")


def test_a_demo_in_the_database_is_replaced_when_that_is_said(
    server: Postgres, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = server.database()
    url = server.url(name)
    assert run("demo", str(tmp_path / "one"), *DAY, "--operations", url) == 0
    server.sql("create table mainstem_demo.mine (n integer)", database=name)
    assert run("demo", str(tmp_path / "two"), *DAY, "--operations", url) == 2
    assert "C017" in capsys.readouterr().err
    assert not (tmp_path / "two").exists()
    assert run("demo", str(tmp_path / "two"), *DAY, "--operations", url, "--force") == 0
    assert server.sql("select to_regclass('mainstem_demo.mine')", database=name) == [(None,)]


def test_a_schema_of_somebody_else_is_never_removed(
    server: Postgres, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = server.database()
    server.sql("create schema mainstem_demo", "create table mainstem_demo.mine (n integer)", database=name)
    for force in ([], ["--force"]):
        assert run("demo", str(tmp_path / "demo"), *DAY, "--operations", server.url(name), *force) == 2
        assert "C018" in capsys.readouterr().err
    assert server.sql("select * from mainstem_demo.mine", database=name) == []
    assert not (tmp_path / "demo").exists()


def test_a_server_that_is_not_there_is_told_before_anything_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("demo", str(tmp_path / "demo"), *DAY, "--operations", "postgresql://u:hush@127.0.0.1:1/x") == 1
    said = capsys.readouterr().err
    assert "G081" in said
    assert "hush" not in said
    assert not (tmp_path / "demo").exists()


def test_a_night_that_is_cut_short_leaves_nothing_and_may_be_repeated(
    server: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = server.database()
    schema = PostgresSchema(server.url(name))
    schema.make()
    first, second = nights(date(2013, 12, 4), date(2013, 12, 5))
    everything = "select * from mainstem_demo.flights order by 1"
    with monkeypatch.context() as cut:
        cut.setattr(operations, "_amend", lambda *rest: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            feed(tmp_path, first, schema)
    assert server.sql("select to_regclass('mainstem_demo.flights')", database=name) == [(None,)]
    fed = [feed(tmp_path, night, schema) for night in (first, second)]
    before = server.sql(everything, database=name)
    assert [feed(tmp_path, night, schema) for night in (first, second)] == fed
    assert server.sql(everything, database=name) == before
    assert len(before) == fed[0].flights + fed[1].flights
