"""Who holds a lease: a process, named so that another process can tell whether it still lives."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_UNKNOWN = "0"


@dataclass(frozen=True, slots=True)
class Process:
    """A holder's text taken apart. `start` tells processes of one number apart; "0" where the system does not say."""

    host: str
    pid: int
    start: str


def this_holder() -> str:
    """`host:pid:start` of this process.

    `start` is `ticks.boot.namespace`: clock ticks from boot to the start of the process (proc(5), field 22 of
    `stat`), the boot's id, and the process namespace, so that neither a reused number, nor a reboot, nor another
    container of the same name is taken for this process.
    """
    pid = os.getpid()
    ticks = _ticks(pid)
    return f"{socket.gethostname()}:{pid}:{f'{ticks}.{_boot()}.{_namespace()}' if ticks else _UNKNOWN}"


def parse(holder: str) -> Process | None:
    """The parts of a holder's text; None if it is no such text."""
    host, _, rest = holder.partition(":")
    number, _, start = rest.partition(":")
    if not (host and number.isascii() and number.isdigit() and int(number) and start):
        return None
    return Process(host, int(number), start)


def is_alive(holder: str) -> bool:
    """False only if the process is known to be gone; unknown (another host, an odd text) counts as alive."""
    process = parse(holder)
    if process is None or process.host != socket.gethostname() or os.name != "posix":
        return True
    ticks, _, place = process.start.partition(".")
    boot, _, namespace = place.partition(".")
    if boot and boot != _boot():
        return False
    if namespace and namespace != _namespace():
        return True
    return _runs(process.pid, ticks)


def _runs(pid: int, ticks: str) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass  # somebody else's process is a process too
    found = _stat(pid)
    if found is None:  # no /proc here, or it hides what belongs to others
        return True
    is_gone = found[0] in "ZX"  # killed, and its parent has not looked yet
    return not is_gone and ticks in (_UNKNOWN, found[19])


def _stat(pid: int) -> list[str] | None:
    """Fields of /proc/<pid>/stat from the third on: the second, a command's name, may hold blanks and brackets."""
    try:
        return (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None


def _ticks(pid: int) -> str:
    found = _stat(pid)
    return found[19] if found else ""


def _boot() -> str:
    try:
        return (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip().replace("-", "")[:12]
    except OSError:
        return ""


def _namespace() -> str:
    try:
        return str((_PROC / "self/ns/pid").readlink()).strip("pid:[]")
    except OSError:
        return ""
