"""What a folder makes a project: one good one, whole; and the odd files that folders hold."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, time
from decimal import Decimal
from pathlib import Path

import pytest
from project_folders import loaded, refused, rendered, write

from mainstem.core.canonical import digest
from mainstem.core.dataset import Load, Model, Severity
from mainstem.core.place import Place
from mainstem.core.problem import ProjectError
from mainstem.core.project import EngineSettings, Environment
from mainstem.core.requirement import Cited, OpenQuestion
from mainstem.project import load

GOOD = {
    "mainstem.yml": """
name: flights
timezone: America/New_York
lake: data/lake/
ledger: state/ledger.sqlite
engine: duckdb
engines:
  duckdb: {memory_limit: 2GB, threads: 2, temp_directory: .tmp}
environments:
  prod: {deliver: true, alerts: true}
  dev: {sources: {operations: {path: dev.db}}}
alerts: [{to: ops@example.org, when: [violated, failed]}]
owner: data-platform
clock: replay
publish: all
prices: {compute_hour: 0.10, storage_gb_month: 0.023, currency: USD}
""",
    "sources/operations.yml": """
kind: sqlite
path: operations.db
owner: flight-operations-it
tables:
  flights:
    load: incremental
    cursor: updated_at
    key: [flight_id]
    on_schema_change: freeze
    time_column: flight_date
    null: [NA, ""]
    expect: {every: 1d, rows_at_least: 500}
    columns:
      flight_id: {type: bigint, required: true, unique: true}
      flight_date: date
      tailnum: {type: varchar, tags: [aircraft], original: TailNum}
      origin: {type: varchar, accepted: [EWR, JFK, no], matches: "[A-Z]{3}"}
      dep_delay: {type: integer, min: -120, max: 2000}
      updated_at:
    checks:
      - row_count: {at_least: 500}
        severity: warning
  planes:
""",
    "models/raw_copy.sql": "select * from operations.flights\n",
    "models/marts/route_delays.sql": """/* ---
description: Departure delay by route and day.
kind: incremental
key: [flight_date, origin]
time_column: flight_date
owner: platform
tags: [internal]
columns:
  p90_delay: {description: 90th percentile, tags: [pii]}
  flights: How many
checks:
  - not_null: [flight_date, origin]
  - unique: [flight_date, origin]
  - {row_count: {at_least: 1}, severity: warning}
  - id: whole
    row_count: {at_least: 1}
    per: table
  - expression: flights > 0
--- */
select flight_date, origin, count(*) as flights, quantile_cont(dep_delay, 0.9) as p90_delay
from operations.flights group by all
""",
    "macros/double.sql": "-- twice\ncreate or replace macro double(x) as x * 2;\n",
    "requirements/stakeholders/data-platform.md": """---
kind: stakeholder
id: data-platform
title: Data platform team
side: governance
technical: high
aliases: [platform]
---
""",
    "requirements/stakeholders/flight-operations-it.md": """---
kind: stakeholder
id: flight-operations-it
title: Flight data owner
side: upstream
---
""",
    "requirements/ops-duty-manager.md": """---
kind: stakeholder
id: ops-duty-manager
title: Operations duty manager
contact: duty-manager@example.org
goals: [punctuality]
---
Decides at half past five.
""",
    "requirements/protect-punctuality.md": """---
kind: goal
id: protect-punctuality
title: Keep New York departures punctual
owner: data-platform
measure: {metric: on_time_departure_pct, from: 75.9, to: 80, unit: percent, by: 2014-06-30}
aliases: [punctuality]
review: 2014-03-31
---
""",
    "requirements/needs/morning.md": """---
kind: need
id: morning-crew-moves
title: Move standby crews before the first wave
stakeholder: ops-duty-manager
goal: punctuality
pains: [arrives after the meeting, cancelled flights counted as on time]
source: {interview: 2013-11-25-duty-manager, lines: [8, 9]}
open_questions:
  - {ask: "What is a right one worth?", owner: platform, due: 2013-12-02}
---
""",
    "requirements/delayed.md": """---
kind: definition
id: late-departure
title: Late departure
term: late departure
sentence: Fifteen minutes or more.
sql: dep_delay >= 15
owner: ops-duty-manager
---
""",
    "requirements/ops-morning-delays.md": """---
