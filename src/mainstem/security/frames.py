"""What the tables of one FROM are called, and how columns name them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from mainstem.security.walk import Scope, Tree, Walk, fold


def frame(table: Tree, scope: Scope, walk: Walk) -> dict[tuple[str, str], str]:
    """Aliases of the datasets that stand in a FROM without one: their name.

    Where names clash there, the alias has the schema too, unless the query uses the bare name before columns.
    """
    found: dict[tuple[str, str], str] = {}
    taken = set()
    for leaf in _leaves(table):
        name = leaf["alias"] or leaf.get("table_name", "")
        if leaf["type"] == "BASE_TABLE" and not leaf["alias"] and not is_local(leaf, scope):
            schema = leaf["schema_name"] or "main"
            found[(fold(schema), fold(name))] = f"{schema}.{name}"
        else:
            taken.add(fold(name))
    schemas = Counter(table for _, table in found)
    for (schema, name), full in found.items():
        clashes = name in taken or schemas[name] > 1
        is_told_apart = clashes and ((schema, name) in walk.prefixes or (name,) not in walk.prefixes)
        found[(schema, name)] = full if is_told_apart else full.partition(".")[2]
    return found


def prefixes(value: Any) -> Iterator[tuple[str, ...]]:
    """Everything that stands before a column: (table,) or (schema, table), folded."""
    if isinstance(value, list):
        for item in value:
            yield from prefixes(item)
    elif isinstance(value, dict):
        names = value.get("column_names", ())
        if len(names) > 1:
            yield tuple(fold(name) for name in names[: 2 if len(names) > 2 else 1])
        for item in value.values():
            yield from prefixes(item)


def _leaves(table: Tree) -> Iterator[Tree]:
    if table["type"] == "JOIN":
        yield from _leaves(table["left"])
        yield from _leaves(table["right"])
    elif table["type"] == "PIVOT":
        yield from _leaves(table["source"])
    else:
        yield table


def is_local(table: Tree, scope: Scope) -> bool:
    """A table's name is that of a query of WITH in scope; such names have no schema, but for `recurring`."""
    if table["catalog_name"] or fold(table["schema_name"]) not in ("", "recurring"):
        return False
    return fold(table["table_name"]) in scope.local
