"""How long a person waits for a page of the console: warm, and as the first who asks after a release.

The project is a week of the demo. A page is loaded as by a browser that has never been here: its document, its styles,
scripts and icons, one after the other, without Vega, which only dashboards with such a picture load.
"""

from __future__ import annotations

import http.client
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from mainstem.console.app import make_app
from mainstem.ledger.sqlite import open_ledger
from mainstem.orchestration.desk import Desk
from mainstem.project import load

FIRST_BYTE_S, COMPLETE_S, SIZE_KB = 0.1, 0.5, 300
"""The budget of every page; its size is that without pictures that scripts draw."""

WARM = 10
"""How often a warm page is loaded; the median is kept."""

PAGES = {
    "board": "/",
    "requirement": "/requirements/ops-morning-delays",
    "map": "/map",
    "catalog": "/catalog",
    "dataset": "/catalog/marts.delay_causes",
    "runs": "/runs",
    "run": "/runs/RUN",
    "dashboard": "/dashboards/morning-delays",
}
CHANGED = "models/marts/delay_causes.sql"
"""A model whose meaning changes before each release."""

_ASSET = re.compile(rb'(?:src|href)="(/static/[^"#]+)')


@dataclass(frozen=True)
class Load:
    """Seconds to the first byte and to the last of all that a page is made of, and how many kB came."""

    first_byte_s: float
    complete_s: float
    size_kb: float


@dataclass(frozen=True)
class Page:
    """A kind of page: the median of warm loads, and the best of some loads, each the first of any after a release."""

    kind: str
    warm: Load
    first: Load

    @property
    def is_reached(self) -> bool:
        """Whether the budget is, by both loads."""
        loads = (self.warm, self.first)
        return all(
            each.first_byte_s <= FIRST_BYTE_S and each.complete_s <= COMPLETE_S and each.size_kb <= SIZE_KB
            for each in loads
        )


def measured(folder: Path, repeat: int) -> Iterator[Page]:
    """Every kind of page over a week of the demo, made in `folder`; `repeat` releases for each."""
    mainstem = [sys.executable, "-m", "mainstem"]
    week = ["demo", str(folder), "--from", "2013-12-25", "--no-serve"]
    subprocess.run([*mainstem, *week], check=True, capture_output=True)
    with served(folder) as (desk, port):
        publish(folder, desk, 0)
        run = desk.ledger.runs(desk.env, 1)[0]["run"]
        for number, (kind, path) in enumerate(PAGES.items()):
            address = path.replace("RUN", run)
            firsts = []
            for release in range(repeat):
                publish(folder, desk, 1 + number * repeat + release)
                firsts.append(loaded(port, address))
            warm = sorted((loaded(port, address) for _ in range(WARM)), key=lambda each: each.complete_s)
            yield Page(kind, warm[WARM // 2], min(firsts, key=lambda each: each.complete_s))


@contextmanager
def served(folder: Path) -> Iterator[tuple[Desk, int]]:
    """The console of a project on a free port, in threads of this process."""
    ledger = open_ledger(load(folder).ledger)
    desk = Desk(folder, "prod", ledger)
    desk.refresh()
    stop = threading.Event()
    watch = threading.Thread(target=desk.watch, args=(stop, 0.05, print))
    config = uvicorn.Config(make_app(desk), port=0, log_level="warning", access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    serving = threading.Thread(target=server.run)
    for thread in (watch, serving):
        thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield desk, server.servers[0].sockets[0].getsockname()[1]
    finally:
        stop.set()
        server.should_exit = True
        for thread in (watch, serving):
            thread.join()
        desk.close()
        ledger.close()


def publish(folder: Path, desk: Desk, number: int) -> None:
    """Another release, by a run in a process of its own; it is served when this returns, and nobody has read of it."""
    before = desk.served.release.id
    model = folder / CHANGED
    text = re.sub(r"visib < \d+", f"visib < {number + 4}", model.read_text())
    draft = folder / "draft.sql"
    draft.write_text(text)
    draft.replace(model)
    subprocess.run([sys.executable, "-m", "mainstem", "run"], cwd=folder, check=True, capture_output=True)
    while desk.served.release.id == before:
        time.sleep(0.001)


def loaded(port: int, path: str) -> Load:
    """One load of a page and of all that it is made of, over one connection. SystemExit for an answer but 200."""
    browser = http.client.HTTPConnection("127.0.0.1", port)
    start_s = time.perf_counter()
    browser.request("GET", path)
    answer = browser.getresponse()
    first_byte_s = time.perf_counter() - start_s
    document = answer.read()
    size = len(document)
    if answer.status != 200:
        raise SystemExit(f"{path} was answered {answer.status}")
    for asset in dict.fromkeys(_ASSET.findall(document)):
        if b"/vendor/vega" in asset or b"/vega-blocks" in asset:
            continue
        browser.request("GET", asset.decode())
        size += len(browser.getresponse().read())
    complete_s = time.perf_counter() - start_s
    browser.close()
    return Load(first_byte_s, complete_s, size / 1000)


def line(page: Page) -> str:
    """A kind of page in one line."""
    return (
        f"console: {page.kind:12} "
        + "   ".join(
            f"{name} {each.first_byte_s * 1000:4.0f} ms first byte, {each.complete_s * 1000:4.0f} ms whole"
            for name, each in (("warm", page.warm), ("first of a release", page.first))
        )
        + f"   {page.first.size_kb:4.0f} kB  budget {'reached' if page.is_reached else 'not reached'}"
    )


def table(pages: list[Page]) -> str:
    """The pages in docs/performance.md."""
    rows = "".join(
        f"| {page.kind} | {page.warm.first_byte_s * 1000:.0f} | {page.warm.complete_s * 1000:.0f} "
        f"| {page.first.first_byte_s * 1000:.0f} | {page.first.complete_s * 1000:.0f} | {page.first.size_kb:.0f} "
        f"| {'reached' if page.is_reached else 'not reached'} |\n"
        for page in pages
    )
    return (
        "\n## Pages of the console\n\n"
        "Over a week of the demo, milliseconds by the wall: first byte, and whole page with its styles and scripts,\n"
        "nothing cached by the browser. *First* is the first load of any page after a release became visible (the\n"
        "best of some releases).\n"
        f"The budget is {FIRST_BYTE_S * 1000:.0f} ms, {COMPLETE_S * 1000:.0f} ms and {SIZE_KB} kB, without Vega.\n\n"
        "| page | warm: first byte | warm: whole | first: first byte | first: whole | kB | budget |\n"
        "| --- | ---: | ---: | ---: | ---: | ---: | --- |\n" + rows
    )