kind: requirement
id: ops-morning-delays
title: Yesterday's delays are ready before the morning meeting
needs: [morning-crew-moves]
class: non-functional
characteristic: ready_by
priority: must
statement: >-
  When an operating day has ended, the delay mart shall be ready
  by 05:15 America/New_York on the next day.
binds: [marts.route_delays, marts.route_delays.p90_delay, dashboards/morning-delays]
owed_by: platform
uses: [late-departure]
objective:
  measure: {ready_by: marts.route_delays, partition: flight_date, deadline: "+1d 05:15", passing: [row_count]}
  target: 0.950
  window: 28d
  slice: 1d
  share: 0.9
  days: mon-fri
  from: 2013-12-04
---
The meeting starts at 05:30.
""",
    "requirements/hourly.md": """---
kind: requirement
id: hourly
title: Hourly
for: ops-duty-manager
statement: It shall.
objective:
  measure: {freshness: marts.route_delays, at_most: 30h}
  timezone: UTC
  misses: 0
  window: 28d
  slice: 1h
  hours: 06:00-22:00
  days: [sat, Monday]
retired: {at: 2014-01-01, because: nobody looked}
---
""",
    "requirements/reads.md": """---
kind: requirement
id: worst-routes
title: The worst routes are listed
class: functional
statement: The dashboard shall list the worst routes.
for: ops-duty-manager
proofs:
  - {answers: dashboards/morning-delays, as: ops-duty-manager}
  - {returns: dashboards/morning-delays#worst_routes, rows: 5, not_null: [route, cause], same_as: "select 1"}
  - {test: worst_routes_counts_cancelled}
  - {accepted_by: ops-duty-manager, max_age: 90d}
---
""",
    "tests/routes.yml": """
worst_routes_counts_cancelled:
  model: marts.route_delays
  now: 2014-01-01T09:00:00-05:00
  given:
    operations.flights: [{id: 1, tags: [a, 1]}, {id: ~}]
  expect: []
""",
    "requirements/engine.md": """---
kind: decision
id: choose-engine
title: Engine for the delay mart
status: accepted
date: 2014-01-20
requirements: [ops-morning-delays]
must: [{criterion: runs_offline, because: crew data stays in house}]
criteria:
  - {id: cost, weight: 3, better: lower, good: 0, bad: 500, source: estimated}
options:
  - {id: duckdb, cost: 20}
  - {id: spark, cost: 60}
chosen: duckdb
revisit: {when: "rows(operations.flights) > 50000000"}
---
""",
    "requirements/README.md": "# For people\n",
    "requirements/interviews/2013-11-25-duty-manager.txt": "interview: x\n",
    "requirements/agreements/hourly.yml": "- {agreed: ops-duty-manager, at: 2013-12-02T09:00:00-05:00}\n",
    "serving/dashboards/morning-delays.md": """---
title: Morning delays
owner: platform
needs: [morning-crew-moves]
---
# Yesterday

```sql name=worst_routes
select origin, p90_delay
  from marts.route_delays
```
""",
    "policies/access.yml": """
roles:
  analysts: {members: ["group:analytics"], purposes: [reporting]}
tags:
  pii: {default: deny}
  city:
grants:
  - {role: analysts, on: [marts.*], actions: [read, export]}
treat:
  - {role: analysts, tag: pii, as: null}
  - {role: analysts, tag: city, as: clear, purposes: [reporting], on: marts.route_delays}
rows:
  - {role: analysts, on: [marts.*], where: "base = user.attribute('base')"}
""",
}


def test_a_good_project_becomes_its_nouns(tmp_path: Path) -> None:
    project = loaded(tmp_path, GOOD)
    assert (project.name, project.timezone, project.clock, project.engine) == (
        "flights",
        "America/New_York",
        "replay",
        "duckdb",
    )
    assert (project.root, project.lake) == (tmp_path, tmp_path / "data" / "lake")
    assert project.ledger == tmp_path / "state" / "ledger.sqlite"
    assert project.settings == EngineSettings("2GB", 2, str(tmp_path / ".tmp"))
    assert project.environments == {
        "prod": Environment("prod", deliver=True, alerts=True),
        "dev": Environment("dev", sources={"operations": {"path": "dev.db"}}),
    }
    assert [(alert.to, alert.when) for alert in project.alerts] == [("ops@example.org", ("violated", "failed"))]
    assert project.prices == {
        "compute_hour": Decimal("0.10"),
        "storage_gb_month": Decimal("0.023"),
        "currency": "USD",
    }
    assert project.owner == "data-platform"
    assert [macro.name for macro in project.macros] == ["double"]


def test_sources_and_their_tables(tmp_path: Path) -> None:
    project = loaded(tmp_path, GOOD)
    source = project.sources["operations"]
    assert (source.kind, source.owner, source.options.path) == ("sqlite", "flight-operations-it", "operations.db")
    assert source.tables == ("operations.flights", "operations.planes")
    flights = project.datasets["operations.flights"]
    assert flights.place == Place("sources/operations.yml", 6, 3)
    load_ = flights.made_by
    assert isinstance(load_, Load)
    assert (load_.load, load_.cursor, load_.write, load_.on_schema_change) == (
        "incremental",
        "updated_at",
        "merge",
        "freeze",
    )
    assert load_.options.null == ("NA", "")
    assert load_.expect is not None
    assert (load_.expect.every, load_.expect.rows_at_least) == ("1d", 500)
    assert (flights.key, flights.time_column, flights.owner) == (
        ("flight_id",),
        "flight_date",
        "flight-operations-it",
    )
    columns = {column.name: column for column in flights.columns}
    assert list(columns) == ["flight_id", "flight_date", "tailnum", "origin", "dep_delay", "updated_at"]
    assert (columns["flight_id"].required, columns["flight_id"].unique) == (True, True)
    assert (columns["flight_date"].type, columns["updated_at"].type) == ("date", None)
    assert (columns["tailnum"].tags, columns["tailnum"].original) == (frozenset({"aircraft"}), "TailNum")
    assert (columns["origin"].accepted, columns["origin"].matches) == (("EWR", "JFK", "no"), "[A-Z]{3}")
    assert (columns["dep_delay"].min, columns["dep_delay"].max) == ("-120", "2000")
    assert columns["dep_delay"].place == Place("sources/operations.yml", 19, 7)
    assert [(check.id, check.severity, check.per) for check in flights.checks] == [
        ("row_count", Severity.WARNING, "partition")
    ]
    planes = project.datasets["operations.planes"]
    assert isinstance(planes.made_by, Load)
    assert (planes.made_by.load, planes.made_by.write, planes.columns) == ("full", "replace", ())


def test_a_kind_that_knows_its_new_files_needs_no_cursor(tmp_path: Path) -> None:
    source = "kind: files\npath: inbox\ntables:\n  hourly: {path: '*.jsonl', load: incremental}\n"
    project = loaded(tmp_path, {"sources/weather.yml": source})
    load_ = project.datasets["weather.hourly"].made_by
    assert isinstance(load_, Load)
    assert (load_.load, load_.cursor, load_.write, load_.options.path) == ("incremental", None, "append", "*.jsonl")


def test_models_and_their_checks(tmp_path: Path) -> None:
    project = loaded(tmp_path, GOOD)
    assert list(project.datasets) == ["operations.flights", "operations.planes", "marts.route_delays", "main.raw_copy"]
    plain = project.datasets["main.raw_copy"]
    assert plain.made_by == Model("table", "select * from operations.flights\n", Place("models/raw_copy.sql", 1, 1))
    mart = project.datasets["marts.route_delays"]
    assert isinstance(mart.made_by, Model)
    assert (mart.made_by.kind, mart.key, mart.owner) == (
        "incremental",
        ("flight_date", "origin"),
        "data-platform",
    )
    assert mart.tags == frozenset({"internal"})
    assert [(column.name, column.description, column.tags) for column in mart.columns] == [
        ("p90_delay", "90th percentile", frozenset({"pii"})),
        ("flights", "How many", frozenset()),
    ]
    assert [(check.id, check.kind, check.per) for check in mart.checks] == [
        ("not_null", "not_null", "partition"),
        ("unique", "unique", "partition"),
        ("row_count", "row_count", "partition"),
        ("whole", "row_count", "table"),
        ("expression", "expression", "partition"),
    ]
    assert mart.checks[0].options.columns == ("flight_date", "origin")


def test_requirements_and_what_they_name_by_present_ids(tmp_path: Path) -> None:
    project = loaded(tmp_path, GOOD)
    assert project.goals["protect-punctuality"].measure == {
        "metric": "on_time_departure_pct",
        "from": "75.9",
        "to": "80",
        "unit": "percent",
        "by": "2014-06-30",
    }
    assert project.goals["protect-punctuality"].review == date(2014, 3, 31)
    manager = project.stakeholders["ops-duty-manager"]
    assert (manager.goals, manager.technical, manager.text) == (
        ("protect-punctuality",),
        "low",
        "Decides at half past five.",
    )
    need = project.needs["morning-crew-moves"]
    assert (need.goal, need.source) == ("protect-punctuality", Cited("2013-11-25-duty-manager", (8, 9)))
    assert need.open_questions == (OpenQuestion("What is a right one worth?", "platform", date(2013, 12, 2)),)
    morning = project.requirements["ops-morning-delays"]
    assert morning.statement == (
        "When an operating day has ended, the delay mart shall be ready by 05:15 America/New_York on the next day."
    )
    assert (morning.class_, morning.owed_by, morning.uses) == ("non-functional", "data-platform", ("late-departure",))
    objective = morning.objective
    assert objective is not None
    assert (objective.kind, objective.of, objective.zone) == ("ready_by", "marts.route_delays", "America/New_York")
    assert (objective.options.deadline, objective.options.passing) == ("+1d 05:15", ("row_count",))
    assert (objective.target, objective.misses, objective.share) == (Decimal("0.950"), None, Decimal("0.9"))
    assert (objective.window, objective.slice, objective.days) == ("28d", "1d", (0, 1, 2, 3, 4))
    assert objective.starts == date(2013, 12, 4)
    hourly = project.requirements["hourly"]
    assert hourly.objective is not None
    assert (hourly.objective.zone, hourly.objective.hours) == ("UTC", (time(6), time(22)))
    assert hourly.objective.days == (0, 5)
    assert (hourly.for_, hourly.retired and hourly.retired.because) == ("ops-duty-manager", "nobody looked")
    assert project.agreements["hourly"][0].by == "ops-duty-manager"
    assert project.item("punctuality") is project.goals["protect-punctuality"]


def test_proofs_definitions_and_decisions(tmp_path: Path) -> None:
    project = loaded(tmp_path, GOOD)
    proofs = project.requirements["worst-routes"].proofs
    assert [(proof.kind, proof.of, proof.options) for proof in proofs] == [
        ("answers", "dashboards/morning-delays", {"as": "ops-duty-manager"}),
        (
            "returns",
            "dashboards/morning-delays#worst_routes",
            {"rows": "5", "not_null": ["route", "cause"], "same_as": "select 1"},
        ),
        ("test", "worst_routes_counts_cancelled", {}),
        ("accepted_by", "ops-duty-manager", {"max_age": "90d"}),
    ]
    assert project.definitions["late-departure"].sql == "dep_delay >= 15"
    decision = project.decisions["choose-engine"]
    assert (decision.status, decision.date, decision.chosen) == ("accepted", date(2014, 1, 20), "duckdb")
    assert decision.body is not None
    assert decision.body["options"] == [{"id": "duckdb", "cost": "20"}, {"id": "spark", "cost": "60"}]
    assert list(decision.body) == ["must", "criteria", "options", "revisit"]


def test_policies(tmp_path: Path) -> None:
    policy = loaded(tmp_path, GOOD).policy
    assert [(role.name, role.members, role.purposes) for role in policy.roles] == [
        ("analysts", ("group:analytics",), ("reporting",))
    ]
    assert policy.tags == {"pii": "deny", "city": "deny"}
    assert [(grant.on, grant.actions) for grant in policy.grants] == [(("marts.*",), ("read", "export"))]
    assert [(rule.tag, rule.as_, rule.purposes, rule.on) for rule in policy.treat] == [
        ("pii", "null", (), ()),
        ("city", "clear", ("reporting",), ("marts.route_delays",)),
    ]
    assert policy.rows[0].where == "base = user.attribute('base')"
    assert policy.treat[0].place == Place("policies/access.yml", 10, 5)


def test_a_project_is_plain_data_with_a_digest_throughout(tmp_path: Path) -> None:
    project, again = loaded(tmp_path, GOOD), loaded(tmp_path, GOOD)
    assert project == again
    for each in fields(project):
        if each.name not in ("root", "lake", "ledger"):
            assert digest(getattr(project, each.name)) == digest(getattr(again, each.name))


def test_a_folder_of_sql_files_is_a_project(tmp_path: Path) -> None:
    project = loaded(tmp_path, {"mainstem.yml": "", "models/a.sql": "select 1 as n"})
    assert project.name == tmp_path.name
    assert list(project.datasets) == ["main.a"]
    assert (project.lake, project.ledger) == (tmp_path / "lake", tmp_path / ".mainstem" / "ledger.sqlite")
    assert project.environments == {"prod": Environment("prod")}


def test_a_folder_without_mainstem_yml_is_none(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="P002 there is no") as caught:
        load(tmp_path)
    assert "mainstem init" in caught.value.problems[0].mend


def test_line_ends_and_byte_order_marks_of_other_systems_do_not_count(tmp_path: Path) -> None:
    write(tmp_path, {})
    models = tmp_path / "models"
    models.mkdir()
    (models / "a.sql").write_bytes(
        b"\xef\xbb\xbf/* ---\r\nkind: view\r\ncolumns:\r\n  n: {description: a}\r\n--- */\r\nselect 1 as n\r\n"
    )
    model = load(tmp_path).datasets["main.a"]
    assert isinstance(model.made_by, Model)
    assert (model.made_by.kind, model.made_by.sql) == ("view", "\n\n\n\n" + " " * 6 + "\nselect 1 as n\n")
    assert model.columns[0].place == Place("models/a.sql", 4, 3)


def test_a_file_that_cannot_be_read_is_told_with_its_line(tmp_path: Path) -> None:
    write(tmp_path, {"models/a.sql": "select 1 as n"})
    (tmp_path / "models" / "b.sql").write_bytes(b"select\n'Z\xfcrich' as city")
    (tmp_path / "models" / "c.sql").symlink_to(tmp_path / "gone.sql")
    (tmp_path / "sources").write_text("a file where a folder belongs")
    assert rendered(tmp_path).replace("   more: mainstem explain P003\n", "") == (
        "models/b.sql:2:1: P003 this line is not UTF-8 text\n"
        "   mend: save the file as UTF-8\n"
        "models/c.sql: P003 the file cannot be read: No such file or directory\n"
        "   mend: check that it exists and that you may read it\n"
        "sources: P003 the folder cannot be read: Not a directory\n"
        "   mend: make it a folder that you may read\n"
        "   more: mainstem explain P003"
    )


def test_hidden_files_and_copies_of_editors_are_passed_over(tmp_path: Path) -> None:
    files = {
        "models/.a.sql": "no",
        "models/b.sql~": "no",
        "models/.ipynb_checkpoints/c.sql": "no",
        "models/picture.png": "no",
        "models/d.sql": "select 1 as n",
    }
    assert list(loaded(tmp_path, files).datasets) == ["main.d"]


def test_a_link_to_a_folder_is_not_followed_in_silence(tmp_path: Path) -> None:
    write(tmp_path, {"elsewhere/a.sql": "select 1", "models/b.sql": "select 1 as n"})
    (tmp_path / "models" / "marts").symlink_to(tmp_path / "elsewhere")
    assert refused(tmp_path, {}) == ("P014 a link to a folder is not followed",)


def test_problems_of_all_files_come_at_once_in_the_order_of_their_places(tmp_path: Path) -> None:
    files = {
        "mainstem.yml": "name: a\ntimezone: nowhere\nclock: b\n",
        "models/b.sql": "/* ---\nkind: c\nowner: d\n--- */\nselect 1 as n",
        "sources/a.yml": "kind: x\n",
        "requirements/a.md": "---\nkind: need\n---\n",
        "policies/access.yml": "x: y\n",
    }
    with pytest.raises(ProjectError) as caught:
        loaded(tmp_path, files)
    places = [str(problem.place) for problem in caught.value.problems]
    assert places == sorted(places)
    assert [place.partition(":")[0] for place in places] == [
        "mainstem.yml",
        "mainstem.yml",
        "models/b.sql",
        "models/b.sql",
        "policies/access.yml",
        *["requirements/a.md"] * 3,
        "sources/a.yml",
    ]
