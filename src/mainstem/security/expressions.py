"""The expressions that a query may hold, by class, with every key that they have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mainstem.core.problem import nearest
from mainstem.security.functions import FUNCTIONS
from mainstem.security.walk import Handler, Scope, Tree, Walk, fold, keep, many, records, shaped, unknown

_SYSTEM_SCHEMAS = frozenset(("pg_catalog", "information_schema"))


def expression(value: Any, scope: Scope, walk: Walk) -> Any:
    """One expression, or None where the tree has none."""
    if value is None:
        return None
    if value.get("class") not in EXPRESSIONS:
        return unknown(value, walk)
    special = _SPECIAL.get(value["class"])
    if special is not None:
        value = special(value, scope, walk)
    return shaped(value, EXPRESSIONS[value["class"]], scope, walk)


def _statement(value: Any, scope: Scope, walk: Walk) -> Any:
    return walk.query(value, scope, walk)


def _function(node: Tree, scope: Scope, walk: Walk) -> Tree:
    """A function that computes from its arguments alone; `column.lower()` is the function of a column."""
    del scope
    check_function(node, FUNCTIONS, walk)
    if node.get("export_state"):
        walk.refuse("S005", "EXPORT_STATE is not allowed in a query", "leave it out", node)
    return node


def check_function(node: Tree, allowed: frozenset[str], walk: Walk) -> None:
    """Refuse a function that is not on the list."""
    name = fold(node["function_name"])
    if name not in allowed or fold(node["schema"]) in _SYSTEM_SCHEMAS:
        mend = nearest(name, sorted(filter(str.isidentifier, allowed)), kind="functions that may be called")
        walk.refuse("S002", f'function "{node["function_name"]}" may not be called', mend, node)


def _column(node: Tree, scope: Scope, walk: Walk) -> Tree:
    """A column; a dataset's schema before its name goes, since the dataset now stands there as a subquery."""
    del walk
    names = node["column_names"]
    alias = scope.alias(names[0], names[1]) if len(names) > 2 else None
    return node if alias is None else {**node, "column_names": [alias, *names[2:]]}


def _constant(node: Tree, scope: Scope, walk: Walk) -> Tree:
    """A constant; a DOUBLE becomes a cast, since the engine writes it with a point and reads that as a DECIMAL."""
    del scope, walk
    value = node["value"]
    if value["type"]["id"] not in {"DOUBLE", "FLOAT"} or value["is_null"]:
        return node
    text = {"type": {"id": "VARCHAR", "type_info": None}, "is_null": False, "value": repr(value["value"])}
    return {
        "class": "CAST",
        "type": "OPERATOR_CAST",
        "alias": node["alias"],
        "query_location": node["query_location"],
        "child": {**node, "alias": "", "value": text},
        "cast_type": value["type"],
        "try_cast": False,
    }


def _parameter(node: Tree, scope: Scope, walk: Walk) -> Tree:
    del scope
    name = node.get("identifier", "")
    if name in walk.parameters:
        return node
    walk.refuse("S006", f'parameter "${name}" has no value', "write the value itself", node)
    return node


def _named_column(value: Any, scope: Scope, walk: Walk) -> Any:
    """A column of EXCLUDE or RENAME."""
    alias = scope.alias(value["schema"], value["table"]) if value["schema"] else None
    return keep(value if alias is None else {**value, "schema": "", "table": alias}, scope, walk)


def orders(value: Any, scope: Scope, walk: Walk) -> Any:
    """The terms of an ORDER BY."""
    return [shaped(item, _ORDER, scope, walk) for item in value]


def _order_modifier(value: Any, scope: Scope, walk: Walk) -> Any:
    return shaped(value, {"type": keep, "orders": orders}, scope, walk)


expressions = many(expression)

_ORDER: Mapping[str, Handler] = {"type": keep, "null_order": keep, "expression": expression}
_SPECIAL: Mapping[str, Handler] = {
    "COLUMN_REF": _column,
    "CONSTANT": _constant,
    "FUNCTION": _function,
    "PARAMETER": _parameter,
    "WINDOW": _function,
}


_COMMON: Mapping[str, Handler] = {"class": keep, "type": keep, "alias": keep, "query_location": keep}
_SHAPES: Mapping[str, Mapping[str, Handler]] = {
    "BETWEEN": {"input": expression, "lower": expression, "upper": expression},
    "CASE": {
        "case_checks": records({"when_expr": expression, "then_expr": expression}),
        "else_expr": expression,
    },
    "CAST": {"child": expression, "cast_type": keep, "try_cast": keep},
    "COLLATE": {"child": expression, "collation": keep},
    "COLUMN_REF": {"column_names": keep},
    "COMPARISON": {"left": expression, "right": expression},
    "CONJUNCTION": {"children": expressions},
    "CONSTANT": {"value": keep},
    "FUNCTION": {
        "function_name": keep,
        "schema": keep,
        "catalog": keep,
        "children": expressions,
        "filter": expression,
        "order_bys": _order_modifier,
        "distinct": keep,
        "is_operator": keep,
        "export_state": keep,
    },
    "LAMBDA": {"lhs": expression, "expr": expression},
    "OPERATOR": {"children": expressions},
    "PARAMETER": {"identifier": keep},
    "POSITIONAL_REFERENCE": {"index": keep},
    "STAR": {
        "relation_name": keep,
        "exclude_list": keep,
        "qualified_exclude_list": many(_named_column),
        "replace_list": records({"key": keep, "value": expression}),
        "rename_list": records({"key": _named_column, "value": keep}),
        "columns": keep,
        "expr": expression,
    },
    "SUBQUERY": {"subquery_type": keep, "subquery": _statement, "child": expression, "comparison_type": keep},
    "WINDOW": {
        "function_name": keep,
        "schema": keep,
        "catalog": keep,
        "children": expressions,
        "partitions": expressions,
        "orders": orders,
        "start": keep,
        "end": keep,
        "start_expr": expression,
        "end_expr": expression,
        "offset_expr": expression,
        "default_expr": expression,
        "ignore_nulls": keep,
        "filter_expr": expression,
        "exclude_clause": keep,
        "distinct": keep,
        "arg_orders": orders,
    },
}
EXPRESSIONS: Mapping[str, Mapping[str, Handler]] = {name: {**_COMMON, **shape} for name, shape in _SHAPES.items()}
"""Keys by class of expression. What is not here is refused."""
