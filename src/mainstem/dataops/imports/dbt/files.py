"""The files of a dbt project that make datasets, and what these are called here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mainstem.core.place import Place
from mainstem.dataops.imports.dbt.macros import blanked
from mainstem.dataops.imports.dbt.project import Settings
from mainstem.dataops.imports.dbt.properties import Described, Properties
from mainstem.dataops.imports.draft import LeftOut
from mainstem.dataops.imports.folder import text_of
from mainstem.dataops.imports.naming import dataset_name, plain_name
from mainstem.project.names import RESERVED_SCHEMAS
from mainstem.project.nodes import Keys, Text

SEEDS = "seeds"
"""The schema of seeds."""

_SNAPSHOT = re.compile(r"\{%-?\s*snapshot\s+(\w+)\s*-?%\}(.*?)\{%-?\s*endsnapshot\s*-?%\}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file that makes a dataset, before it is rendered."""

    noun: str
    foreign: str
    path: str
    name: str
    settings: Mapping[str, Any]
    described: Described
    text: str = ""
    line: int = 1


def files_of(settings: Settings, properties: Properties) -> Iterator[WrittenFile]:
    """Every model in SQL, seed and snapshot."""
    yield from _models(settings, properties)
    yield from _seeds(settings, properties)
    yield from _snapshots(settings, properties)


def _models(settings: Settings, properties: Properties) -> Iterator[WrittenFile]:
    for path in settings.files("model-paths", ".sql"):
        *folders, stem = parts = settings.parts("model-paths", path)
        text, described = text_of(settings.root, path), _described(properties, stem, path)
        name, said = dataset_name(folders, stem), settings.configured("models", parts)
        yield WrittenFile("model", stem, path, name, said, described, text)


def _seeds(settings: Settings, properties: Properties) -> Iterator[WrittenFile]:
    for path in settings.files("seed-paths", ".csv"):
        parts = settings.parts("seed-paths", path)
        stem, said = parts[-1], settings.configured("seeds", parts)
        described = _described(properties, stem, path)
        yield WrittenFile("seed", stem, path, f"{SEEDS}.{plain_name(stem)}", said, described)


def _snapshots(settings: Settings, properties: Properties) -> Iterator[WrittenFile]:
    """Those that are written as blocks in SQL files, and those that are written in YAML."""
    for path in settings.files("snapshot-paths", ".sql"):
        *folders, _ = settings.parts("snapshot-paths", path)
        text = text_of(settings.root, path)
        for found in _SNAPSHOT.finditer(blanked(text)):
            stem, line = found[1], text.count("\n", 0, found.start(2)) + 1
            said, described = settings.configured("snapshots", (*folders, stem)), _described(properties, stem, path)
            yield WrittenFile("snapshot", stem, path, f"snapshots.{plain_name(stem)}", said, described, found[2], line)
    for each in properties.snapshots:
        relation = each.node.get("relation")
        text = f"select * from {{{{ {relation.value} }}}}" if isinstance(relation, Text) else ""
        name, place = f"snapshots.{plain_name(each.name)}", each.place
        yield WrittenFile("snapshot", each.name, place.file, name, {}, each, text, place.line)


def _described(properties: Properties, name: str, path: str) -> Described:
    plain = re.sub(r"[._]v\d+$", "", name)
    nothing = Described(name, Place(path), Keys({}, Place(path)))
    return properties.models.get(name) or properties.models.get(plain) or nothing


def apart(files: Iterator[WrittenFile], left_out: list[LeftOut]) -> Iterator[WrittenFile]:
    """Each name once: a second file that would be called the same is left out."""
    taken: dict[str, WrittenFile] = {}
    for each in files:
        first = taken.setdefault(each.name, each)
        if first is each:
            yield each
        else:
            why = f'it would be called "{each.name}", as {first.path} is'
            left_out.append(LeftOut(each.noun, each.foreign, Place(each.path), why))


def versions(properties: Properties, files: list[WrittenFile]) -> dict[str, str]:
    """What a name without a version, and one with it, means: `x.v2` is the file `x_v2` or `x.v2`."""
    by_stem = {each.foreign: each.name for each in files}
    found: dict[str, str] = {}
    for described in properties.models.values():
        named = re.compile(rf"{re.escape(described.name)}[._]v(\d+)")
        there = {int(match[1]): stem for stem in by_stem if (match := named.fullmatch(stem))}
        found.update({f"{described.name}.v{version}": by_stem[stem] for version, stem in there.items()})
        if there and described.node.get("versions"):
            found[described.name] = by_stem[there[max(there)]]
    return found


def source_name(source: Described, table: Described, files: list[WrittenFile]) -> str:
    """The dataset of a source's table; another schema where a model is called the same."""
    schema, name = plain_name(source.name), plain_name(table.name)
    taken = {each.name for each in files}
    is_taken = schema in RESERVED_SCHEMAS or f"{schema}.{name}" in taken
    return f"{'raw_' if is_taken else ''}{schema}.{name}"
