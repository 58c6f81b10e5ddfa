"""JSON Schemas say the same as the reader, to an editor."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from project_folders import write
from test_project_folder import GOOD

from mainstem.project import schemas, write_schemas
from mainstem.project.heads import split_markdown, split_select
from mainstem.project.nodes import plain, read_yaml

SCHEMAS = schemas()


class _AsAnEditorReads(yaml.SafeLoader):
    """Numbers, truth values and nulls are typed, all else is text: YAML 1.2's core schema."""


_AsAnEditorReads.yaml_implicit_resolvers = {}
for tag, pattern in (("bool", "true|false"), ("null", "null|~|"), ("int", "-?[0-9]+"), ("float", r"-?[0-9]+\.[0-9]+")):
    _AsAnEditorReads.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^({pattern})$"), None)


def valid(name: str, text: str) -> bool:
    """Whether a YAML text fits a schema, typed by an editor and untyped alike."""
    validator = jsonschema.Draft202012Validator(SCHEMAS[name])
    problems: list[Any] = []
    node = read_yaml(text, "a", problems)
    assert node is not None
    typed = json.loads(json.dumps(yaml.load(text, _AsAnEditorReads)))
    answers = {validator.is_valid(typed), validator.is_valid(_without_empty(plain(node)))}
    assert len(answers) == 1
    return answers.pop()


def _without_empty(data: Any) -> Any:
    """Plain data with nothing for what is not said, as every YAML reader has it."""
    if isinstance(data, dict):
        return {key: None if value == "" else _without_empty(value) for key, value in data.items()}
    return [_without_empty(each) for each in data] if isinstance(data, list) else data


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_is_one(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])
    assert SCHEMAS[name]["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_there_is_one_for_every_sort_of_file() -> None:
    assert set(SCHEMAS) == {
        "mainstem",
        "source",
        "model",
        "csv_model",
        "test",
        "access",
        "agreements",
        *("goal", "stakeholder", "need", "requirement", "definition", "decision"),
        *("dashboard", "api", "metric", "training", "sync"),
    }


def yaml_of(path: str, text: str) -> tuple[str, str] | None:
    """The schema's name and the YAML of a file of a project; None for files without."""
    lines = text.split("\n")
    if path.endswith(".md") and text.startswith("---"):
        body = "\n".join(lines[1 : lines.index("---", 1)])
        found = split_markdown(text, path, [])
        kind = plain(found.keys)["kind"] if found and "kind" in found.keys.entries else "dashboard"
        return kind, body
    if path.endswith(".sql") and text.startswith("/* ---"):
        assert split_select(text, path, [])
        name = "api" if path.startswith("serving/") else "model"
        return name, "\n".join(lines[1 : lines.index("--- */")])
    names = {"mainstem.yml": "mainstem", "policies/access.yml": "access"}
    folders = {"sources": "source", "agreements": "agreements", "metrics": "metric", "training": "training"}
    folders |= {"tests": "test"}
    if path.endswith(".yml"):
        return names.get(path) or {**folders, "syncs": "sync"}[path.split("/")[-2]], text
    return None


@pytest.mark.parametrize("path", [path for path, text in GOOD.items() if yaml_of(path, text)])
def test_a_good_file_fits_its_schema(path: str) -> None:
    found = yaml_of(path, GOOD[path])
    assert found is not None
    assert valid(*found)


def test_every_file_of_the_demo_fits_its_schema() -> None:
    root = Path(__file__).parents[3] / "src" / "mainstem" / "cli" / "demo" / "project"
    checked = 0
    for file in sorted(root.rglob("*.*")):
        path = file.relative_to(root).as_posix()
        found = yaml_of(path, file.read_text(encoding="utf-8"))
        if found:
            assert valid(*found), path
            checked += 1
    assert checked > 30


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("mainstem", "nmae: flights"),
        ("mainstem", "clock: fast"),
        ("mainstem", "engines: {duckdb: {threads: two}}"),
        ("mainstem", "environments: {prod: {deliver: maybe}}"),
        ("source", "kind: sqlit\npath: a\ntables: {a: {}}"),
        ("source", "kind: sqlite\npath: a"),
        ("source", "kind: sqlite\npath: a\ntables: {a: {load: cdc}}"),
        ("source", "kind: sqlite\npath: a\ntables: {a: {glob: x}}"),
        ("source", "kind: sqlite\npath: a\ntables: {a: {columns: {b: {requird: true}}}}"),
        ("source", "kind: sqlite\npath: a\ntables: {a: {columns: {b: {required: maybe}}}}"),
        ("model", "kind: snapshot"),
        ("model", "columns: {a: {type: bigint}}"),
        ("model", "checks: [{not_nul: [a]}]"),
        ("model", "checks: [{not_null: [a], unique: [a]}]"),
        ("model", "checks: [{row_count: {at_least: many}}]"),
        ("model", "checks: [{row_count: {at_least: 1}, severity: fatal}]"),
        ("requirement", "{kind: requirement, id: a, title: A}"),
        ("requirement", "{kind: requirement, id: a, title: A, statement: B, status: agreed}"),
        ("requirement", "{kind: requirement, id: a, title: A, statement: B, objective: {misses: 1}}"),
        (
            "requirement",
            "{kind: requirement, id: a, title: A, statement: B, objective: {measure: {ready_by: x, partition: d}}}",
        ),
        ("requirement", "{kind: requirement, id: a, title: A, statement: B, proofs: [{returns: a, row: 5}]}"),
        ("stakeholder", "{kind: stakeholder, id: a, title: A, side: inside}"),
        ("goal", "{kind: need, id: a, title: A}"),
        ("access", "treat: [{role: a, tag: b, as: encrypt}]"),
        ("access", "grants: [{role: a}]"),
        ("agreements", "- {agreed: a}"),
        ("agreements", "- {at: 2013-12-02T09:00:00-05:00}"),
    ],
)
def test_a_bad_file_does_not(name: str, text: str) -> None:
    assert not valid(name, text)


