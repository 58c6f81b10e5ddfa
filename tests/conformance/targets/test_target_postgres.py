"""What a PostgreSQL target does beyond what all do: types of its own, rights, schemas, a server that is gone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from tests.servers import Postgres, postgres

from mainstem.core.dataset import Source
from mainstem.core.delivery import Destination, RowsRefusedError
from mainstem.core.place import Place
from mainstem.core.problem import WorldError
from mainstem.core.secret import Secret
from mainstem.lifecycle.serving.targets import postgres as target

PLACE = Place("serving/syncs/s.yml", 1, 1)


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


@pytest.fixture
def base(server: Postgres) -> tuple[Postgres, str]:
    return server, server.database()


def opened(
    url: str, columns: Sequence[str] = ("id", "n"), table: str = "t", schema: str | None = None, **said: Any
) -> Any:
    source = Source("crm", "postgres", SimpleNamespace(url=Secret(url, "${CRM}"), schema=schema), PLACE)
    to = Destination(table, tuple(columns), ("id",), said.pop("mode", "upsert"), PLACE)
    return target.open(source, to, Path(), writes=said.pop("writes", True))


def refused(url: str, **said: Any) -> tuple[str, str]:
    with pytest.raises(WorldError) as found:
        opened(url, **said).close()
    return found.value.problems[0].code, found.value.problems[0].what


def test_values_are_kept_in_the_types_of_the_table(base: tuple[Postgres, str]) -> None:
    server, name = base
    types = {
        "id": "bigint primary key",
        "day": "date",
        "at": "timestamptz",
        "wall": "timestamp",
        "clock": "time",
        "price": "numeric(10, 2)",
        "wide": "numeric(38, 10)",
        "yes": "boolean",
        "whole": "integer",
        "tags": "text[]",
        "doc": "jsonb",
        "raw": "bytea",
        "real": "double precision",
        "words": "text",
        "none": "text",
    }
    server.sql(f"create table t ({', '.join(f'{n} {t}' for n, t in types.items())})", database=name)
    at = datetime(2024, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    wide = Decimal("1234567890123456789012345678.0000000001")
    row = (
        *(7, date(2024, 1, 2), at, at.replace(tzinfo=None), time(1, 2, 3), Decimal("1.50"), wide, True, 6.0),
        *(["ä", None, 'a "b" \\ c', "NULL", ""], {"a": [1, Decimal("1.5"), None]}, b"\x00\xff", 0.1, "%s 'x'", None),
    )
    with closing(opened(server.url(name), tuple(types))) as table:
        table.write([table.values(row)])
    (kept,) = server.sql("select * from t", database=name)
    expected = list(row)
    expected[10] = {"a": [1, "1.5", None]}
    assert list(kept) == expected
    assert [type(value) for value in kept[1:9]] == [date, datetime, datetime, time, Decimal, Decimal, bool, int]


LOSSES = [
    ("integer", 1.5, "invalid input syntax for type integer: ..."),
    ("integer", 2**40, "value ... is out of range for type integer"),
    ("integer", True, "invalid input syntax for type integer: ..."),
    (
        "numeric(5, 2)",
        Decimal("1.505"),
        'column "n" is numeric(5,2): digits would be lost; cast it to a decimal in the SELECT',
    ),
    (
        "date",
        datetime(2024, 1, 2, 3, tzinfo=UTC),
        'column "n" is date: the time of day would be lost; cast it to a date in the SELECT',
    ),
    ("varchar(3)", "long secret", "value too long for type character varying(3)"),
    ("text", "a\x00b", "PostgreSQL text fields cannot contain NUL (0x00) bytes"),
]


@pytest.mark.parametrize(("kind", "value", "words"), LOSSES)
def test_a_value_that_would_be_changed_is_refused_in_words_without_it(
    base: tuple[Postgres, str], kind: str, value: Any, words: str
) -> None:
    server, name = base
    server.sql(f"create table t (id integer primary key, n {kind})", database=name)
    with closing(opened(server.url(name))) as table:
        with pytest.raises(RowsRefusedError) as found:
            table.write([table.values((1, None)), table.values((2, value))])
        assert str(found.value) == words
    assert server.sql("select * from t", database=name) == []


def test_what_loses_nothing_is_taken(base: tuple[Postgres, str]) -> None:
    server, name = base
    server.sql(
        "create domain euro as numeric(5, 2)", "create table t (id integer primary key, n euro, d date)", database=name
    )
    with closing(opened(server.url(name), ("id", "n", "d"))) as table:
        table.write([table.values((1, Decimal("1.5000"), datetime(2024, 1, 2, tzinfo=UTC)))])
    assert server.sql("select n, d from t", database=name) == [(Decimal("1.50"), date(2024, 1, 2))]


def test_a_key_that_the_table_cannot_hold_stands_in_nobodys_way(base: tuple[Postgres, str]) -> None:
    server, name = base
    server.sql("create table t (id integer primary key, n integer)", database=name)
    with closing(opened(server.url(name), writes=False)) as table:
        assert table.stored([("05",), ("x",), ("7",)]) == [("5",), ("x",), ("7",)]


def test_a_trigger_may_refuse_a_row(base: tuple[Postgres, str]) -> None:
    server, name = base
    server.sql(
        "create table t (id integer primary key, n integer)",
        "create function no() returns trigger language plpgsql as $$ begin raise exception 'not on Sundays'; end $$",
        "create trigger no before insert on t for each row execute function no()",
        database=name,
    )
    with closing(opened(server.url(name))) as table, pytest.raises(RowsRefusedError, match="not on Sundays"):
        table.write([("1", "1")])


def test_without_writing_nothing_can_be_changed(base: tuple[Postgres, str]) -> None:
    server, name = base
    server.sql("create table t (id integer primary key, n integer)", database=name)
    with closing(opened(server.url(name), writes=False)) as table, pytest.raises(WorldError, match="read-only"):
        table.write([("1", "1")])


def test_columns_that_the_database_fills_are_not_written(base: tuple[Postgres, str]) -> None:
    server, name = base
    server.sql(
        "create table t (id integer primary key, n integer generated always as (id * 2) stored)",
        "create table u (id integer generated always as identity primary key, n integer)",
        "create table v (id integer generated by default as identity primary key, n integer)",
        database=name,
    )
    url = server.url(name)
    assert refused(url) == ("V033", 'column "n" of table "t" of "crm" is filled by the database itself')
    assert refused(url, table="u") == ("V033", 'column "id" of table "u" of "crm" is filled by the database itself')
    opened(url, table="v").close()


def test_a_deferred_key_keeps_nothing(base: tuple[Postgres, str]) -> None:
    server, name = base
    server.sql("create table t (id integer primary key deferrable initially deferred, n integer)", database=name)
    assert refused(server.url(name))[0] == "V034"


def test_a_table_is_found_in_its_schema_and_is_another_one_there(base: tuple[Postgres, str]) -> None:
    server, name = base
    server.sql(
        "create table t (id integer primary key, n integer)",
        'create schema "Other"',
        'create table "Other".t (id integer primary key, n integer)',
        database=name,
    )
    url = server.url(name, password="hush")
    plain, by_source, by_name = opened(url), opened(url, schema="Other"), opened(url, table="Other.t")
    assert plain.address != by_source.address == by_name.address
    assert "hush" not in plain.address + repr(plain)
    by_name.write([("1", "1")])
    for table in (plain, by_source, by_name):
        table.close()
    assert server.sql('select * from "Other".t', database=name) == [(1, 1)]
    code, what = refused(url, table="u")
    assert (code, what) == ("V033", 'table "u" is not in "crm"')


def test_rights_are_looked_at_first(base: tuple[Postgres, str]) -> None:
    server, name = base
    role = f"r{name}"
    server.sql(
        "create table t (id integer primary key, n integer, theirs text)",
        f"create role {role} login",
        f"grant select, insert (id, n) on t to {role}",
        database=name,
    )
    url = server.url(name, user=role)
    assert refused(url) == ("V036", f'role "{role}" may not write to table "t" of "crm"')
    server.sql(f"grant update (n) on t to {role}", database=name)
    with closing(opened(url)) as table:
        table.write([("1", "1")])
        table.write([("1", "2")])
    assert refused(url, mode="mirror")[0] == "V036"


def test_a_locked_table_and_a_server_that_is_gone(base: tuple[Postgres, str], monkeypatch: pytest.MonkeyPatch) -> None:
    server, name = base
    server.sql("create table t (id integer primary key, n integer)", database=name)
    monkeypatch.setattr(target, "_WAIT", "-c lock_timeout=50ms")
    with closing(opened(server.url(name))) as table:
        with psycopg.connect(server.url(name)) as other:
            other.execute("lock table t")
            with pytest.raises(WorldError, match="is locked by another program"):
                table.write([("1", "1")])
        table.write([("1", "1")])
        server.sql(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()",
            database=name,
        )
        with pytest.raises(WorldError, match='V036 database "crm" refuses: terminating connection'):
            table.write([("2", "2")])
    assert server.sql("select * from t", database=name) == [(1, 1)]
    assert refused("postgresql://u:hush@127.0.0.1:1/x")[0] == "V036"
    assert "hush" not in refused("postgresql://u:hush@127.0.0.1:1/x")[1]
    assert refused("nonsense=1")[0] == "G081"
