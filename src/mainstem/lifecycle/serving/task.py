"""What a reading worker is told to do, and what it answers: plain data that crosses the border of its process."""

from __future__ import annotations

from typing import Any

import msgspec


class Bound(msgspec.Struct, frozen=True):
    """A name of a SELECT: a view (`sql`), or columns (name, type) over files. Without a name `sql` makes a macro.

    What one needs stands before it.
    """

    name: str
    files: tuple[str, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    sql: str | None = None


class Task(msgspec.Struct, frozen=True):
    """One SELECT that the gate has allowed.

    It reads a serving copy (`copy`, the path of a native file), or what is `bound`. `parameters` are type and text by
    name. `engine`: its kind. At most `limit` rows come back, and one more to tell that there are more.
    """

    text: str
    limit: int
    engine: str
    copy: str | None = None
    bound: tuple[Bound, ...] = ()
    parameters: dict[str, tuple[str, str] | None] = {}


class Fault(msgspec.Struct, frozen=True):
    """A problem without a place. `is_text`: the text is to blame, not the world."""

    code: str
    what: str
    mend: str
    is_text: bool


class Result(msgspec.Struct, frozen=True):
    """Columns (name, type) and rows as JSON has them, or what went wrong. Instants are text in UTC."""

    columns: tuple[tuple[str, str], ...] = ()
    rows: list[list[Any]] = []
    faults: tuple[Fault, ...] = ()


class Length:
    """How messages follow one another in a pipe: four bytes of length, then the message."""

    SIZE = 4

    @staticmethod
    def framed(message: bytes) -> bytes:
        return len(message).to_bytes(Length.SIZE, "big") + message
