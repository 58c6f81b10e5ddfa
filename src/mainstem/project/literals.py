"""Literals of Python as the tree that YAML makes: what stands in a decorator is read as the keys of a head are."""

from __future__ import annotations

import ast

from mainstem.core.place import Place
from mainstem.core.problem import Problem
from mainstem.project.nodes import Entry, Items, Keys, Node, Text

_MEND = "write it as a literal: the file is read without being run"


def keys_of_call(call: ast.Call | None, at: Place, text: str, problems: list[Problem]) -> Keys | None:
    """The keyword arguments of a call as a mapping; None after T021 for what is no literal. No call: no keys."""
    before = len(problems)
    entries: dict[str, Entry] = {}
    for argument in call.args if call else ():
        what = "an argument has no name"
        problems.append(Problem("T021", what, "name it: `@model(description=...)`", place_of(argument, at.file)))
    for keyword in call.keywords if call else ():
        place = place_of(keyword, at.file)
        if keyword.arg is None:
            problems.append(Problem("T021", "arguments come from a mapping", _MEND, place))
            continue
        entries[keyword.arg] = Entry(Text(keyword.arg, place), _node(keyword.value, at.file, text, problems))
    return Keys(entries, at) if len(problems) == before else None


def place_of(node: ast.AST, file: str) -> Place:
    """Where a piece of Python begins."""
    return Place(file, getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1)


def _node(value: ast.expr, file: str, text: str, problems: list[Problem]) -> Node:
    place = place_of(value, file)
    if isinstance(value, ast.List | ast.Tuple | ast.Set):
        return Items(tuple(_node(each, file, text, problems) for each in value.elts), place)
    if isinstance(value, ast.Dict):
        return _keys(value, place, text, problems)
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return Text(value.value, place, '"')
    if isinstance(value, ast.Constant) and (value.value is None or isinstance(value.value, bool)):
        return Text("" if value.value is None else str(value.value).lower(), place)
    number = value.operand if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub) else value
    if isinstance(number, ast.Constant) and isinstance(number.value, int | float):
        return Text(ast.get_source_segment(text, value) or str(number.value), place)
    problems.append(Problem("T021", "an argument of the decorator is no literal", _MEND, place))
    return Text("", place)


def _keys(value: ast.Dict, place: Place, text: str, problems: list[Problem]) -> Keys:
    entries: dict[str, Entry] = {}
    for key, each in zip(value.keys, value.values, strict=True):
        if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
            problems.append(
                Problem("T021", "a key of the decorator is no text", _MEND, place_of(key or each, place.file))
            )
            continue
        entries[key.value] = Entry(Text(key.value, place_of(key, place.file)), _node(each, place.file, text, problems))
    return Keys(entries, place)
