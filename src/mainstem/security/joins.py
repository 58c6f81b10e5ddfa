"""Joins inside joins, so that the text that the engine writes is the tree that it read."""

from __future__ import annotations

from mainstem.security.walk import Tree


def with_plain_crosses(node: Tree) -> Tree:
    """A cross join inside another join becomes an inner join on true.

    The engine writes a cross join as a comma, which binds less tightly than JOIN: text and tree would differ.
    """
    left, right = node["left"], node["right"]
    if node["ref_type"] != "CROSS":
        left = _as_inner(left)
    return {**node, "left": left, "right": _as_inner(right)}


def _as_inner(node: Tree) -> Tree:
    if node["type"] != "JOIN" or node["ref_type"] != "CROSS":
        return node
    return {**node, "ref_type": "REGULAR", "condition": _TRUE, "left": _as_inner(node["left"])}


_TRUE: Tree = {
    "class": "CONSTANT",
    "type": "VALUE_CONSTANT",
    "alias": "",
    "query_location": 2**64 - 1,
    "value": {"type": {"id": "BOOLEAN", "type_info": None}, "is_null": False, "value": True},
}
