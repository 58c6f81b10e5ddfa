"""A run on its way, on standard error: one line that keeps its place on a terminal, a line a step elsewhere."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, replace
from typing import Any

import click

from mainstem.orchestration.ground import Listener, Progress

_BAR = 20
_LEAST_BAR = 8
_NARROW = 70


@dataclass(frozen=True, slots=True)
class Standing:
    """How a run stands: `running` are the steps under way, oldest first; `phase` is what is done outside of steps."""

    done: int = 0
    total: int = 0
    failed: int = 0
    running: tuple[str, ...] = ()
    phase: str = ""


def after(standing: Standing, progress: Progress) -> Standing:
    """The standing once `progress` was heard."""
    if not progress.what.startswith("step"):
        return replace(standing, phase=": ".join(filter(None, (progress.what, progress.subject))))
    others = tuple(name for name in standing.running if name != progress.subject)
    began = progress.what == "step-begun"
    return Standing(
        progress.done,
        progress.total,
        standing.failed + (progress.what == "step-failed"),
        (*others, progress.subject) if began else others,
    )


def bar_line(standing: Standing, elapsed_s: float, width: int) -> str:
    """One line of at most `width` columns. What changes in length stands last, so that nothing moves about.

    The time left is a guess from the steps that have ended, so it is said only once one has.
    """
    parts = []
    if standing.total:
        size = _BAR if width >= _NARROW else _LEAST_BAR
        full = size * standing.done // standing.total
        count = f"{standing.done:>{len(str(standing.total))}}/{standing.total}"
        parts += ["━" * full + "┄" * (size - full), count]
    parts.append(_clock(elapsed_s))
    if 0 < standing.done < standing.total:
        parts.append(f"about {_clock(elapsed_s / standing.done * (standing.total - standing.done))} left")
    if standing.failed:
        parts.append(f"{standing.failed} failed")
    if not standing.running:
        return "  ".join([*parts, standing.phase])[:width].rstrip()
    first, *more = standing.running
    others = f" and {len(more)} more" if more else ""
    room = width - len("  ".join(parts)) - 2 - len(others)
    return "  ".join([*parts, _cut(first, room) + others])[:width].rstrip()


def _clock(seconds: float) -> str:
    """`0:07`, `12:30`, `1:00:05`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _cut(name: str, room: int) -> str:
    """A name in `room` columns. Long names differ at their ends, so the beginning goes."""
    return name if len(name) <= room else "…" + name[len(name) - max(room - 1, 0) :]


class RunProgress:
    """Shows a run on its way: a bar on a terminal, a line a step elsewhere, both on standard error."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._live: Any = None
        self._standing = Standing()
        self._since_s = 0.0
        self._has_waited = False

    def listener(self) -> Listener:
        """What a run calls."""
        return self._bar_listener if sys.stderr.isatty() else self._line_listener

    def _line_listener(self, progress: Progress) -> None:
        if self._quiet:
            return
        if progress.what == "waiting" and not self._has_waited:
            self._has_waited = True
            click.echo(f"waiting: {progress.subject}", err=True)
        if progress.what in ("step-done", "step-failed") and progress.detail != "kept":
            click.echo(f"{progress.done}/{progress.total} {progress.subject}: {progress.detail}", err=True)

    def _bar_listener(self, progress: Progress) -> None:
        if self._quiet:
            return
        if progress.total and not self._standing.total:
            self._since_s = time.monotonic()  # what was waited for before says nothing about the steps
        self._standing = after(self._standing, progress)
        if self._live is None:
            from rich.live import Live

            from mainstem.cli.screen import console

            self._since_s = time.monotonic()
            out = console(err=True)
            self._live = Live(console=out, transient=True, get_renderable=lambda: self._line(out.width))
            self._live.start()

    def _line(self, width: int) -> Any:
        """With room for what the terminal writes when the run is stopped: the line would not be erased whole."""
        from rich.text import Text

        line = bar_line(self._standing, time.monotonic() - self._since_s, width - len("^C "))
        return Text(line, no_wrap=True, overflow="crop")

    def close(self) -> None:
        """Take the bar away."""
        if self._live is not None:
            self._live.stop()
            self._live = None
