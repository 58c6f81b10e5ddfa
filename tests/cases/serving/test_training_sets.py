"""A training set is the same wherever and whenever it is made; a manifest brings it back or says that it cannot."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.cases.script import Stage, staged

PROJECT = {
    "mainstem.yml": "name: small\ntimezone: America/New_York\n",
    "sources/raw.yml": """
kind: files
path: .
tables:
  readings:
    path: readings.csv
    load: full
    key: [id]
    columns: {id: integer, k: integer, at_time: timestamptz, value: double, mail: {type: varchar, tags: [personal]}}
""",
    "models/visits.sql": """
select i as visit, i % 5 as k, timestamptz '2013-12-01 00:00:00+00' + to_minutes(i * 97) as seen, i % 3 = 0 as late
from range(300) t(i)
""",
    "models/levels.sql": "select k, date_trunc('hour', at_time) as hour, sum(value) as level, any_value(mail) as mail "
    "from raw.readings group by all\n",
    "serving/training/risk.yml": """
role: scientists
entity: visit
event_time: seen
label: late
sql: select * from visits
as_of:
  - {from: main.levels, on: k, time: hour, known_after: 1h, features: [level, mail]}
split: {valid_from: 2013-12-10, test_from: 2013-12-15}
""",
    "policies/access.yml": """
roles: {scientists: {purposes: [learning]}}
tags: {personal: {default: deny}}
grants: [{role: scientists, on: [main.*], actions: [export]}]
""",
}


def readings() -> str:
    rows = (
        f"{i},{i % 5},2013-12-{1 + i % 20:02} {i % 24:02}:{i % 60:02}:00+00,{i * 0.1},canary-{i}@example.org"
        for i in range(2000)
    )
    return "\n".join(["id,k,at_time,value,mail", *rows]) + "\n"


@contextmanager
def made(folder: Path) -> Iterator[Stage]:
    """A fresh project with one release."""
    folder.mkdir()
    with staged(folder) as stage:
        for path, text in PROJECT.items():
            stage.write(path, text.splitlines())
        stage.write("readings.csv", readings().splitlines())
        assert "[exit" not in "".join(stage.carry_out("mainstem run"))
        yield stage


def manifest(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return found


def files(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def test_two_clean_folders_give_the_same_bytes(tmp_path: Path) -> None:
    found = []
    for name in ("a", "b"):
        with made(tmp_path / name) as stage:
            for out in ("first", "second"):
                assert "[exit" not in "".join(stage.carry_out(f"mainstem export risk --to {out}"))
                found.append(files(stage.root / out))
    assert list(found[0]) == ["manifest.json", "test.parquet", "train.parquet", "valid.parquet"]
    assert found == [found[0]] * 4
    told = manifest(tmp_path / "a" / "first")
    assert {part["file"]: part["sha256"] for part in told["parts"]} == {
        name: digest for name, digest in found[0].items() if name != "manifest.json"
    }
    assert told["rows"] == sum(part["rows"] for part in told["parts"]) == 300
    assert not any(text in json.dumps(told) for text in (os.environ.get("HOME", "/root"), str(tmp_path)))


def test_a_manifest_brings_back_the_set_of_a_release_that_is_gone_by(tmp_path: Path) -> None:
    with made(tmp_path / "a") as stage:
        stage.carry_out("mainstem export risk --to first")
        stage.write("readings.csv", ["id,k,at_time,value,mail", "1,1,2013-12-01 00:00:00+00,5.0,x"])
        stage.write("serving/training/risk.yml", PROJECT["serving/training/risk.yml"].replace("1h", "2h").splitlines())
        stage.carry_out("mainstem run")
        stage.carry_out("mainstem export risk --to now")
        assert "[exit" not in "".join(stage.carry_out("mainstem export --manifest first/manifest.json --to again"))
        assert files(stage.root / "again") == files(stage.root / "first")
        assert manifest(stage.root / "now")["digest"] != manifest(stage.root / "first")["digest"]
        told = stage.carry_out(
            "sqlite .mainstem/ledger.sqlite \"select count(*) from evidence where kind = 'delivered'\""
        )
        assert told == ["3"]


def test_another_policy_gives_another_set_and_leaves_nothing(tmp_path: Path) -> None:
    with made(tmp_path / "a") as stage:
        stage.carry_out("mainstem export risk --to first")
        before = sorted(path.name for path in stage.root.iterdir())
        hidden = PROJECT["policies/access.yml"].replace("deny", "null")
        stage.write("policies/access.yml", hidden.splitlines())
        said = stage.carry_out("mainstem export --manifest first/manifest.json --to again")
        assert said[0].startswith("V047 the set that was made is not that of the manifest: parts differ")
        assert said[-1] == "[exit 1]"
        assert sorted(path.name for path in stage.root.iterdir()) == before


def test_what_the_role_may_not_see_is_not_in_the_files(tmp_path: Path) -> None:
    with made(tmp_path / "a") as stage:
        stage.carry_out("mainstem export risk --to first")
        assert not any(b"canary" in path.read_bytes() for path in (stage.root / "first").iterdir())
        refused = PROJECT["policies/access.yml"].replace("[export]", "[read]")
        stage.write("policies/access.yml", refused.splitlines())
        said = stage.carry_out("mainstem export risk --to second")
        assert said[0] == 'S013 role "scientists" may not export "main.visits"'
        assert not (stage.root / "second").exists()


def test_an_export_that_fails_leaves_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mainstem.lifecycle.serving import manifest as written

    with made(tmp_path / "a") as stage:
        stage.carry_out("mainstem export risk --to out")
        before = files(stage.root / "out")

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(written, "_overlap", full)
        said = stage.carry_out("mainstem export risk --to out")
        assert said[0] == 'V049 "out" cannot be written: no space left on device'
        assert files(stage.root / "out") == before
        assert not [path for path in stage.root.iterdir() if path.name.startswith(".out")]


@pytest.mark.parametrize(
    "change",
    [
        {"definition": []},
        {"definition": {"entity": "visit"}},
        {"definition": {"entity": "visit", "event_time": "seen", "label": "late", "as_of": 5}},
        {"parameters": {}},
        {"parameters": {"timezone": "Nowhere/At_All"}},
        {"format": 2},
    ],
)
def test_a_manifest_that_was_changed_by_hand_is_none(tmp_path: Path, change: dict[str, Any]) -> None:
    with made(tmp_path / "a") as stage:
        stage.carry_out("mainstem export risk --to first")
        told = manifest(stage.root / "first") | change
        stage.write("manifest.json", json.dumps(told).splitlines())
        said = stage.carry_out("mainstem export --manifest manifest.json --to again")
        assert said[0] == 'V046 "manifest.json" is no manifest of a training set'
        assert not (stage.root / "again").exists()
