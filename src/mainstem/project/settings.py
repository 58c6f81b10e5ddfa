"""mainstem.yml: what holds for the whole project."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from mainstem.core.kinds import names
from mainstem.core.place import Place
from mainstem.core.problem import Problem, nearest
from mainstem.core.project import Alert, EngineSettings, Environment
from mainstem.project.files import read_file
from mainstem.project.names import file_problem
from mainstem.project.nodes import Items, Keys, as_keys, read_keys, texts
from mainstem.project.shape import Form, converter, keys_of, list_of, mapping_of, shape
from mainstem.project.sql_variables import VariableKeys, Variables, read_variables
from mainstem.project.variables import filled, variables
from mainstem.project.zones import zone_problem

FILE = "mainstem.yml"
"""The file that makes a folder a project."""


@dataclass(frozen=True, slots=True)
class Prices:
    """What an hour of computing and a gigabyte kept for a month cost."""

    compute_hour: Decimal | None = None
    storage_gb_month: Decimal | None = None
    currency: str = "USD"


@dataclass(frozen=True, slots=True)
class ProjectKeys:
    """The plain keys of mainstem.yml."""

    name: str | None = None
    timezone: str = "UTC"
    lake: str = "lake"
    ledger: str = ".mainstem/ledger.sqlite"
    engine: str = "duckdb"
    owner: str | None = None
    clock: Literal["wall", "replay"] = "wall"
    publish: Literal["all", "partial"] = "all"
    branches: Literal["git"] | None = None
    prices: Prices | None = None


ALERT = Form(
    Alert,
    narrowed={"when": tuple[Literal["violated", "at_risk", "unverified", "met", "failed"], ...]},
)
ENVIRONMENT = Form(Environment, given=frozenset({"name"}))
PROJECT = Form(
    ProjectKeys,
    also={
        "engines": mapping_of(EngineSettings),
        "environments": mapping_of(ENVIRONMENT),
        "variables": mapping_of(VariableKeys),
        "alerts": list_of(ALERT),
    },
)

_URL = re.compile(r"[a-z][a-z0-9+.-]*://")
_MEMORY = re.compile(r"[0-9]+(\.[0-9]+)?\s*([KMGT]i?B)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Settings:
    """mainstem.yml, read. `overrides` are keys of sources in the environment that was asked for."""

    keys: Keys
    plain: ProjectKeys
    lake: Path
    ledger: Path
    engine: EngineSettings
    environments: Mapping[str, Environment]
    alerts: tuple[Alert, ...] = ()
    overrides: Mapping[str, Keys] = field(default_factory=dict)
    variables: Variables = field(default_factory=lambda: Variables({}, {}))

    @property
    def prices(self) -> Mapping[str, Any] | None:
        """The prices that are given, by name."""
        prices = self.plain.prices
        if prices is None:
            return None
        named = {each.name: getattr(prices, each.name) for each in fields(prices)}
        return {name: value for name, value in named.items() if value is not None}


def read_settings(
    root: Path, env: str, values: Mapping[str, str], given: Mapping[str, str], problems: list[Problem]
) -> Settings:
    """The project's settings; the defaults after a problem. `values` are secrets, `given` variables of a command."""
    written = read_file(root, FILE, problems)
    keys = read_keys(written.text, FILE, problems) if written else None
    keys = keys or Keys({}, Place(FILE, 1, 1))
    said: ProjectKeys = shape(PROJECT, keys, problems) or ProjectKeys()
    if said.engine not in names("engines"):
        said = replace(said, engine=ProjectKeys().engine)
    _check(keys, problems)
    environments = _environments(keys, problems)
    settings = Settings(
        keys,
        replace(said, name=said.name or root.name),
        _path(root, "lake", said.lake, keys, problems),
        _path(root, "ledger", said.ledger, keys, problems),
        _engine(root, said.engine, keys, problems),
        environments,
        _alerts(keys, values, problems, sends=env in environments and environments[env].alerts),
        _overrides(keys, env),
        read_variables(keys, env, given, problems),
    )
    _refuse_variables(keys, problems)
    return settings


def _check(keys: Keys, problems: list[Problem]) -> None:
    for node in texts(keys.get("timezone")):
        wrong = zone_problem(node.value, node.place)
        if wrong:
            problems.append(wrong)
    for node in texts(keys.get("engine")):
        _check_engine_name(node.value, node.place, problems)


def _check_engine_name(name: str, place: Place, problems: list[Problem]) -> None:
    if name not in names("engines"):
        mend = nearest(name, names("engines"), kind="engines")
        problems.append(Problem("P001", f'"{name}" is no kind of engine', mend, place))


def _path(root: Path, key: str, text: str, keys: Keys, problems: list[Problem]) -> Path:
    if _URL.match(text):
        mend = f"write a path: `{key}: {getattr(ProjectKeys(), key)}`"
        what = f'"{key}" is an address; this version keeps it on a local disk'
        problems.append(Problem("P053", what, mend, keys.key_place(key)))
    path = Path(os.path.normpath(root / text))
    if root.is_relative_to(path):
        what = f'"{key}" is the folder of the project, or one above it'
        mend = f"give it a path of its own: `{key}: {getattr(ProjectKeys(), key)}`"
        problems.append(Problem("P053", what, mend, keys.key_place(key)))
    return path


