"""What a dbt project becomes where it is more than a model and a test."""

from __future__ import annotations

from pathlib import Path

from mainstem.dataops.imports.dbt.read import read_dbt
from mainstem.dataops.imports.draft import Draft
from mainstem.dataops.imports.settling import settle


def project(root: Path, **files: str) -> Path:
    """A dbt project; `models__x_sql` is the file `models/x.sql`."""
    written = {"dbt_project.yml": "name: shop\n", **{_path(name): text for name, text in files.items()}}
    for path, text in written.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


def _path(name: str) -> str:
    *folders, last = name.split("__")
    stem, _, ending = last.rpartition("_")
    return "/".join([*folders, f"{stem}.{ending}"])


def names(draft: Draft) -> list[str]:
    return [model.name for model in draft.models]


def test_a_snapshot_keeps_history_and_its_columns_are_called_as_here(tmp_path: Path) -> None:
    draft = read_dbt(
        project(
            tmp_path,
            models__orders_sql="select 1 as id, 'a' as status",
            snapshots__orders_sql="{% snapshot orders_history %}\n"
            "{{ config(unique_key='id', strategy='check', check_cols='all') }}\n"
            "select * from {{ ref('orders') }}\n{% endsnapshot %}",
            models__current_sql="select id from {{ ref('orders_history') }} where dbt_valid_to is null",
        ),
        "duckdb",
    )
    history = next(model for model in draft.models if model.noun == "snapshot")
    assert (history.name, history.kind, history.key) == ("snapshots.orders_history", "scd2", ("id",))
    assert "valid_to IS NULL" in next(model.sql for model in draft.models if model.name == "main.current")


def test_the_newest_version_of_a_model_is_meant_where_none_is_said(tmp_path: Path) -> None:
    draft = read_dbt(
        project(
            tmp_path,
            models__orders_v1_sql="select 1 as id",
            models__orders_v2_sql="select 2 as id",
            models__newest_sql="select * from {{ ref('orders') }}",
            models__oldest_sql="select * from {{ ref('orders', v=1) }}",
            models__all_yml="models:\n  - name: orders\n    versions: [{v: 1}, {v: 2}]\n",
        ),
        "duckdb",
    )
    text = {model.name: model.sql for model in draft.models}
    assert text["main.newest"] == "select * from main.orders_v2"
    assert text["main.oldest"] == "select * from main.orders_v1"


def test_macros_of_packages_are_those_that_lie_in_the_project(tmp_path: Path) -> None:
    root = project(tmp_path, models__x_sql="select {{ money.cents('100') }} as n")
    (root / "dbt_packages" / "money" / "macros").mkdir(parents=True)
    (root / "dbt_packages" / "money" / "macros" / "m.sql").write_text(
        "{% macro cents(x) %}{{ x }} / 100.0{% endmacro %}"
    )
    assert [model.sql for model in read_dbt(root, "duckdb").models] == ["select 100 / 100.0 as n"]


def test_references_to_what_is_made_later_are_held_there(tmp_path: Path) -> None:
    root = project(
        tmp_path,
        models__items_sql="select 1 as id, 7 as order_id",
        models__orders_sql="select order_id from {{ ref('items') }}",
        models__all_yml="models:\n  - name: items\n    columns:\n      - name: order_id\n        tests:\n"
        "          - relationships: {to: ref('orders'), field: order_id}\n",
    )
    draft = settle(read_dbt(root, "duckdb"))
    checks = {model.name: [check.kind for check in model.checks] for model in draft.models}
    assert checks == {"main.items": [], "main.orders": ["sql"]}
    assert draft.left_out == ()


def test_a_wrong_check_goes_alone_though_it_was_written_with_others(tmp_path: Path) -> None:
    tests = "".join(f"      - {{name: {name}, tests: [not_null]}}\n" for name in ("a", "gone", "b"))
    root = project(
        tmp_path,
        models__x_sql="select 1 as a, 2 as b",
        models__all_yml=f"models:\n  - name: x\n    columns:\n{tests}",
    )
    draft = settle(read_dbt(root, "duckdb"))
    assert [check.options for model in draft.models for check in model.checks] == [["a"], ["b"]]
    assert [(each.noun, each.name) for each in draft.left_out] == [("test", "not_null of gone (x)")]


def test_what_is_switched_off_is_not_carried_over(tmp_path: Path) -> None:
    root = project(
        tmp_path,
        models__x_sql="select 1 as a",
        models__off_sql="{{ config(enabled=false) }} select 1 as a",
        models__all_yml="models:\n  - name: x\n    columns:\n      - name: a\n        tests:\n"
        "          - unique: {config: {enabled: false}}\n",
        tests__t_sql="{{ config(enabled=false) }} select a from {{ ref('x') }}",
    )
    draft = settle(read_dbt(root, "duckdb"))
    assert [(model.name, model.checks) for model in draft.models] == [("main.x", ())]
    assert draft.left_out == ()
    assert (draft.found["model"], draft.found["test"]) == (1, 0)


def test_types_that_values_do_not_fit_give_way(tmp_path: Path) -> None:
    root = project(
        tmp_path,
        seeds__codes_csv="code,name\n1,a\nx,b\n",
        seeds__all_yml="seeds:\n  - name: codes\n    config: {column_types: {code: int, name: varchar}}\n",
    )
    draft = settle(read_dbt(root, "duckdb"))
    assert names(draft) == ["seeds.codes"]
    assert [each.noun for each in draft.left_out] == ["types"]


def test_text_that_ends_a_comment_does_not_end_the_head(tmp_path: Path) -> None:
    root = project(
        tmp_path,
        models__x_sql="select 1 as a",
        models__all_yml="models:\n  - {name: x, description: 'a */5 h', columns: [{name: a, description: 'a */ b'}]}\n",
        tests__t_sql="/* none */ select a from {{ ref('x') }} where a <> 1",
    )
    draft = settle(read_dbt(root, "duckdb"))
    assert (names(draft), draft.left_out) == (["main.x"], ())
    assert [check.kind for check in draft.models[0].checks] == ["sql"]
