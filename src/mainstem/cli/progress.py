"""A run on its way, on standard error: lines that keep their place on a terminal, a line a step elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import click

from mainstem.core.reached import Reached, in_parts
from mainstem.core.words import lasting
from mainstem.orchestration.ground import Listener, Progress

_BAR = 20
_LEAST_BAR = 8
_NARROW = 70
_LEAST_NAME = 20
_LINE_S = 10.0
"""Where there is no terminal, a step that takes long is told of so often."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a run stands: `running` are the steps under way, oldest first; `phase` is what is done outside of steps.
    `reached` is how far those are that take long."""

    done: int = 0
    total: int = 0
    failed: int = 0
    running: tuple[str, ...] = ()
    phase: str = ""
    reached: Mapping[str, Reached] = field(default_factory=dict)


def after(standing: Standing, progress: Progress) -> Standing:
    """The standing once `progress` was heard."""
    if not progress.what.startswith("step"):
        return replace(standing, phase=": ".join(filter(None, (progress.what, progress.subject))))
    if progress.reached is not None:
        return replace(standing, reached={**standing.reached, progress.subject: progress.reached})
    others = tuple(name for name in standing.running if name != progress.subject)
    began = progress.what == "step-begun"
    return Standing(
        progress.done,
        progress.total,
        standing.failed + (progress.what == "step-failed"),
        (*others, progress.subject) if began else others,
        reached={name: reached for name, reached in standing.reached.items() if name != progress.subject},
    )


def lines(standing: Standing, elapsed_s: float, width: int) -> list[str]:
    """The bar, and a line for each step that takes long; `width` columns at most."""
    long = [step_line(name, standing.reached[name], width) for name in standing.running if name in standing.reached]
    return [bar_line(standing, elapsed_s, width), *long]


def step_line(name: str, reached: Reached, width: int) -> str:
    """How far a step is, in at most `width` columns: what has no room there is left out, the least useful first."""
    parts = in_parts(reached)
    shown = [f"  {_cut(name, max(width - len(parts[0]) - 4, _LEAST_NAME))}  {parts[0]}"]
    for part in parts[1:]:
        if len(", ".join([*shown, part])) > width:
            break
        shown.append(part)
    return ", ".join(shown)[:width]


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
    parts.append(lasting(elapsed_s))
    if 0 < standing.done < standing.total:
        parts.append(f"about {lasting(elapsed_s / standing.done * (standing.total - standing.done))} left")
    if standing.failed:
        parts.append(f"{standing.failed} failed")
    if not standing.running:
        return "  ".join([*parts, standing.phase])[:width].rstrip()
    first, *more = standing.running
    others = f" and {len(more)} more" if more else ""
    room = width - len("  ".join(parts)) - 2 - len(others)
    return "  ".join([*parts, _cut(first, room) + others])[:width].rstrip()


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
        self._told_s: dict[str, float] = {}

    def listener(self) -> Listener:
        """What a run calls."""
        return self._bar_listener if sys.stderr.isatty() else self._line_listener

    def _line_listener(self, progress: Progress) -> None:
        if self._quiet:
            return
        if progress.what == "waiting" and not self._has_waited:
            self._has_waited = True
            click.echo(f"waiting: {progress.subject}", err=True)
        if progress.what == "step-begun":
            self._told_s[progress.subject] = time.monotonic()
        if progress.reached is not None and time.monotonic() >= self._told_s[progress.subject] + _LINE_S:
            self._told_s[progress.subject] = time.monotonic()
            click.echo(f"{progress.subject}: {', '.join(in_parts(progress.reached))}", err=True)
        if progress.what in ("step-done", "step-failed") and progress.detail not in ("kept", "adopted"):
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
            self._live = Live(console=out, transient=True, get_renderable=lambda: self._lines(out.width))
            self._live.start()

    def _lines(self, width: int) -> Any:
        """With room for what the terminal writes when the run is stopped: a line would not be erased whole."""
        from rich.text import Text

        shown = lines(self._standing, time.monotonic() - self._since_s, width - len("^C "))
        return Text("\n".join(shown), no_wrap=True, overflow="crop")

    def close(self) -> None:
        """Take the bar away."""
        if self._live is not None:
            self._live.stop()
            self._live = None
