"""JSON Schemas (draft 2020-12) of every file of a project, made from the classes that read them."""

from __future__ import annotations

import json
import types
from collections.abc import Mapping
from dataclasses import is_dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from mainstem.core.kinds import find, names
from mainstem.project.agreements import ENTRIES
from mainstem.project.checks import CheckKeys
from mainstem.project.columns import CONTRACT, GIVEN, NOTE
from mainstem.project.items import FORMS
from mainstem.project.model_heads import MODEL, ROWS
from mainstem.project.model_tests import TEST
from mainstem.project.objectives import OBJECTIVE
from mainstem.project.outputs import FOLDERS, QUERY_KEYS, OutputKeys
from mainstem.project.policy import POLICY
from mainstem.project.proofs import PROOFS
from mainstem.project.scalars import SCALARS, Scalar
from mainstem.project.settings import PROJECT
from mainstem.project.shape import Form, keys_of
from mainstem.project.sources import SOURCE, TABLE

Schema = dict[str, Any]

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_ANY_TEXT: Schema = {"type": ["string", "number", "boolean", "null"]}


def schemas() -> dict[str, Schema]:
    """The schema of each sort of file, by name: `mainstem`, `source`, `model`, `csv_model`, `test`, `access`,
    `agreements`, the kinds of requirement items, the kinds of outputs."""
    bodies: dict[str, Schema] = {
        "mainstem": of_form(PROJECT),
        "source": _source(),
        "model": of_form(MODEL, columns=_columns(NOTE), checks=_checks()),
        "csv_model": of_form(ROWS, columns=_columns(GIVEN), checks=_checks()),
        "test": {"type": "object", "additionalProperties": _requiring(_test(), "expect")},
        "access": of_form(POLICY),
        "agreements": {"type": "array", "items": {"oneOf": [of_form(each) for each in ENTRIES.values()]}},
    }
    for kind, form in FORMS.items():
        extra = {"objective": _objective(), "proofs": _proofs()} if kind == "requirement" else {}
        bodies[kind] = _requiring(of_form(form, **extra), "kind")
    for kind, _ in FOLDERS.values():
        bodies[kind] = _output(kind)
    return {name: {"$schema": _DRAFT, "title": f"mainstem: {name}", **body} for name, body in bodies.items()}


