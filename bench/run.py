"""Runs every workload with its peers in one go; CPU seconds of the process tree.

    python bench/run.py [--models 1000] [--repeat 3] [--only startup,validate,...] [--peers 'dbt Core']

dbt Core and SQLMesh are installed into environments of their own where that works; raw DuckDB always stands beside.
A run of every workload writes bench/results/latest.json and docs/performance.md; with --only the figures are printed.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

import api as bench_api
import databases as bench_databases
import ingest as bench_ingest
import pages as bench_pages
from workload import write_dbt_project, write_project, write_sqlmesh_project

HERE = Path(__file__).parent
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
    "DO_NOT_TRACK": "1",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "SQLMESH__DISABLE_ANONYMIZED_ANALYTICS": "true",
}
"""As a user's: compiled modules are kept between starts. Nobody reports home while it is measured."""
MAINSTEM = str(Path(sys.executable).parent / "mainstem")


@dataclass(frozen=True)
class Result:
    """One workload by one tool: least CPU seconds of the repeats, wall of the same repeat, peak memory."""

    workload: str
    tool: str
    cpu_s: float
    wall_s: float
    memory_mb: float
    budget_s: float | None = None


class CommandError(Exception):
    """A measured command ended with another exit code than 0; the message ends with what it said."""


def measure(
    command: list[str], folder: Path, repeat: int, before: Callable[[], None] | None = None
) -> tuple[float, float, float]:
    """Least CPU seconds of `repeat` runs of a command, with its wall seconds and peak memory in MB.

    The command can ask nobody: its standard input is empty. Its home is `folder`, so that it finds no settings of the
    user's and leaves nothing there.
    """
    best = (float("inf"), 0.0, 0.0)
    environment = ENVIRONMENT | {"HOME": str(folder)}
    for _ in range(repeat):
        if before:
            before()
        with tempfile.TemporaryFile() as said:
            start_s = time.perf_counter()
            process = subprocess.Popen(
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT, env=environment
            )
            _, status, usage = os.wait4(process.pid, 0)
            wall_s = time.perf_counter() - start_s
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                said.seek(0)
                raise CommandError(f"{' '.join(command)} failed:\n{said.read().decode(errors='replace')[-2000:]}")
        best = min(best, (usage.ru_utime + usage.ru_stime, wall_s, usage.ru_maxrss / 1000))
    return best


def startup(count: int, repeat: int, work: Path) -> Iterator[Result]:
    """`--version` and `--help`, over a bare interpreter."""
    yield Result("start-up", "bare python", *measure([sys.executable, "-c", "pass"], work, repeat))
    yield Result("start-up: --version", "mainstem", *measure([MAINSTEM, "--version"], work, repeat), budget_s=0.10)
    yield Result("start-up: --help", "mainstem", *measure([MAINSTEM, "--help"], work, repeat), budget_s=0.15)


def validate(count: int, repeat: int, work: Path) -> Iterator[Result]:
    """`validate`, with and without a cache."""
    folder = work / "validate"
    write_project(folder, count)

    def forget() -> None:
        shutil.rmtree(folder / ".mainstem", ignore_errors=True)

    cold = measure([MAINSTEM, "validate"], folder, repeat, forget)
    yield Result(f"validate {count} models, cold", "mainstem", *cold, budget_s=3.5)
    warm = measure([MAINSTEM, "validate"], folder, repeat)
    yield Result(f"validate {count} models, warm", "mainstem", *warm, budget_s=0.4)
    yield from beside(work, count, validate_peer)


RAW = """
import duckdb, sys
sys.path.insert(0, {here!r})
from workload import model_texts
db = duckdb.connect('raw.duckdb')
for name, sql in model_texts({count}).items():
    db.execute(f'create or replace table {{name}} as {{sql}}')
"""


def build(count: int, repeat: int, work: Path) -> Iterator[Result]:
    """A full build with commits and release, then a run with nothing changed; raw DuckDB beside it."""
    folder = work / "build"
    write_project(folder, count)

    def forget() -> None:
        for name in (".mainstem", "lake"):
            shutil.rmtree(folder / name, ignore_errors=True)

    full = measure([MAINSTEM, "run"], folder, repeat, forget)
    yield Result(f"full build of {count} models", "mainstem", *full, budget_s=9.0)
    again = measure([MAINSTEM, "run"], folder, repeat)
    yield Result(f"run with nothing changed, {count} models", "mainstem", *again, budget_s=0.6)
    raw = work / "raw"
    raw.mkdir()
    script = RAW.format(here=str(HERE), count=count)
    floor = measure([sys.executable, "-c", script], raw, repeat, lambda: (raw / "raw.duckdb").unlink(missing_ok=True))
    yield Result(f"full build of {count} models", "raw DuckDB (no commits, no release)", *floor)
    yield from beside(work, count, build_peer)


