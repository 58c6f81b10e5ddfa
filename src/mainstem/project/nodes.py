"""YAML as a tree of texts: every scalar stays what was written, and everything knows its place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from mainstem.core.place import Place
from mainstem.core.problem import MainstemError, Problem, ProjectError
from mainstem.core.secret import Secret
from mainstem.project.syntax import complaint

_DEPTH = 40
_EXPANDED = 20_000
_WORDS: Mapping[str, bool | None] = {"": None, "~": None, "null": None, "true": True, "false": False}
_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Text:
    """A scalar as it was written. `style` is "" for a plain one, else the sign that opens it: ' " | >."""

    value: str
    place: Place
    style: str = ""

    @property
    def is_empty(self) -> bool:
        """Nothing was written, not even quotes: `owner:`."""
        return not self.value and not self.style


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple[Node, ...]
    place: Place


class Entry(NamedTuple):
    """A key of a mapping, and its value."""

    key: Text
    value: Node


@dataclass(frozen=True, slots=True)
class Keys:
    """A mapping; keys are always texts, in the order of the file."""

    entries: Mapping[str, Entry]
    place: Place

    def get(self, key: str) -> Node | None:
        """The value of a key; None where the key is absent, or has nothing behind it."""
        entry = self.entries.get(key)
        if entry is None or (isinstance(entry.value, Text) and entry.value.is_empty):
            return None
        return entry.value

    def key_place(self, key: str) -> Place:
        """Where the key is written; the place of the mapping where it is not."""
        entry = self.entries.get(key)
        return entry.key.place if entry else self.place

    def only(self, *keys: str) -> Keys:
        """The entries of these keys."""
        return Keys({name: entry for name, entry in self.entries.items() if name in keys}, self.place)

    def without(self, *keys: str) -> Keys:
        """The entries of all other keys."""
        return Keys({name: entry for name, entry in self.entries.items() if name not in keys}, self.place)


Node = Text | Items | Keys


def texts(node: Node | None) -> Iterator[Text]:
    """The texts of a list of texts, or of one text; whatever else there is, is passed over."""
    if isinstance(node, Text):
        yield node
    elif isinstance(node, Items):
        yield from (item for item in node.items if isinstance(item, Text))


def as_keys(node: Node, name: str, problems: list[Problem]) -> Keys | None:
    """The node as a mapping, where nothing written is an empty one; None after a problem, which calls it `name`."""
    if isinstance(node, Keys):
        return node
    if isinstance(node, Text) and node.is_empty:
        return Keys({}, node.place)
    problems.append(Problem("P009", f"{name} is not a mapping", "write `key: value` pairs below it", node.place))
    return None


def plain(node: Node) -> Any:
    """The node as plain data: texts, lists and dictionaries."""
    if isinstance(node, Text):
        return node.value
    if isinstance(node, Items):
        return [plain(item) for item in node.items]
    return {key: plain(entry.value) for key, entry in node.entries.items()}


def typed(node: Node) -> Any:
    """The node as data for programs: plain scalars as YAML's core schema types them, quoted ones and secrets as texts.

    >>> typed(Text("10", Place(""))), typed(Text("10", Place(""), '"')), typed(Text("no", Place("")))
    (10, '10', 'no')
    """
    if isinstance(node, Text):
        is_plain = not node.style and not isinstance(node.value, Secret)
        return _typed(node.value) if is_plain else node.value
    if isinstance(node, Items):
        return [typed(item) for item in node.items]
    return {key: typed(entry.value) for key, entry in node.entries.items()}


def _typed(text: str) -> Any:
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def read_yaml(text: str, file: str, problems: list[Problem], first_line: int = 1, *, fast: bool = True) -> Node | None:
    """The tree of a YAML document whose first line is line `first_line` of `file`; None after a problem.

    An empty document is an empty mapping. Anchors and aliases work; merge keys, tags, several documents and keys that
    are no texts are refused. `fast` uses libyaml where PyYAML was built with it.
    """
    from yaml import YAMLError

    try:
        return _Composer(_parser(text, fast=fast), file, first_line, problems).document()
    except MainstemError as error:
        problems += error.problems
    except YAMLError as error:
        problems.append(complaint(error, text, file, first_line))
    return None


def read_keys(text: str, file: str, problems: list[Problem], first_line: int = 1) -> Keys | None:
    """Like `read_yaml`, for a document that must be a mapping."""
    node = read_yaml(text, file, problems, first_line)
    if node is None or isinstance(node, Keys):
        return node
    mend = "write `key: value` lines, with a blank after each colon"
    problems.append(Problem("P009", "the text is no mapping of keys to values", mend, node.place))
    return None


