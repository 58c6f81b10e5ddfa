"""Where in the project's text something was written."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A point in a file of the project.

    `file` is relative to the project's folder, with forward slashes. `line` and `column` count from 1;
    0 means "the file as a whole".
    """

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        if not self.line:
            return self.file
        return f"{self.file}:{self.line}:{self.column or 1}"


class Places(dict[str, Place]):
    """Where the values of a mapping are written, by their keys; those of a list also by `key:0`, `key:1`. They are no
    part of what the text means."""
