"""`dbt_project.yml` and what lies around it: names, paths, settings by folder, variables, the dialect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mainstem.core.place import Place
from mainstem.core.problem import Problem, ProjectError
from mainstem.dataops.imports.folder import files_below, text_of
from mainstem.project.nodes import Keys, Node, Text, read_keys, texts, typed

FILE = "dbt_project.yml"

DIALECTS: Mapping[str, str] = {
    "athena": "athena",
    "bigquery": "bigquery",
    "clickhouse": "clickhouse",
    "databricks": "databricks",
    "duckdb": "duckdb",
    "fabric": "fabric",
    "materialize": "materialize",
    "mysql": "mysql",
    "oracle": "oracle",
    "postgres": "postgres",
    "redshift": "redshift",
    "snowflake": "snowflake",
    "spark": "spark",
    "sqlite": "sqlite",
    "sqlserver": "tsql",
    "synapse": "tsql",
    "trino": "trino",
}
"""By the name of dbt's adapter, the dialect of its SQL."""

_PATHS = {
    "model-paths": ("source-paths", "models"),
    "seed-paths": ("data-paths", "seeds"),
    "test-paths": ("test-paths", "tests"),
    "macro-paths": ("macro-paths", "macros"),
    "snapshot-paths": ("snapshot-paths", "snapshots"),
    "analysis-paths": ("analysis-paths", "analyses"),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """A dbt project's settings. `paths` by their key; `trees` are the settings by folder of models, seeds,
    snapshots and tests; `adapter` is None where no profile says it."""

    root: Path
    name: str
    keys: Keys
    paths: Mapping[str, tuple[str, ...]]
    variables: Mapping[str, Any]
    adapter: str | None
    trees: Mapping[str, Any] = field(default_factory=dict)

    def files(self, key: str, *endings: str) -> list[str]:
        """Files below the folders that a key names."""
        found = (path for folder in self.paths[key] for path in files_below(self.root, folder, *endings))
        return list(dict.fromkeys(found))

    def parts(self, key: str, path: str) -> tuple[str, ...]:
        """A path's folders below the one that the key names, and the file's stem."""
        for folder in self.paths[key]:
            if path.startswith(f"{folder}/"):
                *folders, name = path.removeprefix(f"{folder}/").split("/")
                return (*folders, name.rpartition(".")[0])
        return (path,)

    def configured(self, tree: str, parts: Sequence[str]) -> dict[str, Any]:
        """The settings of a file by its folders: the deeper one wins."""
        found: dict[str, Any] = {}
        node = self.trees.get(tree)
        for part in ("", self.name, *parts):
            node = node.get(part) if part and isinstance(node, Mapping) else node
            if not isinstance(node, Mapping):
                break
            for key, value in node.items():
                if key.startswith("+") or (not isinstance(value, Mapping) and key != part):
                    found[key.removeprefix("+")] = value
        return found


def read_settings(root: Path) -> Settings:
    """The settings of the dbt project in a folder; ProjectError C040 where it is none, C044 where it cannot be read."""
    if not (root / FILE).is_file():
        mend = f"name the folder in which {FILE} lies"
        raise ProjectError(Problem("C040", f'there is no {FILE} in "{root}"', mend))
    problems: list[Problem] = []
    keys = read_keys(text_of(root, FILE), FILE, problems)
    if keys is None:
        raise ProjectError(
            *(Problem("C044", f"{each.what}, so {FILE} cannot be read", each.mend, each.place) for each in problems)
        )
    name = _text(keys.get("name")) or root.name
    paths = {key: _paths(keys, key, *others) for key, others in _PATHS.items()}
    trees = {
        key: typed(node) for key in ("models", "seeds", "snapshots", "tests", "data_tests") if (node := keys.get(key))
    }
    return Settings(root, name, keys, paths, _variables(keys, name), _adapter(root, keys), trees)


def _text(node: Node | None) -> str | None:
    return node.value if isinstance(node, Text) else None


def _paths(keys: Keys, key: str, older: str, otherwise: str) -> tuple[str, ...]:
    said = tuple(each.value.strip("/") for name in (key, older) for each in texts(keys.get(name)))
    return said or (otherwise,)


def _variables(keys: Keys, name: str) -> Mapping[str, Any]:
    node = keys.get("vars")
    said = typed(node) if isinstance(node, Keys) else {}
    own = said.get(name)
    return {**{key: value for key, value in said.items() if key != name}, **(own if isinstance(own, Mapping) else {})}


def _adapter(root: Path, keys: Keys) -> str | None:
    """The adapter of the profile's default target, where a profiles.yml lies in the project's folder."""
    profile, file = _text(keys.get("profile")), "profiles.yml"
    if profile is None or not (root / file).is_file():
        return None
    read = read_keys(text_of(root, file), file, [])
    found = typed(read).get(profile) if read else None
    if not isinstance(found, Mapping) or not isinstance(found.get("outputs"), Mapping):
        return None
    outputs = found["outputs"]
    target = outputs.get(found.get("target")) or next(iter(outputs.values()), None)
    kinds = {target.get("type")} if isinstance(target, Mapping) else set()
    return next((str(kind) for kind in kinds if kind), None)


def dialect_of(settings: Settings, said: str | None) -> tuple[str, str]:
    """Adapter and dialect; `said` wins. ProjectError C043 where neither is known."""
    adapter = said or settings.adapter
    known = ", ".join(sorted(DIALECTS))
    if adapter is None:
        what = f'"{settings.name}" does not say which database it is for: there is no profiles.yml in its folder'
        raise ProjectError(Problem("C043", what, f"say it with --dialect: {known}", Place(FILE)))
    if adapter not in DIALECTS:
        what = f'"{adapter}" is no database whose SQL can be read'
        raise ProjectError(Problem("C043", what, f"say one with --dialect: {known}"))
    return adapter, DIALECTS[adapter]
