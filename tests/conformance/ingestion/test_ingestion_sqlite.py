"""Tables of a SQLite database: what is new, what each value is, and what stands in the way."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ingestion_world import World, balanced, code_of, column, say

from mainstem.core.dataset import Source
from mainstem.core.kinds import find
from mainstem.core.place import Place
from mainstem.core.problem import MainstemError, ProjectError, WorldError

SQLITE = find("sources", "sqlite")

FLIGHTS = (
    column("id", "bigint", required=True, unique=True),
    column("delay", "integer", min="-120", max="2000"),
    column("origin", "varchar", required=True, accepted=("EWR", "JFK", "LGA")),
    column("at", "timestamp", required=True),
)
EVENTS = (column("id", "bigint"), column("word", "varchar"), column("at", "timestamp"))


def make(world: World, *rows: Any) -> None:
    world.sql(
        "create table t (id integer, word text, at text)",
        "create index i on t (at)",
        "insert into t values (?, ?, ?)",
        rows=rows,
    )


def add(world: World, *rows: Any) -> None:
    world.sql("insert into t values (?, ?, ?)", rows=rows)


def writer(file: Path, script: str) -> subprocess.Popen[str]:
    """Another program that works on a database; it has done its first part when this returns."""
    text = f"import sqlite3, sys\nc = sqlite3.connect({str(file)!r}, isolation_level=None)\n{script}\n"
    process = subprocess.Popen(
        [sys.executable, "-c", text + "print('there', flush=True)\nsys.stdin.readline()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "there\n"
    return process


def done(process: subprocess.Popen[str]) -> None:
    process.communicate("\n")
    assert process.returncode == 0


def test_rows_that_break_the_contract_are_set_aside_with_the_reason_and_the_rest_loads(world: World) -> None:
    world.sql(
        "create table t (id integer primary key, delay, origin text, at text)",
        "insert into t values (?, ?, ?, ?)",
        rows=[
            (1, "5", "EWR", "2013-12-01T05:00:00"),
            (2, "abc", "JFK", "2013-12-01T05:00:00"),
            (3, 5000, "LGA", "2013-12-01T05:00:00"),
            (4, None, "XXX", "2013-12-01T05:00:00"),
            (5, "NA", None, "x"),
            (6, "5.7", "EWR", "2013-12-01T05:00:00"),
        ],
    )
    flights = world.table(FLIGHTS, key=["id"], null=("NA",))
    change = world.load(flights)
    assert world.rows(flights, "id, delay, origin") == [(1, 5, "EWR")]
    assert world.reasons(flights) == [
        ('delay: "abc" is not an INTEGER', "key=2"),
        ("delay: 5000 is not between -120 and 2000", "key=3"),
        ('origin: "XXX" is not one of EWR, JFK, LGA', "key=4"),
        ('origin: is missing; at: "x" is not a TIMESTAMP', "key=5"),
        ('delay: "5.7" is not an INTEGER', "key=6"),
    ]
    assert (change.rows_in, change.loaded, change.rejected) == (6, 1, 5)
    assert balanced(change)
    raw, run, at = world.quarantine(flights)[1][2:]
    assert json.loads(raw) == {"id": "3", "delay": "5000", "origin": "LGA", "at": "2013-12-01T05:00:00"}
    assert (run, at) == ("run-1", "2013-12-02 10:00:00+00")


def test_an_incremental_load_brings_what_is_new_and_corrections_of_old_rows(world: World) -> None:
    make(world, (1, "a", "2013-12-01"), (2, "b", "2013-12-02"))
    events = world.table(EVENTS, key=["id"], load="incremental", cursor="at")
    first = world.load(events)
    assert (first.rows_in, first.loaded, world.positions["ops.t"]["cursor"]) == (2, 2, "2013-12-02")
    add(world, (3, "c", "2013-12-03"))
    world.sql("update t set word = 'A', at = '2013-12-04' where id = 1")
    second = world.load(events)
    assert world.rows(events, "id, word") == [(1, "A"), (2, "b"), (3, "c")]
    assert (second.rows_in, second.loaded, second.unchanged) == (3, 2, 1)
    assert balanced(second)


@pytest.mark.parametrize("key", [["id"], []], ids=["merge", "append"])
def test_nothing_new_is_an_empty_change(world: World, key: list[str]) -> None:
    make(world, (1, "a", "2013-12-01"), (2, "b", "2013-12-02"), (3, "b", "2013-12-02"))
    events = world.table(EVENTS, key=key, load="incremental", cursor="at")
    first = world.load(events)
    again = world.load(events)
    assert again.is_empty
    assert again.labels == ()
    assert (again.rows_in, again.unchanged) == (2, 2)
    assert again.position["cursor"] == first.position["cursor"]
    assert again.as_of == world.at


@pytest.mark.parametrize("key", [["id"], []], ids=["merge", "append"])
def test_a_row_that_comes_late_at_the_same_cursor_is_neither_lost_nor_doubled(world: World, key: list[str]) -> None:
    make(world, (1, "a", "2013-12-01"), (2, "b", "2013-12-02"))
    events = world.table(EVENTS, key=key, load="incremental", cursor="at")
    world.load(events)
    add(world, (3, "late", "2013-12-02"))
    world.load(events)
    world.load(events)
    assert world.rows(events, "id, word") == [(1, "a"), (2, "b"), (3, "late")]


def test_equal_rows_of_an_append_are_as_many_as_at_the_source(world: World) -> None:
    make(world, (1, "a", "2013-12-02"), (1, "a", "2013-12-02"))
    events = world.table(EVENTS, load="incremental", cursor="at")
    world.load(events)
    add(world, (1, "a", "2013-12-02"), (2, "b", "2013-12-03"))
    change = world.load(events)
    assert world.rows(events, "id") == [(1,), (1,), (1,), (2,)]
    assert (change.rows_in, change.loaded, change.unchanged) == (4, 2, 2)


def test_a_row_without_a_cursor_is_set_aside_once_and_seen_whenever_it_appears(world: World) -> None:
    make(world, (1, "a", "2013-12-01"), (2, "b", None))
    events = world.table(EVENTS, key=["id"], load="incremental", cursor="at")
    first = world.load(events)
    assert world.reasons(events) == [("at: is missing", "key=2")]
    second = world.load(events)
    assert second.is_empty
    assert "1 row was set aside before and still at the source" in second.notes
    add(world, (3, "c", None))
    third = world.load(events)
    assert world.reasons(events) == [("at: is missing", "key=2"), ("at: is missing", "key=3")]
    assert all(balanced(change) for change in (first, second, third))


@pytest.mark.parametrize("absurd", ["zzz", "9999-01-01"])
def test_a_cursor_that_breaks_the_contract_does_not_move_the_position(world: World, absurd: str) -> None:
    make(world, (1, "a", "2013-12-01"), (2, "b", absurd))
    columns = (*EVENTS[:2], column("at", "timestamp", max="2030-01-01"))
    events = world.table(columns, key=["id"], load="incremental", cursor="at")
    world.load(events)
    assert world.positions["ops.t"]["cursor"] == "2013-12-01"
    add(world, (3, "c", "2013-12-02"))
    change = world.load(events)
    assert world.rows(events, "id") == [(1,), (3,)]
    assert len(world.quarantine(events)) == 1
    assert balanced(change)


@pytest.mark.parametrize(
    ("declared", "type_"),
    [
        *((declared, "bigint") for declared in ("integer", "text", "", "varchar(10)", "numeric", "datetime")),
        *((declared, "varchar") for declared in ("integer", "", "numeric", "datetime")),
    ],
)
def test_numbers_as_cursor_are_compared_as_numbers_however_they_are_declared(
    world: World, declared: str, type_: str
) -> None:
    world.sql(f"create table t (id integer, n {declared})", "insert into t values (?, ?)", rows=[(1, 9), (2, 10)])
    numbers = world.table((column("id", "bigint"), column("n", type_)), key=["id"], load="incremental", cursor="n")
    world.load(numbers)
    world.sql("insert into t values (?, ?)", rows=[(3, 11), (4, 100)])
    world.load(numbers)
    world.sql("insert into t values (?, ?)", rows=[(5, 101)])
    world.load(numbers)
    assert world.rows(numbers, "id") == [(1,), (2,), (3,), (4,), (5,)]


def test_a_cursor_declared_under_another_name_is_found_at_the_source(world: World) -> None:
    world.sql('create table t ("Flight ID" integer, "Changed-At" text)', "insert into t values (1, '2013-12-01')")
    columns = (column("flight_id", "bigint"), column("moved", "date", original="Changed-At"))
    events = world.table(columns, key=["flight_id"], load="incremental", cursor="moved")
    world.load(events)
    world.sql("insert into t values (2, '2013-12-02')")
    change = world.load(events)
    assert [row[0] for row in world.rows(events)] == [1, 2]
    assert (change.rows_in, change.loaded) == (2, 1)


def test_values_arrive_exactly(world: World) -> None:
    values = [
        (1, 0.1 + 0.2, 19.99, 9007199254740993, "é日本\n\t\"'", b"\x00\xff"),
        (2, 1e300, 0.1 + 0.2, -(2**63), "x" * 1_000_000, b""),
        (3, 5.0, 5, 2**63 - 1, "", None),
    ]
    world.sql(
        "create table t (id integer, r real, m real, n integer, s text, b blob)",
        "insert into t values (?, ?, ?, ?, ?, ?)",
        rows=values,
    )
    columns = (
        column("id", "bigint"),
        column("r", "double"),
        column("m", "decimal(10, 2)"),
        column("n", "bigint"),
        column("s", "varchar"),
        column("b", "blob"),
    )
    exact = world.table(columns)
    world.load(exact)
    found = world.rows(exact, "id, r, cast(m as varchar), n, s, b")
    assert [row[:3] for row in found] == [(1, 0.1 + 0.2, "19.99"), (2, 1e300, "0.30"), (3, 5.0, "5.00")]
    assert [row[3:] for row in found] == [tuple(row[3:]) for row in values]


def test_digits_that_the_source_itself_keeps_as_text_reach_a_decimal(world: World) -> None:
    world.sql("create table t (d text)", "insert into t values ('12345678901234567890.12'), ('0.005')")
    exact = world.table((column("d", "decimal(38, 2)"),))
    world.load(exact)
    assert world.rows(exact, "cast(d as varchar)") == [("12345678901234567890.12",)]
    assert world.reasons(exact) == [('d: "0.005" is not a DECIMAL(38,2)', "rowid=2")]


def test_numbers_beyond_a_type_are_set_aside(world: World) -> None:
    world.sql("create table t (n, s)", "insert into t values ('9223372036854775808', 1), (1, 40000), (2, 3)")
    small = world.table((column("n", "bigint"), column("s", "smallint")))
    world.load(small)
    assert world.rows(small) == [(2, 3)]
    assert [reason for reason, _ in world.reasons(small)] == [
        'n: "9223372036854775808" is not a BIGINT',
        's: "40000" is not a SMALLINT',
    ]


def test_text_that_is_no_utf_8_is_set_aside_and_the_rest_loads(world: World) -> None:
    world.sql(
        "create table t (id integer primary key, s text, b blob)",
        "insert into t values (1, 'fine', x'ff'), (2, cast(x'e9e8' as text), x'00'), (3, 'été', null)",
    )
    texts = world.table((column("id", "bigint"), column("s", "varchar"), column("b", "blob")), key=["id"])
    change = world.load(texts)
    assert world.rows(texts) == [(1, "fine", b"\xff"), (3, "été", None)]
    assert world.reasons(texts) == [("s: is not UTF-8 text", "key=2")]
    assert balanced(change)
    assert json.loads(world.quarantine(texts)[0][2]) == {"id": "2", "s": "\\xE9\\xE8", "b": "00"}


def test_bytes_of_a_row_that_is_set_aside_are_shown(world: World) -> None:
    world.sql("create table t (id, b blob)", "insert into t values ('x', x'00ff41')")
    table = world.table((column("id", "bigint"), column("b", "blob")))
    world.load(table)
    assert json.loads(world.quarantine(table)[0][2]) == {"id": "x", "b": "\\x00\\xFFA"}


def test_declared_types_count_only_as_far_as_all_values_agree(world: World) -> None:
    world.sql(
        "create table t (i integer, r real, s text, d date, b boolean, m decimal(8, 2), x integer, n, t datetime)",
        "insert into t values (1, 2, 'a', '2013-12-01', 'true', '1.50', 'abc', 7, '2013-12-01T05:00:00')",
    )
    found = world.table()
    world.load(found)
    assert world.types(found) == {
        "i": "BIGINT",
        "r": "DOUBLE",
        "s": "VARCHAR",
        "d": "DATE",
        "b": "BOOLEAN",
        "m": "DECIMAL(8,2)",
        "x": "VARCHAR",
        "n": "VARCHAR",
        "t": "TIMESTAMP",
    }
    assert world.reasons(found) == []


def test_a_type_once_found_holds_for_later_rows(world: World) -> None:
    world.sql("create table t (id integer, n integer, at text)", "insert into t values (1, 1, 'a')")
    found = world.table(key=["id"], load="incremental", cursor="at")
    world.load(found)
    world.sql("insert into t values (2, 'many', 'b'), (3, 3, 'c')")
    world.load(found)
    assert world.types(found)["n"] == "BIGINT"
    assert world.rows(found, "id, n") == [(1, 1), (3, 3)]
    assert world.reasons(found) == [('n: "many" is not a BIGINT', "key=2")]


@pytest.mark.parametrize(
    ("made", "origin"),
    [
        ("create table t (n)", "rowid=2"),
        ("create table t (n primary key) without rowid", "row=2"),
        ("create table s (n); create view t as select n from s", "row=2"),
        ("create table t (n, rowid)", "rowid=2"),
    ],
)
def test_rows_without_a_key_are_known_by_what_the_table_has(world: World, made: str, origin: str) -> None:
    world.sql(*made.split("; "))
    table = "s" if "view" in made else "t"
    world.sql(f"insert into {table} (n) values (1), ('x')")
    numbers = world.table((column("n", "bigint"),))
    world.load(numbers)
    assert world.reasons(numbers) == [('n: "x" is not a BIGINT', origin)]


def test_the_table_may_have_another_and_an_odd_name_at_the_source(world: World) -> None:
    world.sql('create table "Odd ""Name"" it\'s" ("a b" integer)', 'insert into "Odd ""Name"" it\'s" values (1)')
    odd = world.table(table='Odd "Name" it\'s')
    world.load(odd)
    assert world.types(odd) == {"a_b": "BIGINT"}


def test_an_empty_table_becomes_an_empty_dataset(world: World) -> None:
    world.sql("create table t (id integer, at text)")
    empty = world.table(key=["id"], load="incremental", cursor="at")
    change = world.load(empty)
    assert (change.rows_in, world.rows(empty)) == (0, [])
    world.settle()
    assert world.look(empty).state == "new"
    world.load(empty)
    assert world.look(empty).state == "nothing"
    world.sql("insert into t values (1, 'a')")
    world.load(empty)
    assert world.rows(empty) == [(1, "a")]


# looks


def test_a_look_tells_new_from_nothing(world: World) -> None:
    make(world, (1, "a", "2013-12-01"), (2, "b", "2013-12-02"))
    events = world.table(EVENTS, key=["id"], load="incremental", cursor="at")
    assert world.look(events).state == "new"
    world.settle()
    world.load(events)
    assert (world.look(events).state, world.look(events).detail) == ("nothing", "the database has not changed")
    world.sql("create table other (n)")
    assert (world.look(events).state, world.look(events).detail) == ("nothing", "the cursor has not moved")
    world.sql("update t set word = 'B' where id = 2")
    assert world.look(events).state == "new"
    world.load(events)
    add(world, (3, "c", "2013-12-03"))
    assert (world.look(events).state, world.look(events).detail) == ("new", "the cursor is at 2013-12-03")


def test_a_look_at_a_full_load_asks_whether_the_file_has_changed(world: World) -> None:
    make(world, (1, "a", "2013-12-01"))
    world.settle()
    events = world.table(EVENTS)
    world.load(events)
    assert world.look(events).state == "nothing"
    world.sql("update t set word = 'b'")
    assert world.look(events).state == "new"


def test_a_look_trusts_no_file_that_changed_a_moment_ago(world: World) -> None:
    make(world, (1, "a", "2013-12-01"))
    events = world.table(EVENTS)
    world.load(events)
    assert world.look(events).state == "new"


def test_a_look_sees_what_lies_in_the_write_ahead_log(world: World) -> None:
    make(world, (1, "a", "2013-12-01"))
    world.sql("pragma journal_mode = wal")
    events = world.table(EVENTS)
    world.settle()
    world.load(events)
    process = writer(world.root / "ops.db", "c.execute(\"insert into t values (2, 'b', '2013-12-02')\")")
    assert world.look(events).state == "new"
    world.load(events)
    assert world.rows(events, "id") == [(1,), (2,)]
    done(process)


def test_a_look_leaves_alone_a_database_that_is_being_read(world: World) -> None:
    make(world, (1, "a", "2013-12-01"))
    events = world.table(EVENTS, key=["id"], load="incremental", cursor="at")
    world.load(events)
    world.engine.load_extension("sqlite_scanner")
    reading = SQLITE.read(world.source(events), events, world.positions["ops.t"], world.root, world.session)
    assert world.look(events).detail == "the database has changed"
    world.session.execute(reading.teardown[0])
    reading.finish()
    assert world.look(events).detail == "the cursor has not moved"


# what stands in the way


def refused(world: World, file: str | None = None, **table: Any) -> MainstemError:
    """The error of a read; a look may not know of it."""
    dataset = world.table(**table)
    source = world.source(dataset)
    if file is not None:
        source = Source("ops", "sqlite", SQLITE.Options(file), Place("sources/ops.yml"))
    world.engine.load_extension("sqlite_scanner")
    with pytest.raises(MainstemError) as error:
        SQLITE.read(source, dataset, None, world.root, world.session)
    return error.value


def test_a_missing_database_is_named_and_never_made(world: World) -> None:
    error = refused(world, "gone.db")
    assert (code_of(error), say(error)) == ("G002", 'database "gone.db" does not exist')
    assert not (world.root / "gone.db").exists()
    with pytest.raises(WorldError, match="G002"):
        world.look(world.table())
    assert say(refused(world, "inbox")) == 'database "inbox" is a folder'


def test_a_path_that_cannot_be_is_an_error_of_the_world(world: World) -> None:
    error = refused(world, "x" * 300)
    assert code_of(error) == "G007"
    assert say(error).endswith("cannot be read: file name too long")


def test_a_file_that_is_no_database_is_said_to_be_none(world: World) -> None:
    (world.root / "ops.db").write_text("this is not a database at all\n" * 100)
    error = refused(world)
    assert (code_of(error), say(error)) == ("G003", '"ops.db" is not a sound SQLite database')


def test_a_missing_table_comes_with_the_nearest_name(world: World) -> None:
    world.sql("create table flights (n)", "create view flown as select n from flights")
    error = refused(world, table="flihgts")
    assert (code_of(error), say(error)) == ("G005", 'table "flihgts" is not in the database')
    assert error.problems[0].mend == 'did you mean "flights"? tables are: flights, flown'


def test_a_missing_cursor_comes_with_the_nearest_name(world: World) -> None:
    make(world)
    error = refused(world, load="incremental", cursor="att")
    assert (code_of(error), say(error)) == ("G006", 'cursor "att" is not a column of "t"')
    assert error.problems[0].mend.startswith('did you mean "at"?')


def test_a_locked_database_is_said_to_be_locked(world: World) -> None:
    make(world, (1, "a", "2013-12-01"))
    process = writer(world.root / "ops.db", "c.execute('begin exclusive')")
    error = refused(world)
    assert (code_of(error), say(error)) == ("G004", 'database "ops.db" is locked by another program')
    done(process)
    events = world.table(EVENTS)
    world.load(events)
    assert world.rows(events, "id") == [(1,)]


def test_a_column_named_origin_is_refused(world: World) -> None:
    world.sql("create table t (_origin)")
    assert code_of(refused(world)) == "G009"


def test_another_cursor_does_not_append_everything_again(world: World) -> None:
    make(world, (1, "a", "2013-12-01"))
    world.load(world.table(EVENTS, load="incremental", cursor="at"))
    other = world.table(EVENTS, load="incremental", cursor="id")
    with pytest.raises(WorldError, match="G008"):
        world.look(other)
    with pytest.raises(WorldError, match="G008"):
        world.ingest(other, world.snapshot(other))


def test_another_cursor_reads_a_merged_table_anew(world: World) -> None:
    make(world, (1, "a", "2013-12-01"), (2, "b", "2013-12-02"))
    world.load(world.table(EVENTS, key=["id"], load="incremental", cursor="at"))
    change = world.load(world.table(EVENTS, key=["id"], load="incremental", cursor="id"))
    assert (change.rows_in, change.unchanged) == (2, 2)
    assert change.position["cursor"] == "2"


@pytest.mark.parametrize("options", [{}, {"path": "a.db", "url": "sqlite:///b.db"}])
def test_a_source_names_one_database(options: dict[str, str]) -> None:
    with pytest.raises(ProjectError, match="G001"):
        SQLITE.Options(**options)
    assert SQLITE.Options(url="sqlite:///data/a.db").file == "data/a.db"
    assert SQLITE.Options(url="sqlite:////data/a.db").file == "/data/a.db"


# a writer at work


class Meddling:
    """A session that lets another program write in the middle of the read."""

    def __init__(self, session: Any, process: subprocess.Popen[str]) -> None:
        self.session, self.process = session, process

    def execute(self, statement: str) -> None:
        self.session.execute(statement)
        if statement.startswith("create temp table load_") and self.process.poll() is None:
            done(self.process)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.session, name)


def test_rows_and_totals_are_of_one_state_though_a_writer_works_in_between(world: World) -> None:
    from mainstem.lifecycle.ingestion.target import TotalWanted

    make(world, (1, "a", "2013-12-01"), (2, "b", "2013-12-01"))
    world.sql("pragma journal_mode = wal")
    events = world.table(EVENTS, key=["id"], load="incremental", cursor="at", time_column="at")
    world.load(events)
    add(world, (3, "c", "2013-12-01"))
    process = writer(
        world.root / "ops.db",
        "print('there', flush=True); sys.stdin.readline()\n"
        "c.execute(\"insert into t values (4, 'd', '2013-12-01')\"); sys.exit()",
    )
    world.session = Meddling(world.session, process)  # type: ignore[assignment]
    change = world.load(events, TotalWanted("rows", "count(*)", "at"))
    assert change.loaded == 1
    assert {k: int(v) for k, v in change.totals["rows"].items()} == {"2013-12-01": 3}
    world.session = world.session.session  # type: ignore[attr-defined]
    world.load(events)
    assert world.rows(events, "id") == [(1,), (2,), (3,), (4,)]


def test_days_that_are_written_otherwise_are_read_again_too(world: World) -> None:
    from mainstem.core.span import Span
    from mainstem.lifecycle.generation.sqlite import read_span

    world.sql(
        "create table t (id integer, day text)", "insert into t values (?, ?)", rows=list(DAYS_AS_WRITTEN.items())
    )
    dataset = world.table([column("id", "bigint"), column("day", "date")])
    world.engine.load_extension("sqlite_scanner")
    reading = read_span(
        world.source(dataset), dataset, Span("day", "2013-06-10", "2013-06-20"), world.root, world.session
    )
    ids = {int(row[0]) for row in world.session.rows(f"select id from ({reading.select})")}
    for statement in reading.teardown:
        world.session.execute(statement)

    assert ids >= {2, 3, 5, 6}
    assert ids.isdisjoint({1, 4})


DAYS_AS_WRITTEN = {
    1: "2013-01-01",
    2: "2013-06-10",
    3: "2013-06-20 23:59:59+14",
    4: "2013-07-01",
    5: "2013-6-15",
    6: 20130615,
}
