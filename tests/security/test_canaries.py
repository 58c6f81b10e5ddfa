"""A token in every tagged cell, and every way out driven: none of them lets it pass."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from starlette.testclient import TestClient

from mainstem.console.app import make_app
from mainstem.ledger.sqlite import open_ledger
from mainstem.orchestration.desk import Desk
from mainstem.project import load

CANARY = "canary"
FILES = {
    "mainstem.yml": """name: guarded
lake: lake/
environments: {prod: {deliver: true}, dev: {}}
""",
    "policies/access.yml": "tags:\n  pii: {default: deny}\n",
    "sources/shop.yml": """
kind: sqlite
path: shop.db
tables:
  people:
    load: full
    key: [id]
    time_column: day
    checks:
      - {id: known, accepted_values: {column: mail, values: [nobody]}, severity: warning}
    columns:
      id: {type: bigint, required: true, max: 90}
      mail: {type: varchar, tags: [pii]}
      phone: {type: bigint, tags: [pii]}
      day: {type: date, required: true}
""",
    "models/people.sql": "select id, mail as contact, phone + 0 as number, day from shop.people\n",
    "models/lengths.sql": "select id, upper(contact) as loud, length(contact) as letters, day from people\n",
    "serving/apis/people.sql": "select * from people order by id\n",
    "serving/apis/loud.sql": (
        "/* ---\nparams:\n  like: {type: varchar, default: '%'}\n--- */\n"
        "select id, loud, letters from lengths where loud like $like\n"
    ),
    "serving/dashboards/people.md": "---\ntitle: People\n---\n\n```sql name=all\nselect * from people\n```\n",
    "serving/syncs/people.yml": "from: main.people\nto: shop\ntable: copied\nkey: [id]\n",
    "serving/training/people.yml": """
