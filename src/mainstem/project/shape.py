"""Makes a YAML tree into a frozen value, guided by the annotations of its class; every problem at once."""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import MISSING, dataclass, field, fields, is_dataclass, replace
from enum import StrEnum
from functools import cache
from typing import Any, Final, Literal, NewType, Union, get_args, get_origin, get_type_hints

from mainstem.core.place import Place, Places
from mainstem.core.problem import MainstemError, Problem, nearest
from mainstem.core.secret import Secret, shown
from mainstem.project.nodes import Items, Keys, Node, Text, plain, typed
from mainstem.project.scalars import SCALARS, Scalar

Convert = Callable[[Node, str, list[Problem]], Any]
Data = NewType("Data", object)
"""The annotation of what other programs read: `10` is a number there, `"10"` a text."""
BAD: Final = object()
"""What a conversion gives that has reported a problem."""

_NAMED = re.compile(r"`([a-z_0-9]+)(?::[^`]*)?`")
_LEADING = re.compile(r"[a-z_0-9]+")


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """How a class is written down.

    `given` are fields that the reader fills in (never keys). `narrowed` gives fields a stricter annotation than the
    class has. `also` are keys that the reader takes care of itself: annotations for the schema. `hints` are mends
    for keys that people are likely to write though they do not exist. An annotation may be a Form, too.
    """

    cls: type
    given: frozenset[str] = frozenset()
    narrowed: Mapping[str, Any] = field(default_factory=dict)
    also: Mapping[str, Any] = field(default_factory=dict)
    hints: Mapping[str, str] = field(default_factory=dict)


def list_of(annotation: Any) -> Any:
    """The annotation of a list of values of a form or class."""
    return types.GenericAlias(tuple, (annotation, ...))


def mapping_of(annotation: Any) -> Any:
    """The annotation of a mapping from names to values of a form or class."""
    return types.GenericAlias(Mapping, (str, annotation))


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a form: the field it fills, its annotation, and whether it must be there."""

    name: str
    field: str
    annotation: Any
    is_required: bool


@cache
def keys_of(form: Any) -> Mapping[str, Key]:
    """The keys of a form, by name. A field's trailing underscore is not part of its key (`class_` is `class`)."""
    cls, given, narrowed = (form.cls, form.given, form.narrowed) if isinstance(form, Form) else (form, frozenset(), {})
    hints = get_type_hints(cls)
    found: dict[str, Key] = {}
    for each in fields(cls):
        annotation = narrowed.get(each.name, hints[each.name])
        if each.name in given or annotation in (Place, Places) or not each.init:
            continue
        required = each.default is MISSING and each.default_factory is MISSING
        name = each.name.rstrip("_")
        found[name] = Key(name, each.name, annotation, required)
    return found


def shape(
    form: Any, keys: Keys, problems: list[Problem], siblings: AbstractSet[str] = frozenset(), **given: Any
) -> Any:
    """The value that a mapping describes, by a Form or a dataclass; None after a problem.

    `given` fills fields that are not keys; a field annotated `Place` that is not given gets the mapping's place, one
    annotated `Places` those of its values. What the class itself refuses is placed at the key that it names.
    `siblings` are keys of the same mapping that another form reads: for mends only.
    """
    cls = form.cls if isinstance(form, Form) else form
    wanted = keys_of(form)
    values = dict(given)
    complete = _all_known(form, wanted, keys, problems, siblings)
    for key in wanted.values():
        value = keys.get(key.name)
        if value is None:
            if key.is_required and key.field not in given:
                problems.append(_missing(key, keys))
                complete = False
            continue
        made = converter(key.annotation)(value, key.name, problems)
        if made is BAD:
            complete = False
        else:
            values[key.field] = made
    if not complete:
        return None
    for name in _fields_of(cls, Place):
        values.setdefault(name, keys.place)
    for name in _fields_of(cls, Places):
        values[name] = _places(keys)
    return _build(cls, values, keys, problems)


