"""A project of many small models: ten layers, two parents a model, two CTEs, a left join, an aggregate, a CASE."""

from __future__ import annotations

import random
from pathlib import Path

LAYERS = 10
ROWS = 100

FIRST = f"""select i as id, i % 7 as grp, i * 1.5 as amount, 'n' || i as name,
       date '2024-01-01' + cast(i % 30 as integer) as day, i % 3 = 0 as flag
from range({ROWS}) as t(i)
"""

LATER = """with a as (
    select id, grp, amount, name, day, flag from {left} where amount >= 0
), b as (
    select grp, sum(amount) as total, count(*) as n from {right} group by grp
)
select a.id, a.grp, case when a.flag then a.amount else coalesce(b.total, 0) end as amount, a.name, a.day,
       b.n > 10 as flag
from a left join b on a.grp = b.grp
"""


def model_texts(count: int, seed: int = 7) -> dict[str, str]:
    """`count` models by name, parents before children."""
    pick = random.Random(seed)
    per_layer = max(1, count // LAYERS)
    texts: dict[str, str] = {}
    before: list[str] = []
    here: list[str] = []
    for index in range(count):
        if index and index % per_layer == 0 and index // per_layer < LAYERS:
            before, here = here, []
        name = f"m{index:05d}"
        if before:
            left, right = pick.choice(before), pick.choice(before)
            texts[name] = LATER.format(left=left, right=right)
        else:
            texts[name] = FIRST
        here.append(name)
    return texts


def write_project(folder: Path, count: int) -> None:
    """The project as mainstem reads it: mainstem.yml and `models/*.sql`."""
    (folder / "models").mkdir(parents=True, exist_ok=True)
    (folder / "mainstem.yml").write_text("name: bench\nlake: lake/\n")
    for name, sql in model_texts(count).items():
        (folder / "models" / f"{name}.sql").write_text(sql)


def write_dbt_project(folder: Path, count: int) -> None:
    """The same project as dbt reads it."""
    (folder / "models").mkdir(parents=True, exist_ok=True)
    (folder / "dbt_project.yml").write_text(
        "name: bench\nversion: '1.0'\nprofile: bench\nmodels:\n  bench:\n    +materialized: table\n"
    )
    (folder / "profiles.yml").write_text(
        "bench:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: bench.duckdb, threads: 2}\n"
    )
    for name, sql in model_texts(count).items():
        body = sql
        for parent in {word for word in sql.split() if word.startswith("m0")}:
            body = body.replace(f"from {parent} ", "from {{ ref('" + parent + "') }} ")
        (folder / "models" / f"{name}.sql").write_text(body)


def write_sqlmesh_project(folder: Path, count: int) -> None:
    """The same project as SQLMesh reads it."""
    (folder / "models").mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_text(
        "gateways:\n  local:\n    connection: {type: duckdb, database: bench.duckdb}\n"
        "default_gateway: local\nmodel_defaults: {dialect: duckdb, start: 2024-01-01}\n"
    )
    for name, sql in model_texts(count).items():
        body = sql
        for parent in {word for word in sql.split() if word.startswith("m0")}:
            body = body.replace(f"from {parent} ", f"from main.{parent} ")
        (folder / "models" / f"{name}.sql").write_text(f"MODEL (name main.{name}, kind FULL);\n{body}")
