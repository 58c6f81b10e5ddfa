"""Python files below `models/`: one function each, marked by `@model`; read without being run."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from mainstem.core.dataset import Model, Program
from mainstem.core.place import Place, Places
from mainstem.core.problem import Problem
from mainstem.project.files import Written
from mainstem.project.literals import keys_of_call, place_of
from mainstem.project.model_heads import PROGRAM, ReadModel, read_head
from mainstem.project.nodes import Keys, Text, as_keys, texts
from mainstem.project.program_digests import digest_of

_MARK = "write `from mainstem import model`, and `@model(inputs={...})` above one function"


def read_python_model(name: str, written: Written, problems: list[Problem]) -> ReadModel | None:
    """A Python file as a dataset; T021 for a file without one marked function, T022 where its parameters and `inputs`
    do not fit."""
    try:
        tree = ast.parse(written.text, written.path)
    except (SyntaxError, ValueError, RecursionError) as error:
        place = Place(written.path, getattr(error, "lineno", 1) or 1, getattr(error, "offset", 1) or 1)
        what = f"the file is no Python: {getattr(error, 'msg', error)}"
        problems.append(Problem("T021", what, "correct it there", place))
        return None
    marked = list(_marked(tree))
    if len(marked) != 1:
        what = "no function of the file is marked" if not marked else f"{len(marked)} functions of the file are marked"
        mend = _MARK if not marked else "keep one; each other model is a file of its own"
        place = place_of(marked[1][0], written.path) if marked else Place(written.path, 1, 1)
        problems.append(Problem("T021", what, mend, place))
        return None
    function, mark = marked[0]
    call = mark if isinstance(mark, ast.Call) else None
    keys = keys_of_call(call, place_of(mark, written.path), written.text, problems)
    if keys is None:
        return None
    before = len(problems)
    head = read_head(PROGRAM, keys, problems)
    program = _program(written, tree, function, mark, keys, problems)
    if head is None or len(problems) > before:
        return ReadModel(None, keys)
    model = Model(
        head.keys.kind, "", Place(written.path, function.lineno, 1), program=program, effective=head.keys.effective
    )
    return ReadModel(head.dataset(name, Place(written.path, 1, 1), model), keys)


def _marked(tree: ast.Module) -> Iterator[tuple[ast.FunctionDef, ast.expr]]:
    """The functions that a decorator of ours stands above, each with it."""
    names, modules = {"model"}, {"mainstem"}
    for statement in tree.body:
        if isinstance(statement, ast.ImportFrom) and statement.module == "mainstem":
            names |= {each.asname for each in statement.names if each.name == "model" and each.asname}
        elif isinstance(statement, ast.Import):
            modules |= {each.asname for each in statement.names if each.name == "mainstem" and each.asname}
        elif isinstance(statement, ast.FunctionDef):
            for decorator in statement.decorator_list:
                called = decorator.func if isinstance(decorator, ast.Call) else decorator
                is_named = isinstance(called, ast.Name) and called.id in names
                is_reached = (
                    isinstance(called, ast.Attribute)
                    and called.attr == "model"
                    and isinstance(called.value, ast.Name)
                    and called.value.id in modules
                )
                if is_named or is_reached:
                    yield statement, decorator


def _program(
    written: Written,
    tree: ast.Module,
    function: ast.FunctionDef,
    mark: ast.expr,
    keys: Keys,
    problems: list[Problem],
) -> Program:
    node = keys.get("inputs")
    mapping = as_keys(node, '"inputs"', problems) if node else None
    given: dict[str, str] = {}
    places = Places()
    for name, entry in mapping.entries.items() if mapping else ():
        if not isinstance(entry.value, Text) or not entry.value.value:
            what, mend = f'input "{name}" names no dataset', 'write one: "schema.table", or "$name" of a variable'
            problems.append(Problem("T022", what, mend, entry.value.place))
            continue
        given[name], places[name] = entry.value.value, entry.value.place
    problems += _unfitting(function, written.path, given, places)
    return Program(
        written.path,
        function.name,
        function.lineno,
        written.text,
        digest_of(tree, function, mark),
        {name: each if "." in each else f"main.{each}" for name, each in given.items() if not each.startswith("$")},
        {name: each[1:] for name, each in given.items() if each.startswith("$")},
        _lineage(keys, places, problems),
        places,
    )


def _unfitting(function: ast.FunctionDef, file: str, given: dict[str, str], places: Places) -> Iterator[Problem]:
    """T022 for parameters without an input, and inputs without a parameter."""
    arguments = function.args
    for each in (arguments.vararg, arguments.kwarg):
        if each is not None:
            mend = "write one parameter for each input"
            yield Problem("T022", f'"{each.arg}" takes any number of arguments', mend, place_of(each, file))
    plain = [*arguments.posonlyargs, *arguments.args]
    optional = {each.arg for each in plain[len(plain) - len(arguments.defaults) :]} if arguments.defaults else set()
    optional |= {each.arg for each, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if default}
    every = [*plain, *arguments.kwonlyargs]
    for each in every:
        if each.arg not in given and each.arg not in optional:
            mend = f'name what it reads: `@model(inputs={{"{each.arg}": "schema.table"}})`'
            yield Problem("T022", f'parameter "{each.arg}" has no input', mend, place_of(each, file))
    for name in given:
        if name not in {each.arg for each in every}:
            mend = f'give "{function.name}" a parameter of that name, or remove the input'
            yield Problem("T022", f'input "{name}" is no parameter of "{function.name}"', mend, places[name])


def _lineage(keys: Keys, places: Places, problems: list[Problem]) -> dict[str, tuple[str, ...]] | None:
    node = keys.get("lineage")
    mapping = as_keys(node, '"lineage"', problems) if node else None
    if mapping is None:
        return None
    places.update({f"lineage:{name}": entry.value.place for name, entry in mapping.entries.items()})
    return {name: tuple(text.value.lower() for text in texts(entry.value)) for name, entry in mapping.entries.items()}
