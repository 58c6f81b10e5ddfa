"""How the engine's types are stored: losslessly under another type, loudly, or not at all."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mainstem.core.problem import Problem, raise_all
from mainstem.core.release import Field
from mainstem.sql.quote import literal, quote
from mainstem.sql.types import INSTANT, Type, parse_type

_TO_DELTA: Mapping[str, str] = {
    "BOOLEAN": "boolean",
    "TINYINT": "byte",
    "SMALLINT": "short",
    "INTEGER": "integer",
    "BIGINT": "long",
    "FLOAT": "float",
    "DOUBLE": "double",
    "DATE": "date",
    "TIMESTAMP": "timestamp_ntz",
    INSTANT: "timestamp",
    "VARCHAR": "string",
    "BLOB": "binary",
}
_FROM_DELTA: Mapping[str, str] = {delta: name for name, delta in _TO_DELTA.items()}

_WIDENED: Mapping[str, str] = {
    "UTINYINT": "SMALLINT",
    "USMALLINT": "INTEGER",
    "UINTEGER": "BIGINT",
    "UBIGINT": "DECIMAL(20,0)",
    "HUGEINT": "BIGINT",
    "UHUGEINT": "DECIMAL(38,0)",
    "TIMESTAMP_S": "TIMESTAMP",
    "TIMESTAMP_MS": "TIMESTAMP",
    "TIMESTAMP_NS": "TIMESTAMP",
    "BIGNUM": "VARCHAR",
    "ENUM": "VARCHAR",
    "JSON": "VARCHAR",
    "TIME": "VARCHAR",
    "TIME WITH TIME ZONE": "VARCHAR",
    "TIME_NS": "VARCHAR",
    "UUID": "VARCHAR",
}
"""A HUGEINT, the type of `sum(integer)`, would become a DOUBLE in Parquet, and unsigned types would get the label of
the next smaller signed one. Casts fail loudly when a value does not fit."""

_MENDS: Mapping[str, str] = {
    "BIT": "cast it: x::varchar",
    "INTERVAL": "store a number of seconds instead: epoch(x)",
    "STRUCT": "name its parts: {'a': 1, 'b': 2} instead of row(1, 2)",
    "UNION": "take one member out of it (x.member), or cast it: x::varchar",
    "VARIANT": "cast it to a type of its own, or to text: x::varchar",
}

ORIGINAL = "mainstem.name"
"""The key of a column's name at the source, in the column's metadata."""

_FORBIDDEN = re.compile(r"[ ,;{}()\n\t=]")


def stored_fields(fields: Sequence[Field]) -> tuple[Field, ...]:
    """The fields as the lake stores them: same names, the type that `cast_select` casts to.

    ProjectError with a K001 for each type that cannot be stored and a K002 for each name that cannot.
    """
    types = [parse_type(field.type) for field in fields]
    problems = [problem for field, kind in zip(fields, types, strict=True) for problem in _problems(field.name, kind)]
    raise_all([*problems, *_name_problems([field.name for field in fields])])
    return tuple(replace(field, type=str(_stored(kind))) for field, kind in zip(fields, types, strict=True))


def cast_select(select: str, fields: Sequence[Field]) -> str:
    """`select`, whose columns are `fields`, with casts to the stored types; `select` itself where none is needed.

    The order of rows stays. Every cast is exact, or fails the query: instants with nanoseconds that a stored
    TIMESTAMP would lose, and numbers beyond the stored type, are errors of the engine. ProjectError as `stored_fields`.
    """
    stored = stored_fields(fields)
    casts = [_cast(old, new) for old, new in zip(fields, stored, strict=True)]
    if not any(casts):
        return select
    shown = ", ".join(cast or quote(field.name) for cast, field in zip(casts, fields, strict=True))
    text = select.rstrip().removesuffix(";")
    return f"select {shown} from ({text}\n)"


def _cast(old: Field, new: Field) -> str | None:
    before, after = parse_type(old.type), parse_type(new.type)
    if before == after:
        return None
    name = quote(old.name)
    cast = f"cast({name} as {after})"
    if any(part.name == "TIMESTAMP_NS" for part in before.walk()):
        words = literal(f'column "{old.name}" holds nanoseconds, which the lake cannot store')
        same = f"cast({cast} as {old.type}) is not distinct from {name}"
        cast = f"case when {same} then {cast} else error({words}) end"
    return f"{cast} as {name}"


def _stored(kind: Type) -> Type:
    if kind.parts:
        return replace(kind, parts=tuple((name, _stored(part)) for name, part in kind.parts))
    return parse_type(_WIDENED.get(kind.name, kind.name)) if kind.digits is None else kind


def _problems(column: str, kind: Type) -> Iterator[Problem]:
    for part in kind.walk():
        names = [name for name, _ in part.parts]
        if part.name == "STRUCT" and "" not in names:
            yield from _name_problems(names, f' within "{column}"')
        elif part.name not in {"LIST", "MAP", "DECIMAL"} and part.name not in _TO_DELTA and part.name not in _WIDENED:
            mend = _MENDS.get(part.name, "cast it to a type that the lake stores, such as x::varchar")
            what = "a STRUCT without names" if part.name == "STRUCT" else f"{part.name or 'an unknown type'}"
            yield Problem("K001", f'column "{column}" is {what}, which the lake cannot store', mend)


def _name_problems(names: Sequence[str], where: str = "") -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for name in names:
        mend = "give it a plain name: ... as total"
        if not name or _FORBIDDEN.search(name):
            yield Problem("K002", f'column name "{name}"{where} holds a sign that the lake cannot store', mend)
        elif name.lower() in seen:
            what = f'column names "{seen[name.lower()]}" and "{name}"{where} are the same to the lake'
            yield Problem("K002", what, mend)
        seen.setdefault(name.lower(), name)


def delta_schema(fields: Sequence[Field]) -> str:
    """Delta's `schemaString` for stored fields (Delta protocol, "Schema Serialization Format"); all are nullable."""
    schema = _to_delta(Type("STRUCT", tuple((field.name, parse_type(field.type)) for field in fields)))
    for column, field in zip(schema["fields"], fields, strict=True):
        if field.original is not None:
            column["metadata"] = {ORIGINAL: field.original}
    return json.dumps(schema, ensure_ascii=False, separators=(",", ":"))


