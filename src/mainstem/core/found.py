"""Tables that were found at a source which no file of the project names yet."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FoundColumn:
    """A column as its source describes it. `type` is a SQL type of the engine's dialect, None where it says too little;
    `accepted` are the only values it takes. `samples` are a few values as text, never to be shown."""

    name: str
    type: str | None
    required: bool = False
    unique: bool = False
    accepted: tuple[str, ...] | None = None
    description: str = ""
    samples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundTable:
    """A table or view under its name at the source. `key` are the columns of its primary key; `rows` about how many
    rows it has, None where nobody knows."""

    name: str
    columns: tuple[FoundColumn, ...]
    key: tuple[str, ...] = ()
    rows: int | None = None
    description: str = ""
