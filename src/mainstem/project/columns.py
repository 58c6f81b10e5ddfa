"""Columns as they are declared: the contract of a source's table, notes on the columns of a model."""

from __future__ import annotations

import re
from decimal import Decimal

from mainstem.core.dataset import Column
from mainstem.core.problem import Problem
from mainstem.project.names import identifier_problem
from mainstem.project.nodes import Keys, Node, Text, as_keys
from mainstem.project.scalars import SCALARS
from mainstem.project.shape import Form, shape
from mainstem.project.sql_types import type_problem

CONTRACT = Form(Column, given=frozenset({"name", "place"}))
"""A column of a source's table; a bare text is its type."""

_CHECKED = "the contract of a model is its checks: write "
NOTE = Form(
    Column,
    given=frozenset(
        {"name", "place", "type", "required", "unique", "min", "max", "accepted", "matches", "original", "references"},
    ),
    hints={
        "type": "remove it: the SELECT gives the type; cast the column there",
        "required": _CHECKED + "`checks: [{not_null: [column]}]`",
        "unique": _CHECKED + "`checks: [{unique: [column]}]`",
        "min": _CHECKED + "`checks: [{range: {column: ..., min: ...}}]`",
        "max": _CHECKED + "`checks: [{range: {column: ..., max: ...}}]`",
        "accepted": _CHECKED + "`checks: [{accepted_values: {column: ..., values: [...]}}]`",
        "references": _CHECKED + "`checks: [{relationships: {column: ..., to: ...}}]`",
        "matches": _CHECKED + "`checks: [{matches: {column: ..., pattern: ...}}]`",
    },
)
"""A column of a model: what its SELECT cannot say."""

GIVEN = Form(
    Column,
    given=NOTE.given - {"type", "original"},
    hints={key: mend for key, mend in NOTE.hints.items() if key != "type"},
)
"""A column of a model in another language than SQL; a bare text is its type."""

_NUMBER = re.compile(
    r"u?(tiny|small|big|huge)?int(eger)?[1248]?|float[48]?|double|real|short|long"
    r"|(decimal|numeric|dec)(\(.*\))?",
    re.IGNORECASE,
)


def read_contract(node: Node | None, problems: list[Problem]) -> tuple[Column, ...]:
    """The columns of a source's table: a mapping of names to a type, or to a mapping of promises."""
    return _typed(CONTRACT, node, problems)


def read_given(node: Node | None, problems: list[Problem]) -> tuple[Column, ...]:
    """The columns of a model in another language than SQL: a mapping of names to a type, or to a mapping."""
    return _typed(GIVEN, node, problems)


def _typed(form: Form, node: Node | None, problems: list[Problem]) -> tuple[Column, ...]:
    columns = []
    for name, key, value in _named(node, problems):
        wrong = identifier_problem(name, "column", key.place)
        if wrong:
            problems.append(_named_otherwise(wrong, name))
            continue
        bare = isinstance(value, Text) and value.value
        column = Column(name, key.place, type=bare) if bare else _shaped(form, name, key, value, problems)
        if column is not None:
            _check_type(column, value, problems)
            _check_reference(column, value, problems)
            columns.append(column)
    return tuple(columns)


def read_notes(node: Node | None, problems: list[Problem]) -> tuple[Column, ...]:
    """The columns of a model: a mapping of names to a description, or to a mapping."""
    columns = []
    seen: dict[str, str] = {}
    for name, key, value in _named(node, problems):
        bare = isinstance(value, Text) and value.value
        column = Column(name, key.place, description=bare) if bare else _shaped(NOTE, name, key, value, problems)
        if seen.setdefault(name.lower(), name) != name:
            what = f'column "{name}" differs from "{seen[name.lower()]}" in letter case only'
            problems.append(Problem("P016", what, "keep one of them: SQL does not tell them apart", key.place))
        elif column is not None:
            columns.append(column)
    return tuple(columns)


def _named(node: Node | None, problems: list[Problem]) -> list[tuple[str, Text, Node]]:
    if node is None:
        return []
    keys = as_keys(node, '"columns"', problems)
    return [(name, entry.key, entry.value) for name, entry in keys.entries.items()] if keys else []


def _named_otherwise(wrong: Problem, name: str) -> Problem:
    mend = f'{wrong.mend}; the name at the source goes into `original: "{name}"`'
    return Problem(wrong.code, wrong.what, mend, wrong.place)


def _shaped(form: Form, name: str, key: Text, value: Node, problems: list[Problem]) -> Column | None:
    if isinstance(value, Text):
        return Column(name, key.place)
    if isinstance(value, Keys):
        made: Column | None = shape(form, value, problems, name=name, place=key.place)
        return made
    problems.append(Problem("P009", f'column "{name}" is a list', f"write `{name}: {{...}}`", value.place))
    return None


def _check_type(column: Column, value: Node, problems: list[Problem]) -> None:
    if column.type is None:
        return
    type_node = value.get("type") if isinstance(value, Keys) else value
    wrong = type_problem(column.type)
    if wrong:
        problems.append(Problem(*wrong, type_node.place if type_node else column.place))
    elif _NUMBER.fullmatch(column.type.strip()) and isinstance(value, Keys):
        _check_bounds(column, value, problems)


def _check_reference(column: Column, value: Node, problems: list[Problem]) -> None:
    node = value.get("references") if isinstance(value, Keys) else None
    parts = (column.references or "").split(".")
    if node is not None and (len(parts) != 3 or not all(parts)):
        what = f'"{column.references}" is not the name of a column'
        problems.append(Problem("P009", what, 'write it as "schema.table.column"', node.place))


def _check_bounds(column: Column, keys: Keys, problems: list[Problem]) -> None:
    bounds = []
    for name, bound in (("min", column.min), ("max", column.max)):
        node = keys.get(name)
        if bound is None or node is None:
            continue
        try:
            bounds.append(SCALARS[Decimal].read(bound))
        except ValueError:
            what = f'"{name}" is "{bound}", which is no number as column "{column.name}" needs it'
            problems.append(Problem("P009", what, "write a number, such as 0.95", node.place))
    if len(bounds) == 2 and bounds[0] > bounds[1]:
        what = f'"min" {column.min} is greater than "max" {column.max}: no value can be right'
        problems.append(Problem("P009", what, "exchange them", keys.key_place("min")))
