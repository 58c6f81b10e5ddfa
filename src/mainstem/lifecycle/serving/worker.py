"""A reading worker: a process that runs one allowed SELECT after another, and may be killed at any time.

It has no secrets in its environment, writes no file, and reads nothing but what its task names.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from types import NoneType
from typing import Any
from uuid import UUID

import msgspec

from mainstem.core.kinds import find
from mainstem.core.ports import Engine, Session
from mainstem.core.problem import MainstemError, ProjectError
from mainstem.core.project import EngineSettings
from mainstem.core.release import Field
from mainstem.lifecycle.serving.parameter import value_of
from mainstem.lifecycle.serving.task import Bound, Fault, Length, Result, Task

MEMORY = "1GB"
"""What one SELECT may hold in memory."""

_SETTINGS = EngineSettings(memory_limit=MEMORY, threads=1, temp_directory="")
_EXACT = 2**53
"""Whole numbers beyond this are text: readers of JSON would round them."""


def main() -> None:
    """Answer tasks from standard input until it ends."""
    _limit()
    _look_once(("numpy", "pandas", "polars", "pyarrow"))
    source, target = sys.stdin.buffer, sys.stdout.buffer
    copies = Copies()
    while head := source.read(Length.SIZE):
        task = msgspec.msgpack.decode(source.read(int.from_bytes(head, "big")), type=Task)
        target.write(Length.framed(msgspec.msgpack.encode(answered(task, copies))))
        target.flush()


def _limit() -> None:
    """No file can grow, no memory is dumped. Where the system knows no such limits, the engine's own remain."""
    try:
        import resource
    except ImportError:
        return
    for limit in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
        resource.setrlimit(limit, (0, 0))


def _look_once(names: tuple[str, ...]) -> None:
    """What is not installed is not looked for again: the engine does, several times for each bound value."""
    for name in names:
        if find_spec(name) is None:
            sys.modules[name] = None  # type: ignore[assignment]


Described = dict[str, tuple[Field, ...]]
"""The columns of each text that was run on an engine."""


class Copies:
    """The serving copy that was read last, held open: releases follow one another, and one is current."""

    def __init__(self) -> None:
        self._path: str | None = None
        self._engine: Engine | None = None
        self._open: tuple[Session, Described] | None = None

    def open(self, kind: str, path: str) -> tuple[Session, Described]:
        if self._path != path or self._open is None:
            if self._engine is not None:
                self._engine.close()
            self._engine, self._path, self._open = None, None, None
            engine: Engine = find("engines", kind).open_copy(Path(path), _SETTINGS)
            engine.lock([Path(path)])
            self._engine, self._path, self._open = engine, path, (engine.session(), {})
        return self._open


def answered(task: Task, copies: Copies) -> Result:
    """The answer to one task."""
    try:
        with _opened(task, copies) as (session, described):
            return _run(session, task, described)
    except MainstemError as error:
        is_text = isinstance(error, ProjectError)
        return Result(faults=tuple(Fault(each.code, each.what, each.mend, is_text) for each in error.problems))


@contextmanager
def _opened(task: Task, copies: Copies) -> Iterator[tuple[Session, Described]]:
    if task.copy is not None:
        yield copies.open(task.engine, task.copy)
        return
    engine: Engine = find("engines", task.engine).open(_SETTINGS)
    try:
        for each in task.bound:
            _bind(engine, each)
        files = [Path(file) for each in task.bound for file in each.files]
        engine.lock(files)
        yield engine.session(), {}
    finally:
        engine.close()


def _bind(engine: Engine, bound: Bound) -> None:
    if not bound.name:
        session = engine.session()
        session.execute(bound.sql or "")
        session.close()
    elif bound.sql is not None:
        engine.bind_view(bound.name, bound.sql)
    else:
        fields = [Field(name, type_) for name, type_ in bound.fields]
        engine.bind(bound.name, [Path(file) for file in bound.files], fields)


def _run(session: Session, task: Task, described: Described) -> Result:
    given = {name: value_of(*said) if said else None for name, said in task.parameters.items()}
    if task.text not in described:
        described[task.text] = session.describe(task.text, given)
    columns = described[task.text]
    names = [f"c{position}" for position in range(len(columns))]
    shown = ", ".join(_readable(name, column) for name, column in zip(names, columns, strict=True))
    answer = f"select {shown} from ({task.text}) as answer({', '.join(names)}) limit {task.limit + 1}"
    rows = [[_plain(value) for value in row] for row in session.rows(answer, given)]
    return Result(tuple((column.name, column.type) for column in columns), rows)


def _readable(name: str, column: Field) -> str:
    return f"cast({name} as varchar)" if "WITH TIME ZONE" in column.type.upper() else name


def _plain(value: Any) -> Any:
    """A value as JSON has it, nothing lost: what JSON cannot say is text."""
    says = _SAID.get(type(value))
    return repr(value) if says is None else says(value)


def _decimal(value: Decimal) -> Any:
    """A number where a DOUBLE says exactly the same, else text."""
    number = float(value)
    if Decimal(repr(number)) == value and abs(number) <= _EXACT:
        return number
    return str(value)


def _same(value: Any) -> Any:
    return value


def _items(value: Any) -> Any:
    return [_plain(item) for item in value]


_SAID: Mapping[type, Callable[[Any], Any]] = {
    NoneType: _same,
    str: _same,
    bool: _same,
    int: lambda value: value if -_EXACT <= value <= _EXACT else str(value),
    float: lambda value: value if value - value == 0 else str(value),
    Decimal: _decimal,
    date: date.isoformat,
    datetime: datetime.isoformat,
    time: time.isoformat,
    timedelta: str,
    UUID: str,
    bytes: bytes.hex,
    list: _items,
    tuple: _items,
    dict: lambda value: {str(key): _plain(item) for key, item in value.items()},
}


if __name__ == "__main__":
    os.chdir("/")
    main()
