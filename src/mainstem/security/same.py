"""Whether two syntax trees say the same: the text that runs must read back as the tree that was allowed."""

from __future__ import annotations

from typing import Any

from mainstem.security.walk import Tree

_TRUE: Tree = {
    "class": "CAST",
    "type": "OPERATOR_CAST",
    "alias": "",
    "child": {
        "class": "CONSTANT",
        "type": "VALUE_CONSTANT",
        "alias": "",
        "value": {"type": {"id": "VARCHAR", "type_info": None}, "is_null": False, "value": "t"},
    },
    "cast_type": {"id": "BOOLEAN", "type_info": None},
    "try_cast": False,
}


def says_the_same(tree: Tree, other: Tree) -> bool:
    """The trees differ at most in places in the text, and in what the engine writes in another way than it reads.

    That is: `true` becomes CAST('t' AS BOOLEAN), and VALUES becomes SELECT * FROM (VALUES ...).
    """
    return bool(_normal(tree) == _normal(other))


def _normal(value: Any) -> Any:
    if isinstance(value, list):
        return [_normal(item) for item in value]
    if not isinstance(value, dict):
        return value
    found = {key: _normal(item) for key, item in value.items() if key != "query_location"}
    if found.get("class") == "CONSTANT":
        return _normal_constant(found)
    return _values_of(found) if found.get("type") == "SUBQUERY" and "class" not in found else found


def _normal_constant(node: dict[str, Any]) -> Any:
    value = node["value"]
    if value["type"]["id"] != "BOOLEAN" or value["is_null"]:
        return node
    child = {**_TRUE["child"], "value": {**_TRUE["child"]["value"], "value": "t" if value["value"] else "f"}}
    return {**_TRUE, "alias": node["alias"], "child": child}


def _values_of(node: dict[str, Any]) -> Any:
    """The list of VALUES that a subquery of nothing else stands for, else the subquery."""
    body = node["subquery"]["node"]
    inner = body.get("from_table") or {}
    if inner.get("type") != "EXPRESSION_LIST" or inner["alias"] != node["alias"] or node["column_name_alias"]:
        return node
    bare = {**inner, "sample": node["sample"]}
    is_plain = (
        len(body["select_list"]) == 1
        and body["select_list"][0] == _STAR
        and not any(body[key] for key in ("modifiers", "where_clause", "group_expressions", "having", "qualify"))
        and not body["cte_map"]["map"]
    )
    return bare if is_plain else node


_STAR: Tree = {
    "class": "STAR",
    "type": "STAR",
    "alias": "",
    "relation_name": "",
    "exclude_list": [],
    "replace_list": [],
    "columns": False,
    "expr": None,
    "qualified_exclude_list": [],
    "rename_list": [],
}
