"""Whether the process that holds a lease still lives."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from ledger_world import dead_holder

from mainstem.ledger.holder import Process, is_alive, parse, this_holder

HOST = socket.gethostname()
needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="this system has no /proc")


def test_this_process_is_alive_and_says_the_same_each_time() -> None:
    assert this_holder() == this_holder()
    assert is_alive(this_holder())
    process = parse(this_holder())
    assert process is not None
    assert (process.host, process.pid) == (HOST, os.getpid())


def test_an_ended_process_is_dead() -> None:
    assert not is_alive(dead_holder())


@needs_proc
def test_a_killed_process_is_dead_before_its_parent_looks() -> None:
    script = "from mainstem.ledger.holder import this_holder; print(this_holder(), flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        holder = child.stdout.readline().strip()
        assert is_alive(holder)
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and is still in the table
        assert not is_alive(holder)


@needs_proc
def test_a_number_used_again_by_another_process_is_dead() -> None:
    host, pid, start = this_holder().split(":")
    ticks, _, place = start.partition(".")
    assert not is_alive(f"{host}:{pid}:{int(ticks) + 1}.{place}")
    assert is_alive(f"{host}:{pid}:{ticks}")


@needs_proc
def test_a_process_from_before_a_reboot_is_dead() -> None:
    host, pid, start = this_holder().split(":")
    ticks, _, namespace = start.split(".")
    assert not is_alive(f"{host}:{pid}:{ticks}.000000000000.{namespace}")


@needs_proc
def test_a_process_of_another_container_cannot_be_known() -> None:
    host, _, start = this_holder().split(":")
    ticks, boot, _ = start.split(".")
    assert is_alive(f"{host}:{2**22 + 1}:{ticks}.{boot}.1")


@pytest.mark.parametrize(
    "text", ["", "elsewhere:1:0", "no holder", f"{HOST}:x:0", f"{HOST}:0:0", f"{HOST}:-1:0", f"{HOST}:1"]
)
def test_what_cannot_be_known_counts_as_alive(text: str) -> None:
    assert is_alive(text)


def test_where_the_start_is_not_known_the_number_decides() -> None:
    assert is_alive(f"{HOST}:{os.getpid()}:0")
    assert is_alive(f"{HOST}:1:0")
    assert not is_alive(f"{HOST}:{2**22 + 1}:0")
    assert not is_alive(f"{HOST}:{10**30}:0")


@pytest.mark.parametrize("text", ["", "a", "a:1", ":1:0", "a:b:0", "a:0:0", "a:²:0"])
def test_odd_texts_are_no_processes(text: str) -> None:
    assert parse(text) is None


def test_a_holder_has_three_parts() -> None:
    assert parse("host:42:7.b.n") == Process("host", 42, "7.b.n")
