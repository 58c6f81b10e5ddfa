"""What of a SELECT can be told apart: which columns it makes, and what decides its rows."""

from __future__ import annotations

import pytest

from mainstem.core.dataset import SqlFacts
from mainstem.core.place import Place
from mainstem.sql.facts import read_facts

COLUMNS = {"main.p": ("id", "a", "b", "k"), "main.q": ("id", "c")}


def facts(sql: str) -> SqlFacts:
    found = read_facts(sql, Place("a.sql"), COLUMNS)
    assert not found.problems
    return found


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("select id, a from p", "select a, id, b + 1 as more from p"),
        ("select id from p", "select /* said */ id\n  from p -- anew"),
        ("select k, sum(a) as a from p group by k", "select k, sum(a) as a, count(*) as n from p group by k"),
        ("select k, sum(a) as a from p group by all", "select k, sum(a) as a, max(b) as b from p group by all"),
        ("with l as (select id, a from p) select * from l", "with l as (select id, b, a from p) select * from l"),
    ],
)
def test_another_list_over_the_same_rows(before: str, after: str) -> None:
    old, new = facts(before), facts(after)
    assert old.frame == new.frame != ""
    shared = old.made.keys() & new.made.keys()
    assert {name: old.made[name] for name in shared} == {name: new.made[name] for name in shared}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("select id from p", "select id from p where a > 1"),
        ("select id from p", "select distinct id from p"),
        ("select distinct k from p", "select distinct k, a from p"),
        ("select k, sum(a) as a from p group by all", "select k, b, sum(a) as a from p group by all"),
        ("select k, sum(a) as a from p group by 1", "select b as k, sum(a) as a from p group by 1"),
        ("select a > 1 as x, id from p where x", "select a > 2 as x, id from p where x"),
        ("select sum(a) filter (where b > 1) over () as s from p", "select sum(a) filter (where b > 1) as s from p"),
        ("with l as (select id from p) select * from l", "with l as (select id from p where a > 1) select * from l"),
    ],
)
def test_other_rows(before: str, after: str) -> None:
    assert facts(before).frame != facts(after).frame


def test_an_alias_is_part_of_what_names_it() -> None:
    old, new = facts("select a + 1 as x, x * 2 as y from p"), facts("select a + 2 as x, x * 2 as y from p")
    assert old.made["y"] != new.made["y"]


@pytest.mark.parametrize(
    "sql",
    [
        "select id from p limit 3",
        "select distinct on (k) k, a from p",
        "select row_number() over (order by a) as n from p",
        "select first(a) as a from p",
        "select list(a) as a from p",
        "select sum(a) over (order by b rows 2 preceding) as a from p",
        "select id, unnest([1, 2]) as n from p",
        "select p as whole from p",
        "select columns('a|b') from p",
        "select x from p as t(x, y)",
        "select * from p union all select * from p",
        "select id from p asof join q on p.id >= q.id",
    ],
)
def test_what_counts_as_a_whole(sql: str) -> None:
    found = read_facts(sql, Place("a.sql"), COLUMNS)
    assert not found.is_settled
    assert not found.frame
