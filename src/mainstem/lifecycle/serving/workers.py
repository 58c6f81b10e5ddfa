"""The pool of reading workers: each runs one task at a time, and is killed when it takes too long."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import threading
import time
from contextlib import suppress
from queue import Empty, LifoQueue

import msgspec

from mainstem.core.problem import MainstemError, Problem, ProjectError, WorldError
from mainstem.lifecycle.serving.task import Length, Result, Task

_KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "SYSTEMROOT")
"""What a worker's environment holds: no secret of the project, no address of a database."""

_LARGEST = 64 * 1024 * 1024
"""Bytes of one answer."""


class _Worker:
    """One process, and the pipes to it."""

    def __init__(self) -> None:
        kept = {name: value for name, value in os.environ.items() if name in _KEPT}
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-m", "mainstem.lifecycle.serving.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=kept,
            bufsize=0,
        )

    def run(self, message: bytes, timeout_s: float) -> bytes:
        """The answer to a message. TimeoutError, or BrokenPipeError when the process is gone."""
        assert self._process.stdin is not None
        self._process.stdin.write(Length.framed(message))
        until_s = time.monotonic() + timeout_s
        found = self._more(b"", until_s)
        while len(found) < Length.SIZE:
            found = self._more(found, until_s)
        end = Length.SIZE + int.from_bytes(found[: Length.SIZE], "big")
        if end > _LARGEST:
            raise BrokenPipeError
        parts, length = [found], len(found)
        while length < end:
            parts.append(self._more(b"", until_s))
            length += len(parts[-1])
        return b"".join(parts)[Length.SIZE :]

    def _more(self, before: bytes, until_s: float) -> bytes:
        """`before`, and what has come since; an answer follows no other, so nothing of a next one comes along."""
        assert self._process.stdout is not None
        pipe = self._process.stdout.fileno()
        ready, _, _ = select.select([pipe], [], [], max(0.0, until_s - time.monotonic()))
        if not ready:
            raise TimeoutError
        part = os.read(pipe, 1 << 20)
        if not part:
            raise BrokenPipeError
        return before + part

    def kill(self) -> None:
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        self._process.wait()


class Pool:
    """So many workers, started when they are first needed, or by `start`. Safe for many threads; `close` ends all."""

    def __init__(self, workers: int, timeout_s: float, wait_s: float = 10.0) -> None:
        self._timeout_s = timeout_s
        self._wait_s = wait_s
        self._places: LifoQueue[_Worker | None] = LifoQueue()
        self._count = workers
        self._closed = threading.Event()
        for _ in range(workers):
            self._places.put(None)

    def run(self, task: Task) -> Result:
        """The answer to a task.

        ProjectError with the engine's words where the text is to blame. WorldError V021 when it takes longer than the
        pool allows (its worker is killed), V022 when all workers are busy for too long, V023 when its worker died.
        """
        try:
            worker = self._places.get(timeout=self._wait_s)
        except Empty:
            mend = "ask again later, or start with more workers"
            raise WorldError(Problem("V022", "all readers are busy", mend)) from None
        return self._run_on(worker, task)

    def _run_on(self, worker: _Worker | None, task: Task) -> Result:
        """The answer of a worker whose place was taken; the place is free afterwards."""
        fresh: _Worker | None = None
        try:
            fresh = worker or _Worker()
            result = msgspec.msgpack.decode(fresh.run(msgspec.msgpack.encode(task), self._timeout_s), type=Result)
        except BaseException as error:
            if fresh is not None:
                fresh.kill()
            fresh = None
            if not isinstance(error, OSError | msgspec.MsgspecError):
                raise
            raise _lost(error, self._timeout_s) from error
        finally:
            self._places.put(fresh)
        if result.faults:
            raise _error(result)
        return result

    def start(self) -> None:
        """Start the workers that are not needed yet; returns before they are ready."""
        for worker in self._idle():
            self._places.put(worker or _Worker())

    def ready(self, task: Task) -> None:
        """Let each started worker that is idle run a task; what it answers, also what goes wrong, is told to nobody."""
        for worker in self._idle():
            if worker is None:
                self._places.put(None)
            else:
                with suppress(MainstemError):
                    self._run_on(worker, task)

    def _idle(self) -> list[_Worker | None]:
        """Takes every place whose worker is not at work."""
        taken: list[_Worker | None] = []
        with suppress(Empty):
            while True:
                taken.append(self._places.get_nowait())
        return taken

    def close(self) -> None:
        """End all workers; those that are reading end with their task."""
        self._closed.set()
        for _ in range(self._count):
            with suppress(Empty):
                worker = self._places.get(timeout=self._timeout_s)
                if worker is not None:
                    worker.kill()


def _lost(error: BaseException, timeout_s: float) -> WorldError:
    if isinstance(error, TimeoutError):
        what = f"the query took longer than {timeout_s:g} s and was ended"
        return WorldError(Problem("V021", what, "ask for less: fewer days, fewer columns, an aggregate"))
    what = "the process that ran the query ended before it had an answer"
    return WorldError(Problem("V023", what, "ask for less; the next query gets a process of its own"))


def _error(result: Result) -> MainstemError:
    problems = [Problem(fault.code, fault.what, fault.mend) for fault in result.faults]
    is_text = all(fault.is_text for fault in result.faults)
    return ProjectError(*problems) if is_text else WorldError(*problems)
