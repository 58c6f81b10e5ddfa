"""What an answer of the data API costs the server: keyed look-ups uncached, kept answers, and answers that are held.

Beside it a bare Starlette application that asks DuckDB the same question: no gate, no audit, no release, no worker.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROWS = 200_000
CLIENTS = 8
FILES = {
    "mainstem.yml": "name: lookups\nlake: lake/\n",
    "models/things.sql": (
        "/* ---\nkey: [id]\n--- */\n"
        "select i // 5 as id, i % 5 as part, 'thing ' || i as name, i * 1.5::double as amount\n"
        f"from range({ROWS}) t(i)\n"
    ),
    "serving/apis/things.sql": (
        "/* ---\ntitle: The parts of a thing\nparams:\n  id: {type: bigint, required: true}\n--- */\n"
        "select id, part, name, amount from things where id = $id order by part\n"
    ),
}
BARE = """
import sys
import duckdb, uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

database = duckdb.connect("bare.duckdb", read_only=True, config={"threads": 1})

def things(request):
    rows = database.cursor().execute(
        "select id, part, name, amount from things where id = ? order by part", [int(request.query_params["id"])]
    ).fetchall()
    return JSONResponse([dict(zip(("id", "part", "name", "amount"), row)) for row in rows])

app = Starlette(routes=[Route("/api/things", things)])
uvicorn.run(app, port=int(sys.argv[1]), log_level="error", access_log=False, lifespan="off")
"""


def write_project(folder: Path) -> None:
    """A table of 200,000 rows, five of each key, and an API that looks a key up; the same table for the bare server."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    subprocess.run([sys.executable, "-m", "mainstem", "run"], cwd=folder, check=True, capture_output=True)
    (folder / "bare.py").write_text(BARE)
    make = FILES["models/things.sql"].partition("--- */\n")[2].strip()
    script = f"import duckdb; duckdb.connect('bare.duckdb').execute('''create table things as {make} order by 1''')"
    subprocess.run([sys.executable, "-c", script], cwd=folder, check=True)


def served(folder: Path, command: Callable[[int], Sequence[str]]) -> tuple[subprocess.Popen[bytes], int]:
    """A server on a free port, once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    process = subprocess.Popen(command(port), cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(1000):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return process, port
    raise SystemExit("the server did not start")


def cpu_s(process: int) -> float:
    """CPU seconds of a process and its living children."""
    total = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if process in (int(stat.parent.name), int(fields[1])):
            total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


async def _client(port: int, paths: Sequence[str], headers: str, seen: list[int]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for path in paths:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{headers}\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        seen.append(int(head.split()[1]))
        length = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
        if length and seen[-1] != 304:
            await reader.readexactly(int(length))
    writer.close()


def ask(port: int, paths: Sequence[str], expected: int, headers: str = "") -> None:
    """All paths, by eight clients at once; every answer has the expected status."""

    async def all_of_them() -> list[int]:
        seen: list[int] = []
        await asyncio.gather(*(_client(port, paths[each::CLIENTS], headers, seen) for each in range(CLIENTS)))
        return seen

    statuses = asyncio.run(all_of_them())
    if set(statuses) != {expected}:
        raise SystemExit(f"answers were {set(statuses)}, not {expected}")


def etag(port: int, path: str) -> str:
    """The ETag of an answer."""
    from urllib.request import urlopen

    with urlopen(f"http://127.0.0.1:{port}{path}") as answer:
        return str(answer.headers["etag"])