def _places(keys: Keys) -> Places:
    found = Places({key: entry.value.place for key, entry in keys.entries.items()})
    for key, entry in keys.entries.items():
        if isinstance(entry.value, Items):
            found.update({f"{key}:{number}": item.place for number, item in enumerate(entry.value.items)})
    return found


@cache
def _fields_of(cls: type, annotation: type) -> tuple[str, ...]:
    hints = get_type_hints(cls)
    return tuple(each.name for each in fields(cls) if hints[each.name] is annotation)


def _all_known(
    form: Form | type,
    wanted: Mapping[str, Key],
    keys: Keys,
    problems: list[Problem],
    siblings: AbstractSet[str],
) -> bool:
    also, hints = (form.also, form.hints) if isinstance(form, Form) else ({}, {})
    unknown = [name for name in keys.entries if name not in wanted and name not in also]
    for name in unknown:
        entry = keys.entries[name]
        mend = hints.get(name) or nearest(name, sorted({*wanted, *also, *siblings}), kind="keys")
        if " " in name and isinstance(entry.value, Text) and entry.value.is_empty:
            mend = "put the text before it in quotes: inside {} a comma ends a value"
        problems.append(Problem("P007", f'key "{name}" does not exist here', mend, entry.key.place))
    return not unknown


def _missing(key: Key, keys: Keys) -> Problem:
    what = f'key "{key.name}" has no value' if key.name in keys.entries else f'key "{key.name}" is missing'
    scalar = SCALARS.get(key.annotation)
    example = scalar.example if scalar and scalar.example else "..."
    return Problem("P008", what, f"add `{key.name}: {example}`", keys.key_place(key.name))


def _build(cls: type, values: Mapping[str, Any], keys: Keys, problems: list[Problem]) -> Any:
    try:
        return cls(**values)
    except MainstemError as error:
        for problem in error.problems:
            what, mend = _without_secrets(problem.what, values), _without_secrets(problem.mend, values)
            problems.append(placed(replace(problem, what=what, mend=mend), keys))
    except ValueError as error:
        what = _without_secrets(str(error), values)
        problems.append(Problem("P009", what, "change the value", keys.place))
    return None


def placed(problem: Problem, keys: Keys) -> Problem:
    """The problem of a mapping as a whole at the value of the key that it names: the first one in backquotes, or its
    first word; where it names none, at the mapping. A problem with a place of its own keeps it."""
    if problem.place not in (None, keys.place):
        return problem
    leading = _LEADING.match(problem.what)
    named = [*_NAMED.findall(problem.what), *([leading[0]] if leading else [])]
    written = (keys.entries[name] for name in named if name in keys.entries)
    return replace(problem, place=next((entry.value.place for entry in written), keys.place))


def _without_secrets(words: str, values: Mapping[str, Any]) -> str:
    for value in values.values():
        if isinstance(value, Secret) and value:
            words = words.replace(value, value.written)
    return words


def described(annotation: Any) -> str:
    """An annotation in words: "a whole number", "a list"."""
    scalar = SCALARS.get(annotation)
    if scalar:
        return scalar.noun
    if annotation is Data:
        return "a value"
    origin = get_origin(annotation)
    if origin in (tuple, frozenset):
        return "a list"
    if origin is Literal:
        return "one of " + ", ".join(str(each) for each in get_args(annotation))
    if origin in (types.UnionType, Union):
        return " or ".join(described(each) for each in get_args(annotation) if each is not type(None))
    return "a mapping"


@cache
def converter(annotation: Any) -> Convert:
    """The function that reads a node as this annotation; it gives BAD after reporting a problem."""
    if annotation in SCALARS:
        return _scalar(SCALARS[annotation])
    if annotation in (Any, object):
        return lambda node, _name, _problems: plain(node)
    if annotation is Data:
        return lambda node, _name, _problems: typed(node)
    if isinstance(annotation, Form) or is_dataclass(annotation):
        return _nested(annotation)
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return _choice(tuple(str(each) for each in annotation), annotation)
    return _generic(get_origin(annotation), get_args(annotation), annotation)


