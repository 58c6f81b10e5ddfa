"""How things look in a terminal: statuses by glyph and colour, numbers, instants, tables."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any

import click

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
    """A terminal as wide as it is, where lines are wrapped between words; elsewhere lines stay whole."""
    from rich.console import Console

    width = columns(err=err)
    return Console(stderr=err, highlight=False, soft_wrap=width is None, width=width or 160)


def columns(*, err: bool = False) -> int | None:
    """How wide the terminal is; None where there is none."""
    return get_terminal_size().columns if (sys.stderr if err else sys.stdout).isatty() else None


def say(out: Console, text: str, indent: int = 0) -> None:
    """Markup on lines of its own, indented as a block: on a terminal it is wrapped between words."""
    if not out.is_terminal:
        out.print(" " * indent + text)
        return
    from rich.padding import Padding
    from rich.text import Text

    out.print(Padding(Text.from_markup(text), (0, 0, 0, indent)))


def say_beside(out: Console, lead: str, text: str) -> None:
    """Markup after a lead: on a terminal what does not fit goes on below the text, not below the lead."""
    if not out.is_terminal:
        out.print(lead + text)
        return
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid()
    grid.add_column(no_wrap=True)
    grid.add_column()
    grid.add_row(Text.from_markup(lead), Text.from_markup(text))
    out.print(grid)


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
