"""The YAML files beside the models: descriptions, tests, sources, exposures, groups."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mainstem.core.place import Place
from mainstem.core.problem import Problem
from mainstem.dataops.imports.dbt.project import Settings
from mainstem.dataops.imports.draft import LeftOut
from mainstem.dataops.imports.folder import text_of
from mainstem.project.nodes import Items, Keys, Node, Text, read_keys, typed

_DOCS = re.compile(r"\{%-?\s*docs\s+(\w+)\s*-?%\}(.*?)\{%-?\s*enddocs\s*-?%\}", re.DOTALL)
_DOC = re.compile(r"\{\{\s*doc\(\s*(?:['\"]\w+['\"]\s*,\s*)?['\"](\w+)['\"]\s*\)\s*\}\}")
_NOT_CARRIED = {
    "semantic_models": ("semantic model", "write its measures as metrics below serving/metrics"),
    "metrics": ("metric", "write it as a file below serving/metrics"),
    "saved_queries": ("saved query", "write it as a data API below serving/apis"),
}


@dataclass(frozen=True, slots=True)
class Described:
    """What a YAML file says of something: `node` is all of it, `columns` by name."""

    name: str
    place: Place
    node: Keys
    description: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)
    columns: Mapping[str, Described] = field(default_factory=dict)

    def tests(self) -> Iterator[Node]:
        """Its own tests, not those of its columns."""
        for key in ("tests", "data_tests"):
            node = self.node.get(key)
            yield from node.items if isinstance(node, Items) else ()

    @property
    def tags(self) -> tuple[str, ...]:
        """Tags, wherever they are said."""
        said = [self.config.get("tags"), typed(node) if (node := self.node.get("tags")) else None]
        return tuple(dict.fromkeys(str(tag) for each in said for tag in _listed(each)))

    @property
    def meta(self) -> Mapping[str, Any]:
        """Facts of people's own."""
        node = self.node.get("meta")
        found = (self.config.get("meta"), typed(node) if node else None)
        return {key: value for each in found if isinstance(each, Mapping) for key, value in each.items()}


@dataclass(slots=True)
class Properties:
    """Everything that the YAML files say, by what it is about."""

    models: dict[str, Described] = field(default_factory=dict)
    sources: list[tuple[Described, list[Described]]] = field(default_factory=list)
    exposures: list[Described] = field(default_factory=list)
    groups: dict[str, Described] = field(default_factory=dict)
    snapshots: list[Described] = field(default_factory=list)
    unit_tests: list[Described] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    found: dict[str, int] = field(default_factory=dict)


def read_properties(settings: Settings) -> Properties:
    """All YAML files below the project's folders."""
    read = Properties()
    docs = dict(_docs(settings))
    for key in ("model-paths", "seed-paths", "snapshot-paths", "test-paths"):
        for path in settings.files(key, ".yml", ".yaml"):
            problems: list[Problem] = []
            keys = read_keys(text_of(settings.root, path), path, problems)
            if keys is not None:
                _read_file(keys, docs, read)
            read.left_out += [LeftOut("file", path, each.place or Place(path), each.what) for each in problems[:1]]
    return read


def _docs(settings: Settings) -> Iterator[tuple[str, str]]:
    for path in settings.files("model-paths", ".md"):
        for name, text in _DOCS.findall(text_of(settings.root, path)):
            yield name, text.strip()


def _read_file(keys: Keys, docs: Mapping[str, str], read: Properties) -> None:
    for key in ("models", "seeds"):
        read.models.update({each.name: each for each in _described(keys.get(key), docs)})
    for each in _described(keys.get("snapshots"), docs):
        read.models[each.name] = each
        if each.node.get("relation"):
            read.snapshots.append(each)
    for source in _described(keys.get("sources"), docs):
        read.sources.append((source, list(_described(source.node.get("tables"), docs))))
    read.unit_tests += _described(keys.get("unit_tests"), docs)
    read.exposures += _described(keys.get("exposures"), docs)
    read.groups.update({each.name: each for each in _described(keys.get("groups"), docs)})
    for key, (noun, why) in _NOT_CARRIED.items():
        for each in _described(keys.get(key), docs):
            read.found[noun] = read.found.get(noun, 0) + 1
            read.left_out.append(LeftOut(noun, each.name, each.place, why))


def _described(node: Node | None, docs: Mapping[str, str]) -> Iterator[Described]:
    for item in node.items if isinstance(node, Items) else ():
        name = item.get("name") if isinstance(item, Keys) else None
        if not isinstance(item, Keys) or not isinstance(name, Text):
            continue
        description = item.get("description")
        said = description.value if isinstance(description, Text) else ""
        config = item.get("config")
        columns = {each.name: each for each in _described(item.get("columns"), docs)}
        text = _DOC.sub(lambda found: docs.get(found[1], found[0]), said).strip()
        settings = typed(config) if isinstance(config, Keys) else {}
        yield Described(name.value, name.place, item, text, settings, columns)


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
