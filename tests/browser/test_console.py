"""A person opens every page of the console in a browser: it works, says no error, and can be read by everybody."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, ConsoleMessage, Page, expect
from tests.unit.console.shop import desk_over, later, open_shop, publish

from mainstem.console.app import make_app
from mainstem.core.clock import WallClock
from mainstem.ledger.sqlite import open_ledger
from mainstem.orchestration.run import run
from mainstem.project import load

AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text(encoding="utf-8")
PAGES = [
    "/",
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
    "/runs/RUN",
    "/dashboards",
    "/dashboards/sales",
    "/query",
    "/search?q=day",
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small published project."""
    return open_shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def address(shop: Path) -> Iterator[str]:
    """The address of a console over it, which looks for newer releases as `mainstem up` does."""
    with served(shop) as found:
        yield found


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a console over a project, while inside."""
    stop = threading.Event()
    with desk_over(folder) as desk:
        server = uvicorn.Server(uvicorn.Config(make_app(desk), host="127.0.0.1", port=0, log_level="warning"))
        threads = [threading.Thread(target=server.run), threading.Thread(target=desk.watch, args=(stop, 0.1, print))]
        for thread in threads:
            thread.start()
        while not server.started:
            time.sleep(0.02)
        try:
            yield f"http://localhost:{server.servers[0].sockets[0].getsockname()[1]}"
        finally:
            server.should_exit = True
            stop.set()
            for thread in threads:
                thread.join()


@pytest.fixture(params=["light", "dark"])
def page(request: pytest.FixtureRequest, browser: Browser, address: str) -> Iterator[Page]:
    """A page in light or dark colours that fails its test when the browser's console says an error."""
    context = browser.new_context(color_scheme=request.param, base_url=address, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    told: list[str] = []

    def tell(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            told.append(message.text)

    page.on("console", tell)
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("dialog", lambda dialog: (told.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    yield page
    context.close()
    assert told == []


def open_page(page: Page, path: str) -> None:
    if "RUN" in path:
        page.goto("/runs")
        path = page.locator("main a.row").last.get_attribute("href") or ""
    page.goto(path)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_can_be_read_by_everybody(page: Page, path: str) -> None:
    open_page(page, path)
    for summary in page.locator("main summary").all()[:3]:
        summary.click()
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    grave = [
        (each["id"], [node["html"][:160] for node in each["nodes"]][:3])
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
    ]
    assert grave == []


@pytest.mark.parametrize("path", PAGES)
def test_no_page_is_wider_than_a_phone(browser: Browser, address: str, path: str) -> None:
    context = browser.new_context(base_url=address, viewport={"width": 390, "height": 844})
    page = context.new_page()
    open_page(page, path)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    context.close()


LONG = "the_warehouse_of_the_north.everything_that_was_ever_ordered_by_anybody_at_all"


def test_wide_tables_and_long_names_stay_inside_a_phone(browser: Browser, tmp_path: Path) -> None:
    source, table = LONG.split(".")
    names = [f"a_rather_long_column_name_{number}" for number in range(20)]
    text = "{path: a.csv, columns: {id: bigint}}"
    files = {
        "mainstem.yml": "name: wide\n",
        f"sources/{source}.yml": f"kind: files\npath: inbox\ntables: {{{table}: {text}}}\n",
        "inbox/a.csv": f"id,{','.join(names)}\n1,{','.join(names)}\n{'x' * 90},{','.join(names)}\n",
        "models/wide.sql": f"select * from {LONG}\n",
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    project = load(tmp_path)
    with closing(open_ledger(project.ledger)) as ledger:
        assert run(project, ledger, WallClock()).release is not None
    with served(tmp_path) as found:
        page = browser.new_page(base_url=found, viewport={"width": 390, "height": 844})
        for path in (
            "/",
            "/map",
            "/catalog",
            f"/catalog/{LONG}",
            f"/catalog/{LONG}__quarantine",
            "/runs/RUN",
            "/query",
        ):
            open_page(page, path)
            assert (path, page.evaluate("document.documentElement.scrollWidth")) == (path, 390)
        page.close()


@pytest.mark.parametrize("width", [1280, 1440])
def test_the_map_fits_a_laptop(browser: Browser, address: str, width: int) -> None:
    page = browser.new_page(base_url=address, viewport={"width": width, "height": 800})
    page.goto("/map")
    box = page.locator('[data-id="person:baker"]').bounding_box()
    assert box is not None
    assert box["x"] + box["width"] < width
    assert page.evaluate("(map => map.scrollWidth - map.clientWidth)(document.querySelector('.map'))") == 0
    page.close()


@pytest.mark.parametrize("path", ["/", "/requirements/ready-early", "/map", "/catalog/main.days", "/dashboards/sales"])
def test_pages_work_without_javascript(browser: Browser, address: str, path: str) -> None:
    context = browser.new_context(base_url=address, java_script_enabled=False)
    page = context.new_page()
    page.goto(path)
    expect(page.get_by_role("heading", level=1).first).to_be_visible()
    page.get_by_role("link", name="Runs").click()
    expect(page).to_have_title("Runs · shop")
    page.goto("/query")
    page.get_by_label("SQL").fill("select id from till.sales order by id limit 2")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("cell")).to_have_text(["1", "2"])
    context.close()


def test_a_server_that_is_gone_is_told(browser: Browser, address: str) -> None:
    page = browser.new_page(base_url=address)
    page.goto("/")
    page.route("**/*", lambda route: route.abort())
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_role("status")).to_have_text("The server does not answer. This is how things stood.")
    page.unroute("**/*")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_role("status")).to_have_text("")
    page.close()


def test_keys_lead_to_pages_and_search_finds(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("g")
    page.keyboard.press("c")
    expect(page).to_have_title("Catalog · shop")
    page.wait_for_load_state()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("morning")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page).to_have_title("Sales are ready in the morning · shop")
    page.goto("/")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator(".say")).to_be_visible()


def test_colours_are_chosen_and_kept(page: Page) -> None:
    page.goto("/")
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    other = "dark" if page.evaluate("matchMedia('(prefers-color-scheme: light)').matches") else "light"
    while page.locator("#theme-name").inner_text() != other:
        page.get_by_role("button", name="Colours").click()
    after = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert after != before
    page.goto("/runs")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == after


def test_pointing_at_a_thing_lights_up_what_it_rests_on(page: Page) -> None:
    page.goto("/map")
    page.locator('[data-id="main.days"]').hover()
    lit = {each.get_attribute("data-id") for each in page.locator(".node.on").all()}
    assert {"source:till", "till.sales", "main.days", "requirement:ready-early", "person:baker"} <= lit
    assert "apis/sales" not in lit
    page.locator('[data-id="main.days"]').click()
    expect(page).to_have_title("main.days · shop")


def test_a_query_is_sent_and_answered(page: Page) -> None:
    page.goto("/query?sql=select+what,+mail+from+till.sales+order+by+id")
    page.get_by_label("SQL").press("Control+Enter")
    expect(page.get_by_role("cell").first).to_have_text("<script>alert('x')</script>")
    expect(page.get_by_text("redacted").first).to_be_visible()


def test_a_dashboard_draws_its_pictures_without_compiling_code(page: Page) -> None:
    page.goto("/dashboards/sales")
    expect(page.locator("svg.plot")).to_have_count(2)
    expect(page.locator(".vega canvas")).to_be_visible()
    page.get_by_label("From").fill("2013-12-02")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("table").first.get_by_role("row")).to_have_count(3)


def test_a_page_shows_by_itself_what_is_new_and_keeps_the_focus(browser: Browser, address: str, shop: Path) -> None:
    context = browser.new_context(base_url=address)
    page = context.new_page()
    page.goto("/runs")
    row = page.locator("main a.row").first
    row.focus()
    held, count = row.get_attribute("id"), page.locator("main a.row").count()
    publish(shop, later(shop, 3))
    expect(page.locator("main a.row")).to_have_count(count + 1, timeout=20_000)
    assert page.evaluate("document.activeElement.id") == held
    assert page.locator("main a.row").first.get_attribute("id") != held
    context.close()


def test_the_catalog_narrows_while_somebody_types(page: Page) -> None:
    page.goto("/catalog")
    page.get_by_label("Narrow the list").press_sequentially("day")
    expect(page.locator("main a.row")).to_have_count(2)
    page.get_by_label("Narrow the list").press_sequentially("s by")
    expect(page.locator("main a.row")).to_have_count(1)
    expect(page.locator("main a.row")).to_contain_text("What was sold, by day")
    expect(page).to_have_url(re.compile(r"/catalog\?q=days(\+|%20)by$"))
    page.reload()
    expect(page.locator("main a.row")).to_have_count(1)