def demo(count: int, repeat: int, work: Path) -> Iterator[Result]:
    """The demo: four weeks, day by day."""
    target = work / "flights"
    shown = measure(
        [MAINSTEM, "demo", str(target), "--no-serve"], work, 1, lambda: shutil.rmtree(target, ignore_errors=True)
    )
    yield Result("demo, 28 days (wall budget 60 s)", "mainstem", *shown)


@dataclass(frozen=True)
class Peer:
    """Another tool: its packages, who writes the project for it, its commands and the caches that it keeps there.

    `validate` is the nearest that it has to ours: dbt Core reads the project without binding columns, SQLMesh loads
    it and qualifies every query. `note` says what its figures do not compare.
    """

    packages: tuple[str, ...]
    write: Callable[[Path, int], None]
    validate: tuple[str, ...]
    run: tuple[str, ...]
    caches: tuple[str, ...]
    note: str


PEERS = {
    "dbt Core": Peer(
        packages=("dbt-core<1.12", "dbt-duckdb"),
        write=write_dbt_project,
        validate=("dbt", "parse", "--profiles-dir", ".", "--quiet"),
        run=("dbt", "run", "--profiles-dir", ".", "--quiet"),
        caches=("target",),
        note="dbt Core reads the project and binds no columns in `parse`; its second run builds every model again.",
    ),
    "SQLMesh": Peer(
        packages=("sqlmesh",),
        write=write_sqlmesh_project,
        validate=("sqlmesh", "info", "--skip-connection"),
        run=("sqlmesh", "plan", "--auto-apply", "--no-prompts"),
        caches=(".cache",),
        note="SQLMesh validates by loading the project (`info`) and builds by `plan --auto-apply`.",
    ),
}


def installed(work: Path, tool: str) -> Path | None:
    """`peer_environment` of a peer that builds models."""
    return peer_environment(work, tool, PEERS[tool].packages)


@cache
def peer_environment(work: Path, tool: str, packages: tuple[str, ...]) -> Path | None:
    """The folder of a peer's commands, in an environment of its own; `None`, with a word why, where that fails.

    All tools compute with the same DuckDB, ours.
    """
    folder = work / f"venv-{tool.replace(' ', '-')}"
    packages = (*packages, f"duckdb=={version('duckdb')}")
    install = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-input", *packages]
    try:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True, capture_output=True)
        subprocess.run(install, check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=600)
    except (subprocess.SubprocessError, OSError) as error:
        said = (getattr(error, "stderr", None) or b"").decode(errors="replace")[-500:]
        print(f"{tool} cannot be installed here and is left out: {error}\n{said}", flush=True)
        return None
    return folder / "bin"


def beside(
    work: Path, count: int, figures: Callable[[str, Peer, Path, Path, int], Iterator[Result]]
) -> Iterator[Result]:
    """What `figures` measures of every peer; one that cannot be installed or fails is left out with a word why."""
    for tool, peer in PEERS.items():
        commands = installed(work, tool)
        if commands is None:
            continue
        folder = work / figures.__name__ / tool.replace(" ", "-")
        peer.write(folder, count)
        try:
            yield from figures(tool, peer, commands, folder, count)
        except CommandError as error:
            print(f"{tool} is left out: {error}", flush=True)


def validate_peer(tool: str, peer: Peer, commands: Path, folder: Path, count: int) -> Iterator[Result]:
    """The nearest to `validate`, without and with the peer's cache."""
    command = [str(commands / peer.validate[0]), *peer.validate[1:]]

    def forget() -> None:
        for name in peer.caches:
            shutil.rmtree(folder / name, ignore_errors=True)

    yield Result(f"validate {count} models, cold", tool, *measure(command, folder, 1, forget))
    yield Result(f"validate {count} models, warm", tool, *measure(command, folder, 1))


