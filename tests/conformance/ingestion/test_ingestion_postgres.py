"""Tables of a PostgreSQL database: what is new, what each value is, and what stands in the way."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread

import pytest
from ingestion_world import PLACE, World, balanced, code_of, column
from server_world import Base, based, killed_in_the_middle, refused
from tests.servers import Postgres, postgres

from mainstem.cli.app import run
from mainstem.core.dataset import Source
from mainstem.core.kinds import find
from mainstem.core.place import Place
from mainstem.core.ports import Reading, Session
from mainstem.core.problem import ProjectError, WorldError
from mainstem.core.secret import Secret
from mainstem.core.span import Span

KIND = find("sources", "postgres")


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """One server for all tests of this file."""
    with postgres() as running:
        yield running


@pytest.fixture
def base(world: World, server: Postgres, monkeypatch: pytest.MonkeyPatch) -> Base:
    world.engine.load_extension("postgres_scanner")
    source = Source("pg", "postgres", KIND.Options(server.url(server.database())), Place("sources/pg.yml"))
    return based(world, server, source, monkeypatch)


TYPES = """
create type mood as enum ('sad', 'happy');
create domain price as numeric(10, 2);
create type pair as (a int, b text);
create table t (
  id bigint primary key, small smallint, flag boolean, f4 real, f8 double precision, n numeric, d numeric(12, 2),
  tiny numeric(5, 5), wide numeric(50, 2), p price, m money, name text, code char(4), u uuid, j jsonb, b bytea,
  day date, at timestamp, instant timestamptz, clock time, span interval, mood mood, ints int[], texts text[],
  nums numeric[], net inet, pr pair, bits bit varying, o oid
)
"""


def test_every_type_arrives_without_change(base: Base) -> None:
    base.sql(
        *TYPES.strip().split(";"),
        """insert into t values (
          9223372036854775807, -32768, true, 1.1, 0.1, 12345678901234567890.123456789, 9999999999.99, 0.00001,
          123456789012345678901234567890123456789012345678.99, 1.10, 1234.56, 'é ''"\\', 'ab',
          '0E37DF36-F698-11E6-8DD4-CB9CED3DF976', '{"b": 1.10, "a": [1]}', '\\x00ff', '10000-01-01',
          '0044-03-15 12:00:00.000001 BC', '2024-07-01 12:00+02', '24:00:00', '1 mon -2 days', 'happy', '{1,null,3}',
          '{"a,b",null}', '{1.50,NaN}', '10.0.0.1/8', '(1,"x y")', B'101', 4294967295)""",
        "insert into t (id) values (2)",
    )
    table = base.table()
    change = base.world.load(table)
    assert (change.loaded, change.rejected) == (2, 0)
    found = dict(zip(base.world.types(table), base.world.rows(table, order="id desc")[0], strict=True))
    shown = base.world.rows(table, 'cast(day as varchar), cast("at" as varchar), cast(instant as varchar)', "id desc")[
        0
    ]
    assert shown == ("10000-01-01", "0044-03-15 (BC) 12:00:00.000001", "2024-07-01 10:00:00+00")
    assert {name: str(value) for name, value in found.items() if name not in ("day", "at", "instant")} == {
        "id": "9223372036854775807", "small": "-32768", "flag": "True", "f4": "1.100000023841858", "f8": "0.1",
        "n": "12345678901234567890.123456789", "d": "9999999999.99", "tiny": "0.00001",
        "wide": "123456789012345678901234567890123456789012345678.99", "p": "1.10", "m": "1234.56",
        "name": "é '\"\\", "code": "ab", "u": "0e37df36-f698-11e6-8dd4-cb9ced3df976",
        "j": '{"a": [1], "b": 1.10}', "b": "b'\\x00\\xff'", "clock": "24:00:00", "span": "1 mon -2 days",
        "mood": "happy", "ints": "[1, None, 3]", "texts": "['a,b', None]", "nums": "['1.50', 'NaN']",
        "net": "10.0.0.1/8", "pr": '(1,"x y")', "bits": "101", "o": "4294967295",
    }  # fmt: skip
    assert base.world.types(table)["d"] == "DECIMAL(12,2)"
    assert 'note "n" is numeric' in " ".join(f"note {note}" for note in change.notes)


def test_values_that_no_type_holds_are_set_aside(base: Base) -> None:
    base.sql(
        "create table t (id int primary key, d numeric(6, 2), at timestamptz, day date, deep int[])",
        """insert into t values (1, 'NaN', null, null, null), (2, 1.5, 'infinity', null, null),
          (3, 1.5, null, '-infinity', '{{1},{2}}'), (4, 1.5, '2024-01-01', '2024-01-01', '{1}')""",
    )
    table = base.table()
    change = base.world.load(table)
    assert balanced(change)
    assert base.world.rows(table, "id") == [(4,)]
    assert base.world.reasons(table) == [
        ("d: is NaN, which no decimal type holds", "key=1"),
        ("at: is infinite, which no date of the lake is", "key=2"),
        ("day: is infinite, which no date of the lake is; deep: is no plain list: several dimensions, or not from 1",
         "key=3"),
    ]  # fmt: skip
    assert json.loads(base.world.quarantine(table)[0][2])["d"] == "NaN"


def test_a_contract_gives_numbers_without_precision_a_type(base: Base) -> None:
    base.sql("create table t (id int, n numeric)", "insert into t values (1, 1.25), (2, 1.125), (3, 'NaN'), (4, null)")
    table = base.table(column("id", "integer"), column("n", "decimal(10, 2)"))
    assert balanced(base.world.load(table))
    assert [(i, str(n)) for i, n in base.world.rows(table)] == [(1, "1.25"), (4, "None")]
    assert {reason for reason, _ in base.world.reasons(table)} == {
        'n: "1.125" is not a DECIMAL(10,2)',
        'n: "NaN" is not a DECIMAL(10,2)',
    }
    floats = base.table(column("id", "integer"), column("n", "double"))
    base.world.load(floats)
    assert [str(n) for (n,) in base.world.rows(floats, "n", "id")] == ["1.25", "1.125", "nan", "None"]


def events(base: Base, type_: str = "timestamptz", *values: str) -> None:
    base.sql(f"create table t (id int primary key, word text, at {type_})", "create index on t (at)")
    for number, value in enumerate(values, 1):
        base.sql(f"insert into t values ({number}, 'w{number}', {value})")


def test_only_what_is_new_is_read_and_ties_are_neither_lost_nor_doubled(base: Base) -> None:
    events(base, "timestamptz", "'2024-01-01 00:00:00.000001+02'", "'2024-01-02'")
    table = base.table(load="incremental", cursor="at")
    assert base.world.load(table).loaded == 2
    assert base.world.look(table).state == "nothing"
    base.sql("insert into t values (3, 'tie', '2024-01-02'), (4, 'late', '2023-01-01')")
    assert base.world.look(table).state == "new"
    change = base.world.load(table)
    assert (change.loaded, change.unchanged, change.rows_in) == (1, 1, 2)
    assert [i for (i,) in base.world.rows(table, "id")] == [1, 2, 3]
    assert base.world.look(table).state == "nothing"
    assert base.world.load(table).is_empty


def test_a_changed_row_at_the_cursor_is_seen_and_merged(base: Base) -> None:
    events(base, "timestamptz", "'2024-01-01'", "'2024-01-02'")
    table = base.table(key=("id",), load="incremental", cursor="at")
    base.world.load(table)
    base.sql("update t set word = 'mended' where id = 2")
    assert base.world.look(table).state == "new"
    base.world.load(table)
    assert base.world.rows(table, "id, word") == [(1, "w1"), (2, "mended")]


@pytest.mark.parametrize(
    ("type_", "first", "second"),
    [
        ("int", "9", "10"),
        ("numeric(20, 3)", "9.5", "10.125"),
        ("double precision", "9e20", "1e21"),
        ("date", "'2024-01-09'", "'2024-01-10'"),
        ("timestamp", "'9999-12-31 23:59:59.999999'", "'10000-01-01'"),
        ("text", "'a\\''Z'", "'é'"),
        ("uuid", "'00000000-0000-0000-0000-000000000009'", "'00000000-0000-0000-0000-00000000000a'"),
    ],
)
def test_cursors_of_every_kind_move_on(base: Base, type_: str, first: str, second: str) -> None:
    events(base, type_, first)
    table = base.table(load="incremental", cursor="at")
    base.world.load(table)
    base.sql(f"insert into t values (2, 'w2', {second})")
    assert base.world.load(table).loaded == 1
    assert base.world.load(table).loaded == 0
    base.sql(f"insert into t values (3, 'w3', {first})")
    assert base.world.load(table).loaded == 0


def test_texts_are_compared_by_their_bytes_whatever_the_collation(base: Base) -> None:
    base.sql("create table t (id int, word text)", "insert into t values (1, 'b'), (2, 'B')")
    table = base.table(load="incremental", cursor="word")
    base.world.load(table)
    base.sql("insert into t values (3, 'c'), (4, 'A')")
    base.world.load(table)
    assert base.world.rows(table, "id") == [(1,), (2,), (3,)]


@pytest.mark.parametrize(("type_", "contract"), [("numeric", None), ("interval", None), ("text", "integer")])
def test_a_cursor_that_is_ordered_otherwise_is_refused(base: Base, type_: str, contract: str | None) -> None:
    events(base, type_)
    columns = (column("id", "integer"), column("at", contract)) if contract else ()
    table = base.table(*columns, load="incremental", cursor="at")
    assert refused(base, table) == "G085"


def test_a_number_without_precision_is_a_cursor_under_a_contract(base: Base) -> None:
    events(base, "numeric", "9", "10")
    table = base.table(column("id", "integer"), column("at", "decimal(20,0)"), load="incremental", cursor="at")
    base.world.load(table)
    base.sql("insert into t values (3, 'w', 100)")
    assert base.world.load(table).loaded == 1


def test_filter_and_columns_are_left_to_the_server(base: Base) -> None:
    events(base, "int", "1", "2", "3")
    table = base.table(where="at > 1 or word = 'w9'", exclude=("word",))
    base.world.load(table)
    assert list(base.world.types(table)) == ["id", "at"]
    assert base.world.rows(table) == [(2, 2), (3, 3)]


@pytest.mark.parametrize("parts", [1, 2, 5, None])
def test_a_table_is_read_in_parts_of_one_state(base: Base, parts: int | None) -> None:
    base.sql(
        "create table t as select i as id, repeat('x', 500) as fill from generate_series(1, 20000) i",
        "delete from t where id % 7 = 0",
    )
    table = base.table(parts=parts)
    assert base.world.load(table).loaded == 20000 - 2857
    assert base.world.rows(table, "count(distinct id), sum(id)") == base.sql("select count(*), sum(id) from t")


@pytest.mark.parametrize("parts", [1, 3])
def test_what_is_written_meanwhile_is_left_to_the_next_read(base: Base, parts: int) -> None:
    base.sql("create table t (id bigint)", "insert into t select generate_series(1, 50000)")
    table = base.table(parts=parts)
    with closing(base.world.engine.session()) as session:
        reading = KIND.read(base.world.source(table), table, None, Path(), session)
        base.sql("insert into t select generate_series(1, 10)")
        assert reading.select.count("postgres_query") == parts
        assert rows_of(session, reading) == 50000


def test_the_server_tells_how_many_rows_have_come(base: Base) -> None:
    base.sql("create table t (id bigint)", "insert into t select generate_series(1, 4000)")
    table = base.table(where="pg_sleep(0.0005) is not null")
    with closing(base.world.engine.session()) as session:
        reading = KIND.read(base.world.source(table), table, None, Path(), session)
        reader = Thread(target=rows_of, args=(session, reading))
        reader.start()
        told = set()
        while reader.is_alive():
            told.add(reading.count())
            time.sleep(0.01)
        assert reading.count() == max(found for found in told if found)
    assert len(told) > 2
    assert max(found for found in told if found) <= 4000


def rows_of(session: Session, reading: Reading) -> int:
    """How many rows a reading brings, read as ingestion does."""
    session.execute("begin transaction")
    for statement in reading.begin:
        session.execute(statement)
    found = session.rows(f"select count(*) from ({reading.select})")
    session.execute("commit")
    assert reading.finish is not None
    reading.finish()
    return int(found[0][0])


def test_views_and_tables_of_other_schemas(base: Base) -> None:
    base.sql(
        "create schema sales",
        'create table sales."Order Lines" (id int, v text)',
        """insert into sales."Order Lines" values (1, 'x')""",
        'create view t as select * from sales."Order Lines"',
    )
    base.world.load(base.table())
    assert base.world.rows(base.table()) == [(1, "x")]
    other = base.table(table="sales.Order Lines")
    base.world.load(other)
    assert base.world.rows(other) == [(1, "x")]


def test_what_is_not_there_is_named(base: Base) -> None:
    base.sql("create table orders (id int)", "create table secret (id int)")
    with pytest.raises(WorldError, match='did you mean "orders"') as found:
        base.world.load(base.table(table="order"))
    assert found.value.problems[0].code == "G005"
    assert refused(base, base.table(table="orders", exclude=("i",))) == "G006"
    assert refused(base, base.table(table="orders", load="incremental", cursor="at")) == "G006"


def test_rights_are_asked_for(base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    base.sql("create table t (id int)", f"create role {base.name}_reader login")
    reader = Source("pg", "postgres", KIND.Options(base.server.url(base.name, f"{base.name}_reader")), PLACE)
    monkeypatch.setattr(base.world, "source", lambda dataset: reader)
    with pytest.raises(WorldError, match=f'grant select on "t" to "{base.name}_reader"') as found:
        base.world.load(base.table())
    assert found.value.problems[0].code == "G084"


@pytest.mark.parametrize(
    "address",
    ["postgresql://u:hush@127.0.0.1:1/x", "postgresql://u:hush@[x", "hush", "postgresql://u:x@hush@127.0.0.1/x"],
)
def test_a_server_that_is_not_there_is_told_without_the_password(
    base: Base, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = Source("pg", "postgres", KIND.Options(Secret(address, "${URL}")), PLACE)
    monkeypatch.setattr(base.world, "source", lambda dataset: gone)
    with pytest.raises(WorldError) as found:
        base.world.load(base.table())
    assert found.value.problems[0].code == "G081"
    assert "hush" not in str(found.value)


def test_a_server_that_cannot_be_reached_or_refuses_is_named_with_its_source(
    base: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(address: str) -> str:
        monkeypatch.setattr(
            base.world, "source", lambda dataset: Source("pg", "postgres", KIND.Options(Secret(address)), PLACE)
        )
        with pytest.raises(WorldError) as found:
            base.world.load(base.table())
        return found.value.problems[0].what

    unreached = 'the PostgreSQL server of source "pg" at 127.0.0.1:1 cannot be reached: Connection refused'
    assert told("postgresql://u:hush@127.0.0.1:1/x") == unreached
    refused = f'the PostgreSQL server of source "pg" at 127.0.0.1:{base.server.port} refuses: '
    assert told(base.server.url(base.name, "nobody", "hush")) == refused + 'role "nobody" does not exist'


def test_a_filter_that_the_server_refuses_is_told_without_the_query_around_it(base: Base) -> None:
    base.sql("create table t (id int)")
    with pytest.raises(WorldError) as found:
        base.world.load(base.table(where="nothing_here = 1"))
    (problem,) = found.value.problems
    assert problem.code == "G087"
    assert "nothing_here" in problem.what
    assert problem.mend == "correct the condition: nothing_here = 1"
    assert "select" not in str(problem).lower()


def test_a_server_that_dies_in_the_middle_loses_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with postgres() as running:
        base = based(world, running, Source("pg", "postgres", KIND.Options(running.url()), PLACE), monkeypatch)
        base.sql("create table t as select i as id, i as at from generate_series(1, 1000) i")
        killed_in_the_middle(base, monkeypatch)


def test_the_password_is_nowhere_to_be_read(base: Base) -> None:
    base.sql(
        f"create role {base.name}_who login password 'hush-hush'", f"grant all on schema public to {base.name}_who"
    )
    base.sql("create table t (id int)", f"grant select on t to {base.name}_who")
    url = Secret(base.server.url(base.name, f"{base.name}_who", "hush-hush"), "${URL}")
    source = Source("pg", "postgres", KIND.Options(url), PLACE)
    reading = KIND.read(source, base.table(), None, base.world.root, base.world.session)
    try:
        kept = base.world.session.rows(
            "select path from duckdb_databases() union all select secret_string from duckdb_secrets()"
        )
        assert "hush" not in str(kept)
        assert "hush" not in repr(source)
    finally:
        assert reading.finish is not None
        reading.finish()
    assert base.world.session.rows("select count(*) from duckdb_secrets()") == [(0,)]


def test_without_the_extra_its_name_is_told(base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(WorldError, match=r"pip install 'mainstem\[postgres\]'") as found:
        base.world.load(base.table())
    assert code_of(found.value) == "G080"


def test_parts_are_a_sensible_number() -> None:
    with pytest.raises(ProjectError) as found:
        KIND.TableOptions(parts=0)
    assert code_of(found.value) == "G082"


def test_a_draft_of_the_database_runs_as_it_is(
    base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    base.sql(
        "create type mood as enum ('sad, or so', 'happy')",
        'create table "Customers" (id int primary key, "E-Mail" text unique, phone text, mood mood, score numeric, '
        "updated_at timestamptz not null)",
        'comment on column "Customers".score is \'from 0 to 1: "good"\'',
        """insert into "Customers" values (1, 'a@example.org', '+41 44 123 45 67', 'sad, or so', 0.125, now())""",
        "create view happy as select id from \"Customers\" where mood = 'happy'",
        "create table hidden (id int)",
        f"create role {base.name}_who login password 'hush-hush'",
        f'grant select on "Customers", happy to {base.name}_who',
    )
    (tmp_path / "mainstem.yml").write_text("name: small\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CRM_URL", raising=False)
    url = base.server.url(base.name, f"{base.name}_who", "hush-hush")
    assert command(["source", "discover", url, "--name", "crm", "--write"]) == 0
    text = (tmp_path / "sources/crm.yml").read_text()
    assert "hush" not in text
    assert "hidden" not in text
    assert 'accepted: ["sad, or so", happy]' in text
    assert 'score: {type: "decimal(38, 3)"' in text
    assert "e_mail: {type: varchar, original: E-Mail, unique: true, tags: [email]}" in text
    assert (tmp_path / ".mainstem/secrets.env").stat().st_mode & 0o077 == 0
    assert (tmp_path / ".mainstem/.gitignore").read_text() == "*\n"
    assert command(["run"]) == 0
    capsys.readouterr()
    assert command(["query", "select score, mood from crm.customers", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [{"score": 0.125, "mood": "sad, or so"}]


def command(arguments: list[str]) -> int:
    """The exit code of a command."""
    with pytest.raises(SystemExit) as stopped:
        run(arguments)
    return int(stopped.value.code or 0)


def test_a_look_back_brings_late_rows_once(base: Base) -> None:
    events(base, "timestamp", "'2024-01-01 10:00:00'", "'2024-01-05 10:00:00'")
    table = base.table(key=("id",), load="incremental", cursor="at", lookback="2d")
    base.world.load(table)
    assert base.world.look(table).state == "nothing"
    base.sql("insert into t values (3, 'late', '2024-01-04'), (4, 'too late', '2024-01-02')")
    assert base.world.look(table).state == "new"
    change = base.world.load(table)
    assert (change.loaded, change.unchanged) == (1, 1)
    assert [i for (i,) in base.world.rows(table, "id")] == [1, 2, 3]
    assert base.world.look(table).state == "nothing"


@pytest.mark.parametrize("type_", ["date", "timestamp"])
def test_a_span_is_read_again_by_the_server(base: Base, type_: str) -> None:
    days = [f"'2024-01-{day:02}'" for day in range(1, 31)]
    events(base, type_, *days)
    table = base.table(key=("id",), load="incremental", cursor="at")
    base.world.engine.load_extension("postgres_scanner")
    reading = KIND.read_span(
        base.world.source(table), table, Span("at", "2024-01-10", "2024-01-12"), base.world.root, base.world.session
    )
    for statement in (*reading.setup, *reading.begin):
        base.world.session.execute(statement)
    ids = {int(i) for (i,) in base.world.session.rows(f"select id from ({reading.select})")}
    for statement in reading.teardown:
        base.world.session.execute(statement)
    assert reading.finish is not None
    reading.finish()
    assert ids >= {10, 11, 12}
    assert len(ids) < 12


def test_a_type_that_widens_at_the_source_widens_in_the_table(base: Base) -> None:
    base.sql("create table t (id int primary key, n smallint, d numeric(5, 2))", "insert into t values (1, 7, 1.25)")
    table = base.table(key=("id",), load="incremental", cursor="id")
    base.world.load(table)
    base.sql("alter table t alter n type bigint", "alter table t alter d type numeric(12, 3)")
    base.sql("insert into t values (2, 3000000000, 123456789.125)")

    change = base.world.load(table)

    assert change.notes == (
        'column "n" goes from SMALLINT to BIGINT: the whole table is written anew',
        'column "d" goes from DECIMAL(5,2) to DECIMAL(12,3): the whole table is written anew',
    )
    assert base.world.types(table) == {"id": "INTEGER", "n": "BIGINT", "d": "DECIMAL(12,3)"}
    assert [tuple(map(str, row)) for row in base.world.rows(table)] == [
        ("1", "7", "1.250"),
        ("2", "3000000000", "123456789.125"),
    ]


@pytest.mark.parametrize("mode", ["freeze", "quarantine"])
def test_without_evolve_a_value_that_does_not_fit_the_type_is_set_aside(base: Base, mode: str) -> None:
    base.sql("create table t (id int primary key, n smallint)", "insert into t values (1, 7)")
    table = base.table(key=("id",), load="incremental", cursor="id", on_schema_change=mode)
    base.world.load(table)
    base.sql("alter table t alter n type bigint", "insert into t values (2, 3000000000), (3, 8)")

    change = base.world.load(table)

    assert (change.loaded, change.rejected) == (1, 1)
    assert base.world.types(table)["n"] == "SMALLINT"
