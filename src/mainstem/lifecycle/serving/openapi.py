"""The OpenAPI document of the data APIs: what can be asked, and what comes back (OpenAPI 3.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mainstem.core.release import Field
from mainstem.lifecycle.serving.parameter import Parameter, value_of

PROBLEM = "application/problem+json"

_FORMATS: Mapping[str, Mapping[str, Any]] = {
    "bigint": {"type": "integer", "format": "int64"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "decimal": {"type": "number"},
    "double": {"type": "number", "format": "double"},
    "integer": {"type": "integer", "format": "int32"},
    "timestamp": {"type": "string", "format": "date-time"},
    "varchar": {"type": "string"},
}
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")


@dataclass(frozen=True, slots=True)
class Described:
    """One data API. `columns` are those of its rows; None while nothing is published from which they would follow."""

    name: str
    title: str
    params: Mapping[str, Parameter]
    columns: Sequence[Field] | None = None
    owner: str | None = None


def document(project: str, release: str | None, apis: Sequence[Described]) -> dict[str, Any]:
    """The document as JSON data. `release` is the version of the data, and of the document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{project}: data APIs",
            "version": release or "nothing published",
            "description": "Every answer is of one release; its ETag changes with the release.",
        },
        "paths": {f"/api/{each.name}": {"get": _operation(each)} for each in apis},
        "components": {"schemas": {"Problem": _PROBLEM_SCHEMA}},
    }


def _operation(api: Described) -> dict[str, Any]:
    limit = {
        "name": "limit",
        "in": "query",
        "description": "At most so many rows; `truncated` tells that there are more.",
        "schema": {"type": "integer", "minimum": 1, "maximum": 10_000, "default": 1_000},
    }
    said = {"operationId": api.name, "summary": api.title or api.name}
    if api.owner:
        said["x-owner"] = api.owner
    return {
        **said,
        "parameters": [*(_parameter(name, each) for name, each in api.params.items()), limit],
        "responses": {
            "200": {
                "description": "Rows of the current release",
                "headers": {"ETag": {"schema": {"type": "string"}}},
                "content": {"application/json": {"schema": _answer(api.columns)}},
            },
            "304": {"description": "What the reader holds (If-None-Match) is current"},
            "400": _refused("A parameter is unknown, missing, or no value of its type"),
            "403": _refused("The role of this API is not granted what it reads"),
            "503": _refused("Nothing is published yet, or no reader is free"),
            "504": _refused("The query took too long"),
        },
    }


def _parameter(name: str, parameter: Parameter) -> dict[str, Any]:
    schema: dict[str, Any] = dict(_FORMATS[parameter.type])
    if parameter.default is not None:
        value = value_of(parameter.type, parameter.default)
        schema["default"] = value if isinstance(value, bool | int | float) else parameter.default
    found: dict[str, Any] = {"name": name, "in": "query", "required": parameter.required, "schema": schema}
    return found | ({"description": parameter.description} if parameter.description else {})


def _answer(columns: Sequence[Field] | None) -> dict[str, Any]:
    row: dict[str, Any] = {"type": "object"}
    if columns is not None:
        row |= {
            "properties": {column.name: _column(column.type) for column in columns},
            "required": [column.name for column in columns],
            "additionalProperties": False,
        }
    return {
        "type": "object",
        "required": ["release", "as_of", "rows", "truncated"],
        "properties": {
            "release": {"type": "string"},
            "as_of": {"type": ["string", "null"], "format": "date-time", "description": "The instant of the data"},
            "rows": {"type": "array", "items": row},
            "truncated": {"type": "boolean"},
        },
    }


def _column(type_: str) -> dict[str, Any]:
    """The JSON of a column. A number that JSON's readers would round is text."""
    kind = type_.upper()
    if kind.endswith("]"):
        return {"type": ["array", "null"]}
    if kind in _WHOLE:
        return {"type": ["integer", "string", "null"]}
    if kind.startswith(("DECIMAL", "DOUBLE", "FLOAT")):
        return {"type": ["number", "string", "null"]}
    if kind == "BOOLEAN":
        return {"type": ["boolean", "null"]}
    if kind.startswith(("STRUCT", "MAP")):
        return {"type": ["object", "null"]}
    return {"type": ["string", "null"], **({"format": "date"} if kind == "DATE" else {})}


def _refused(description: str) -> dict[str, Any]:
    content = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": description, "content": content}


_PROBLEM_SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status", "problems"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "problems": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["code", "what", "mend"],
                "properties": {name: {"type": "string"} for name in ("code", "what", "mend")},
            },
        },
    },
}
"""RFC 9457, with every problem at once."""
