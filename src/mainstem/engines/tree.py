"""The engine's own syntax tree of one SELECT, as JSON data: read, and rendered back to text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import duckdb

from mainstem.core.problem import Problem, ProjectError
from mainstem.engines.errors import world_error

_ONE_SELECT = "write one SELECT; queries read and never change anything"


def parse_tree(connection: duckdb.DuckDBPyConnection, sql: str) -> Mapping[str, Any]:
    """The tree that DuckDB's `json_serialize_sql` gives: no other parser, so no difference between parsers.

    ProjectError E001 (syntax) or E011 (not exactly one SELECT), placed in `sql` as `world_error` does.
    """
    found = connection.execute("select json_serialize_sql(?)::varchar", [sql]).fetchall()
    tree: dict[str, Any] = json.loads(found[0][0])
    if tree.get("error"):
        raise ProjectError(_refusal(tree, sql))
    if len(tree["statements"]) != 1:
        raise ProjectError(Problem("E011", f"the text holds {len(tree['statements'])} statements", _ONE_SELECT))
    return tree


def render_tree(connection: duckdb.DuckDBPyConnection, tree: Mapping[str, Any]) -> str:
    """The SQL text of a tree; the inverse of `parse_tree` up to white space."""
    found = connection.execute("select json_deserialize_sql(?::json)", [json.dumps(tree)]).fetchall()
    return str(found[0][0])


def _refusal(tree: Mapping[str, Any], sql: str) -> Problem:
    if tree.get("error_type") != "parser":
        return Problem("E011", "the text is not a SELECT", _ONE_SELECT)
    words = json.dumps({"exception_type": "Parser", "exception_message": tree["error_message"], **tree})
    return world_error(duckdb.ParserException(words), sql).problems[0]