def build_peer(tool: str, peer: Peer, commands: Path, folder: Path, count: int) -> Iterator[Result]:
    """A full build, then the same command again."""
    command = [str(commands / peer.run[0]), *peer.run[1:]]
    yield Result(f"full build of {count} models", tool, *measure(command, folder, 1))
    yield Result(f"run with nothing changed, {count} models", tool, *measure(command, folder, 1))


def api(count: int, repeat: int, work: Path) -> Iterator[Result]:
    """The data API: CPU seconds of the server for so many requests; a bare server beside it."""
    folder = work / "api"
    bench_api.write_project(folder)
    lookups = [f"/api/things?id={(7919 * number) % 40_000}" for number in range(10_000)]
    up, port = bench_api.served(folder, lambda port: [MAINSTEM, "up", "--port", str(port)])
    bare, bare_port = bench_api.served(folder, lambda port: [sys.executable, "bare.py", str(port)])
    try:
        bench_api.ask(port, lookups[:100], 200)
        held = f"If-None-Match: {bench_api.etag(port, lookups[0])}\r\n"
        yield _served("10,000 look-ups, uncached", "mainstem", up, lambda: bench_api.ask(port, lookups, 200), 10.0)
        bench_api.ask(bare_port, lookups[:100], 200)
        yield _served("10,000 look-ups, uncached", "bare server", bare, lambda: bench_api.ask(bare_port, lookups, 200))
        again = lookups[:100] * 100
        yield _served("10,000 look-ups, kept", "mainstem", up, lambda: bench_api.ask(port, again, 200))
        yield _served("10,000 look-ups, ETag held", "mainstem", up, lambda: bench_api.ask(port, again, 304, held), 2.0)
    finally:
        for process in (up, bare):
            process.terminate()
            process.wait()


def _served(
    workload: str, tool: str, process: subprocess.Popen[bytes], asks: Callable[[], None], budget_s: float | None = None
) -> Result:
    before_s, start_s = bench_api.cpu_s(process.pid), time.perf_counter()
    asks()
    wall_s = time.perf_counter() - start_s
    return Result(f"API: {workload}", tool, bench_api.cpu_s(process.pid) - before_s, wall_s, 0.0, budget_s)


def pages(count: int, repeat: int, work: Path) -> Iterator[bench_pages.Page]:
    """What a person waits for: every kind of page of the console, warm and first of a release."""
    yield from bench_pages.measured(work / "pages", repeat)


def ingest(count: int, repeat: int, work: Path) -> Iterator[Result]:
    """Nested records from JSON Lines into a new table: committed and published; DuckDB and dlt beside."""
    folder = work / "ingest"
    bench_ingest.write_project(folder)

    def forget() -> None:
        for name in (".mainstem", "lake", "dlt"):
            shutil.rmtree(folder / name, ignore_errors=True)
        for name in ("raw.duckdb", "dlt.duckdb"):
            (folder / name).unlink(missing_ok=True)

    name = f"JSON Lines, {bench_ingest.RECORDS:,} nested records"
    yield Result(name, "mainstem", *measure([MAINSTEM, "run"], folder, repeat, forget), budget_s=0.6)
    yield Result(name, "raw DuckDB", *measure([sys.executable, "-c", bench_ingest.RAW], folder, repeat, forget))
    try:
        yield Result(name, "dlt", *measure([sys.executable, "-c", bench_ingest.DLT], folder, 1, forget))
    except CommandError as error:
        print(f"dlt is left out: {error}", flush=True)


def databases(count: int, repeat: int, work: Path) -> Iterator[Result]:
    """A table of PostgreSQL into a new one, and what has changed of another; DuckDB's scanner and dlt beside."""
    with bench_databases.served() as server:
        folder, url = work / "databases", server.url()
        bench_databases.write_project(folder, url, "lineitem")

        def forget() -> None:
            for name in (".mainstem", "lake", "dlt"):
                shutil.rmtree(folder / name, ignore_errors=True)
            for name in ("lineitem.parquet", "dlt.duckdb"):
                (folder / name).unlink(missing_ok=True)

        name = f"PostgreSQL, {bench_databases.ROWS:,} rows"
        yield Result(name, "mainstem", *measure([MAINSTEM, "run"], folder, repeat, forget), budget_s=2.0)
        raw = [sys.executable, "-c", bench_databases.RAW, url]
        yield Result(name, "raw DuckDB", *measure(raw, folder, repeat, forget))
        commands = peer_environment(work, "dlt", bench_databases.DLT_PACKAGES)
        if commands is not None:
            dlt = [str(commands / "python"), "-c", bench_databases.DLT, url]
            try:
                yield Result(name, "dlt", *measure(dlt, folder, 1, forget))
            except CommandError as error:
                print(f"dlt is left out: {error}", flush=True)
        yield from _incremental(work / "accounts", server)


