"""Any sequence of commits leaves a table that equals a plain model, at every version, for us and for deltalake."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from storage_world import NOW_MS, World, identity

from mainstem.core.release import Change, Snapshot
from mainstem.lifecycle.storage import tables

TABLES = count()
COLUMNS = ("a", "b", "c")
Row = tuple[Any, ...]


def rows_of(values: list[int], column: str) -> str:
    return "select * from (values " + ", ".join(f"({value})" for value in values) + f") t({column})"


def as_row(column: str, value: int, columns: list[str]) -> Row:
    return tuple(value if name == column else None for name in columns)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.lists(st.integers(-9, 9), min_size=1, max_size=3), st.sampled_from(COLUMNS)),
        st.tuples(st.just("replace"), st.lists(st.integers(-9, 9), min_size=1, max_size=3), st.sampled_from(COLUMNS)),
        st.tuples(st.just("swap"), st.lists(st.integers(-9, 9), min_size=1, max_size=3), st.integers(0, 5)),
        st.tuples(st.just("empty"), st.none(), st.none()),
        st.tuples(st.just("fence"), st.none(), st.none()),
        st.tuples(st.just("fork"), st.none(), st.none()),
    ),
    min_size=1,
    max_size=14,
)


class Model:
    """What the table should hold: files as lists of (column, value), columns in their order."""

    def __init__(self) -> None:
        self.files: list[list[tuple[str, int]]] = []
        self.columns: list[str] = []

    def rows(self) -> list[Row]:
        return sorted((as_row(c, v, self.columns) for file in self.files for c, v in file), key=repr)


def step(
    world: World, model: Model, base: Snapshot | None, table: str, attempt: int, what: tuple[Any, Any, Any]
) -> Change:
    kind, values, detail = what
    if kind == "empty" and base is not None:
        model.files = []
        return Change(base.fields, replace=True)
    if kind == "swap" and base is not None and base.files:
        position = detail % len(base.files)
        column = model.columns[0]
        model.files = [file for index, file in enumerate(model.files) if index != position]
        model.files.append([(column, value) for value in values])
        change = world.write(rows_of(values, column), table, f"a{attempt}-")
        return replace(change, removed=(base.files[position].path,))
    column = detail if detail in COLUMNS else COLUMNS[0]
    values = values or [0]
    change = world.write(rows_of(values, column), table, f"a{attempt}-")
    if kind == "replace":
        model.files, model.columns = [], []
        change = replace(change, replace=True)
    if column not in model.columns:
        model.columns.append(column)
    model.files.append([(column, value) for value in values])
    return change


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_a_table_equals_its_model_at_every_version(world: World, steps: list[tuple[Any, Any, Any]]) -> None:
    table, model, base = f"m/p{next(TABLES)}", Model(), None
    expected: list[tuple[Snapshot, list[Row]]] = []
    for attempt, what in enumerate(steps, 1):
        if what[0] == "fence":
            tables.fence(world.lake, table, attempt, "recovery", NOW_MS)
            base = tables.snapshot(world.lake, table)
        elif what[0] == "fork" and base is not None:
            table = tables.next_table(world.lake, table)
            base = tables.fork(world.lake, base, table, identity(attempt))
            expected.append((base, model.rows()))
        else:
            change = step(world, model, base, table, attempt, what)
            base = tables.commit(world.lake, table, base, change, identity(attempt), now_ms=NOW_MS)
            assert tables.snapshot(world.lake, table) == base
            expected.append((base, model.rows()))
    for at, rows in expected:
        assert sorted(world.rows(at), key=repr) == rows
        assert at.rows == len(rows)
        assert world.library_rows(table=at.table, number=at.number) == rows
