"""Nested values: JSON text into a STRUCT, LIST or MAP, part by part.

The engine turns a part that does not fit into NULL without a word. So the text becomes the same shape with texts as
leaves first; then every leaf is held to its type like a plain column, and every bracket to its kind.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from mainstem.sql.quote import literal, quote
from mainstem.sql.types import Type

LeafMisfit = Callable[[str, Type], str | None]
"""SQL that is true where a text does not fit a plain type; None where every text does."""

_BRACKETS = {"STRUCT": "OBJECT", "MAP": "OBJECT", "LIST": "ARRAY"}


def shaped(raw: str, target: Type) -> str:
    """SQL that gives JSON text in the shape of `target` with texts as leaves; keys that it does not have are left out,
    missing ones are NULL."""
    return f"case when json_valid({raw}) then json_transform({raw}, {literal(json.dumps(_with_texts(target)))}) end"


def _with_texts(target: Type) -> str:
    """The type of the same shape whose leaves are VARCHAR (or JSON, which takes anything)."""
    if target.name == "LIST":
        return f"{_with_texts(target.parts[0][1])}[]"
    if target.name == "STRUCT":
        return f"STRUCT({', '.join(f'{quote(name)} {_with_texts(part)}' for name, part in target.parts)})"
    if target.name == "MAP":
        return f"MAP(VARCHAR, {_with_texts(target.parts[1][1])})"
    return "JSON" if target.name == "JSON" else "VARCHAR"


def misfit(raw: str, shape: str, target: Type, leaf: LeafMisfit) -> str:
    """SQL that is true where JSON text `raw`, whose `shaped` form is `shape`, does not fit `target`.

    A bracket of the wrong kind leaves nothing but NULLs of its part; only there the text is looked at again.
    """
    brackets = []
    for path, bracket in _brackets(target, "$"):
        kind = f"json_type({raw}, {literal(path)})"
        wrong = f"not in ({literal(bracket)}, 'NULL')"
        many = f"len(list_filter({kind}, lambda k: k {wrong})) > 0"
        brackets.append(many if "*" in path else f"coalesce({kind} {wrong}, false)")
    closer = f"case when not json_valid({raw}) then true else {' or '.join(brackets)} end"
    broken = f"case when {_is_blank(shape, target, 0)} then {closer} else false end"
    leaves = _misfit(shape, target, leaf, 0)
    return f"({raw} is not null and ({broken}{f' or coalesce({leaves}, false)' if leaves else ''}))"


def _is_blank(value: str, target: Type, depth: int) -> str:
    """SQL that is true where a bracket of `value` holds nothing: always where it was of the wrong kind in the text."""
    each = f"y{depth}"
    if target.name == "STRUCT":
        parts = [(f"struct_extract({value}, {literal(name)})", part) for name, part in target.parts]
        nothing = " and ".join(f"{part} is null" for part, _ in parts)
        inside = [_is_blank(part, kind, depth) for part, kind in parts if kind.is_nested]
        return f"({' or '.join([f'({nothing})', *inside])})"
    item = target.parts[-1][1]
    values = f"map_values({value})" if target.name == "MAP" else value
    if not item.is_nested:
        return f"({value} is null)"
    inside_items = f"len(list_filter({values}, lambda {each}: {_is_blank(each, item, depth + 1)})) > 0"
    return f"({value} is null or {inside_items})"


def _brackets(target: Type, path: str) -> Iterator[tuple[str, str]]:
    """The JSON path of every bracket of a type, with the kind of bracket that it must be."""
    if not target.is_nested:
        return
    yield path, _BRACKETS[target.name]
    for name, part in target.parts:
        if target.name == "STRUCT":
            inside = name.replace("\\", "\\\\").replace('"', '\\"')
            yield from _brackets(part, f'{path}."{inside}"')
        elif target.name == "LIST":
            yield from _brackets(part, f"{path}[*]")
        elif name == "value":
            yield from _brackets(part, f"{path}.*")


def _misfit(value: str, target: Type, leaf: LeafMisfit, depth: int) -> str | None:
    """SQL that is true where a leaf of `value` does not fit; None where none can."""
    each = f"x{depth}"
    if target.name == "STRUCT":
        found = [
            wrong
            for name, part in target.parts
            if (wrong := _misfit(f"struct_extract({value}, {literal(name)})", part, leaf, depth))
        ]
        return f"({' or '.join(found)})" if found else None
    if target.name == "LIST":
        inside = _misfit(each, target.parts[0][1], leaf, depth + 1)
        return f"len(list_filter({value}, lambda {each}: {inside})) > 0" if inside else None
    if target.name == "MAP":
        unfit = [
            f"len(list_filter({part}({value}), lambda {each}: {inside})) > 0"
            for part, (_, kind) in zip(("map_keys", "map_values"), target.parts, strict=True)
            if (inside := _misfit(each, kind, leaf, depth + 1))
        ]
        return f"({' or '.join(unfit)})" if unfit else None
    return leaf(value, target)
