"""The gate's decision: a query's tree is allowed as a whole, with every table replaced, or refused as a whole.

The lists are of what is allowed, not of what is forbidden. Tables are resolved where they stand: the name of a query of
WITH counts only where that query can be seen, and gets a new name that occurs nowhere else; every other table
becomes the SELECT that its reader is permitted, or the query is refused. So no table of the engine can be reached
by any name, even where this resolution and the engine's would differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mainstem.core.problem import Problem, ProjectError, nearest
from mainstem.security.expressions import expression, expressions, orders
from mainstem.security.frames import frame, is_local, prefixes
from mainstem.security.functions import TABLE_FUNCTIONS
from mainstem.security.joins import with_plain_crosses
from mainstem.security.walk import Handler, Scope, Tree, Walk, fold, keep, many, records, shaped, unknown


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A tree that may run, and the datasets that it reads, in order of first mention."""

    tree: Tree
    datasets: tuple[str, ...]


def rewrite(
    tree: Tree, relations: Mapping[str, Tree], text: str = "", parameters: frozenset[str] = frozenset()
) -> Rewritten:
    """The tree of one SELECT with each dataset replaced by its relation, if all of it is allowed.

    `relations` maps dataset names (`schema.table`) to trees of their permitted SELECTs; a name without schema is
    `main`'s. Only the relations of datasets that occur are looked up. `text` is what was parsed, for places.
    `parameters` are the names behind `$` that have a value. ProjectError with every S0.. problem otherwise.
    """
    names = {fold(name): name for name in relations}
    walk = Walk(_ByFolded(names, relations), _statement, text, parameters)
    try:
        statement = _only_statement(tree)
        walk.prefixes = frozenset(prefixes(statement))
        rewritten = _statement(statement, Scope(), walk)
    except RecursionError:
        raise too_deep() from None
    if walk.problems:
        raise ProjectError(*dict.fromkeys(walk.problems))
    return Rewritten({"error": False, "statements": [rewritten]}, tuple(names[name] for name in walk.read))


def too_deep() -> ProjectError:
    """The refusal of a query that is nested beyond what can be walked."""
    return ProjectError(
        Problem("S007", "the query is nested too deeply", "name its parts in WITH, or shorten its expressions")
    )