def _incremental(folder: Path, server: bench_databases.Postgres) -> Iterator[Result]:
    """In a warm process: nothing new, then one row of a hundred."""
    bench_databases.write_project(folder, server.url(), "accounts")
    command = [sys.executable, "-c", bench_databases.STEADY]
    with subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        spent = (float(line.split()[1]) for line in process.stdout if line.startswith("steady"))
        name = f"PostgreSQL, incremental, {bench_databases.CHANGING:,} rows"
        yield Result(f"{name}: nothing new", "mainstem", next(spent), 0.0, 0.0, 0.15)
        bench_databases.change(server)
        process.stdin.write("go\n")
        process.stdin.flush()
        yield Result(f"{name}: 1% changed", "mainstem", next(spent), 0.0, 0.0, 0.4)


Measured = Result | bench_pages.Page
WORKLOADS: dict[str, Callable[[int, int, Path], Iterator[Measured]]] = {
    "startup": startup,
    "validate": validate,
    "build": build,
    "demo": demo,
    "api": api,
    "pages": pages,
    "ingest": ingest,
    "databases": databases,
}


def main() -> None:
    """Run the chosen workloads and write what they gave."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=1000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", default=",".join(WORKLOADS))
    parser.add_argument("--peers", default=",".join(PEERS), help="peers to install and measure; '' for none")
    options = parser.parse_args()
    for tool in set(PEERS) - set(options.peers.split(",")):
        del PEERS[tool]
    results: list[Measured] = []
    with tempfile.TemporaryDirectory(prefix="mainstem-bench-") as work:
        for name in options.only.split(","):
            for result in WORKLOADS[name](options.models, options.repeat, Path(work)):
                print(line(result), flush=True)
                results.append(result)
    if set(options.only.split(",")) == set(WORKLOADS):
        keep(results)
    print(f"peak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000:.0f} MB")


def keep(results: list[Measured]) -> None:
    """Write the figures of a whole run."""
    target = HERE / "results"
    target.mkdir(exist_ok=True)
    body = {"cores": os.cpu_count(), "load": os.getloadavg()[0], "results": [asdict(result) for result in results]}
    (target / "latest.json").write_text(json.dumps(body, indent=2) + "\n")
    (HERE.parent / "docs" / "performance.md").write_text(page(results))


def line(result: Measured) -> str:
    """A result in one line."""
    if isinstance(result, bench_pages.Page):
        return bench_pages.line(result)
    judged = "" if result.budget_s is None else f"  budget {result.budget_s} s: {verdict(result)}"
    return f"{result.workload:45} {result.tool:36} {result.cpu_s:7.2f} CPU s {result.wall_s:7.2f} s wall{judged}"


def verdict(result: Result) -> str:
    """Whether a budget is reached."""
    return "reached" if result.budget_s is not None and result.cpu_s <= result.budget_s else "not reached"


def page(measured: list[Measured]) -> str:
    """docs/performance.md."""
    results = [each for each in measured if isinstance(each, Result)]
    rows = "".join(
        f"| {r.workload} | {r.tool} | {r.cpu_s:.2f} | {r.wall_s:.2f} | {r.memory_mb:.0f} | "
        f"{'' if r.budget_s is None else f'{r.budget_s} s, {verdict(r)}'} |\n"
        for r in results
    )
    notes = "".join(f"{peer.note}\n" for tool, peer in PEERS.items() if any(r.tool == tool for r in results))
    return (
        "# Performance\n\nMade by `make bench`: CPU seconds (user and system of the process tree), the least of the\n"
        f"repeats, all tools in one run on {os.cpu_count()} cores. Only ratios inside one run mean something.\n"
        f"{notes}\n"
        "| workload | tool | CPU s | wall s | peak MB | budget |\n| --- | --- | ---: | ---: | ---: | --- |\n"
        + rows
        + bench_pages.table([each for each in measured if isinstance(each, bench_pages.Page)])
    )


if __name__ == "__main__":
    main()
