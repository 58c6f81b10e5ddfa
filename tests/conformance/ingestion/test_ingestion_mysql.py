"""Tables of a MariaDB database: what is new, what each value is, and what stands in the way."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from ingestion_world import PLACE, World, balanced, code_of, column
from server_world import Base, based, killed_in_the_middle, refused
from tests.servers import MySql, mariadb

from mainstem.core.dataset import Source
from mainstem.core.kinds import find
from mainstem.core.problem import WorldError
from mainstem.core.secret import Secret
from mainstem.core.span import Span
from mainstem.governance.suggest import tags_of

KIND = find("sources", "mysql")


@pytest.fixture(scope="module")
def server() -> Iterator[MySql]:
    """One server for all tests of this file; its defaults are not those that a load needs."""
    with mariadb() as running:
        running.sql("set global time_zone = '+05:00'", "set global sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'")
        yield running


@pytest.fixture
def base(world: World, server: MySql, monkeypatch: pytest.MonkeyPatch) -> Base:
    source = Source("my", "mysql", KIND.Options(server.url(server.database())), PLACE)
    return based(world, server, source, monkeypatch)


def test_every_type_arrives_without_change(base: Base) -> None:
    base.sql(
        """create table t (
          id bigint unsigned primary key, tiny tinyint(1), small smallint unsigned, mid mediumint, flag bit(1),
          bits bit(10), d decimal(12, 2), wide decimal(60, 20), f4 float, f8 double, day date, at datetime(6),
          instant timestamp(6) null, clock time(3), y year, code char(5), word varchar(50) collate utf8mb4_bin,
          mood enum('sad', 'happy'), tags set('x', 'y'), j json, u uuid, bytes blob, fixed binary(4))""",
        """insert into t values (18446744073709551615, 2, 65535, -8388608, b'1', b'1010101010', 9999999999.99,
          1234567890123456789012345678901234567890.12345678901234567891, 1.5, 0.1, '9999-12-31',
          '2024-01-01 12:00:00.123456', '2024-01-01 17:00:00.000001', '-838:59:59.000', 2024, 'ab', 'é "''\\',
          'happy', 'x,y', '{"a": 1.10}', '0e37df36-f698-11e6-8dd4-cb9ced3df976', x'00ff', x'0102')""",
        "insert into t (id) values (2)",
    )
    table = base.table()
    assert base.world.load(table).loaded == 2
    found = dict(zip(base.world.types(table), base.world.rows(table, order="id desc")[0], strict=True))
    shown = base.world.rows(table, 'cast("at" as varchar), cast(instant as varchar)', "id desc")[0]
    assert shown == ("2024-01-01 12:00:00.123456", "2024-01-01 12:00:00.000001+00")
    assert {name: str(value) for name, value in found.items() if name not in ("at", "instant")} == {
        "id": "18446744073709551615", "tiny": "2", "small": "65535", "mid": "-8388608", "flag": "1", "bits": "682",
        "d": "9999999999.99", "wide": "1234567890123456789012345678901234567890.12345678901234567891", "f4": "1.5",
        "f8": "0.1", "day": "9999-12-31", "clock": "-838:59:59.000", "y": "2024", "code": "ab", "word": "é \"'\\",
        "mood": "happy", "tags": "x,y", "j": '{"a": 1.10}', "u": "0e37df36-f698-11e6-8dd4-cb9ced3df976",
        "bytes": "b'\\x00\\xff'", "fixed": "b'\\x01\\x02\\x00\\x00'",
    }  # fmt: skip


def test_days_that_are_none_are_set_aside(base: Base) -> None:
    base.server.sql(
        "set sql_mode = ''",
        "create table t (id int primary key, day date, at datetime)",
        "insert into t values (1, '0000-00-00', null), (2, '2024-02-00', '2024-00-01'), (3, '2024-02-29', null)",
        database=base.name,
    )
    table = base.table()
    assert balanced(base.world.load(table))
    assert base.world.rows(table, "id") == [(3,)]
    words = "is no day of the calendar: its month or day is 0"
    assert base.world.reasons(table) == [(f"day: {words}", "key=1"), (f"day: {words}; at: {words}", "key=2")]
    assert '"day":"0000-00-00"' in base.world.quarantine(table)[0][2]


@pytest.mark.parametrize(
    ("type_", "first", "second"),
    [
        ("int", "9", "10"),
        ("bigint unsigned", "18446744073709551613", "18446744073709551614"),
        ("decimal(20, 3)", "9.5", "10.125"),
        ("double", "9e20", "1e21"),
        ("date", "'2024-01-09'", "'2024-01-10'"),
        ("datetime(6)", "'2024-01-01 00:00:00.100000'", "'2024-01-01 00:00:00.100001'"),
        ("timestamp(3)", "'2024-01-01 00:00:00.100'", "'2024-01-01 00:00:00.101'"),
        ("varchar(20)", "'B'", "'b'"),
    ],
)
def test_cursors_of_every_kind_move_on(base: Base, type_: str, first: str, second: str) -> None:
    base.sql(f"create table t (id int primary key, at {type_})", f"insert into t values (1, {first})")
    table = base.table(load="incremental", cursor="at")
    base.world.load(table)
    assert base.world.look(table).state == "nothing" or type_ == "double"
    base.sql(f"insert into t values (2, {second})")
    assert base.world.look(table).state == "new"
    assert base.world.load(table).loaded == 1
    base.sql(f"insert into t values (3, {first}), (4, {second})")
    change = base.world.load(table)
    assert (change.loaded, change.unchanged) == (1, 1)
    assert base.world.rows(table, "id") == [(1,), (2,), (4,)]


def test_a_changed_row_at_the_cursor_is_seen_and_merged(base: Base) -> None:
    base.sql("create table t (id int, word varchar(9), at int)", "insert into t values (1, 'a', 1), (2, 'b', 2)")
    table = base.table(key=("id",), load="incremental", cursor="at")
    base.world.load(table)
    assert base.world.look(table).state == "nothing"
    base.sql("update t set word = 'mended' where id = 2")
    assert base.world.look(table).state == "new"
    base.world.load(table)
    assert base.world.rows(table, "id, word") == [(1, "a"), (2, "mended")]


def test_filter_columns_and_other_databases(base: Base) -> None:
    other = base.server.database()
    base.server.sql(
        "create table `Order Lines` (id int, v int)", "insert into `Order Lines` values (1, 2), (2, 3)", database=other
    )
    table = base.table(table=f"{other}.Order Lines", where="v > 2 or id = 9", exclude=("v",))
    base.world.load(table)
    assert base.world.rows(table) == [(2,)]


def test_what_is_not_there_is_named(base: Base) -> None:
    base.sql("create table orders (id int)")
    with pytest.raises(WorldError, match='did you mean "orders"') as found:
        base.world.load(base.table(table="order"))
    assert code_of(found.value) == "G005"
    assert refused(base, base.table(table="orders", load="incremental", cursor="at")) == "G006"


def test_a_cursor_that_is_ordered_otherwise_is_refused(base: Base) -> None:
    base.sql("create table t (id int, at time)")
    assert refused(base, base.table(load="incremental", cursor="at")) == "G085"


@pytest.mark.parametrize(
    "address", ["mysql://root:hush@127.0.0.1:1/x", "mysql://root:hush@127.0.0.1", "hush", "mysql://u:hush@[x"]
)
def test_a_server_that_is_not_there_is_told_without_the_password(
    base: Base, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = Source("my", "mysql", KIND.Options(Secret(address, "${URL}")), PLACE)
    monkeypatch.setattr(base.world, "source", lambda dataset: gone)
    with pytest.raises(WorldError) as found:
        base.world.load(base.table())
    assert code_of(found.value) == "G081"
    assert "hush" not in str(found.value)


def test_a_wrong_password_is_refused_and_shown_nowhere(base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    base.server.sql(f"create user {base.name}@'127.0.0.1' identified by 'right'")
    url = Secret(base.server.url(base.name, base.name, "hush-hush"), "${URL}")
    monkeypatch.setattr(base.world, "source", lambda dataset: Source("my", "mysql", KIND.Options(url), PLACE))
    server = f'the MySQL server of source "my" at 127.0.0.1:{base.server.port} refuses: Access denied'
    with pytest.raises(WorldError, match=server) as found:
        base.world.load(base.table())
    assert "hush" not in str(found.value)


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
    with mariadb() as running:
        running.sql("create database ops")
        base = based(world, running, Source("my", "mysql", KIND.Options(running.url()), PLACE), monkeypatch)
        base.sql("create table t (id int, at int)", "insert into t select seq, seq from seq_1_to_1000")
        killed_in_the_middle(base, monkeypatch)


def test_without_the_extra_its_name_is_told(base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymysql", None)
    with pytest.raises(WorldError, match=r"pip install 'mainstem\[mysql\]'") as found:
        base.world.load(base.table())
    assert code_of(found.value) == "G080"


def test_a_contract_holds(base: Base) -> None:
    base.sql("create table t (id int, v varchar(9))", "insert into t values (1, '5'), (2, 'x'), (3, null)")
    table = base.table(column("id", "integer", required=True), column("v", "integer", max="9"))
    assert balanced(base.world.load(table))
    assert base.world.rows(table) == [(1, 5), (3, None)]


def test_a_database_is_listed(base: Base) -> None:
    base.sql(
        "create table customers (id bigint unsigned primary key, mail varchar(80) unique comment 'where to write', "
        "mood enum('sad, or so', 'it''s'), updated_at timestamp(6) null)",
        "insert into customers values (1, 'a@example.org', 'it''s', now()), (2, 'b@example.org', null, now())",
    )
    (found,) = KIND.discover(KIND.Options(base.server.url(base.name)), base.world.root, frozenset())
    assert (found.name, found.key) == ("customers", ("id",))
    assert [(each.type, each.required, each.unique) for each in found.columns] == [
        ("UBIGINT", True, True),
        ("VARCHAR", False, True),
        ("VARCHAR", False, False),
        ("TIMESTAMP WITH TIME ZONE", False, False),
    ]
    assert found.columns[1].description == "where to write"
    assert found.columns[2].accepted == ("sad, or so", "it's")
    assert tags_of(found.columns[1]) == ("email",)


def events(base: Base, type_: str, *cursors: str) -> None:
    """Table t with one row a cursor."""
    values = ", ".join(f"({i}, 'w{i}', {cursor})" for i, cursor in enumerate(cursors, 1))
    base.sql(f"create table t (id int, word varchar(20), at {type_})", f"insert into t values {values}")


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
    base.world.engine.load_extension("mysql_scanner")
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
