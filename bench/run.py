"""Runs every workload with its peer in one go; CPU seconds of the process tree. Writes results and docs/performance.md.

    python bench/run.py [--models 1000] [--repeat 3] [--only startup,validate,...] [--peers 'dbt Core']

dbt Core and SQLMesh are installed into environments of their own where that works; raw DuckDB always stands beside.
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
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from workload import write_dbt_project, write_project, write_sqlmesh_project

HERE = Path(__file__).parent
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""As a user's: compiled modules are kept between starts."""
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


def measure(
    command: list[str], folder: Path, repeat: int, before: Callable[[], None] | None = None
) -> tuple[float, ...]:
    """Least CPU seconds of `repeat` runs of a command, with its wall seconds and peak memory in MB."""
    best = (float("inf"), 0.0, 0.0)
    for _ in range(repeat):
        if before:
            before()
        start_s = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=ENVIRONMENT
        )
        said = process.stderr.read() if process.stderr else b""
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - start_s
        if os.waitstatus_to_exitcode(status):
            raise SystemExit(f"{' '.join(command)} failed:\n{said.decode()[-2000:]}")
        best = min(best, (usage.ru_utime + usage.ru_stime, wall_s, usage.ru_maxrss / 1000))
    return best


def startup(count: int, repeat: int, work: Path) -> list[Result]:
    """`--version` and `--help`, over a bare interpreter."""
    bare = measure([sys.executable, "-c", "pass"], work, repeat)
    version = measure([MAINSTEM, "--version"], work, repeat)
    usage = measure([MAINSTEM, "--help"], work, repeat)
    return [
        Result("start-up", "bare python", *bare),
        Result("start-up: --version", "mainstem", *version, budget_s=0.10),
        Result("start-up: --help", "mainstem", *usage, budget_s=0.15),
    ]


def validate(count: int, repeat: int, work: Path) -> list[Result]:
    """`validate`, with and without a cache."""
    folder = work / "validate"
    write_project(folder, count)

    def forget() -> None:
        shutil.rmtree(folder / ".mainstem", ignore_errors=True)

    cold = measure([MAINSTEM, "validate"], folder, repeat, forget)
    warm = measure([MAINSTEM, "validate"], folder, repeat)
    return [
        Result(f"validate {count} models, cold", "mainstem", *cold, budget_s=3.5),
        Result(f"validate {count} models, warm", "mainstem", *warm, budget_s=0.4),
    ]


RAW = """
import duckdb, sys
sys.path.insert(0, {here!r})
from workload import model_texts
db = duckdb.connect('raw.duckdb')
for name, sql in model_texts({count}).items():
    db.execute(f'create or replace table {{name}} as {{sql}}')
"""


def build(count: int, repeat: int, work: Path) -> list[Result]:
    """A full build with commits and release, then a run with nothing changed; raw DuckDB beside it."""
    folder = work / "build"
    write_project(folder, count)

    def forget() -> None:
        for name in (".mainstem", "lake"):
            shutil.rmtree(folder / name, ignore_errors=True)

    full = measure([MAINSTEM, "run"], folder, repeat, forget)
    again = measure([MAINSTEM, "run"], folder, repeat)
    raw = work / "raw"
    raw.mkdir()
    script = RAW.format(here=str(HERE), count=count)
    floor = measure([sys.executable, "-c", script], raw, repeat, lambda: (raw / "raw.duckdb").unlink(missing_ok=True))
    results = [
        Result(f"full build of {count} models", "mainstem", *full, budget_s=9.0),
        Result(f"full build of {count} models", "raw DuckDB (no commits, no release)", *floor),
        Result(f"run with nothing changed, {count} models", "mainstem", *again, budget_s=0.6),
    ]
    for tool, run, theirs in peers(work, count):
        results.append(Result(f"full build of {count} models", tool, *measure(run, theirs, 1)))
        results.append(Result(f"run again, {count} models", tool, *measure(run, theirs, 1)))
    return results


def demo(count: int, repeat: int, work: Path) -> list[Result]:
    """The demo: four weeks, day by day."""
    target = work / "flights"
    shown = measure(
        [MAINSTEM, "demo", str(target), "--no-serve"], work, 1, lambda: shutil.rmtree(target, ignore_errors=True)
    )
    return [Result("demo, 28 days (wall budget 60 s)", "mainstem", *shown)]


PEERS = {
    "dbt Core": (["dbt-core<1.12", "dbt-duckdb"], ["dbt", "run", "--profiles-dir", ".", "--quiet"], write_dbt_project),
    "SQLMesh": (["sqlmesh"], ["sqlmesh", "plan", "--auto-apply", "--no-prompts"], write_sqlmesh_project),
}
"""What to install, the command that builds the project, and who writes it."""


def peers(work: Path, count: int) -> list[tuple[str, list[str], Path]]:
    """Peers that can be installed here, each in an environment of its own: name, command and project."""
    found = []
    for tool, (packages, command, write) in PEERS.items():
        bin_folder = work / f"venv-{tool.replace(' ', '-')}" / "bin"
        try:
            subprocess.run([sys.executable, "-m", "venv", bin_folder.parent], check=True, capture_output=True)
            install = [bin_folder / "python", "-m", "pip", "install", "--quiet", *packages]
            subprocess.run(install, check=True, capture_output=True, timeout=600)
        except (subprocess.SubprocessError, OSError) as error:
            print(f"{tool} cannot be installed here and is left out: {error}")
            continue
        theirs = work / tool
        write(theirs, count)
        found.append((tool, [str(bin_folder / command[0]), *command[1:]], theirs))
    return found


WORKLOADS = {"startup": startup, "validate": validate, "build": build, "demo": demo}


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
    results: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="mainstem-bench-") as work:
        for name in options.only.split(","):
            found = WORKLOADS[name](options.models, options.repeat, Path(work))
            for result in found:
                print(line(result), flush=True)
            results += found
    target = HERE / "results"
    target.mkdir(exist_ok=True)
    body = {"cores": os.cpu_count(), "load": os.getloadavg()[0], "results": [asdict(result) for result in results]}
    (target / "latest.json").write_text(json.dumps(body, indent=2) + "\n")
    (HERE.parent / "docs" / "performance.md").write_text(page(results))
    print(f"peak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000:.0f} MB")


def line(result: Result) -> str:
    """A result in one line."""
    judged = "" if result.budget_s is None else f"  budget {result.budget_s} s: {verdict(result)}"
    return f"{result.workload:45} {result.tool:36} {result.cpu_s:7.2f} CPU s {result.wall_s:7.2f} s wall{judged}"


def verdict(result: Result) -> str:
    """Whether a budget is reached."""
    return "reached" if result.budget_s is not None and result.cpu_s <= result.budget_s else "not reached"


def page(results: list[Result]) -> str:
    """docs/performance.md."""
    rows = "".join(
        f"| {r.workload} | {r.tool} | {r.cpu_s:.2f} | {r.wall_s:.2f} | {r.memory_mb:.0f} | "
        f"{'' if r.budget_s is None else f'{r.budget_s} s, {verdict(r)}'} |\n"
        for r in results
    )
    return (
        "# Performance\n\nMade by `make bench`: CPU seconds (user and system of the process tree), the least of the\n"
        f"repeats, all tools in one run on {os.cpu_count()} cores. Only ratios inside one run mean something.\n\n"
        "| workload | tool | CPU s | wall s | peak MB | budget |\n| --- | --- | ---: | ---: | ---: | --- |\n" + rows
    )


if __name__ == "__main__":
    main()
