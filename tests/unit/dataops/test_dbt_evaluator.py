"""The Jinja of dbt is rendered where its result is certain, and refused where it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from mainstem.dataops.imports.dbt.evaluator import Evaluator, World
from mainstem.dataops.imports.dbt.macros import find_macros
from mainstem.dataops.imports.refusal import NotCarriedError

MACROS = """
{% macro twice(x) -%}
  {{ x }} + {{ x }}
{%- endmacro %}
{# {% macro hidden() %}never{% endmacro %} #}
{% macro listed() %}{{ return(['a', 'b']) }}{% endmacro %}
{% macro outer() %}
  {%- if listed() | length == 2 %}{% for each in listed() %}<{{ each }}>{% endfor %}{% endif %}
{%- endmacro %}
{% macro chosen(x) %}{{ return(adapter.dispatch('chosen', 'shop')(x)) }}{% endmacro %}
{% macro default__chosen(x) %}any {{ x }}{% endmacro %}
{% macro postgres__chosen(x) %}postgres {{ x }}{% endmacro %}
{% macro asks() %}
  {% set found = run_query('select 1') %}
  {{ found }}
{% endmacro %}
{% macro guarded() %}{% if execute %}1{% else %}0{% endif %}{% endmacro %}
"""


@pytest.fixture
def evaluator() -> Evaluator:
    world = World(
        package="shop",
        adapter="postgres",
        dialect="postgres",
        refs={"orders": "marts.orders", "orders.v2": "marts.orders_v2"},
        sources={("web", "orders"): "web.orders"},
        variables={"least": 5, "kinds": ["a", "b"]},
        macros=tuple(find_macros("shop", "macros/all.sql", MACROS)),
    )
    return Evaluator(world)


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        (
            "{{ ref('orders') }} {{ ref('shop', 'orders') }} {{ ref('orders', v=2) }}",
            "marts.orders marts.orders marts.orders_v2",
        ),
        ("{{ source('web', 'orders') }}", "web.orders"),
        ("{{ var('least') }} {{ var('other', 7) }}", "5 7"),
        ("{% for kind in var('kinds') %}{{ kind }}{{ ',' if not loop.last }}{% endfor %}", "a,b"),
        ("{{ twice('n') }}", "n + n"),
        ("{{ shop.twice('n') }}", "n + n"),
        ("{{ outer() }}", "<a><b>"),
        ("{{ chosen('x') }}", "postgres x"),
        ("{% if is_incremental() %}where x > (select max(x) from {{ this }}){% endif %}", ""),
        ("{{ target.name }} {{ target.type }}", "prod postgres"),
        ("{{ env_var('NOBODY_SETS_THIS', 'otherwise') }}", "otherwise"),
        ("{% set names = [] %}{% do names.append('a') %}{{ names }}", "['a']"),
        ("{{ dbt_utils.group_by(3) }}", "group by 1, 2, 3"),
        ("{{ dbt.type_string() }}", "TEXT"),
    ],
)
def test_what_is_certain_is_rendered(evaluator: Evaluator, text: str, rendered: str) -> None:
    assert evaluator.render(text, "models/x.sql").text == rendered


@pytest.mark.parametrize(
    "text",
    [
        "{{ asks() }}",
        "{{ guarded() }}",
        "{{ run_query('select 1') }}",
        "{% if execute %}a{% endif %}",
        "{% if not execute %}a{% endif %}",
        "{{ this }}",
        "{{ adapter.get_columns_in_relation(ref('orders')) }}",
        "{{ target.schema }}",
        "{{ run_started_at }}",
        "{{ invocation_id }}",
        "{{ env_var('HOME') }}",
        "{{ var('nowhere') }}",
        "{{ ref('nowhere') }}",
        "{{ ref('other_package', 'orders') }}",
        "{{ source('web', 'nowhere') }}",
        "{{ dbt_utils.star(ref('orders')) }}",
        "{{ dbt_date.today() }}",
        "{{ hidden() }}",
        "{{ graph.nodes }}",
        "{{ modules.datetime.datetime.now() }}",
        "{% include 'profiles.yml' %}",
        "{% import 'macros/all.sql' as other %}",
        "{{ ''.__class__.__mro__ }}",
        "{{ ref.__globals__ }}",
        "{{ config.__init__.__globals__ }}",
        "{{ 1 / 0 }}",
        "{{ range(10 ** 9) | list }}",
        "{% if x",
    ],
)
def test_what_is_not_certain_is_refused(evaluator: Evaluator, text: str) -> None:
    with pytest.raises(NotCarriedError):
        evaluator.render(text, "models/x.sql")


def test_the_environment_is_not_read(evaluator: Evaluator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAINSTEM_TEST_PASSWORD", "hunter2")
    assert evaluator.render("{{ env_var('MAINSTEM_TEST_PASSWORD', '') }}", "models/x.sql").text == ""


def test_a_refusal_has_the_line_of_the_text_and_the_place_in_the_macro(evaluator: Evaluator) -> None:
    with pytest.raises(NotCarriedError) as caught:
        evaluator.render("select\n\n  {{ asks() }}", "models/x.sql")
    assert caught.value.line == 3
    assert "macros/all.sql:14" in caught.value.why


def test_what_a_text_asks_for_is_recorded_for_that_text_alone(evaluator: Evaluator) -> None:
    first = evaluator.render("{{ config(materialized='table', tags=['a']) }}{{ var('least') }}", "models/x.sql")
    second = evaluator.render("select 1", "models/y.sql")
    assert first.config == {"materialized": "table", "tags": ["a"]}
    assert first.taken == {'variable "least"': 5}
    assert (second.config, second.taken) == ({}, {})


def test_nothing_outside_of_the_project_is_read(tmp_path: Path) -> None:
    from mainstem.dataops.imports.dbt.read import read_dbt

    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "codes.csv").write_text("code\nhunter2\n")
    old = tmp_path / "old"
    (old / "models").mkdir(parents=True)
    (old / "dbt_project.yml").write_text("name: old\nseed-paths: ['../secret']\n")
    (old / "models" / "x.sql").write_text("select 1 as n")
    assert [model.name for model in read_dbt(old, "duckdb").models] == ["main.x"]
