"""`${NAME}` in connections and addresses: taken from the environment or a secrets file, never from the project."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from mainstem.core.place import Place
from mainstem.core.problem import Problem
from mainstem.core.secret import Secret
from mainstem.project.nodes import Entry, Items, Keys, Node, Text

FILES = (".mainstem/secrets.env", "secrets.env")
"""Secrets files, the first one wins; their lines are never shown."""

_VARIABLE = re.compile(r"\$\{([^}\n]*)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")


class Variables(dict[str, str]):
    """The values of variables by their names; `places` are those of the values that stand in a secrets file."""

    def __init__(self, values: Mapping[str, str] | None = None, places: Mapping[str, Place] | None = None) -> None:
        super().__init__(values or {})
        self.places = dict(places or {})

    def under(self, environment: Mapping[str, str]) -> Variables:
        """These, and those of the process' environment, which win."""
        places = {name: place for name, place in self.places.items() if name not in environment}
        return Variables({**self, **environment}, places)


def read_secrets(root: Path, problems: list[Problem]) -> Variables:
    """The values of the secrets files: `NAME=value` lines, `#` begins a comment line, quotes around are removed."""
    values = Variables()
    for file in reversed(FILES):
        try:
            text = (root / file).read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            continue
        except (OSError, UnicodeDecodeError):
            what = f'"{file}" cannot be read as UTF-8 text'
            problems.append(Problem("P003", what, "check its rights and its encoding", Place(file)))
            continue
        for number, line in enumerate(text.splitlines(), 1):
            _read_line(line.strip(), Place(file, number, 1), values, problems)
    return values


def _read_line(line: str, place: Place, values: Variables, problems: list[Problem]) -> None:
    if not line or line.startswith("#"):
        return
    found = _LINE.fullmatch(line)
    if found is None:
        problems.append(Problem("P013", "a line of the secrets file is not NAME=value", "write NAME=value", place))
        return
    name, value = found.groups()
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1]
    values[name] = value
    values.places[name] = place


def filled(node: Node, values: Mapping[str, str], problems: list[Problem]) -> Node:
    """The tree with every `${NAME}` in a value replaced; what was replaced is a `Secret`.

    A name that has no value is a problem, and so is the value of a key of which nothing is left; an element of a list
    may be empty. What is a problem stays as written. Keys are left alone.
    """
    if isinstance(node, Text):
        return _filled_text(node, values, problems) if "${" in node.value else node
    if isinstance(node, Items):
        items = (
            _filled_text(item, values, problems, may_be_empty=True)
            if isinstance(item, Text)
            else filled(item, values, problems)
            for item in node.items
        )
        return Items(tuple(items), node.place)
    return filled_keys(node, values, problems)


def filled_keys(keys: Keys, values: Mapping[str, str], problems: list[Problem]) -> Keys:
    """`filled` for a mapping."""
    entries = {name: Entry(each.key, filled(each.value, values, problems)) for name, each in keys.entries.items()}
    return Keys(entries, keys.place)


def _filled_text(node: Text, values: Mapping[str, str], problems: list[Problem], *, may_be_empty: bool = False) -> Text:
    missing = False
    for name in _VARIABLE.findall(node.value):
        if not _NAME.fullmatch(name):
            missing = True
            what, mend = f'"${{{name}}}" is no name of a variable', "write ${NAME} with letters, digits and _"
            problems.append(Problem("P011", what, mend, node.place))
        elif name not in values:
            missing = True
            mend = f"set it in the environment, or add a line {name}=... to {FILES[0]}"
            problems.append(Problem("P011", f'variable "{name}" has no value', mend, node.place))
    if missing or not _VARIABLE.search(node.value):
        return node
    value = _VARIABLE.sub(lambda found: values[found[1]], node.value)
    if not value.strip() and not may_be_empty:
        problems += [_empty(name, values, node.place) for name in dict.fromkeys(_VARIABLE.findall(node.value))]
        return node
    return Text(Secret(value, node.value), node.place, node.style)


def _empty(name: str, values: Mapping[str, str], place: Place) -> Problem:
    written = values.places.get(name) if isinstance(values, Variables) else None
    where = f"line {written.line} of {written.file}" if written else "the environment"
    mend = "give it a value there" if written else f"give it a value there, or unset it, so that {FILES[0]} counts"
    return Problem("P011", f'variable "{name}" is empty in {where}', mend, place)


def variables(node: Node) -> Iterator[Text]:
    """The texts in which a `${NAME}` stands."""
    if isinstance(node, Text):
        if _VARIABLE.search(node.value):
            yield node
        return
    children = node.items if isinstance(node, Items) else tuple(entry.value for entry in node.entries.values())
    for child in children:
        yield from variables(child)