def _generic(origin: Any, arguments: tuple[Any, ...], annotation: Any) -> Convert:
    if origin is Literal:
        return _choice(arguments, str)
    if origin in (types.UnionType, Union):
        return _union(tuple(each for each in arguments if each is not type(None)))
    if origin is frozenset:
        return _collection(converter(arguments[0]), frozenset)
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        return _collection(converter(arguments[0]), tuple)
    if origin is tuple:
        return _fixed(tuple(converter(each) for each in arguments))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping(converter(arguments[1]))
    raise TypeError(f"an option cannot be annotated {annotation!r}")


def _wrong(node: Node, name: str, noun: str, example: str, problems: list[Problem]) -> Any:
    if isinstance(node, Text):
        was = "has no value" if node.is_empty else f'is "{shown(node.value)}", which is not {noun}'
    else:
        was = f"is {'a list' if isinstance(node, Items) else 'a mapping'}, not {noun}"
    problems.append(Problem("P009", f'"{name}" {was}', f"write {noun}{example}", node.place))
    return BAD


def _scalar(scalar: Scalar) -> Convert:
    def convert(node: Node, name: str, problems: list[Problem]) -> Any:
        if isinstance(node, Text) and not node.is_empty:
            try:
                return scalar.read(node.value)
            except ValueError:
                pass
        return _wrong(node, name, scalar.noun, f", such as {scalar.example}" if scalar.example else "", problems)

    return convert


def _choice(choices: tuple[str, ...], make: Callable[[str], Any]) -> Convert:
    def convert(node: Node, name: str, problems: list[Problem]) -> Any:
        if not isinstance(node, Text):
            return _wrong(node, name, "one of " + ", ".join(choices), "", problems)
        if node.value in choices:
            return make(node.value)
        what = f'"{shown(node.value)}" is no value of "{name}"'
        problems.append(Problem("P010", what, nearest(node.value, choices, kind="values"), node.place))
        return BAD

    return convert


def _nested(form: Any) -> Convert:
    def convert(node: Node, name: str, problems: list[Problem]) -> Any:
        if isinstance(node, Text) and node.is_empty:
            node = Keys({}, node.place)
        if not isinstance(node, Keys):
            return _wrong(node, name, "a mapping", f" with the keys {', '.join(keys_of(form))}", problems)
        made = shape(form, node, problems)
        return BAD if made is None else made

    return convert


def _collection(convert_one: Convert, make: Callable[[list[Any]], Any]) -> Convert:
    def convert(node: Node, name: str, problems: list[Problem]) -> Any:
        items = node.items if isinstance(node, Items) else (node,)
        made = [convert_one(item, name, problems) for item in items]
        return BAD if any(each is BAD for each in made) else make(made)

    return convert


def _fixed(converters: tuple[Convert, ...]) -> Convert:
    def convert(node: Node, name: str, problems: list[Problem]) -> Any:
        if not isinstance(node, Items) or len(node.items) != len(converters):
            return _wrong(node, name, f"a list of {len(converters)} values", "", problems)
        made = [each(item, name, problems) for each, item in zip(converters, node.items, strict=True)]
        return BAD if any(each is BAD for each in made) else tuple(made)

    return convert


def _mapping(convert_one: Convert) -> Convert:
    def convert(node: Node, name: str, problems: list[Problem]) -> Any:
        if not isinstance(node, Keys):
            return _wrong(node, name, "a mapping", "", problems)
        made = {key: convert_one(entry.value, key, problems) for key, entry in node.entries.items()}
        return BAD if any(each is BAD for each in made.values()) else made

    return convert


def _union(alternatives: tuple[Any, ...]) -> Convert:
    if len(alternatives) == 1:
        return converter(alternatives[0])
    noun = " or ".join(described(each) for each in alternatives)

    def convert(node: Node, name: str, problems: list[Problem]) -> Any:
        for each in alternatives:
            found: list[Problem] = []
            made = converter(each)(node, name, found)
            if made is not BAD:
                return made
        return _wrong(node, name, noun, "", problems)

    return convert