def _parser(text: str, *, fast: bool) -> Any:
    if fast:
        try:
            from yaml._yaml import CParser
        except ImportError:
            pass
        else:
            return CParser(text)
    from yaml.parser import Parser
    from yaml.reader import Reader
    from yaml.scanner import Scanner

    class PythonParser(Reader, Scanner, Parser):
        def __init__(self, stream: str) -> None:
            Reader.__init__(self, stream)
            Scanner.__init__(self)
            Parser.__init__(self)

    return PythonParser(text)


@dataclass(slots=True)
class _Composer:
    """Builds the tree from the events of a parser. `anchored` has, by name, a node and how many nodes it is made of."""

    parser: Any
    file: str
    first_line: int
    problems: list[Problem]
    anchored: dict[str, tuple[Node, int]] = field(default_factory=dict)
    count: int = 0
    depth: int = 0

    def document(self) -> Node:
        from yaml.events import DocumentStartEvent, StreamEndEvent

        next_event = self.parser.get_event
        next_event()
        event = next_event()
        if isinstance(event, StreamEndEvent):
            return Keys({}, Place(self.file, self.first_line, 1))
        node = self.node(next_event())
        next_event()
        event = next_event()
        if isinstance(event, DocumentStartEvent):
            what = "a second YAML document begins here"
            raise self.refused(what, "keep one document a file: remove the `---` line", self.place(event))
        if isinstance(node, Text) and node.is_empty:
            return Keys({}, node.place)
        return node

    def place(self, event: Any) -> Place:
        mark = event.start_mark
        return Place(self.file, mark.line + self.first_line, mark.column + 1)

    def refused(self, what: str, mend: str, place: Place) -> ProjectError:
        return ProjectError(Problem("P006", what, mend, place))

    def node(self, event: Any) -> Node:
        kind = type(event).__name__
        if kind == "AliasEvent":
            return self.alias(event)
        before = self.count
        self.count += 1
        if event.tag is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            what = f'"{tag}" is a YAML tag'
            raise self.refused(what, "remove it: the type of a value follows from its key", self.place(event))
        if kind == "ScalarEvent":
            style = event.style or ""
            node: Node = Text(event.value, self.place(event), "" if style == "\x00" else style)
        else:
            self.depth += 1
            if self.depth > _DEPTH:
                raise self.refused(f"more than {_DEPTH} levels lie in one another", "flatten it", self.place(event))
            node = self.keys(event) if kind == "MappingStartEvent" else self.items(event)
            self.depth -= 1
        if event.anchor is not None:
            self.anchored[event.anchor] = (node, self.count - before)
        return node

    def alias(self, event: Any) -> Node:
        place = self.place(event)
        found = self.anchored.get(event.anchor)
        if found is None:
            what = f'"*{event.anchor}" refers to an anchor that does not exist'
            mend = f"quote a value that begins with `*`, or write `&{event.anchor}` before the value that is meant"
            raise self.refused(what, mend, place)
        node, size = found
        self.count += size
        if self.count > _EXPANDED:
            raise self.refused(f"aliases make more than {_EXPANDED} values of this file", "write fewer aliases", place)
        return node

    def items(self, event: Any) -> Items:
        place = self.place(event)
        found: list[Node] = []
        while type(event := self.parser.get_event()).__name__ != "SequenceEndEvent":
            found.append(self.node(event))
        return Items(tuple(found), place)

    def keys(self, event: Any) -> Keys:
        place = self.place(event)
        entries: dict[str, Entry] = {}
        while type(event := self.parser.get_event()).__name__ != "MappingEndEvent":
            key = self.node(event)
            if not isinstance(key, Text):
                raise self.refused("a key is a list or a mapping", "write a text before the colon", key.place)
            if key.value == "<<" and not key.style:
                mend = "write the keys out, or give the whole value an anchor and repeat it with an alias"
                raise self.refused('"<<" is a merge key', mend, key.place)
            value = self.node(self.parser.get_event())
            if key.value in entries:
                first = entries[key.value].key.place
                what = f'key "{key.value}" is written twice, first in line {first.line}'
                self.problems.append(Problem("P005", what, "keep one of them", key.place))
            else:
                entries[key.value] = Entry(key, value)
        return Keys(entries, place)
