"""CTEs of a SELECT by name."""

from __future__ import annotations

import pytest

from mainstem.sql.with_clause import cte_names, cte_select

LONG = """
/* with x as (select 0) */
with recursive "Big One"(n, m) as materialized (
  select 1, '(' union all select n + 1, ')' from "Big One" where n < 3 -- ) as (
), b as not materialized (with inner_one as (select 1 as z) select z from inner_one)
select * from "Big One", b
"""


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("select 1 as n", ()),
        ("with a as (select 1 as n) select * from a", ("a",)),
        ("with a(n) as (select (1)), b as (from a) from b;", ("a", "b")),
        ("with recursive r(n, m) using key (n) as (select 1, 2 union select n, m from r) from r", ("r",)),
        ("select * from (with a as (select 1 as n) select * from a)", ()),
        (LONG, ("Big One", "b")),
    ],
)
def test_names(sql, names):
    assert cte_names(sql) == names


def test_the_select_of_a_cte_stands_where_it_stood():
    assert cte_select(LONG, "big one").splitlines()[:5] == LONG.splitlines()[:5]
    assert cte_select(LONG, "B").endswith('\nselect * from "b"')
