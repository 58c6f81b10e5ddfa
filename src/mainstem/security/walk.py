"""What every part of the walk over a query's tree shares: the names in scope, the refusals, the plain values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from string import ascii_lowercase, ascii_uppercase
from typing import Any

from mainstem.core.place import Place
from mainstem.core.problem import Problem

Tree = Mapping[str, Any]
"""A node of the engine's syntax tree, as JSON data."""

_NO_LOCATION = 2**64 - 1
_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)


def fold(name: str) -> str:
    """A name as the engine compares it: only the letters A to Z have no case.

    >>> fold("MARTS.Über") == fold("marts.Über"), fold("Ü") == fold("ü")
    (True, False)
    """
    return name.translate(_LOWER)


@dataclass(frozen=True, slots=True)
class Scope:
    """What names mean at one point of a query.

    `local` maps the folded names of the queries of WITH to the names that they have in the rewritten text, which
    nobody can guess or write. `frames` has a mapping for each FROM around this point, nearest first: folded (schema,
    table) of the datasets that stand there without alias, to the alias that they get.
    """

    local: Mapping[str, str] = field(default_factory=dict)
    frames: tuple[Mapping[tuple[str, str], str], ...] = ()

    def with_local(self, name: str, new: str) -> Scope:
        return replace(self, local={**self.local, fold(name): new})

    def with_frame(self, frame: Mapping[tuple[str, str], str]) -> Scope:
        return replace(self, frames=(frame, *self.frames))

    def alias(self, schema: str, table: str) -> str | None:
        """The alias of a dataset that some FROM around this point reads without giving it one."""
        key = (fold(schema), fold(table))
        return next((frame[key] for frame in self.frames if key in frame), None)


@dataclass(slots=True)
class Walk:
    """One walk over one query: what it may read, what it read, what is refused.

    `relations` maps folded dataset names to the trees that stand for them. `query` walks a query inside an
    expression. `text` is the query's text, for places only. `parameters` are
    the names behind `$` that have a value. `prefixes` are the folded (table,) and (schema, table) that
    stand before columns somewhere in the query.
    """

    relations: Mapping[str, Tree]
    query: Callable[[Any, Scope, Walk], Any]
    text: str = ""
    parameters: frozenset[str] = frozenset()
    prefixes: frozenset[tuple[str, ...]] = frozenset()
    read: dict[str, None] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=count)

    def refuse(self, code: str, what: str, mend: str, node: Any) -> None:
        self.problems.append(Problem(code, what, mend, _place(self.text, node)))


Handler = Callable[[Any, Scope, Walk], Any]
"""Gives back the part of the tree that it was given, rewritten; reports what is not allowed."""


def keep(value: Any, scope: Scope, walk: Walk) -> Any:
    """A plain value: nothing in it can be an expression, a table or a query."""
    if isinstance(value, dict):
        if not value.keys().isdisjoint(("class", "node", "table_name", "function_name")):
            walk.refuse("S005", "the query has an expression where a plain value belongs", _SIMPLER, value)
        return {key: keep(item, scope, walk) for key, item in value.items()}
    if isinstance(value, list):
        return [keep(item, scope, walk) for item in value]
    return value


_SIMPLER = "write that part in another way"


def shaped(node: Tree, shape: Mapping[str, Handler], scope: Scope, walk: Walk) -> dict[str, Any]:
    """The node with every key rewritten by its handler; a key without one is refused."""
    found: dict[str, Any] = {}
    for key, value in node.items():
        handler = shape.get(key)
        if handler is None:
            kind = node.get("class") or node.get("type") or "query"
            walk.refuse("S005", f'"{key}" of {_words(kind)} is not known to be safe', _SIMPLER, node)
        else:
            found[key] = handler(value, scope, walk)
    return found


def unknown(node: Tree, walk: Walk) -> Tree:
    """Refuse a node of a kind that is not on the list."""
    kind = node.get("class") or node.get("type") or "query"
    walk.refuse("S005", f"{_words(kind)} is not allowed in a query", _SIMPLER, node)
    return node


def many(handler: Handler) -> Handler:
    """The handler for a list of what `handler` takes."""
    return lambda value, scope, walk: [handler(item, scope, walk) for item in value]


def records(shape: Mapping[str, Handler]) -> Handler:
    """The handler for a list of plain records with those keys."""
    return lambda value, scope, walk: [shaped(item, shape, scope, walk) for item in value]


def _words(kind: Any) -> str:
    return f'"{str(kind).lower().replace("_", " ")}"'


def _place(text: str, node: Any) -> Place | None:
    at = node.get("query_location", _NO_LOCATION) if isinstance(node, dict) else _NO_LOCATION
    encoded = text.encode()
    if at >= len(encoded):
        return None
    before = encoded[:at].decode(errors="ignore")
    return Place("query", before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
