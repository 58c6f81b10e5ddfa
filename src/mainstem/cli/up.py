"""`mainstem up`."""

from __future__ import annotations

import contextlib
import signal
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from mainstem.cli.opening import find_root, open_project
from mainstem.cli.options import env_option, project_option
from mainstem.core.ports import Ledger
from mainstem.core.problem import MainstemError, Problem, ProjectError, WorldError

PORT = 8642
HOST = "127.0.0.1"


@click.command("up")
@project_option
@env_option
@click.option("--host", default=HOST, show_default=True, help="The address to listen at; of this machine alone.")
@click.option("--port", default=PORT, show_default=True, type=click.IntRange(0, 65535), help="0: any that is free.")
@click.option("--no-schedule", is_flag=True, help="Start no runs.")
@click.option("--open", "opens", is_flag=True, help="Show the console in a browser.")
def command(folder: Path | None, env: str, host: str, port: int, no_schedule: bool, opens: bool) -> None:
    """Console, data APIs, schedule and alerts, in one process, until it is stopped with Ctrl-C.

    Readers always see one whole release; a newer one is picked up by itself. Runs start when the environment's
    `schedule` says so; requirements are judged every minute, and who is named under `alerts` is told.
    """
    opened = open_project(folder, env)
    serve(find_root(folder), env, opened.ledger, host=host, port=port, runs=not no_schedule, opens=opens)


def serve(
    root: Path,
    env: str,
    ledger: Ledger,
    *,
    host: str = HOST,
    port: int = PORT,
    runs: bool = True,
    opens: bool = False,
) -> None:
    """Serve an environment until the process is told to stop."""
    import uvicorn

    from mainstem.console.app import make_app
    from mainstem.orchestration.desk import Desk
    from mainstem.orchestration.keeper import Keeper

    _require_loopback(host)
    with _stopped_by_signals(), _alone(root, env), contextlib.closing(_listening(host, port)) as listening:
        base = f"http://{'[::1]' if host == '::1' else host}:{listening.getsockname()[1]}"
        desk = Desk(root, env, ledger)
        stop = threading.Event()
        keeper = Keeper(desk, base, _told, runs=runs)
        threads = [_thread(keeper.run, stop), _thread(desk.watch, stop, 0.5, _complained)]
        try:
            _refreshed(desk.refresh)
            _greet(desk, keeper, base)
            for thread in threads:
                thread.start()
            if opens:
                webbrowser.open(base)
            config = uvicorn.Config(
                make_app(desk), log_level="warning", access_log=False, lifespan="off", server_header=False
            )
            uvicorn.Server(config).run(sockets=[listening])
        finally:
            stop.set()
            for thread in threads:
                if thread.ident is not None:
                    thread.join()
            desk.close()


@contextlib.contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """To be told to stop is an end like any other: threads and children are ended first, and the exit code is 0."""

    def stop(number: int, frame: object) -> None:
        del number, frame
        sys.exit(0)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _thread(target: Callable[..., None], *arguments: Any) -> threading.Thread:
    return threading.Thread(target=target, args=arguments, daemon=True)


def _require_loopback(host: str) -> None:
    if host not in ("127.0.0.1", "::1", "localhost"):
        what = f'"{host}" can be reached from other machines, and nobody is asked who he is'
        raise ProjectError(Problem("C021", what, f"leave `--host` at {HOST}"))


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if host == "::1" else socket.AF_INET
    # Named as TCP, so that the event loop sends small answers at once instead of waiting for the reader's word.
    found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
        found.listen(2048)
    except OSError as error:
        found.close()
        what = f"port {port} cannot be used: {(error.strerror or 'refused').lower()}"
        raise WorldError(Problem("C020", what, f"choose another: `mainstem up --port {port + 1}`")) from error
    return found


@contextlib.contextmanager
def _alone(root: Path, env: str) -> Iterator[None]:
    """Nobody else keeps this environment meanwhile; the lock ends with the process, however it ends."""
    from filelock import FileLock, Timeout

    file = root / ".mainstem" / f"up-{env}.lock"
    file.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(file)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        what = f'another `mainstem up` keeps "{env}" of this project'
        raise WorldError(Problem("C022", what, f"use it, or end it; it holds {file}")) from None
    try:
        yield
    finally:
        lock.release()


def _refreshed(refresh: Callable[[], bool]) -> None:
    """What cannot be served at once is said, and tried again."""
    try:
        refresh()
    except MainstemError as error:
        _complained(error)


def _greet(desk: Any, keeper: Any, base: str) -> None:
    from mainstem.core.words import counted, local

    project = desk.project
    release = desk.newest.release.id if desk.newest else "nothing published yet"
    click.echo(f"{project.name} · {desk.env} · {release}\n")
    click.echo(f"  console   {base}")
    if any(output.kind == "api" for output in project.outputs.values()):
        click.echo(f"  data API  {base}/openapi.json")
    due = f"next run {local(keeper.next_at, project.timezone)}" if keeper.next_at else "no runs by themselves"
    click.echo(f"  schedule  {due}")
    sends = project.alerts and project.environment(desk.env).alerts
    click.echo(f"  alerts    {counted(len(project.alerts), 'receiver') if sends else 'nobody is told'}")
    click.echo("\nstop with Ctrl-C\n")


def _told(words: str) -> None:
    from mainstem.core.clock import WallClock

    click.echo(f"{WallClock().now():%H:%M:%S}  {words}", err=True)


def _complained(error: MainstemError) -> None:
    for problem in error.problems:
        _told(f"{problem.code} {problem.what}")
