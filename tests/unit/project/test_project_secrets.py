"""`${NAME}`: where it is filled in, from where, and that its value is never shown."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path

import pytest
from project_folders import loaded, refused, rendered, write

from mainstem.core.canonical import digest
from mainstem.core.problem import ProjectError
from mainstem.core.secret import Secret, shown
from mainstem.project import load

SOURCE = {
    "sources/crm.yml": """
kind: sqlite
path: "${FOLDER}/crm.db"
tables: {orders: {table: "${TABLE}", null: ["${NA}"]}}
"""
}
ENVIRONMENTS = """
environments:
  prod: {alerts: true}
  dev: {sources: {crm: {path: "${DEV}"}}}
alerts: [{to: "https://x/${TOKEN}"}]
"""


def test_a_variable_is_filled_in_the_options_of_sources_and_their_tables(tmp_path: Path) -> None:
    project = loaded(tmp_path, SOURCE, FOLDER="/hunter2", TABLE="t-hunter2", NA="na-hunter2")
    assert project.sources["crm"].options.path == "/hunter2/crm.db"
    load_ = project.datasets["crm.orders"].made_by
    assert load_.options.table == "t-hunter2"  # type: ignore[union-attr]
    assert load_.options.null == ("na-hunter2",)  # type: ignore[union-attr]


def test_the_value_is_in_no_repr_text_digest_or_problem(tmp_path: Path) -> None:
    project = loaded(tmp_path, SOURCE, FOLDER="/hunter2", TABLE="hunter2", NA="hunter2")
    assert "hunter2" not in repr(project) + str(project)
    assert "${FOLDER}/crm.db" in repr(project)
    other = loaded(tmp_path, SOURCE, FOLDER="/rotated", TABLE="rotated", NA="rotated")
    assert digest(project.sources["crm"].options) == digest(other.sources["crm"].options)


def test_what_a_broken_source_says_shows_no_value(tmp_path: Path) -> None:
    files = {"sources/crm.yml": "kind: sqlite\npath: '${A}'\nurl: '${A}'\ntables: {orders: {null: {a: '${A}'}}}\n"}
    with pytest.raises(ProjectError) as caught:
        loaded(tmp_path, files, A="hunter2")
    assert len(caught.value.problems) == 2
    assert "hunter2" not in str(caught.value) + repr(caught.value.problems)


def test_elsewhere_the_signs_are_only_signs(tmp_path: Path) -> None:
    files = {
        "models/a.sql": "/* ---\ndescription: '${A}'\n--- */\nselect '${A}' as n",
        "sources/crm.yml": "kind: sqlite\npath: crm.db\ndescription: '${A}'\ntables: {a: {description: '${A}'}}\n",
    }
    project = loaded(tmp_path, files, A="hunter2")
    assert project.datasets["main.a"].description == "${A}"
    assert project.datasets["crm.a"].description == project.sources["crm"].description == "${A}"


def test_the_environment_comes_before_the_secrets_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(
        tmp_path,
        {
            **SOURCE,
            ".mainstem/secrets.env": '# values\n\nexport FOLDER = from-file\nTABLE="a b=c"\n',
            "secrets.env": "FOLDER=second\nTABLE=second\nNA='n/a'\n",
        },
    )
    options = load(tmp_path).sources["crm"].options
    assert options.path == "from-file/crm.db"
    monkeypatch.setenv("FOLDER", "from-environment")
    project = load(tmp_path)
    assert project.sources["crm"].options.path == "from-environment/crm.db"
    made_by = project.datasets["crm.orders"].made_by
    assert made_by.options.table == "a b=c"  # type: ignore[union-attr]
    assert made_by.options.null == ("n/a",)  # type: ignore[union-attr]


def test_a_missing_value_is_named_and_all_missing_ones_at_once(tmp_path: Path) -> None:
    assert refused(tmp_path, SOURCE, NA="hunter2") == (
        'P011 variable "FOLDER" has no value',
        'P011 variable "TABLE" has no value',
    )


def test_a_variable_may_be_empty(tmp_path: Path) -> None:
    assert loaded(tmp_path, SOURCE, FOLDER="", TABLE="t", NA="").sources["crm"].options.path == "/crm.db"


def test_an_environment_replaces_keys_of_a_source_and_only_its_variables_are_needed(tmp_path: Path) -> None:
    files = {
        "mainstem.yml": ENVIRONMENTS,
        "sources/crm.yml": "kind: sqlite\npath: '${PROD}'\nowner: sales\ntables: {orders: {}}\n",
        "requirements/sales.md": "---\nkind: stakeholder\nid: sales\ntitle: Sales\nside: upstream\n---\n",
    }
    write(tmp_path, files)
    dev = load(tmp_path, "dev", secrets={"DEV": "dev.db"})
    assert (dev.sources["crm"].options.path, dev.sources["crm"].owner) == ("dev.db", "sales")
    prod = load(tmp_path, "prod", secrets={"PROD": "prod.db", "TOKEN": "hunter2"})
    assert prod.sources["crm"].options.path == "prod.db"
    assert load(tmp_path, None, secrets={"PROD": "prod.db", "TOKEN": "x"}).sources["crm"].options.path == "prod.db"
    assert dev.environments["dev"].sources == {"crm": {"path": "${DEV}"}}


def test_a_wrong_override_is_told_at_its_own_place(tmp_path: Path) -> None:
    files = {
        "mainstem.yml": "environments:\n  dev: {sources: {crm: {pth: dev.db}}}\n",
        "sources/crm.yml": "kind: sqlite\npath: crm.db\ntables: {orders: {}}\n",
    }
    write(tmp_path, files)
    with pytest.raises(ProjectError) as caught:
        load(tmp_path, "dev", secrets={})
    assert str(caught.value.problems[0]).startswith('mainstem.yml:2:25: P007 key "pth" does not exist here')
    assert rendered(tmp_path) == "no problem"


def test_addresses_of_alerts_are_filled_only_where_alerts_are_sent(tmp_path: Path) -> None:
    write(tmp_path, {"mainstem.yml": ENVIRONMENTS, "sources/crm.yml": "kind: sqlite\npath: a\ntables: {b: {}}\n"})
    sent = load(tmp_path, "prod", secrets={"TOKEN": "hunter2"}).alerts[0]
    assert sent.to == "https://x/hunter2"
    assert "hunter2" not in repr(sent)
    assert load(tmp_path, "dev", secrets={"DEV": "a"}).alerts[0].to == "https://x/${TOKEN}"


def test_a_secret_stays_one_when_it_is_copied() -> None:
    secret = Secret("hunter2", "${PASSWORD}")
    for same in (copy.copy(secret), copy.deepcopy(secret), pickle.loads(pickle.dumps(secret))):
        assert (str(same), repr(same), shown(same)) == ("hunter2", "'${PASSWORD}'", "${PASSWORD}")
    assert f"a {secret}" == "a hunter2"
    assert json.dumps({"b": shown(secret)}) == '{"b": "${PASSWORD}"}'
    assert shown("plain") == "plain"
