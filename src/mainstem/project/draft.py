"""Drafts the file of a source from the tables that were found there: text for a person to read and to change."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import yaml

from mainstem.core.found import FoundColumn, FoundTable
from mainstem.project.names import snake_case

_CURSORS = ("updated_at", "modified_at", "changed_at", "last_modified", "last_updated", "updated", "modified")
_TIMES = ("TIMESTAMP", "DATE", "VARCHAR")
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 ,.;()/'_-]*")


@dataclass(frozen=True, slots=True)
class Drafted:
    """The text of a source's file, and how much is in it."""

    text: str
    tables: int
    columns: int
    tagged: int


def draft_source(
    kind: str, options: Mapping[str, str], tables: Sequence[FoundTable], tags_of: Callable[[FoundColumn], Sequence[str]]
) -> Drafted:
    """A source file with a contract for each table: types, keys, what is required and unique, suggested tags.

    `tags_of` suggests the tags of a column. Loads are incremental where a table has a key and a column that tells when
    a row has changed.
    """
    lines = [
        "# Drafted from the database: read it, remove what nobody needs, say who owns it.",
        f"kind: {kind}",
        *(f"{key}: {_scalar(value)}" for key, value in options.items()),
        "# owner: the id of a stakeholder whose side is upstream",
        "tables:",
    ]
    tagged = 0
    for name, table in _named([table.name for table in tables], tables):
        tags = {column.name: tuple(tags_of(column)) for column in table.columns}
        tagged += sum(bool(each) for each in tags.values())
        lines += _table(name, table, tags)
    return Drafted("\n".join(lines) + "\n", len(tables), sum(len(table.columns) for table in tables), tagged)


_T = TypeVar("_T")


def _named(names: Sequence[str], things: Sequence[_T]) -> Iterator[tuple[str, _T]]:
    """Each thing with a name of its own: its own one, with the schema where two are alike, else numbered."""
    short = [snake_case(name.rpartition(".")[2]) for name in names]
    taken: set[str] = set()
    for name, plain, thing in zip(names, short, things, strict=True):
        wanted = plain if short.count(plain) == 1 else snake_case(name)
        free = (each for number in itertools.count(1) if (each := wanted if number == 1 else f"{wanted}_{number}"))
        found = next(each for each in free if each not in taken)
        taken.add(found)
        yield found, thing


def _table(name: str, table: FoundTable, tags: Mapping[str, Sequence[str]]) -> list[str]:
    rows = "" if table.rows is None else f"  # about {table.rows:,} rows"
    found = [f"  {name}:{rows}"]
    if name != table.name:
        found.append(f"    table: {_scalar(table.name)}")
    if table.description:
        found.append(f"    description: {_scalar(table.description)}")
    found += _loading(table)
    found.append("    columns:")
    named = {column.name: name for name, column in _columns(table)}
    return [*found, *(f"      {_column(named[column.name], column, tags[column.name])}" for column in table.columns)]


def _columns(table: FoundTable) -> Iterator[tuple[str, FoundColumn]]:
    return _named([column.name.replace(".", "_") for column in table.columns], table.columns)


def _loading(table: FoundTable) -> list[str]:
    names = dict(_columns(table))
    plain = {column.name: name for name, column in names.items()}
    cursor = next(
        (each for each in _CURSORS if each in names and (names[each].type or "").upper().startswith(_TIMES)), None
    )
    key = [f"    key: [{', '.join(plain[name] for name in table.key)}]"] if table.key else []
    if cursor is None or not table.key:
        return key
    return ["    load: incremental", f"    cursor: {cursor}", *key]


def _column(name: str, column: FoundColumn, tags: Sequence[str]) -> str:
    parts = [f"type: {_scalar(_type(column.type))}"] if column.type else []
    if name != column.name:
        parts.append(f"original: {_scalar(column.name)}")
    parts += ["required: true"] if column.required else []
    parts += ["unique: true"] if column.unique else []
    if column.accepted is not None:
        parts.append(f"accepted: [{', '.join(map(_scalar, column.accepted))}]")
    parts += [f"tags: [{', '.join(tags)}]"] if tags else []
    parts += [f"description: {_scalar(column.description)}"] if column.description else []
    return f"{name}: {{{', '.join(parts)}}}"


def _type(text: str) -> str:
    return text.lower().replace("timestamp with time zone", "timestamptz").replace(",", ", ")


def _scalar(text: str) -> str:
    """A text as YAML, in quotes where it needs them; within `{}` and `[]` a comma or bracket does."""
    if _PLAIN.fullmatch(text) and not set(",()") & set(text) and yaml.safe_load(text) == text:
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'