entity: [id]
event_time: day
label: letters
features: [loud]
sql: select id, day, letters, loud from lengths where letters is null or letters > 0
""",
}
PHONE = 424242424242


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("guarded")
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    with sqlite3.connect(root / "shop.db") as database:
        database.execute("create table people (id integer primary key, mail text, phone integer, day text)")
        rows = [(i, f"{CANARY}-{i}@example.org", PHONE, "2026-01-05") for i in (*range(20), 91, 92)]
        database.executemany("insert into people values (?, ?, ?, ?)", rows)
        database.execute("create table copied (id integer primary key, contact text, number integer, day text)")
    database.close()
    return root


def mainstem(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "mainstem", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "200"},
    )
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def leaks(said: str | bytes) -> bool:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return CANARY in text.lower() or str(PHONE) in text


COMMANDS: list[list[str]] = [
    ["validate"],
    ["plan", "--json"],
    ["run", "--json", "--no-deliver"],
    ["status", "--json"],
    ["why", "shop.people"],
    ["show", "main.people", "--json"],
    ["show", "shop.people__quarantine"],
    ["query", "select * from people, lengths"],
    ["query", "select cast(contact as integer) from people"],
    ["query", "select cast(loud as date), error(contact) from lengths, people"],
    ["query", "select people from people", "--json"],
    ["query", "select * from shop.people__quarantine", "--json"],
    ["query", "select min(contact), max(number), list(contact), sum(number) from people"],
    ["lineage", "main.lengths.loud"],
    ["deliver", "--plan", "--json"],
    ["deliver", "--json"],
    ["export", "training/people", "--to", "examples"],
    ["test", "--record", "main.people"],
    ["test", "recorded_lengths", "--record", "main.lengths", "--rows", "20"],
    ["test", "--json"],
    ["doctor"],
    ["rollback", "--list"],
]


def test_no_command_lets_a_canary_out(folder: Path) -> None:
    said = {" ".join(arguments): mainstem(folder, *arguments) for arguments in COMMANDS}
    assert {command for command, text in said.items() if leaks(text)} == set()
    assert '"rejected": 2' in said["run --json --no-deliver"]


def test_nothing_that_left_holds_a_canary(folder: Path) -> None:
    mainstem(folder, "run")
    mainstem(folder, "export", "training/people", "--to", "examples", "--force")
    with sqlite3.connect(folder / "shop.db") as database:
        sent = database.execute("select * from copied").fetchall()
    database.close()
    assert len(sent) == 20
    assert not leaks(repr(sent))
    for file in (folder / "examples").iterdir():
        rows = duckdb.read_parquet(str(file)).fetchall() if file.suffix == ".parquet" else file.read_text()
        assert not leaks(repr(rows)), file


def test_no_recorded_test_holds_a_canary(folder: Path) -> None:
    mainstem(folder, "run")
    tests = folder / "tests"
    shutil.rmtree(tests, ignore_errors=True)
    (folder / "models" / "aside.sql").write_text("select * from shop.people__quarantine\n")
    (folder / "models" / "both.sql").write_text(
        "select a.mail, b.contact, a.phone from shop.people a join people b on b.contact = a.mail\n"
    )
    try:
        mainstem(folder, "run")
        for model in ("people", "lengths", "aside", "both"):
            mainstem(folder, "test", "--record", model, "--rows", "30")
        texts = {file.name: file.read_text() for file in tests.iterdir()}
        assert len(texts) == 4
        assert {name for name, text in texts.items() if leaks(text)} == set()
        assert "made up" in texts["both_recorded.yml"].partition("expect:")[2], "the join by a tagged column holds"
        assert '"passed": 4' in mainstem(folder, "test", "--json")
    finally:
        (folder / "models" / "aside.sql").unlink()
        (folder / "models" / "both.sql").unlink()
        shutil.rmtree(tests)


def test_no_page_and_no_answer_lets_a_canary_out(folder: Path) -> None:
    mainstem(folder, "run")
    ledger = open_ledger(load(folder).ledger)
    desk = Desk(folder, "prod", ledger)
    try:
        desk.refresh()
        client = TestClient(make_app(desk), base_url="http://127.0.0.1")
        pages = [
            "/",
            "/map",
            "/catalog",
            "/catalog/main.people",
            "/catalog/main.lengths",
            "/catalog/shop.people",
            "/catalog/shop.people__quarantine",
            "/runs",
            "/dashboards",
            "/dashboards/people",
            "/search?q=people",
            "/api/people",
            "/api/loud",
            "/api/loud?like=%25A%25",
            "/api/nothing",
            "/openapi.json",
        ]
        said = {page: client.get(page) for page in pages}
        for sql in (
            "select * from people",
            "select cast(contact as integer) from people",
            "select error(loud) from lengths",
        ):
            said[sql] = client.post("/query", data={"sql": sql}, headers={"origin": "http://127.0.0.1"})
            assert said[sql].status_code in (200, 400)
        assert {page for page, answer in said.items() if leaks(answer.content)} == set()
        assert said["/api/people"].json()["rows"][0]["contact"] == "[redacted]"
        assert said["/api/people"].json()["rows"][0]["number"] is None
        audited = [dict(each["row"]) for each in ledger.audited(limit=100_000)]
        assert {"api", "catalog", "console", "dashboard"} <= {row["exit"] for row in audited}
        assert not leaks(json.dumps(audited, default=str))
    finally:
        desk.close()
        ledger.close()


def test_what_is_kept_beside_the_lake_holds_no_canary(folder: Path) -> None:
    mainstem(folder, "run")
    for path in (folder / ".mainstem").rglob("*"):
        if path.is_file():
            assert not leaks(path.read_bytes()), path


def test_a_model_that_breaks_on_a_tagged_value_does_not_tell_it(folder: Path) -> None:
    model = folder / "models" / "broken.sql"
    model.write_text("select cast(mail as integer) as n, date (mail || '!') as d from shop.people\n")
    try:
        said = mainstem(folder, "run") + mainstem(folder, "why", "main.broken")
        assert "main.broken" in said
        assert not leaks(said)
        ledger = open_ledger(load(folder).ledger)
        assert not leaks(json.dumps(ledger.runs("prod", 5), default=str))
        ledger.close()
    finally:
        model.unlink()
