"""Which datasets a text reads, where it names them first, and whether a rerun would repeat it."""

from __future__ import annotations

import re

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from sql_grammar import Text, queries

from mainstem.core.place import Place
from mainstem.sql.facts import read_inputs
from mainstem.sql.words import CLOCK_TYPES, VOLATILE

PLACE = Place("models/x.sql")

READS = [
    ("select 1", {}),
    ("from t", {"main.t": (1, 6)}),
    ("select * from raw.b\njoin a on true, raw.b c", {"raw.b": (1, 15), "main.a": (2, 6)}),
    ('select * from "Raw"."Orders" join RAW.orders o on true', {"raw.orders": (1, 15)}),
    ("/* é */ select 'from x' /* from y */ as \"from z\" from\r\n  tä -- from w", {"main.tä": (2, 3)}),
    ("select (select max(a) from u) from t where exists (from v) and a in (from w)", ["u", "t", "v", "w"]),
    ("select 1 from t union all (select 2 from u except select 3 from v where (from w))", [*"tuvw"]),
    ("with t as (select * from t) select * from t", ["t"]),
    ("with a as (select * from b), b as (select 1) select * from a, b", ["b"]),
    ("with a as (select 1), b as (select * from a) select * from b", []),
    ("select * from (with t as (select 1) select * from t), t", ["t"]),
    ("with t as (select 1) select * from (with u as (select * from t) select * from u), u", ["u"]),
    ("with t as (select 1) select * from main.t, raw.t", {"main.t": (1, 36), "raw.t": (1, 44)}),
    ("with T as (select 1) select * from t", []),
    ("with x as (with y as (select * from z) select * from y) select * from x, y", ["z", "y"]),
    ("select 1 from t union (with u as (select 1) select * from u) union select * from u", ["t", "u"]),
    ("with recursive r as (select 1 union select * from r) select * from r, raw.x", {"raw.x": (1, 71)}),
    ("with recursive t as (select a from t) select * from t", ["t"]),
    ("with recursive r(k) using key (k) as (select 1 union from recurring.r) from r", []),
    ("with x as (from a) select (with x as (from b) from x) from x", ["a", "b"]),
    ("from (pivot t on b using sum(a)) p join (unpivot u on a, d into name n value v) q on true", ["t", "u"]),
    ("select * from t, range(3), unnest([1]), lateral (select * from u), json_each('{}')", ["t", "u"]),
    ("(from ((t join u on true) join v on true))", ["t", "u", "v"]),
    ("with c as (from t) pivot c on b using sum(a)", ["t"]),
    ("from t semi join u on true;", ["t", "u"]),
]


_NOT_ASKED = ("(pivot", "pivot", "recurring.r)", "unnest([1]),")
"""The engine lists no tables for these without having them."""


@pytest.mark.parametrize(("sql", "expected"), READS)
def test_datasets_read(sql: str, expected: dict[str, tuple[int, int]] | list[str]) -> None:
    found = read_inputs(sql, PLACE)
    assert found.problems == ()
    if isinstance(expected, list):
        assert list(found.inputs) == [f"main.{name}" for name in expected]
    else:
        assert {name: (at.line, at.column) for name, at in found.inputs.items()} == expected
        assert {at.file for at in found.inputs.values()} <= {"models/x.sql"}


@pytest.mark.parametrize("sql", [sql for sql, _ in READS if not set(_NOT_ASKED) & set(sql.split())])
def test_the_engine_reads_the_same_datasets(sql: str) -> None:
    assert set(read_inputs(sql, PLACE).inputs) == _tables(duckdb.connect(), sql)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(queries())
def test_random_queries_read_what_they_name_with_a_schema_and_their_ctes_are_none(query: Text) -> None:
    found = read_inputs(query.sql, PLACE)
    first = {name: query.sql.index(name) + 1 for name in set(re.findall(r"main\.[tu]\b", query.sql))}
    assert {name: at.column for name, at in found.inputs.items()} == first
    assert (found.reads_clock, found.volatile, found.problems) == (False, (), ())


def _tables(connection: duckdb.DuckDBPyConnection, sql: str) -> set[str]:
    names = connection.get_table_names(sql, qualified=True)
    plain = [name.lower().partition(" as ")[0].replace('"', "") for name in names]
    return {name if "." in name else f"main.{name}" for name in plain}


@pytest.mark.parametrize("name", sorted(VOLATILE))
def test_what_no_rerun_repeats_is_named(name: str) -> None:
    assert read_inputs(f"select {name.upper()} ( ) as x, 1 as {name}", PLACE).volatile == (name,)


def test_a_column_or_a_text_called_like_a_function_of_chance_is_none() -> None:
    sql = "select random, t.uuid, 'uuid()' as x /* random() */ from t as nextval(random)"
    assert read_inputs(sql, PLACE).volatile == ()


def test_the_lists_of_words_are_those_of_the_engine() -> None:
    rows = (
        duckdb.connect()
        .execute(
            "select distinct function_name, stability from duckdb_functions() "
            "where stability in ('VOLATILE', 'CONSISTENT_WITHIN_QUERY') and function_type = 'scalar'"
        )
        .fetchall()
    )
    volatile = {name for name, stability in rows if stability == "VOLATILE"}
    assert volatile - VOLATILE == {"error"}
    within = {name for name, stability in rows if stability != "VOLATILE"}
    of_session = {"current_database", "current_schema", "current_schemas", "in_search_path"}
    assert within - set(CLOCK_TYPES) - VOLATILE == of_session


SAME = [
    ("select a from t", "SELECT  a\nFROM t -- end\n;"),
    ("select a from t", "/* x */ Select/**/a from\tt"),
    (
        "select sum(a) over (order by b rows between 1 preceding and current row) as s from t",
        "select SUM(a) OVER (ORDER BY b ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS s from t",
    ),
    (
        "select cast(a as integer) + interval 1 day as x from t",
        "select CAST(a AS INTEGER) + INTERVAL 1 DAY as x from t",
    ),
]
DIFFERENT = [
    ("select a from t", "select A from t"),
    ("select a from t", "select a from t where true"),
    ("select 'a' as x", "select 'A' as x"),
    ("select 'a  b' as x", "select 'a b' as x"),
    ('select "a" as x', 'select "A" as x'),
    ("select 1 as date", "select 1 as Date"),
    ("select ab from t", "select a b from t"),
    ("select '--' as x", "select '' as x"),
    ("select $$a b$$ as x", "select $$a  b$$ as x"),
    ("select a - -1 as x from t", "select a --1\n as x from t"),
    ("select trim(leading 'x' from a) as x from t", "select trim(trailing 'x' from a) as x from t"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_comments_blanks_and_the_case_of_keywords_do_not_count(one: str, other: str) -> None:
    assert _fingerprint(one) == _fingerprint(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_whatever_may_change_the_result_counts(one: str, other: str) -> None:
    assert _fingerprint(one) != _fingerprint(other)


def test_the_file_does_not_count() -> None:
    here, there = (read_inputs("select a from t", Place(name)).fingerprint for name in ("a.sql", "b.sql"))
    assert here == there


def _fingerprint(sql: str) -> str:
    found = read_inputs(sql, PLACE)
    assert found.problems == ()
    assert found.fingerprint.startswith("sha256:")
    return found.fingerprint
