"""Two hundred clients read a data API while runs publish: no error, and no answer that mixes two releases.

    python bench/serve.py [--clients 200] [--seconds 60] [--every 10]

The API joins two tables that every release changes together; an answer in which they differ is a mixed one.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn

from mainstem.console.api import Api
from mainstem.ledger.sqlite import open_ledger
from mainstem.orchestration.desk import Desk
from mainstem.project import load

FILES = {
    "mainstem.yml": "name: pair\nlake: lake/\n",
    "models/a.sql": "select 0 as n\n",
    "models/b.sql": "select n, n * 2 as twice from a\n",
    "models/c.sql": "select n, twice * 2 as four from b\n",
    "serving/apis/pair.sql": (
        "/* ---\ntitle: Parts of one release\nparams:\n  client: {type: integer, default: 0}\n--- */\n"
        "select a.n, b.twice, c.four, $client as client from a, b, c\n"
    ),
}


@dataclass
class Seen:
    """What the clients were answered: statuses, releases, seconds of each answer, and every answer that is wrong."""

    statuses: Counter[int] = field(default_factory=Counter)
    releases: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def write_project(folder: Path) -> None:
    """The project whose tables belong together."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def publish(folder: Path, number: int) -> None:
    """One run, in a process of its own, as a schedule would start it."""
    draft = folder / "a.sql"
    draft.write_text(f"select {number} as n\n")
    draft.replace(folder / "models" / "a.sql")
    subprocess.run([sys.executable, "-m", "mainstem", "run"], cwd=folder, check=True, capture_output=True)


async def client(number: int, port: int, until_s: float, seen: Seen) -> None:
    """One client on one connection: it asks again as soon as it is answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    asked = 0
    while time.monotonic() < until_s:
        asked += 1
        start_s = time.monotonic()
        path = f"/api/pair?client={number if asked % 4 else asked}"
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
        body = await reader.readexactly(length)
        seen.seconds.append(time.monotonic() - start_s)
        seen.statuses[int(head.split()[1])] += 1
        _judge(body, seen)
    writer.close()


def _judge(body: bytes, seen: Seen) -> None:
    answer = json.loads(body)
    rows = answer.get("rows", [])
    if len(rows) != 1 or not rows[0]["n"] * 4 == rows[0]["twice"] * 2 == rows[0]["four"]:
        seen.wrong.append(body.decode())
        return
    if int(answer["release"].removeprefix("r")) != rows[0]["n"]:
        seen.wrong.append(body.decode())
    seen.releases[answer["release"]] += 1


async def load_test(folder: Path, port: int, clients: int, seconds: float, every: float) -> Seen:
    """The clients for so many seconds, while a run publishes so often."""
    seen, until_s = Seen(), time.monotonic() + seconds
    asking = [asyncio.create_task(client(number, port, until_s, seen)) for number in range(clients)]
    number = 1
    while time.monotonic() + every < until_s:
        await asyncio.sleep(every)
        number += 1
        await asyncio.to_thread(publish, folder, number)
    await asyncio.gather(*asking)
    return seen


def serve(folder: Path, port: int) -> tuple[uvicorn.Server, Desk, threading.Event]:
    """The API of a project on that port, in threads of this process."""
    desk = Desk(folder, "prod", open_ledger(load(folder).ledger))
    desk.refresh()
    stop = threading.Event()
    threading.Thread(target=desk.watch, args=(stop, 0.2, print), daemon=True).start()
    config = uvicorn.Config(Api(desk), port=port, log_level="warning", access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    threading.Thread(target=server.run, daemon=True).start()
    while not server.started:
        time.sleep(0.01)
    return server, desk, stop


def main() -> None:
    """Run it, and tell what was seen; exit code 1 for any error or mixed answer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--every", type=float, default=10)
    parser.add_argument("--port", type=int, default=8766)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mainstem-serve-") as work:
        folder = Path(work)
        write_project(folder)
        publish(folder, 1)
        server, desk, stop = serve(folder, options.port)
        seen = asyncio.run(load_test(folder, options.port, options.clients, options.seconds, options.every))
        server.should_exit = True
        stop.set()
        desk.close()
    ordered = sorted(seen.seconds)
    print(f"{len(ordered)} answers to {options.clients} clients in {options.seconds:g} s: {dict(seen.statuses)}")
    print(f"releases: {dict(sorted(seen.releases.items()))}")
    print(f"median {ordered[len(ordered) // 2] * 1000:.0f} ms, 99% {ordered[len(ordered) * 99 // 100] * 1000:.0f} ms")
    print(f"mixed or wrong: {len(seen.wrong)}", *seen.wrong[:3])
    sys.exit(bool(seen.wrong) or set(seen.statuses) != {200} or len(seen.releases) < 2)


if __name__ == "__main__":
    main()