def _engine(root: Path, name: str, keys: Keys, problems: list[Problem]) -> EngineSettings:
    node = keys.get("engines")
    if node is None:
        return EngineSettings()
    engines = as_keys(node, '"engines"', problems)
    settings = EngineSettings()
    for each, entry in engines.entries.items() if engines else ():
        _check_engine_name(each, entry.key.place, problems)
        keys_of_one = as_keys(entry.value, f'"{each}"', problems)
        made: EngineSettings | None = shape(EngineSettings, keys_of_one, problems) if keys_of_one else None
        if made and keys_of_one:
            is_fine = _check_engine(made, keys_of_one, problems)
            settings = made if each == name and is_fine else settings
    if settings.temp_directory:
        return replace(settings, temp_directory=os.path.normpath(root / settings.temp_directory))
    return settings


def _check_engine(settings: EngineSettings, keys: Keys, problems: list[Problem]) -> bool:
    before = len(problems)
    if settings.memory_limit is not None and not _MEMORY.fullmatch(settings.memory_limit):
        what = f'"memory_limit" is "{settings.memory_limit}", which is no size'
        problems.append(Problem("P009", what, "write one such as 4GB", keys.key_place("memory_limit")))
    if settings.threads is not None and settings.threads < 1:
        place = keys.key_place("threads")
        problems.append(Problem("P009", f'"threads" is {settings.threads}', "write 1 or more", place))
    return len(problems) == before


def _environments(keys: Keys, problems: list[Problem]) -> dict[str, Environment]:
    node = keys.get("environments")
    if node is None:
        return {"prod": Environment("prod")}
    found: dict[str, Environment] = {}
    keys_by_name = as_keys(node, '"environments"', problems)
    for name, entry in keys_by_name.entries.items() if keys_by_name else ():
        wrong = file_problem(name, "environment", entry.key.place)
        if wrong:
            problems.append(wrong)
        value = as_keys(entry.value, f'environment "{name}"', problems)
        environment = shape(ENVIRONMENT, value, problems, name=name) if value else None
        if environment and value:
            found[name] = environment
            _check_schedule(environment, keys, value, problems)
    return found


def _check_schedule(environment: Environment, keys: Keys, value: Keys, problems: list[Problem]) -> None:
    """A schedule is cron's, and needs a clock that moves."""
    if environment.schedule is None:
        return
    from cronsim import CronSim, CronSimError

    place = value.key_place("schedule")
    try:
        CronSim(environment.schedule, datetime(2013, 12, 31, tzinfo=UTC))
    except CronSimError as error:
        what = f'"schedule" is "{environment.schedule}": {str(error).lower()}'
        mend = 'write minute, hour, day, month and weekday, such as "5 5 * * *" for every morning at 05:05'
        problems.append(Problem("P009", what, mend, place))
    if [node.value for node in texts(keys.get("clock"))] == ["replay"]:
        what = "a schedule waits for the clock, and the clock of a replay stands still between runs"
        problems.append(Problem("P056", what, "remove `schedule`, or `clock: replay`", place))


def _alerts(keys: Keys, values: Mapping[str, str], problems: list[Problem], *, sends: bool) -> tuple[Alert, ...]:
    """The alerts; their addresses are filled in only where they are sent."""
    node = keys.get("alerts")
    if node is None:
        return ()
    items = node.items if isinstance(node, Items) else (node,)
    filled_items = Items(tuple(filled(item, values, problems) if sends else item for item in items), node.place)
    made = converter(list_of(ALERT))(filled_items, "alerts", problems)
    return made if isinstance(made, tuple) else ()


def _overrides(keys: Keys, env: str) -> dict[str, Keys]:
    node: Any = keys
    for key in ("environments", env, "sources"):
        node = node.get(key) if isinstance(node, Keys) else None
    if not isinstance(node, Keys):
        return {}
    return {name: entry.value for name, entry in node.entries.items() if isinstance(entry.value, Keys)}


def _refuse_variables(keys: Keys, problems: list[Problem]) -> None:
    """`${NAME}` where it would stay as it is."""
    for name in keys_of(PROJECT):
        node = keys.get(name)
        for text in variables(node) if node else ():
            what = f'"{name}" is not filled from the environment'
            mend = (
                "write the value itself; `${NAME}` may stand in sources, in `environments: ... sources:` and in alerts"
            )
            problems.append(Problem("P012", what, mend, text.place))


def check_overridden(settings: Settings, sources: AbstractSet[str], problems: list[Problem]) -> None:
    """Every source that an environment changes exists."""
    for environment in settings.environments.values():
        node: Any = settings.keys
        for key in ("environments", environment.name, "sources"):
            node = node.get(key) if isinstance(node, Keys) else None
        for name in environment.sources:
            if name not in sources:
                what, mend = f'source "{name}" does not exist', nearest(name, list(sources), kind="sources")
                problems.append(Problem("P042", what, mend, node.key_place(name)))
