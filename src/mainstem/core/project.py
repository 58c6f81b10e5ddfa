"""The project: everything that people wrote, as one frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mainstem.core.dataset import Dataset, Source, Variable
from mainstem.core.model_test import ModelTest
from mainstem.core.output import Output, Policy
from mainstem.core.place import Place
from mainstem.core.requirement import (
    Agreement,
    Decision,
    Definition,
    Goal,
    Item,
    Need,
    Requirement,
    Stakeholder,
)


@dataclass(frozen=True, slots=True)
class Environment:
    """A named pointer to a release, and what may leave from it. `sources` are per-source overrides as written,
    `variables` values of variables.

    `schedule` is when `mainstem up` runs it: five fields of cron in the project's zone; None: never by itself.
    """

    name: str
    deliver: bool = False
    alerts: bool = False
    schedule: str | None = None
    sources: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Alert:
    """Who hears of what. `to` is an address (a Secret where it holds `${NAME}`); `when` are statuses, or `failed`.

    Only environments that say `alerts: true` send any.
    """

    to: str
    when: tuple[str, ...] = ("violated", "failed")


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """Limits of the embedded engine; None leaves the engine's default. An empty `temp_directory`: nothing spills."""

    memory_limit: str | None = None
    threads: int | None = None
    temp_directory: str | None = None


@dataclass(frozen=True, slots=True)
class Macro:
    """A SQL macro. `text` is its name, parameters and body, without comments.

    `sql` is the statement to run and `bodies` are what it yields, each as one SELECT; in them every character stands
    at its line and column of the file.
    """

    name: str
    place: Place
    text: str
    sql: str
    bodies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Project:
    """Everything loaded from a folder. Mappings are keyed by name or id and keep the order of the files.

    `root` is the absolute folder. `lake` is an absolute folder (or a URL later). `ledger` the absolute path of the
    SQLite file. `clock`: wall | replay. `publish`: all | partial. `branches`: git
    (commands work in the branch named like that of git) | None. `agreements` maps requirement ids to entries in file
    order. `lost` are names of what is written but could not be read: ids, datasets, outputs, tests, schemas of sources,
    `macros` and `mainstem.yml` as wholes; empty in a project without problems.
    """

    name: str
    root: Path
    lake: Path
    ledger: Path
    timezone: str = "UTC"
    engine: str = "duckdb"
    settings: EngineSettings = EngineSettings()
    owner: str | None = None
    clock: str = "wall"
    publish: str = "all"
    branches: str | None = None
    prices: Mapping[str, Any] | None = None
    environments: Mapping[str, Environment] = field(default_factory=dict)
    sources: Mapping[str, Source] = field(default_factory=dict)
    datasets: Mapping[str, Dataset] = field(default_factory=dict)
    outputs: Mapping[str, Output] = field(default_factory=dict)
    goals: Mapping[str, Goal] = field(default_factory=dict)
    stakeholders: Mapping[str, Stakeholder] = field(default_factory=dict)
    needs: Mapping[str, Need] = field(default_factory=dict)
    requirements: Mapping[str, Requirement] = field(default_factory=dict)
    definitions: Mapping[str, Definition] = field(default_factory=dict)
    decisions: Mapping[str, Decision] = field(default_factory=dict)
    agreements: Mapping[str, tuple[Agreement, ...]] = field(default_factory=dict)
    policy: Policy = field(default_factory=Policy)
    macros: tuple[Macro, ...] = ()
    variables: Mapping[str, Variable] = field(default_factory=dict)
    alerts: tuple[Alert, ...] = ()
    tests: Mapping[str, ModelTest] = field(default_factory=dict)
    lost: frozenset[str] = frozenset()

    def is_lost(self, dataset: str) -> bool:
        """Whether a dataset is written, as it seems, but could not be read, or not all of its source."""
        return bool({dataset, dataset.partition(".")[0]} & self.lost)

    def environment(self, name: str) -> Environment:
        """The environment as it is written; of one that is not, such as a branch: from which nothing leaves."""
        return self.environments.get(name, Environment(name))

    def item(self, id: str) -> Item | None:
        """The requirement item of that id or alias, of whatever kind; None if there is none."""
        kinds = (
            self.requirements,
            self.needs,
            self.stakeholders,
            self.goals,
            self.definitions,
            self.decisions,
        )
        for kind in kinds:
            found = kind.get(id)
            if found is not None:
                return found
        for kind in kinds:
            for item in kind.values():
                if id in item.aliases:
                    return item
        return None
