"""The engine's own syntax tree: one SELECT in, the same SELECT out."""

from __future__ import annotations

import pytest

from mainstem.core.place import Place
from mainstem.core.problem import ProjectError
from mainstem.engines.duckdb import Engine


@pytest.mark.parametrize(
    "sql",
    [
        "select 1 as n",
        "with a as (select 1 as n union all select 2) select sum(n) as total from a",
        "select [x * 2 for x in [1, 2, 3]] as doubled, {'a': 1}.a as part, 'it''s' as word",
        "select g, row_number() over (partition by g order by n) as r from (values (1, 2), (1, 1)) t(g, n) order by 2",
    ],
)
def test_a_rendered_tree_means_the_same(engine: Engine, sql: str) -> None:
    session = engine.session()
    assert session.rows(engine.render_tree(engine.parse_tree(sql))) == session.rows(sql)


def test_a_renamed_table_is_another_table(engine: Engine) -> None:
    tree = dict(engine.parse_tree("select 1 as n from raw.orders"))
    tree["statements"][0]["node"]["from_table"]["table_name"] = "or'ders"
    assert engine.render_tree(tree).endswith('raw."or\'ders"')


@pytest.mark.parametrize(
    "sql", ["select 1; select 2", "", "-- nothing", "insert into t values (1)", "attach 'x'", "copy t to 'x'"]
)
def test_what_is_not_one_select_is_refused(engine: Engine, sql: str) -> None:
    with pytest.raises(ProjectError, match="E011"):
        engine.parse_tree(sql)


def test_a_fault_of_syntax_is_placed(engine: Engine) -> None:
    with pytest.raises(ProjectError) as caught:
        engine.parse_tree("select 1\nfrom from t")
    (problem,) = caught.value.problems
    assert (problem.code, problem.what, problem.place) == ("E001", 'syntax error at or near "from"', Place("", 2, 6))
