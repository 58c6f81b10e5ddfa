"""How things look in a terminal: statuses by glyph and colour, numbers, instants, tables, progress."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from mainstem.orchestration.ground import Listener, Progress

if TYPE_CHECKING:
    from rich.console import Console

GLYPHS = {
    "met": ("●", "green"),
    "at_risk": ("◐", "yellow"),
    "violated": ("✕", "red"),
    "unverified": ("?", "bright_black"),
    "draft": ("○", "bright_black"),
    "retired": ("·", "bright_black"),
}
WORDS = {"at_risk": "at risk"}
SLICES = {
    "good": ("▪", "green"),
    "bad": ("✕", "red"),
    "unmeasured": ("?", "bright_black"),
    "idle": ("-", "bright_black"),
    "pending": ("…", "bright_black"),
    "before": ("·", "bright_black"),
    "unbuilt": ("·", "bright_black"),
    "exception": ("=", "bright_black"),
}


def console(*, err: bool = False) -> Console:
    """A terminal as wide as it is; where there is none, wide enough that nothing is cut."""
    from rich.console import Console

    stream = sys.stderr if err else sys.stdout
    return Console(stderr=err, highlight=False, soft_wrap=True, width=None if stream.isatty() else 160)


def say(out: Console, text: str, indent: int = 0) -> None:
    """Markup on lines of its own, indented as a block: on a terminal it is wrapped between words."""
    if not out.is_terminal:
        out.print(" " * indent + text)
        return
    from rich.padding import Padding
    from rich.text import Text

    out.print(Padding(Text.from_markup(text), (0, 0, 0, indent)), soft_wrap=False)


def word(status: str) -> str:
    """A status as people say it."""
    return WORDS.get(status, status)


def styled(text: str, style: str) -> str:
    """Text in rich markup, with its own brackets kept."""
    return f"[{style}]{escaped(text)}[/]"


def escaped(text: str) -> str:
    """Text that is not markup."""
    return text.replace("[", "\\[")


def glyph(status: str) -> str:
    """The status's sign in its colour."""
    sign, style = GLYPHS[status]
    return f"[{style}]{sign}[/]"


def strip(states: Iterable[str]) -> str:
    """One sign a slice, oldest first."""
    return "".join(f"[{SLICES[state][1]}]{SLICES[state][0]}[/]" for state in states)


def number(value: float | Decimal | None) -> str:
    """1234567 as `1,234,567`; None as a dash."""
    return "-" if value is None else f"{value:,}"


def counted(count: int, noun: str) -> str:
    """A number of things: `1 row`, `1,234 rows`."""
    if count == 1:
        return f"1 {noun}"
    return f"{count:,} {noun[:-1]}ies" if noun.endswith("y") else f"{count:,} {noun}s"


def size(size_bytes: int | None) -> str:
    """Bytes in a readable unit."""
    if size_bytes is None:
        return "-"
    value = float(size_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def local(at: datetime, zone: str) -> str:
    """An instant as a person in the project's zone says it: `1 Jan 2014 05:09`."""
    there = at.astimezone(ZoneInfo(zone))
    return f"{there.day} {there:%b %Y %H:%M}"


def zone_name(zone: str) -> str:
    """`America/New_York` as `New York`."""
    return zone.rpartition("/")[2].replace("_", " ")


def print_json(value: Any) -> None:
    """Facts for programs: JSON on standard output."""
    click.echo(json.dumps(value, default=plain, ensure_ascii=False, indent=2))


def plain(value: Any) -> Any:
    """Nouns as JSON data: instants as ISO text, whole decimals as numbers, sets sorted."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, frozenset | set):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Path):
        return str(value)
    return str(value)


def table(rows: Sequence[Sequence[str]], *, indent: int = 0, right: Sequence[int] = ()) -> list[str]:
    """Rows of plain cells as aligned lines; columns in `right` are aligned to the right."""
    if not rows:
        return []
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append(" " * indent + "  ".join(cells).rstrip())
    return lines


class RunProgress:
    """Shows a run on its way: a bar on a terminal, a line a step elsewhere, both on standard error."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._bar: Any = None
        self._task: Any = None

    def listener(self) -> Listener:
        """What a run calls."""
        return self._bar_listener if sys.stderr.isatty() else self._line_listener

    def _line_listener(self, progress: Progress) -> None:
        if self._quiet or progress.what not in ("step-done", "step-failed"):
            return
        if progress.detail == "kept":
            return
        click.echo(f"{progress.done}/{progress.total} {progress.subject}: {progress.detail}", err=True)

    def _bar_listener(self, progress: Progress) -> None:
        if self._quiet:
            return
        if self._bar is None:
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
            from rich.progress import Progress as Bar

            self._bar = Bar(
                TextColumn("{task.description}"),
                BarColumn(24),
                MofNCompleteColumn(),
                TimeRemainingColumn(compact=True),
                console=console(err=True),
                transient=True,
            )
            self._task = self._bar.add_task("run", total=progress.total or None)
            self._bar.start()
        said = progress.subject if progress.what.startswith("step") else progress.what
        total = {"total": progress.total} if progress.total else {}
        done = {"completed": progress.done} if progress.what.startswith("step") else {}
        self._bar.update(self._task, description=said[:40], **total, **done)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
