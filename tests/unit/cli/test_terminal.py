"""mainstem on a terminal of 60 columns: nothing is broken inside a word, nothing of the bar stays, Ctrl-C is heard."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.request import urlopen

import pytest

pty = pytest.importorskip("pty", reason="this system has no terminals of POSIX")
COMMAND = [sys.executable, "-m", "mainstem"]
ENDLESS = "select sum(hash(i)) as n from range(10000000000000) r(i)"


@contextmanager
def on_a_terminal(arguments: list[str], folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The command with a terminal of 60 columns, and the end from which what it shows is read."""
    ours, theirs = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "60", "LINES": "40"}
    process = subprocess.Popen(
        [*COMMAND, *arguments], cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    )
    os.close(theirs)
    try:
        yield process, ours
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def seen(ours: int, until: bytes | None = None) -> str:
    """What is shown until a text comes, or until the end."""
    shown = b""
    with suppress(OSError):  # how Linux says that the other end is closed
        while until is None or until not in shown:
            read = os.read(ours, 4096)
            if not read:
                break
            shown += read
    return shown.decode()


def project(folder: Path, **models: str) -> Path:
    (folder / "models").mkdir(exist_ok=True)
    (folder / "mainstem.yml").write_text("name: small\n")
    for name, sql in models.items():
        (folder / "models" / f"{name}.sql").write_text(sql)
    return folder


def test_an_error_is_wrapped_between_words(tmp_path: Path) -> None:
    (tmp_path / "mainstem.yml").write_text("name: small\nnames: other\n")
    with on_a_terminal(["validate"], tmp_path) as (_, ours):
        lines = seen(ours).splitlines()
    assert all(len(line) <= 60 for line in lines)
    assert any(line.startswith("      ") and "environments" in line for line in lines)


def test_stopped_from_the_keyboard_a_run_ends_and_the_next_one_carries_on(tmp_path: Path) -> None:
    project(tmp_path, a="select 1 as n", b=f"select n + (select n from ({ENDLESS})) as n from a")
    with on_a_terminal(["run"], tmp_path) as (process, ours):
        seen(ours, b"1/2")
        process.send_signal(signal.SIGINT)
        said = seen(ours)
        assert process.wait() == 130
    assert "nothing was published; finished steps are kept for the next run" in said
    project(tmp_path, b="select n + 1 as n from a")
    done = subprocess.run([*COMMAND, "run"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "main.b" in done.stdout
    assert "Published" in done.stdout
    assert "main.a: committed" not in done.stderr


def test_the_demo_goes_on_with_the_console_until_it_is_stopped(tmp_path: Path) -> None:
    with on_a_terminal(["demo", "flights", "--from", "2013-12-31"], tmp_path) as (process, ours):
        said = seen(ours, b"stop with Ctrl-C")
        address = next(word for word in said.split() if word.startswith("http://127.0.0.1:"))
        assert urlopen(f"{address}/healthz").read() == b"ok\n"
        process.send_signal(signal.SIGINT)
        seen(ours)
        assert process.wait() == 0
    assert "Operations duty manager" in said
