"""SQL of other databases becomes SQL of the engine, or there is a reason why not."""

from __future__ import annotations

import pytest

from mainstem.sql.transpile import Change, divides_whole, from_engine, to_engine, type_to_engine

BOUNDS = Change(bounds=frozenset({"start_ds", "end_ds"}))


def test_a_text_that_means_the_same_stays_as_it_was_written() -> None:
    text = "select  a, -- the first\n       b\nfrom t\nwhere a <> 'x\n\n\ny'"
    assert to_engine(text, "postgres").sql == text
    assert to_engine(text + "\n\n\n;", "snowflake").sql == text


def test_blank_lines_beyond_one_go_but_not_from_texts_and_comments() -> None:
    text = "select 'a\n\n\nb' as x -- it's\n\n\n\nfrom t /* a\n\n\nb */"
    assert to_engine(text, "duckdb").sql == "select 'a\n\n\nb' as x -- it's\n\nfrom t /* a\n\n\nb */"


@pytest.mark.parametrize("text", ["select from", "create table t as select 1", "select 1; select 2", "", "select (1"])
def test_what_is_not_one_select_has_a_reason(text: str) -> None:
    made = to_engine(text, "postgres")
    assert made.sql is None
    assert made.why


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("select a from t where d between start_ds and end_ds", "SELECT a FROM t"),
        ("select a from t where d >= start_ds and d < end_ds and b = 1", "SELECT a FROM t WHERE b = 1"),
        ("select a from t where (b = 1 or c) and (d > start_ds)", "SELECT a FROM t WHERE (b = 1 OR c)"),
        ("select a from (select a from t where d <= end_ds) as x", "SELECT a FROM (SELECT a FROM t) AS x"),
    ],
)
def test_conditions_between_bounds_are_dropped(text: str, without: str) -> None:
    assert (
        " ".join((to_engine(text, "duckdb", BOUNDS).sql or "").split()).replace("( ", "(").replace(" )", ")") == without
    )


@pytest.mark.parametrize(
    "text",
    [
        "select a, end_ds as d from t",
        "select a from t where d = end_ds",
        "select a from t where d between start_ds and end_ds or b",
        "select a from t where not (d < end_ds)",
        "select a from t left join u on t.a = u.a and u.d < end_ds",
        "select case when d < end_ds and b then 1 end as x from t",
        "select a from t group by a having max(d) < end_ds",
    ],
)
def test_bounds_that_do_more_are_refused(text: str) -> None:
    assert to_engine(text, "duckdb", BOUNDS).sql is None


def test_tables_and_columns_get_their_new_names() -> None:
    change = Change(columns={"dbt_valid_to": "valid_to"}, tables={"main.raw": "seeds.raw"})
    made = to_engine("select r.dbt_valid_to from db.main.raw as r", "duckdb", change)
    assert " ".join((made.sql or "").split()) == "SELECT r.valid_to FROM seeds.raw AS r"


def test_whole_division_is_told_where_it_may_be_one() -> None:
    assert divides_whole("select a / 100 from t", "postgres")
    assert not divides_whole("select a / 100.0, b::numeric / 2, c * 2 from t", "postgres")
    assert not divides_whole("select a / 100 from t", "snowflake")


def test_types_and_expressions_go_both_ways() -> None:
    assert type_to_engine("NUMBER(10,2)", "snowflake") == "decimal(10, 2)"
    assert type_to_engine("STRING", "bigquery") == "varchar"
    assert type_to_engine("no type at all (", "postgres") is None
    assert from_engine("date_diff('day', a, b)", "snowflake", a="x", b="y + 1").startswith("DATEDIFF(DAY, x, (y + 1)")