EXAMPLES = {
    "mainstem": """
name: flights
timezone: America/New_York
lake: lake/
ledger: .mainstem/ledger.sqlite
engine: duckdb
environments:
  prod: {deliver: true, alerts: true}
  dev:  {sources: {operations: {url: "${DEV_URL}"}}}
alerts: [{to: "${ALERT_URL}", when: [violated, failed]}]
owner: data-platform
clock: wall
publish: all
prices: {compute_hour: 0.10, storage_gb_month: 0.023, currency: USD}
""",
    "source": """
kind: sqlite
url: ${OPERATIONS_URL}
owner: flight-operations-it
tables:
  flights:
    load: incremental
    cursor: updated_at
    key: [flight_id]
    write: merge
    on_schema_change: evolve
    columns:
      flight_id: {type: bigint, required: true, unique: true}
      tailnum:   {type: varchar, tags: [aircraft]}
      dep_delay: {type: integer, min: -120, max: 2000}
    expect: {every: 1d, rows_at_least: 500}
""",
    "model": """
description: Departure delay by route and day.
kind: incremental
key: [flight_date, origin, dest]
time_column: flight_date
owner: data-platform
columns:
  p90_delay: {description: 90th percentile of departure delay in minutes}
checks:
  - not_null: [flight_date, origin, dest]
  - unique: [flight_date, origin, dest]
  - {row_count: {at_least: 1}, severity: warning}
""",
    "goal": """
kind: goal
id: protect-punctuality
title: Keep New York departures punctual
owner: chief-operations-officer
measure: {metric: on_time_departure_pct, from: 75.9, to: 80, unit: percent, by: 2014-06-30}
""",
    "need": """
kind: need
id: morning-crew-moves
title: Move standby crews before the first wave
stakeholder: ops-duty-manager
goal: protect-punctuality
action: Reassign standby crews and gates for the worst five routes at the 05:30 meeting
decision_cadence: daily
today: Spreadsheet mailed by the night analyst, usually after 06:00
pains: [arrives after the meeting, cancelled flights counted as on time]
source: {interview: 2014-01-09-duty-manager, lines: [14, 31]}
""",
    "requirement": """
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
rationale: The meeting starts at 05:30 and preparation takes ten minutes.
binds: [marts.route_delays, dashboards/morning-delays]
objective:
  measure: {ready_by: marts.route_delays, partition: flight_date, deadline: "+1d 05:15", passing: [row_count]}
  misses: 1
  window: 28d
  slice: 1d
""",
    "decision": """
kind: decision
id: choose-mart-engine
title: Engine for the delay mart
status: accepted
date: 2014-01-20
requirements: [ops-morning-delays]
must: [{criterion: runs_offline, because: crew data stays in house}]
criteria:
  - {id: refresh_seconds, weight: 4, better: lower, good: 10, bad: 300, source: measured}
options:
  - {id: duckdb, runs_offline: true, monthly_cost: 20, team_skill: 4, prototype: {engine: duckdb}}
chosen: duckdb
revisit: {when: "rows(operations.flights) > 50000000"}
""",
    "access": """
roles:
  duty-managers: {members: ["group:ops"], purposes: [crew-planning]}
  analysts:      {members: ["group:analytics"], purposes: [reporting]}
tags:
  pii: {default: deny}
grants:
  - {role: analysts, on: [marts.*], actions: [read, export]}
treat:
  - {role: analysts, tag: pii, as: hash}
  - {role: duty-managers, tag: pii, as: clear, purposes: [crew-planning], on: [marts.crew_roster]}
rows:
  - {role: duty-managers, on: [marts.crew_roster], where: "base = user.attribute('base')"}
""",
    "agreements": """
- agreed: ops-duty-manager
  at: 2013-12-02T09:00:00-05:00
  recorded_by: data-platform
  promise: "sha256:1"
  links: {morning-crew-moves: "sha256:2"}
  text: {statement: It shall.}
- {waived: chief-operations-officer, at: 2013-12-02T09:00:00-05:00, until: 2014-01-01T00:00:00Z, because: moving}
- {exception: "2013-12-25", at: 2013-12-02T09:00:00-05:00, because: Christmas}
""",
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_of_the_documentation_fit(name: str) -> None:
    assert valid(name, EXAMPLES[name])


def test_schemas_are_written_as_files(tmp_path: Path) -> None:
    paths = write_schemas(write(tmp_path, {}) / "editor" / "schemas")
    assert {path.name for path in paths} == {f"{name}.schema.json" for name in SCHEMAS}
    assert json.loads(paths[0].read_text(encoding="utf-8")) == SCHEMAS["mainstem"]