def write_schemas(folder: Path) -> list[Path]:
    """Write `<name>.schema.json` for every schema into a folder, made where it is missing; the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, schema in schemas().items():
        path = folder / f"{name}.schema.json"
        path.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        paths.append(path)
    return paths


def of_form(form: Any, **extra: Schema) -> Schema:
    """The closed schema of a form or options class; `extra` gives keys that the form leaves to its reader."""
    also = form.also if isinstance(form, Form) else {}
    keys = keys_of(form).values()
    properties = {
        key.name: of_annotation(key.annotation) if key.is_required else _or_nothing(of_annotation(key.annotation))
        for key in keys
    }
    for name, annotation in also.items():
        properties[name] = extra[name] if name in extra else _or_nothing(of_annotation(annotation))
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    required = [key.name for key in keys if key.is_required]
    if required:
        schema["required"] = required
    return schema


def of_annotation(annotation: Any) -> Schema:
    """The schema of the values that an annotation takes, written as any YAML reader may type them."""
    if annotation in SCALARS:
        return _scalar(SCALARS[annotation])
    if isinstance(annotation, Form) or is_dataclass(annotation):
        return of_form(annotation)
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return {"enum": [str(each) for each in annotation]}
    return _generic(get_origin(annotation), get_args(annotation))


def _generic(origin: Any, arguments: tuple[Any, ...]) -> Schema:
    if origin is Literal:
        return {"enum": [*arguments, *([None] if "null" in arguments else [])]}
    if origin in (types.UnionType, Union):
        return _either([of_annotation(each) for each in arguments if each is not type(None)])
    if origin is tuple and arguments[-1] is not Ellipsis:
        return {"type": "array", "prefixItems": [of_annotation(each) for each in arguments], "items": False}
    if origin in (tuple, frozenset):
        one = of_annotation(arguments[0])
        return _either([one, {"type": "array", "items": one}])
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _or_nothing(of_annotation(arguments[1]))}
    return {}


def _or_nothing(schema: Schema) -> Schema:
    """A key with nothing behind it is not said."""
    return _either([schema, {"type": "null"}]) if schema and schema != _ANY_TEXT else schema


def _scalar(scalar: Scalar) -> Schema:
    if scalar.json_type == "string":
        return dict(_ANY_TEXT)
    text: Schema = {"type": "string", "pattern": scalar.pattern}
    return _either([{"type": scalar.json_type}, text]) if scalar.json_type else text


def _either(schemas: list[Schema]) -> Schema:
    return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}


def _requiring(schema: Schema, *keys: str) -> Schema:
    return {**schema, "required": [*keys, *(key for key in schema.get("required", ()) if key not in keys)]}


def _merged(*schemas: Schema) -> Schema:
    """One closed schema with the keys of all."""
    properties = {name: each for schema in schemas for name, each in schema["properties"].items()}
    required = [key for schema in schemas for key in schema.get("required", ())]
    merged: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**merged, "required": required} if required else merged


def _columns(form: Form) -> Schema:
    return {"type": "object", "additionalProperties": _either([_ANY_TEXT, of_form(form)])}


def _checks() -> Schema:
    kinds = []
    for kind in names("checks"):
        implementation = find("checks", kind)
        options = of_form(implementation.Options)
        values = [options]
        if implementation.SHORTHAND is not None:
            values.insert(0, options["properties"][implementation.SHORTHAND])
        item = {"type": "object", "properties": {kind: _either(values)}}
        kinds.append(_requiring(_merged(item, of_form(CheckKeys)), kind))
    return {"type": "array", "items": {"oneOf": kinds}}


def _source() -> Schema:
    """Which other keys there may be follows from `kind`."""
    cases = []
    for kind in names("sources"):
        implementation = find("sources", kind)
        table = _merged(
            of_form(TABLE, columns=_columns(CONTRACT), checks=_checks()), of_form(implementation.TableOptions)
        )
        tables = {"type": "object", "minProperties": 1, "additionalProperties": _either([table, {"type": "null"}])}
        whole = _requiring(_merged(of_form(SOURCE, tables=tables), of_form(implementation.Options)), "tables")
        cases.append({"if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]}, "then": whole})
    kinds = {"enum": list(names("sources"))}
    return {"type": "object", "required": ["kind", "tables"], "properties": {"kind": kinds}, "allOf": cases}


def _test() -> Schema:
    """A test, whose rows are mappings, or lie in a file."""
    rows = _either([{"type": "array", "items": {"type": "object"}}, {"type": "string", "pattern": "[.]csv$"}])
    given = {"type": "object", "additionalProperties": _or_nothing(rows)}
    return of_form(TEST, given=_or_nothing(given), expect=rows)


def _objective() -> Schema:
    measures = []
    for kind in names("measures"):
        subject = {"type": "object", "properties": {kind: {"type": "string"}}}
        measures.append(_requiring(_merged(subject, of_form(find("measures", kind).Options)), kind))
    return _requiring(of_form(OBJECTIVE, measure={"oneOf": measures}), "measure")


def _proofs() -> Schema:
    return {"type": "array", "items": {"oneOf": [of_form(each) for each in PROOFS.values()]}}


def _output(kind: str) -> Schema:
    common = of_form(OutputKeys)
    queries = {"type": "object", "properties": {key: {"type": "string"} for key in QUERY_KEYS.get(kind, ())}}
    options = getattr(find("outputs", kind), "Options", None)
    if options is None:
        return {**_merged(common, queries), "additionalProperties": True}
    return _merged(common, queries, of_form(options))
