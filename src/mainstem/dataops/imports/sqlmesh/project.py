"""SQLMesh's configuration and folders: name, dialect, variables, external tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mainstem.core.place import Place
from mainstem.core.problem import Problem, ProjectError
from mainstem.dataops.imports.draft import DraftTable
from mainstem.dataops.imports.folder import files_below, text_of
from mainstem.dataops.imports.naming import dataset_name, plain_name
from mainstem.project.nodes import Items, Keys, Text, read_keys, read_yaml, typed
from mainstem.sql.transpile import is_dialect, type_to_engine

_PROGRAM = "config.py"
_FILES = ("config.yaml", "config.yml", _PROGRAM)


@dataclass(frozen=True, slots=True)
class Settings:
    """A SQLMesh project's settings; `variables` by their names in small letters."""

    root: Path
    name: str
    dialect: str
    variables: Mapping[str, Any]


def read_settings(root: Path, dialect: str | None) -> Settings:
    """The settings of the project in a folder; ProjectError C040, C043, C044.

    A `config.py` is not run: the dialect must be said then.
    """
    file = next((each for each in _FILES if (root / each).is_file()), None)
    if file is None:
        mend = f"name the folder in which one of these lies: {', '.join(_FILES)}"
        raise ProjectError(Problem("C040", f'there is no configuration of SQLMesh in "{root}"', mend))
    problems: list[Problem] = []
    keys = read_keys(text_of(root, file), file, problems) if file != _PROGRAM else Keys({}, Place(file))
    if keys is None:
        raise ProjectError(*(Problem("C044", f"{p.what}, so {file} cannot be read", p.mend, p.place) for p in problems))
    said = typed(keys)
    language = dialect or _dialect(said)
    if not language or not is_dialect(language):
        what = (
            f'"{language}" is no dialect that can be read' if language else f"{file} names no dialect that can be read"
        )
        raise ProjectError(
            Problem("C043", what, "say it: --dialect duckdb, postgres, snowflake or another", Place(file))
        )
    variables = said.get("variables")
    found = {str(key).lower(): value for key, value in variables.items()} if isinstance(variables, Mapping) else {}
    return Settings(root, str(said.get("project") or plain_name(root.name)), language, found)


def _dialect(said: Mapping[str, Any]) -> str | None:
    """That of the models, else that of the first gateway's connection."""
    defaults = said.get("model_defaults")
    if isinstance(defaults, Mapping) and defaults.get("dialect"):
        return str(defaults["dialect"])
    gateways = said.get("gateways")
    first = next(iter(gateways.values()), None) if isinstance(gateways, Mapping) and gateways else None
    connection = first.get("connection") if isinstance(first, Mapping) else None
    return str(connection["type"]) if isinstance(connection, Mapping) and connection.get("type") else None


def external_tables(settings: Settings) -> Iterator[tuple[str, DraftTable]]:
    """Tables that others write, by the names that models read them by."""
    files = [each for each in ("external_models.yaml", "external_models.yml") if (settings.root / each).is_file()]
    for path in (*files, *files_below(settings.root, "external_models", ".yaml", ".yml")):
        node = read_yaml(text_of(settings.root, path), path, [])
        for item in node.items if isinstance(node, Items) else ():
            name = item.get("name") if isinstance(item, Keys) else None
            if isinstance(item, Keys) and isinstance(name, Text):
                yield full_name(name.value), _external(item, name, settings.dialect)


def _external(item: Keys, name: Text, dialect: str) -> DraftTable:
    columns, said = item.get("columns"), item.get("description")
    types = typed(columns) if isinstance(columns, Keys) else {}
    contract = {
        plain_name(key): {"type": kind} for key, value in types.items() if (kind := type_to_engine(str(value), dialect))
    }
    description = said.value if isinstance(said, Text) else ""
    return DraftTable(source_of(name.value), name.value, name.place, description=description, columns=contract)


def full_name(name: str) -> str:
    """A table's name as models are compared by: without quotes, in small letters."""
    return ".".join(part.strip().strip('"`') for part in name.split(".")).lower()


def dataset_of(name: str) -> str:
    """The dataset of a model: its last two parts; `main` where it has one."""
    parts = full_name(name).split(".")
    return dataset_name(parts[-2:-1], parts[-1])


def source_of(name: str) -> str:
    """The dataset of a table that is loaded: like that of a model, in `external` where a model would be in `main`."""
    here = dataset_of(name)
    return f"external.{here.removeprefix('main.')}" if here.startswith("main.") else here
