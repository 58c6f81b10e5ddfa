"""A program asks a data API, and gets rows of one release, or every reason why not."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from openapi_spec_validator import validate
from starlette.testclient import TestClient

from mainstem.console.api import Api
from mainstem.core.clock import WallClock
from mainstem.core.problem import MainstemError
from mainstem.ledger.sqlite import open_ledger
from mainstem.orchestration.desk import Desk
from mainstem.orchestration.run import run
from mainstem.project import load

FILES = {
    "mainstem.yml": "name: shop\nlake: lake/\n",
    "policies/access.yml": """
roles:
  crew: {members: ["service:crew"], purposes: [planning]}
  nobody: {members: []}
tags:
  pii: {default: deny}
grants:
  - {role: crew, on: [main.*], actions: [read]}
treat:
  - {role: crew, tag: pii, as: partial}
""",
    "sources/shop.yml": """
kind: files
path: inbox
tables:
  people:
    path: people.csv
    load: full
    columns:
      id: {type: bigint, required: true}
      mail: {type: varchar, tags: [pii]}
      day: {type: date, required: true}
""",
    "inbox/people.csv": "id,mail,day\n1,canary-1@x.org,2013-12-01\n2,canary-2@x.org,2013-12-02\n3,,2013-12-02\n",
    "models/people.sql": "select id, mail, day from shop.people\n",
    "serving/apis/people.sql": """/* ---
title: People of a day
params:
  day: {type: date, required: true}
  below: {type: integer, default: 100}
  unused: {type: varchar, default: x}
--- */
select id, mail, day from people where day = $day and id < $below order by id
""",
    "serving/apis/crew.sql": "/* ---\nrole: crew\n--- */\nselect id, mail from people order by id\n",
    "serving/apis/denied.sql": "/* ---\nrole: nobody\n--- */\nselect id, mail from people\n",
    "serving/apis/wide.sql": "select i as n, repeat('x', 10) as text from range(2000) t(i) order by i\n",
}


def publish(folder: Path) -> None:
    project = load(folder)
    ledger = open_ledger(project.ledger)
    assert run(project, ledger, WallClock()).failures == ()
    ledger.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


@pytest.fixture
def desk(folder: Path) -> Iterator[Desk]:
    ledger = open_ledger(load(folder).ledger)
    desk = Desk(folder, "prod", ledger)
    yield desk
    desk.close()
    ledger.close()


@pytest.fixture
def client(desk: Desk, folder: Path) -> TestClient:
    publish(folder)
    desk.refresh()
    return TestClient(Api(desk))


def test_rows_come_with_their_release_and_tagged_columns_are_redacted(client: TestClient) -> None:
    answer = client.get("/api/people", params={"day": "2013-12-02"})
    assert answer.status_code == 200
    body = answer.json()
    assert body["release"] == "r000001"
    assert body["truncated"] is False
    assert body["as_of"] is not None
    assert body["rows"] == [
        {"id": 2, "mail": "[redacted]", "day": "2013-12-02"},
        {"id": 3, "mail": "[redacted]", "day": "2013-12-02"},
    ]


def test_an_output_with_a_role_shows_what_the_role_may_see(client: TestClient) -> None:
    rows = client.get("/api/crew").json()["rows"]
    assert [row["mail"] for row in rows] == ["c***", "c***", None]
    refused = client.get("/api/denied")
    assert refused.status_code == 403
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["problems"][0]["code"] == "S013"


def test_what_the_reader_holds_is_not_sent_again_until_the_next_release(
    client: TestClient, desk: Desk, folder: Path
) -> None:
    first = client.get("/api/people", params={"day": "2013-12-01"})
    tag = first.headers["etag"]
    for held in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = client.get("/api/people", params={"day": "2013-12-01"}, headers={"if-none-match": held})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    (folder / "inbox" / "people.csv").write_text("id,mail,day\n9,,2013-12-01\n")
    publish(folder)
    assert client.get("/api/people", params={"day": "2013-12-01"}).json()["release"] == "r000001"
    desk.refresh()
    fresh = client.get("/api/people", params={"day": "2013-12-01"}, headers={"if-none-match": tag})
    assert fresh.status_code == 200
    assert fresh.headers["etag"] != tag
    assert [row["id"] for row in fresh.json()["rows"]] == [9]


def test_a_changed_text_is_another_answer(client: TestClient, desk: Desk, folder: Path) -> None:
    tag = client.get("/api/crew").headers["etag"]
    path = folder / "serving" / "apis" / "crew.sql"
    path.write_text(path.read_text().replace("order by id", "where id > 1 order by id"))
    assert desk.refresh()
    changed = client.get("/api/crew", headers={"if-none-match": tag})
    assert changed.status_code == 200
    assert [row["id"] for row in changed.json()["rows"]] == [2, 3]


def test_a_text_that_cannot_be_read_leaves_the_good_one_in_place(client: TestClient, desk: Desk, folder: Path) -> None:
    path = folder / "serving" / "apis" / "crew.sql"
    text = path.read_text()
    path.write_text(text.replace("role: crew", "role: crews"))
    desk.refresh()
    assert [problem.code for problem in desk.problems] == ["P042"]
    assert client.get("/api/crew").status_code == 200
    path.write_text(text)
    desk.refresh()
    assert desk.problems == ()


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", ['parameter "day" is missing']),
        ("day=2013-13-01", ['parameter "day" is "2013-13-01", which is no date']),
        ("dya=2013-12-01", ['parameter "dya" is not known', 'parameter "day" is missing']),
        ("day=2013-12-01&day=2013-12-02", ['parameter "day" is given twice']),
        ("day=2013-12-01&below=few&limit=0", ['parameter "limit" is "0"', '"below" is "few", which is no integer']),
        ("day=2013-12-01&limit=10001", ['parameter "limit" is "10001"']),
        ("day=2013-12-01' or true --", ["which is no date"]),
    ],
)
def test_wrong_parameters_are_told_all_at_once(client: TestClient, query: str, words: list[str]) -> None:
    answer = client.get(f"/api/people?{query}")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert {each["code"] for each in body["problems"]} == {"V020"}
    said = [each["what"] for each in body["problems"]]
    assert len(said) == len(words)
    assert all(word in what for word, what in zip(words, said, strict=True)), said


def test_more_rows_than_the_limit_are_told(client: TestClient) -> None:
    body = client.get("/api/wide").json()
    assert (len(body["rows"]), body["truncated"]) == (1000, True)
    body = client.get("/api/wide", params={"limit": "3"}).json()
    assert ([row["n"] for row in body["rows"]], body["truncated"]) == ([0, 1, 2], True)
    body = client.get("/api/wide", params={"limit": "2000"}).json()
    assert (len(body["rows"]), body["truncated"]) == (2000, False)


def test_unknown_names_and_other_methods(client: TestClient) -> None:
    unknown = client.get("/api/peple")
    assert unknown.status_code == 404
    assert unknown.json()["problems"][0]["code"] == "V024"
    assert 'did you mean "people"' in unknown.json()["problems"][0]["mend"]
    written = client.post("/api/people", json={})
    assert (written.status_code, written.headers["allow"]) == (405, "GET, HEAD")


def test_nothing_published_is_not_now(desk: Desk) -> None:
    answer = TestClient(Api(desk)).get("/api/crew")
    assert answer.status_code == 503
    assert answer.json()["problems"][0]["code"] == "C008"
    assert TestClient(Api(desk)).get("/openapi.json").json()["info"]["version"] == "nothing published"


def test_the_document_is_valid_and_says_what_comes(client: TestClient) -> None:
    found = client.get("/openapi.json").json()
    validate(found)
    people = found["paths"]["/api/people"]["get"]
    assert people["summary"] == "People of a day"
    assert [(each["name"], each["required"]) for each in people["parameters"] if "required" in each] == [
        ("day", True),
        ("below", False),
        ("unused", False),
    ]
    row = people["responses"]["200"]["content"]["application/json"]["schema"]["properties"]["rows"]["items"]
    assert row["required"] == ["id", "mail", "day"]
    assert row["properties"]["day"] == {"type": ["string", "null"], "format": "date"}


def test_every_answer_is_audited_before_it_leaves(client: TestClient, desk: Desk) -> None:
    tag = client.get("/api/crew").headers["etag"]
    client.get("/api/crew")
    client.get("/api/crew", headers={"if-none-match": tag})
    client.get("/api/denied")
    client.get("/api/people")
    rows = [each["row"] for each in desk.ledger.audited()]
    assert [(row["decision"], row["rows"]) for row in rows] == [
        ("allowed", 3),
        ("allowed", 3),
        ("unchanged", 0),
        ("refused", 0),
        ("refused", 0),
    ]
    assert rows[0]["columns"] == {"main.people": {"mail": "partial"}}
    assert {row["exit"] for row in rows} == {"api"}
    assert desk.ledger.verify_audit() is None
    requests = desk.ledger.evidence(kinds=["request"])
    assert [(row.subject, row.outcome) for row in requests] == [
        ("apis/crew", "ok"),
        ("apis/crew", "ok"),
        ("apis/crew", "ok"),
        ("apis/denied", "refused"),
        ("apis/people", "refused"),
    ]


def test_no_exit_of_the_api_lets_a_canary_out(client: TestClient, desk: Desk) -> None:
    paths = ["/api/crew", "/api/people?day=2013-12-01", "/api/people?day=canary", "/api/denied", "/openapi.json"]
    said = "".join(client.get(path).text for path in paths if "day=canary" not in path)
    assert "canary-" not in said
    assert "canary-" not in json.dumps([dict(each["row"]) for each in desk.ledger.audited()], default=str)
    copies = list((desk.root / ".mainstem" / "serving").rglob("*.duckdb"))
    assert len(copies) == 1


def test_a_column_that_nobody_may_see_is_not_in_the_copy(desk: Desk, folder: Path) -> None:
    for name in ("crew", "denied"):
        (folder / "serving" / "apis" / f"{name}.sql").unlink()
    publish(folder)
    desk.refresh()
    copy = next((folder / ".mainstem" / "serving").rglob("*.duckdb"))
    assert b"canary-" not in copy.read_bytes()


def test_the_desk_finds_a_new_release_by_itself(desk: Desk, folder: Path) -> None:
    publish(folder)
    stop, told = threading.Event(), list[MainstemError]()
    watching = threading.Thread(target=desk.watch, args=(stop, 0.02, told.append))
    watching.start()
    try:
        for _ in range(500):
            delivered = desk.ledger.evidence(kinds=["delivered"])
            if delivered:
                break
            stop.wait(0.02)
        assert desk.served.release.id == "r000001"
        outputs = desk.project.outputs.values()
        assert {row.subject for row in delivered} == {each.name for each in outputs if each.kind != "sync"}
    finally:
        stop.set()
        watching.join()
    assert told == []
