"""A person opens the console's pages: what each says, and what none ever says."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import pytest
from starlette.routing import Mount, Route
from starlette.testclient import TestClient
from tests.unit.console.shop import FILES, FIRST, HOSTILE, agreed, desk_over, later, publish, write

from mainstem.console.app import make_app
from mainstem.console.exits import EXIT_OF, declared, exit_of
from mainstem.core.evidence import Evidence
from mainstem.core.problem import MainstemError
from mainstem.core.reached import Reached
from mainstem.ledger.holder import this_holder
from mainstem.ledger.sqlite import open_ledger
from mainstem.orchestration.desk import Desk
from mainstem.orchestration.ground import Progress, unheard
from mainstem.orchestration.run import run
from mainstem.orchestration.told import telling
from mainstem.project import load

PAGES = [
    "/",
    "/?status=met",
    "/requirements/days-known",
    "/requirements/ready-early",
    "/requirements/shown",
    "/map",
    "/map?column=main.days.amount",
    "/catalog",
    "/catalog/main.days",
    "/catalog/till.sales",
    "/catalog/till.sales__quarantine",
    "/runs",
    "/dashboards",
    "/dashboards/sales",
    "/query",
    "/search?q=sales",
]


def text_of(page: str) -> str:
    """What a reader reads: without tags, white space as one blank."""
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", page).split()))


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_whole_and_lets_nothing_run_or_leak(site: TestClient, path: str) -> None:
    answer = site.get(path)
    assert answer.status_code == 200
    assert answer.text.rstrip().endswith("</html>")
    assert "alert('x')</script>" not in answer.text
    assert "canary-" not in answer.text
    assert not re.search(r"<[^>]+\sstyle=|<[^>]+\son[a-z]+=|<style", answer.text)
    assert not re.search(r"<script(?![^>]*(src=\"/static/|type=\"application/json\"))", answer.text)
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "<h1>" in answer.text
    assert answer.text.count("<h1") == 1 or path == "/dashboards/sales"


def test_the_scoreboard_says_in_one_sentence_how_things_stand(site: TestClient) -> None:
    said = text_of(site.get("/").text)
    assert re.search(r"(All 2|None of 2|1 of 2) agreed requirements (is|are) kept", said)
    assert "The baker" in said
    assert "bake what is sold" in said
    assert "Next deadline" in said
    assert "Last run" in said
    assert "Sales are ready in the morning" in said


def test_the_scoreboard_can_be_narrowed_to_one_status(site: TestClient) -> None:
    said = text_of(site.get("/?status=draft").text)
    assert "The baker sees what was sold" in said
    assert "Every day is known" not in said.partition("Since yesterday")[2].partition("Last run")[2]
    assert "No requirement is retired" in text_of(site.get("/?status=retired").text)
    assert site.get("/?status=nonsense").status_code == 200


def test_a_requirement_shows_whose_it_is_and_the_evidence_down_to_the_sql(site: TestClient) -> None:
    page = site.get("/requirements/days-known").text
    said = text_of(page)
    assert "Good bread Bake what is sold days-known" in said
    assert '<mark><a href="/catalog/main.days">main.days</a></mark>' in page
    assert "<mark>60 %</mark>" in page
    assert "agreed by The baker" in said
    assert "unchanged since" in said
    assert "the SQL that measured it" in said
    assert "The same as a table" in said
    assert re.search(r'<svg viewBox="[^"]+" role="img" aria-label="What was measured, each slice" class="plot">', page)
    assert "at least 60%" in said
    timed = site.get("/requirements/ready-early").text
    assert "due 05:15 UTC" in text_of(timed)


def test_a_functional_requirement_shows_its_proofs_and_the_missing_rung(site: TestClient) -> None:
    said = text_of(site.get("/requirements/shown").text)
    assert "dashboards/sales answers shown, 4 Dec 2013 06:00" in said
    assert "The baker accepts it not shown yet" in said
    assert "Next: answers, but nothing shows yet that it does what the sentence says" in said


def test_the_map_leads_from_sources_to_people(site: TestClient) -> None:
    page = site.get("/map").text
    for word in ("sources", "loaded", "models", "outputs", "requirements", "people"):
        assert f">{word}</text>" in page
    assert 'href="/catalog/main.days"' in page
    assert 'href="/requirements/ready-early"' in page
    assert 'data-from="till.sales" data-to="main.days"' in page
    column = site.get("/map?column=main.days.amount").text
    assert 'data-from="till.sales.amount" data-to="main.days.amount"' in column
    assert 'class="edge e-influence" data-from="till.sales.day"' in column


def test_a_dataset_shows_columns_checks_versions_and_rows_as_the_policy_says(site: TestClient) -> None:
    said = text_of(site.get("/catalog/main.days").text)
    assert "What was sold, by day" in said
    assert "rich fails for 1 of" in said
    assert "warning" in said
    assert "promised days-known , ready-early" in said
    assert "main/days@0 live" in said
    rows = site.get("/catalog/till.sales").text
    assert rows.count('<span class="hidden-value">redacted</span>') == 3
    assert "mail <span" in rows
    assert "/catalog/till.sales__quarantine" in rows
    aside = site.get("/catalog/till.sales__quarantine").text
    assert "Rows that were set aside" in aside
    assert "2013-12-04 06:00:00+00" in aside
    assert "hidden-value" in aside  # a row that was set aside holds the tagged column, too


def test_a_run_shows_its_steps_with_reasons_and_what_was_set_aside(site: TestClient, opened: Desk) -> None:
    runs = opened.ledger.runs("prod", 10)
    assert "published r000001" in text_of(site.get("/runs").text)
    said = text_of(site.get(f"/runs/{runs[-1]['run']}").text)
    assert "till.sales committed" in said
    assert "main.days committed" in said
    assert re.search(r"main.days committed \w[\w ,]+ 3 – 0\.\d\d", said)
    assert "Checks of this run" in said


def test_a_dashboard_shows_rows_and_pictures_of_one_release(site: TestClient) -> None:
    page = site.get("/dashboards/sales").text
    said = text_of(page)
    assert "Data as of 4 Dec 2013" in said
    assert "For The baker" in said
    assert page.count('class="plot"') == 2
    assert '<dl class="figures">' in page
    assert "2013-12-01" in said
    assert "vega.min.js" in page
    assert "\\u003cscript" in page
    assert 'name="since" value="2013-12-01"' in page
    later = site.get("/dashboards/sales?since=2013-12-03").text
    assert "2013-12-01" not in later.partition("<table")[2].partition("</table>")[0]
    wrong = text_of(site.get("/dashboards/sales?since=soon").text)
    assert 'parameter "since" is "soon", which is no date' in wrong
    unknown = site.get("/dashboards/sales?sinc=1")
    assert unknown.status_code == 400
    assert 'parameter "sinc" is not known' in text_of(unknown.text)


def test_a_dashboard_that_was_read_is_audited_and_is_evidence(site: TestClient, opened: Desk) -> None:
    last = max((each["id"] for each in opened.ledger.audited()), default=0)
    before = len(opened.ledger.evidence(kinds=["request"], subjects=["dashboards/sales"]))
    site.get("/dashboards/sales")
    rows = [each["row"] for each in opened.ledger.audited(last)]
    assert [row["decision"] for row in rows] == ["allowed"] * 3
    assert opened.ledger.verify_audit() is None
    asked = opened.ledger.evidence(kinds=["request"], subjects=["dashboards/sales"])
    assert [row.outcome for row in asked[before:]] == ["ok"]


def test_dashboards_without_pictures_of_vega_do_not_load_it(site: TestClient) -> None:
    assert "vega" not in site.get("/dashboards").text


def ask(site: TestClient, sql: str, **headers: str) -> str:
    answer = site.post("/query", content=urlencode({"sql": sql}), headers=headers)
    return f"{answer.status_code} {answer.text}"


def test_a_visitor_asks_and_is_answered_as_the_policy_says(site: TestClient) -> None:
    said = ask(site, "select id, mail, amount from till.sales order by id")
    assert said.startswith("200")
    assert "canary-" not in said
    assert said.count('<span class="hidden-value">') == 3
    assert '<td class="n">12.50</td>' in said


def test_a_wrong_query_is_told_with_the_way_out(site: TestClient) -> None:
    said = ask(site, "select idd from till.sales")
    assert said.startswith("400")
    assert "did you mean &#34;id&#34;?" in said
    refused = ask(site, f"select * from read_csv('/etc/passwd') -- {HOSTILE}")
    assert refused.startswith("400")
    assert "mend:" in refused
    assert "alert('x')</script>" not in refused
    assert ask(site, "").startswith("200")
    assert "V026" in ask(site, "x" * 200_000)


def test_more_rows_than_are_shown_are_told(site: TestClient) -> None:
    said = ask(site, "select a.i from range(600) a(i)")
    assert "there are more, only the first 500 are shown" in said


def test_a_query_in_an_address_is_only_written_down(site: TestClient, opened: Desk) -> None:
    before = len(opened.ledger.audited())
    page = site.get("/query?sql=select+id+from+till.sales").text
    assert ">select id from till.sales</textarea>" in page
    assert len(opened.ledger.audited()) == before


def test_rows_leave_by_the_exit_of_their_page_only(site: TestClient, opened: Desk) -> None:
    last = opened.ledger.audited()[-1]["id"] if opened.ledger.audited() else 0
    for path in PAGES:
        site.get(path)
    ask(site, "select 1 from till.sales")
    exits = {each["row"]["exit"] for each in opened.ledger.audited(last)}
    assert exits == {"catalog", "dashboard", "console"}


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("/nothing", "There is no such page"),
        ("/requirements/days-knwn", "did you mean &#34;days-known&#34;?"),
        ("/requirements/baker", "there is no requirement"),
        ("/catalog/main.dys", "did you mean &#34;main.days&#34;?"),
        ("/catalog/<script>", "does not exist"),
        ("/map?column=main.days.amout", "did you mean &#34;amount&#34;?"),
        ("/runs/nope", "<code>V025</code> there is no run"),
        ("/dashboards/sale", "did you mean &#34;sales&#34;?"),
        ("/static/nothing.js", "There is no such page"),
    ],
)
def test_an_unknown_name_is_told_in_the_same_look(site: TestClient, path: str, near: str) -> None:
    answer = site.get(path)
    assert answer.status_code == 404
    assert near in answer.text
    assert "<nav" in answer.text
    assert "<script>" not in answer.text


def test_a_bug_shows_no_data(site: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object) -> None:
        raise RuntimeError("canary-9 in a row")

    monkeypatch.setattr("mainstem.console.catalog.entries", breaks)
    answer = site.get("/catalog")
    assert answer.status_code == 500
    assert "canary-9" not in answer.text
    assert "in the log of the server" in answer.text
    assert answer.headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "localhost.evil.example", ""])
def test_a_strange_name_of_this_machine_is_refused(site: TestClient, host: str) -> None:
    for path in ("/", "/api/sales", "/static/console.css"):
        assert site.get(path, headers={"host": host}).status_code == 403


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:9", "127.0.0.1:8000", "[::1]:8000", "[::1]"])
def test_the_names_of_this_machine_are_answered(site: TestClient, host: str) -> None:
    assert site.get("/query", headers={"host": host}).status_code == 200


def test_another_name_is_answered_where_it_was_given(opened: Desk) -> None:
    site = TestClient(make_app(opened, hosts=["data.example"]), base_url="http://data.example:8000")
    assert site.get("/query").status_code == 200
    assert site.get("/query", headers={"host": "other.example"}).status_code == 403


def test_what_other_sites_send_is_refused(site: TestClient) -> None:
    for headers in ({"origin": "http://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}):
        assert ask(site, "select 1", **headers).startswith("403")
    own = {"origin": "http://localhost:8000", "sec-fetch-site": "same-origin"}
    assert ask(site, "select 1 as one from till.sales", **own).startswith("200")


def test_the_data_apis_are_there_too(site: TestClient) -> None:
    answer = site.get("/api/sales")
    assert answer.json()["rows"][0]["mail"] == "[redacted]"
    assert "content-security-policy" in answer.headers
    assert site.get("/openapi.json").json()["info"]["title"] == "shop: data APIs"


def test_search_finds_names_and_titles(site: TestClient) -> None:
    found = site.get("/search.json").json()["things"]
    assert {"kind": "dataset", "name": "main.days", "title": "main.days", "address": "/catalog/main.days"} in found
    assert {each["kind"] for each in found} == {"requirement", "dataset", "dashboard", "api"}
    assert "Nothing here is called so" in site.get("/search?q=zebra").text


def test_static_files_may_be_kept_since_their_address_changes_with_them(site: TestClient) -> None:
    page = site.get("/").text
    for address in re.findall(r'(?:src|href)="(/static/[^"#]+)', page):
        answer = site.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert site.get("/").headers["cache-control"] == "no-store"


def test_every_address_is_declared_with_its_exit(opened: Desk) -> None:
    routes = make_app(opened).routes
    assert {each.path for each in routes if isinstance(each, Route | Mount)} == set(EXIT_OF)
    with pytest.raises(ValueError, match="not declared"):
        declared([Route("/new", lambda asked: None)])
    with pytest.raises(ValueError, match="no rows leave"):
        exit_of("/map")


def test_a_run_that_failed_says_why_and_what_mends_it(tmp_path: Path) -> None:
    write(tmp_path)
    model = tmp_path / "models" / "days.sql"
    model.write_text(model.read_text().replace("severity: warning", "severity: error"))
    (tmp_path / "models" / "later.sql").write_text("select * from main.days")
    project = load(tmp_path)
    ledger = open_ledger(project.ledger)
    assert run(project, ledger, agreed(tmp_path)).failures
    ledger.close()
    with desk_over(tmp_path) as desk:
        ledger = desk.ledger
        site = TestClient(make_app(desk), base_url="http://localhost")
        said = text_of(site.get(f"/runs/{ledger.runs('prod', 1)[0]['run']}").text)
        assert "Failed" in said
        assert re.search(r"[A-Z]\d{3} main.days : .*rich", said)
        failed = ledger.runs("prod", 1)[0]["summary"]["failed"][0]
        assert failed["mend"] in said
        assert "Not tried, since they read what failed: main.later" in said
        assert "O003" not in said
        runs = site.get("/runs").text
        assert "glyph s-violated" in runs
        assert "; 1 not tried" in text_of(runs)


def test_a_wrong_text_is_told_and_the_last_good_one_stays(tmp_path: Path) -> None:
    write(tmp_path)
    publish(tmp_path, agreed(tmp_path))
    with desk_over(tmp_path) as desk:
        site = TestClient(make_app(desk), base_url="http://localhost")
        assert "cannot be used as it stands" not in site.get("/").text
        model = tmp_path / "models" / "days.sql"
        text = model.read_text()
        model.write_text(text.replace("sum(amount)", "sum(amout)"))
        with pytest.raises(MainstemError):
            desk.refresh()
        page = text_of(site.get("/catalog/main.days").text)
        assert "cannot be used as it stands" in page
        assert "models/days.sql" in page
        assert "What was sold, by day" in page
        model.write_text(text)
        desk.refresh()
        assert "cannot be used as it stands" not in site.get("/").text


def test_without_a_release_pages_say_what_to_do(tmp_path: Path) -> None:
    write(tmp_path)
    with desk_over(tmp_path) as desk:
        site = TestClient(make_app(desk), base_url="http://localhost")
        for path in PAGES:
            if "column=" not in path:
                assert site.get(path).status_code == 200, path
        assert "nothing published" in site.get("/").text
        assert "C008" in site.get("/dashboards/sales").text
        assert ask(site, "select 1").startswith("400")


def test_judging_is_kept_until_something_is_recorded(site: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    site.get("/map")
    calls = []

    def judged(*_: object) -> None:
        calls.append(1)
        raise AssertionError("judged again")

    monkeypatch.setattr("mainstem.console.site.judge", judged)
    assert site.get("/").status_code == 200
    assert site.get("/runs").status_code == 200
    assert calls == []


@pytest.mark.parametrize("is_stopped", [False, True])
def test_a_run_that_is_under_way_or_was_stopped_breaks_no_page(tmp_path: Path, is_stopped: bool) -> None:
    write(tmp_path)
    publish(tmp_path, agreed(tmp_path))
    ledger = open_ledger(load(tmp_path).ledger)
    ledger.begin_run("started", "prod", agreed(tmp_path).now(), this_holder())
    if is_stopped:
        ledger.end_run("started", agreed(tmp_path).now(), "failed", {})
    ledger.close()
    with desk_over(tmp_path) as desk:
        site = TestClient(make_app(desk), base_url="http://localhost")
        for path in ("/", "/runs", "/runs/started"):
            answer = site.get(path)
            assert answer.status_code == 200
            assert ("failed" if is_stopped else "under way") in text_of(answer.text).lower()


@pytest.mark.parametrize("path", ["/", "/?status=met", "/runs"])
def test_a_page_that_has_seen_all_is_not_made_again(tmp_path: Path, path: str) -> None:
    write(tmp_path)
    publish(tmp_path, agreed(tmp_path))
    with desk_over(tmp_path) as desk:
        site = TestClient(make_app(desk), base_url="http://localhost")
        seen = seen_by(site.get(path).text)
        assert site.get(path, headers={"Seen": seen}).status_code == 204
        site.get("/dashboards/sales")
        assert site.get(path, headers={"Seen": seen}).status_code == 204
        publish(tmp_path, later(tmp_path, 1))
        desk.refresh()
        newer = site.get(path, headers={"Seen": seen})
        assert newer.status_code == 200
        assert seen_by(newer.text) != seen
        model = tmp_path / "models" / "days.sql"
        model.write_text(model.read_text().replace("by day", "by each day", 1))
        desk.refresh()
        assert site.get(path, headers={"Seen": seen_by(newer.text)}).status_code == 200


def seen_by(page: str) -> str:
    found = re.search(r'hx-headers=\'{"Seen": "(\w+)"}\'', page)
    assert found is not None
    return found[1]


def test_versions_of_another_environment_are_not_in_the_history(tmp_path: Path) -> None:
    write(tmp_path)
    publish(tmp_path, agreed(tmp_path))
    (tmp_path / "mainstem.yml").write_text(FILES["mainstem.yml"] + "environments: {prod: {}, dev: {}}\n")
    (tmp_path / "models" / "days.sql").write_text(FILES["models/days.sql"].replace("group by", "where true group by"))
    publish(tmp_path, later(tmp_path, 1), "dev")
    with desk_over(tmp_path) as desk:
        site = TestClient(make_app(desk), base_url="http://localhost")
        held = desk.served.release.versions["main.days"].id
        past = site.get("/catalog/main.days").text.partition("Versions over time")[2]
        assert re.findall(r"<code>(\S+?)</code>", past) == [held]


def test_only_a_run_under_way_is_looked_at_again(tmp_path: Path) -> None:
    write(tmp_path)
    publish(tmp_path, agreed(tmp_path))
    with desk_over(tmp_path) as desk:
        site = TestClient(make_app(desk), base_url="http://localhost")
        desk.ledger.begin_run("started", "prod", agreed(tmp_path).now(), this_holder())
        desk.ledger.record(
            [Evidence("version", "main.days", FIRST, version="main/days@7", run="started", facts={"rows": 12})], FIRST
        )
        under_way = site.get("/runs/started").text
        assert "Ready so far" in under_way
        assert "main.days main/days@7 12" in text_of(under_way)
        seen = seen_by(under_way)
        with telling(desk.root, "started", unheard) as hear:
            hear(Progress("step-at", "till.sales", "", 0, 2, Reached("reading", 31, 0.38, 30)))
            long = site.get("/runs/started", headers={"Seen": seen})
            assert "till.sales reading for 0:31, 38%, about 0:48 left" in text_of(long.text)
            assert site.get("/runs/started", headers={"Seen": seen_by(long.text)}).status_code == 204
            hear(Progress("step-done", "till.sales", "committed", 1, 2))
            assert "about 0:48 left" not in text_of(site.get("/runs/started").text)
        assert site.get("/runs/started", headers={"Seen": seen}).status_code == 204
        desk.ledger.end_run("started", agreed(tmp_path).now(), "failed", {})
        ended = site.get("/runs/started", headers={"Seen": seen})
        assert ended.status_code == 200
        assert "hx-get" not in ended.text
        assert "Ready so far" not in ended.text


def test_the_catalog_lists_what_every_word_occurs_in(site: TestClient) -> None:
    assert 'href="/catalog/till.sales"' not in site.get("/catalog?q=sold+DAY").text
    assert 'href="/catalog/main.days"' in site.get("/catalog?q=sold+DAY").text
    assert 'href="/catalog/till.sales"' in site.get("/catalog?q=mail").text
    assert "In no dataset does" in site.get("/catalog?q=<script>").text


def test_partitions_that_came_out_alike_are_one_line_of_a_run(site: TestClient, opened: Desk) -> None:
    first = opened.ledger.runs("prod", 10)[-1]["run"]
    checks = text_of(site.get(f"/runs/{first}").text).partition("Checks of this run")[2]
    assert checks.count("not_null") == 1
    assert "on 2013-12-03, and on 2 more" in checks