def fields_of(schema: str) -> tuple[Field, ...]:
    """The fields of a Delta `schemaString`. ProjectError K001 for a type that the engine does not have (variant)."""
    columns = json.loads(schema)["fields"]
    fields = tuple(_field(column) for column in columns)
    raise_all(problem for field in fields for problem in _problems(field.name, parse_type(field.type)))
    return fields


def _field(column: Mapping[str, Any]) -> Field:
    original = (column.get("metadata") or {}).get(ORIGINAL)
    return Field(column["name"], str(_from_delta(column["type"])), original if isinstance(original, str) else None)


def _to_delta(kind: Type) -> Any:
    if kind.name == "LIST":
        return {"type": "array", "elementType": _to_delta(kind.parts[0][1]), "containsNull": True}
    if kind.name == "MAP":
        key, value = (_to_delta(part) for _, part in kind.parts)
        return {"type": "map", "keyType": key, "valueType": value, "valueContainsNull": True}
    if kind.name == "STRUCT":
        parts = [{"name": n, "type": _to_delta(part), "nullable": True, "metadata": {}} for n, part in kind.parts]
        return {"type": "struct", "fields": parts}
    return f"decimal({kind.digits[0]},{kind.digits[1]})" if kind.digits else _TO_DELTA[kind.name]


def _from_delta(kind: Any) -> Type:
    if isinstance(kind, str):
        return parse_type(_FROM_DELTA.get(kind, kind))
    if kind["type"] == "array":
        return Type("LIST", (("item", _from_delta(kind["elementType"])),))
    if kind["type"] == "map":
        return Type("MAP", (("key", _from_delta(kind["keyType"])), ("value", _from_delta(kind["valueType"]))))
    return Type("STRUCT", tuple((part["name"], _from_delta(part["type"])) for part in kind["fields"]))