class _ByFolded(Mapping[str, Tree]):
    """The relations under their folded names."""

    def __init__(self, names: Mapping[str, str], relations: Mapping[str, Tree]) -> None:
        self._names = names
        self._relations = relations

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __getitem__(self, name: str) -> Tree:
        return self._relations[self._names[name]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _only_statement(tree: Tree) -> Tree:
    statements = tree.get("statements", [tree])
    if len(statements) != 1:
        many_statements = f"the text holds {len(statements)} statements"
        raise ProjectError(Problem("S001", many_statements, "write exactly one SELECT"))
    found: Tree = statements[0]
    return found


def _statement(value: Any, scope: Scope, walk: Walk) -> Any:
    return shaped(value, _STATEMENT, scope, walk)


def _query(node: Any, scope: Scope, walk: Walk) -> Any:
    """One query node with its WITH; what it names is visible in all of it."""
    handler = _QUERIES.get(node.get("type"))
    if handler is None:
        return unknown(node, walk)
    ctes, scope = _ctes(node["cte_map"], scope, walk)
    return handler({**node, "cte_map": ctes}, scope, walk)


def _ctes(value: Any, scope: Scope, walk: Walk) -> tuple[Any, Scope]:
    """The queries of a WITH, each of which sees those before it, and the scope that sees them all."""
    found = []
    for entry in value["map"]:
        new = f"mainstem_cte_{next(walk.numbers)}"
        body = entry["value"]["query"]["node"]
        if body.get("type") == "RECURSIVE_CTE_NODE":
            # Only its recursive part sees itself.
            body = {**body, "cte_name": new, "right": (entry["key"], body["right"])}
        query = {**entry["value"]["query"], "node": body}
        found.append({"key": new, "value": shaped({**entry["value"], "query": query}, _CTE, scope, walk)})
        scope = scope.with_local(entry["key"], new)
    return {"map": found}, scope


def _recursive(node: Any, scope: Scope, walk: Walk) -> Any:
    if not isinstance(node["right"], tuple):
        return unknown(node, walk)
    name, right = node["right"]
    inside = scope.with_local(name, node["cte_name"])
    found = shaped({key: value for key, value in node.items() if key != "right"}, _RECURSIVE, scope, walk)
    return {**found, "right": _query(right, inside, walk)}


def _select(node: Any, scope: Scope, walk: Walk) -> Any:
    return shaped(node, _SELECT, scope.with_frame(frame(node["from_table"], scope, walk)), walk)


def _set_operation(node: Any, scope: Scope, walk: Walk) -> Any:
    return shaped(node, _SET_OPERATION, scope, walk)


def _table(node: Any, scope: Scope, walk: Walk) -> Any:
    """One table reference."""
    if node is None:
        return None
    kind = node.get("type")
    if kind == "BASE_TABLE":
        return _base_table(node, scope, walk)
    if kind == "SHOW_REF":
        walk.refuse(
            "S008",
            "DESCRIBE, SHOW and SUMMARIZE are no queries of data",
            "use `mainstem show NAME` for columns and types; write the SELECT for figures",
            node,
        )
        return node
    shape = _TABLES.get(kind)
    if shape is None:
        return unknown(node, walk)
    if kind == "TABLE_FUNCTION":
        return _table_function(node, scope, walk)
    if kind == "JOIN":
        node = with_plain_crosses(node)
    return shaped(node, shape, scope, walk)


def _base_table(node: Tree, scope: Scope, walk: Walk) -> Tree:
    if node.get("at_clause") is not None:
        walk.refuse("S009", "AT asks for another version", "query the release that you want with `--release`", node)
    if is_local(node, scope):
        new = scope.local[fold(node["table_name"])]
        return {
            **shaped(node, _BASE_TABLE, scope, walk),
            "table_name": new,
            "alias": node["alias"] or node["table_name"],
        }
    schema = node["schema_name"] or "main"
    name = fold(f"{schema}.{node['table_name']}")
    if node["catalog_name"] or name not in walk.relations:
        _unknown_table(node, name, walk)
        return node
    walk.read.setdefault(name)
    return {
        "type": "SUBQUERY",
        "alias": node["alias"] or scope.alias(schema, node["table_name"]) or node["table_name"],
        "sample": keep(node["sample"], scope, walk),
        "query_location": node["query_location"],
        "subquery": _only_statement(walk.relations[name]),
        "column_name_alias": keep(node["column_name_alias"], scope, walk),
    }


def _unknown_table(node: Tree, name: str, walk: Walk) -> None:
    written = [part for part in (node["catalog_name"], node["schema_name"], node["table_name"]) if part]
    shown = name if len(written) < 3 else ".".join(written)
    mend = nearest(name, sorted(walk.relations), kind="datasets")
    walk.refuse("S004", f'dataset "{shown}" does not exist in this release', mend, node)


def _table_function(node: Tree, scope: Scope, walk: Walk) -> Tree:
    """A function in FROM that reads nothing; its name is checked here, its arguments are expressions."""
    function = node["function"]
    if function.get("class") != "FUNCTION":
        return unknown(node, walk)
    if fold(function["function_name"]) not in TABLE_FUNCTIONS or function["schema"] or function["catalog"]:
        what = f'"{function["function_name"]}" may not be read from'
        mend = f"read datasets of the release; functions in FROM are: {', '.join(sorted(TABLE_FUNCTIONS))}"
        walk.refuse("S003", what, mend, function)
        return node
    return shaped(node, _TABLES["TABLE_FUNCTION"], scope, walk)


def _modifier(value: Any, scope: Scope, walk: Walk) -> Any:
    """DISTINCT, ORDER BY, LIMIT."""
    shape = _MODIFIERS.get(value.get("type"))
    return unknown(value, walk) if shape is None else shaped(value, shape, scope, walk)


def _nothing(value: Any, scope: Scope, walk: Walk) -> Any:
    """A part that only bound trees or statements of several parts have."""
    del scope
    if value:
        walk.refuse("S005", "the query has a part that no SELECT has", "write it as one plain SELECT", value)
    return value


def _done(value: Any, scope: Scope, walk: Walk) -> Any:
    """A part that is rewritten already."""
    del scope, walk
    return value


def _entry(value: Any, scope: Scope, walk: Walk) -> Any:
    return shaped(value, {"values": keep, "star_expr": expression, "alias": keep}, scope, walk)


_STATEMENT: Mapping[str, Handler] = {"node": _query, "named_param_map": keep}
_CTE: Mapping[str, Handler] = {
    "aliases": keep,
    "query": _statement,
    "materialized": keep,
    "key_targets": expressions,
}
_NODE: Mapping[str, Handler] = {"type": keep, "modifiers": many(_modifier), "cte_map": _done}
_RECURSIVE: Mapping[str, Handler] = {
    **_NODE,
    "cte_name": keep,
    "union_all": keep,
    "left": _query,
    "aliases": keep,
    "key_targets": expressions,
}
_SELECT: Mapping[str, Handler] = {
    **_NODE,
    "select_list": expressions,
    "from_table": _table,
    "where_clause": expression,
    "group_expressions": expressions,
    "group_sets": keep,
    "aggregate_handling": keep,
    "having": expression,
    "sample": keep,
    "qualify": expression,
}
_SET_OPERATION: Mapping[str, Handler] = {
    **_NODE,
    "setop_type": keep,
    "setop_all": keep,
    "left": _query,
    "right": _query,
}
_QUERIES: Mapping[str, Handler] = {
    "SELECT_NODE": _select,
    "SET_OPERATION_NODE": _set_operation,
    "RECURSIVE_CTE_NODE": _recursive,
}
_MODIFIERS: Mapping[str, Mapping[str, Handler]] = {
    "DISTINCT_MODIFIER": {"type": keep, "distinct_on_targets": expressions},
    "ORDER_MODIFIER": {"type": keep, "orders": orders},
    "LIMIT_MODIFIER": {"type": keep, "limit": expression, "offset": expression},
    "LIMIT_PERCENT_MODIFIER": {"type": keep, "limit": expression, "offset": expression},
}
_REFERENCE: Mapping[str, Handler] = {"type": keep, "alias": keep, "sample": keep, "query_location": keep}
_BASE_TABLE: Mapping[str, Handler] = {
    **_REFERENCE,
    "catalog_name": keep,
    "schema_name": keep,
    "table_name": keep,
    "column_name_alias": keep,
    "at_clause": _nothing,
}
_TABLES: Mapping[str, Mapping[str, Handler]] = {
    "EMPTY": _REFERENCE,
    "SUBQUERY": {**_REFERENCE, "subquery": _statement, "column_name_alias": keep},
    "EXPRESSION_LIST": {**_REFERENCE, "expected_names": keep, "expected_types": keep, "values": many(expressions)},
    "JOIN": {
        **_REFERENCE,
        "left": _table,
        "right": _table,
        "condition": expression,
        "join_type": keep,
        "ref_type": keep,
        "using_columns": keep,
        "delim_flipped": keep,
        "duplicate_eliminated_columns": _nothing,
    },
    "TABLE_FUNCTION": {**_REFERENCE, "function": expression, "column_name_alias": keep, "with_ordinality": keep},
    "PIVOT": {
        **_REFERENCE,
        "source": _table,
        "aggregates": expressions,
        "unpivot_names": keep,
        "pivots": records(
            {"pivot_expressions": expressions, "unpivot_names": keep, "entries": many(_entry), "pivot_enum": _nothing}
        ),
        "groups": keep,
        "column_name_alias": keep,
        "include_nulls": keep,
    },
}
"""Keys by kind of table reference. What is not here is refused."""
