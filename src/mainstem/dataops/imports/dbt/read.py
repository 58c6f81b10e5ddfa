"""A dbt project as a draft of one of this tool."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mainstem.core.place import Place
from mainstem.dataops.imports.dbt import exposures, sources
from mainstem.dataops.imports.dbt.evaluator import Evaluator, Rendered, World
from mainstem.dataops.imports.dbt.files import WrittenFile, apart, files_of, source_name, versions
from mainstem.dataops.imports.dbt.macros import Macro, find_macros
from mainstem.dataops.imports.dbt.project import FILE, Settings, dialect_of, read_settings
from mainstem.dataops.imports.dbt.properties import Properties, read_properties
from mainstem.dataops.imports.dbt.unit_tests import test_of
from mainstem.dataops.imports.draft import Draft, DraftModel, DraftTable, DraftTest, LeftOut, LooseCheck, Person, Use
from mainstem.dataops.imports.folder import csv_of, files_below, text_of
from mainstem.dataops.imports.naming import sensitive
from mainstem.dataops.imports.refusal import NotCarriedError
from mainstem.project.names import snake_case
from mainstem.sql.transpile import Change, divides_whole, to_engine

_KINDS = {
    "table": "table",
    "view": "view",
    "ephemeral": "view",
    "incremental": "incremental",
    "materialized_view": "view",
}
_HISTORY = {"dbt_valid_from": "valid_from", "dbt_valid_to": "valid_to"}
_HOOKS = ("pre_hook", "post_hook", "pre-hook", "post-hook")


@dataclass(slots=True)
class _Reading:
    """What has come together so far."""

    settings: Settings
    properties: Properties
    evaluator: Evaluator
    models: list[DraftModel] = field(default_factory=list)
    tables: list[DraftTable] = field(default_factory=list)
    loose: list[LooseCheck] = field(default_factory=list)
    people: dict[str, Person] = field(default_factory=dict)
    uses: list[Use] = field(default_factory=list)
    unit_tests: list[DraftTest] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    remarks: list[LeftOut] = field(default_factory=list)
    found: Counter[str] = field(default_factory=Counter)

    def leave(self, noun: str, name: str, place: Place, why: str) -> None:
        """Say that something is not carried over."""
        self.left_out.append(LeftOut(noun, name, place, why))


def read_dbt(root: Path, dialect: str | None = None) -> Draft:
    """The dbt project in a folder, carried over as far as its text alone tells. `dialect` names the adapter where no
    profile does. ProjectError C040, C043, C044. Nothing is run, no variable of the environment is read."""
    settings = read_settings(root)
    adapter, language = dialect_of(settings, dialect)
    properties = read_properties(settings)
    left_out: list[LeftOut] = []
    files = list(apart(files_of(settings, properties), left_out))
    world = World(
        settings.name,
        adapter,
        language,
        {**versions(properties, files), **{each.foreign: each.name for each in files}},
        {
            (source.name, each.name): source_name(source, each, files)
            for source, tables in properties.sources
            for each in tables
        },
        settings.variables,
        tuple(_macros(settings)),
        str({**settings.configured("tests", ()), **settings.configured("data_tests", ())}.get("severity", "error")),
    )
    reading = _Reading(settings, properties, Evaluator(world), left_out=left_out)
    reading.found.update(each.noun for each in left_out)
    reading.left_out += properties.left_out
    reading.found.update(properties.found)
    _read_sources(reading, files)
    for each in sorted(files, key=lambda file: file.noun != "snapshot"):
        _read(reading, each)
    _read_tests(reading)
    _read_exposures(reading)
    _read_unit_tests(reading, world)
    return _draft(reading, language)


def _draft(reading: _Reading, language: str) -> Draft:
    for path in reading.settings.files("model-paths", ".py"):
        reading.found["model"] += 1
        reading.leave("model", Path(path).stem, Place(path), "it is written in Python: write it anew")
    order = {"model": 0, "seed": 1, "snapshot": 2, "source": 3, "test": 4, "exposure": 5}
    found = dict(sorted(reading.found.items(), key=lambda item: order.get(item[0], 9)))
    return Draft(
        reading.settings.name,
        language,
        tuple(reading.models),
        tuple(reading.tables),
        tuple(reading.loose),
        tuple(reading.people.values()),
        tuple(reading.uses),
        tuple(reading.unit_tests),
        tuple(reading.left_out),
        tuple(reading.remarks),
        found,
    )


def _macros(settings: Settings) -> Iterator[Macro]:
    for path in settings.files("macro-paths", ".sql"):
        yield from find_macros(settings.name, path, text_of(settings.root, path))
    for path in settings.files("test-paths", ".sql"):
        yield from find_macros(settings.name, path, text_of(settings.root, path))
    for path in files_below(settings.root, "dbt_packages", ".sql"):
        parts = path.split("/")
        if len(parts) > 3 and parts[2] == "macros":
            yield from find_macros(parts[1], path, text_of(settings.root, path))


def _read_sources(reading: _Reading, files: list[WrittenFile]) -> None:
    for source, tables in reading.properties.sources:
        for described in tables:
            reading.found["source"] += 1
            made, tested = sources.table(described, source_name(source, described, files), reading.evaluator)
            said = described.description or source.description
            reading.tables.append(replace(made, foreign=f"{source.name}.{described.name}", description=said))
            _count_tests(reading, tested)


def _count_tests(reading: _Reading, tested: sources.Tested) -> None:
    reading.found["test"] += tested.count
    reading.left_out += tested.left_out


def _read(reading: _Reading, file: WrittenFile) -> None:
    if _is_off(reading, {**file.settings, **file.described.config}, file):
        return
    reading.found[file.noun] += 1
    if file.noun == "seed":
        _read_seed(reading, file)
        return
    try:
        rendered = reading.evaluator.render(file.text, file.path, file.line)
        _add_model(reading, file, rendered)
    except NotCarriedError as error:
        tests = sources.count_tests(file.described)
        reading.found["test"] += tests
        reading.left_out.append(LeftOut(file.noun, file.foreign, Place(file.path, error.line), error.why, tests))


def _is_off(reading: _Reading, config: Mapping[str, Any], file: WrittenFile) -> bool:
    """Whether something is switched off; said in dbt as a value, or as an expression that is one."""
    enabled = config.get("enabled", True)
    if isinstance(enabled, str):
        try:
            enabled = reading.evaluator.render(enabled, FILE).text.strip().lower() != "false"
        except NotCarriedError:
            enabled = True
    if not enabled and file.noun != "seed":
        reading.remarks.append(LeftOut(file.noun, file.foreign, Place(file.path), "it is switched off in dbt"))
    return not enabled and file.noun != "seed"


def _read_seed(reading: _Reading, file: WrittenFile) -> None:
    config = {**file.settings, **file.described.config}
    columns = sources.columns_of(file.described, reading.evaluator.dialect, _mapping(config.get("column_types")))
    tested = sources.tests_of(file.described, file.name, reading.evaluator)
    _count_tests(reading, tested)
    reading.models.append(
        DraftModel(
            file.name,
            file.foreign,
            Place(file.path),
            noun="seed",
            description=file.described.description,
            columns={name: said for name, said in columns.items() if said},
            checks=tested.checks,
            content=csv_of(reading.settings.root / file.path, str(config.get("delimiter", ","))),
        )
    )


def _add_model(reading: _Reading, file: WrittenFile, rendered: Rendered) -> None:
    config = {**file.settings, **file.described.config, **rendered.config}
    if _is_off(reading, config, file):
        reading.found[file.noun] -= 1
        return
    place = Place(file.path, 1)
    renamed = (
        _HISTORY if any(each.noun == "snapshot" for each in reading.models) or reading.properties.snapshots else {}
    )
    made = to_engine(rendered.text, reading.evaluator.dialect, Change(columns=renamed))
    if made.sql is None:
        raise NotCarriedError(made.why, file.line)
    kind = "scd2" if file.noun == "snapshot" else _KINDS.get(str(config.get("materialized", "view")))
    if kind is None:
        raise NotCarriedError(f'its materialization "{config["materialized"]}" has no counterpart', file.line)
    tested = sources.tests_of(file.described, file.name, reading.evaluator)
    _count_tests(reading, tested)
    _remark(reading, file, rendered, config)
    meta = {**file.described.meta, **_mapping(config.get("meta"))}
    model = DraftModel(
        file.name,
        file.foreign,
        place,
        made.sql,
        noun=file.noun,
        kind=kind,
        key=_key(config.get("unique_key")),
        description=file.described.description,
        owner=_owner(reading, meta, config.get("group")),
        tags=sensitive((*file.described.tags, *_listed(config.get("tags")))),
        columns=sources.notes(file.described),
        checks=tested.checks,
    )
    reading.models.append(model)


def _remark(reading: _Reading, file: WrittenFile, rendered: Rendered, config: Mapping[str, Any]) -> None:
    def remark(why: str) -> None:
        reading.remarks.append(LeftOut(file.noun, file.foreign, Place(file.path), why))

    for name, value in rendered.taken.items():
        remark(f"{name} stands in it as its value, {value}")
    for hook in _HOOKS:
        if config.get(hook):
            remark(f"its {hook.replace('_', '-')} is not carried over")
    if divides_whole(rendered.text, reading.evaluator.dialect):
        remark('its "/" drops the fraction of whole numbers there, and not here: write "//" where that is meant')


def _key(said: Any) -> tuple[str, ...]:
    """The columns of a unique key; none where it is an expression."""
    names = [str(each).strip() for each in _listed(said)]
    return tuple(names) if all(re.fullmatch(r"[A-Za-z_]\w*", name) for name in names) else ()


def _owner(reading: _Reading, meta: Mapping[str, Any], group: Any) -> str | None:
    of_group = reading.properties.groups.get(str(group))
    found = exposures.owner_of(meta.get("owner")) or (
        exposures.owner_of(of_group.node.get("owner")) if of_group else None
    )
    if found is None:
        return None
    reading.people.setdefault(found.id, found)
    return found.id


def _read_tests(reading: _Reading) -> None:
    """Tests that are a SELECT of their own."""
    for path in reading.settings.files("test-paths", ".sql"):
        text = text_of(reading.settings.root, path)
        if not text.strip() or list(find_macros("", path, text)):
            continue
        reading.found["test"] += 1
        try:
            rendered = reading.evaluator.render(text, path)
            if not rendered.config.get("enabled", True):
                reading.found["test"] -= 1
                continue
            made = to_engine(rendered.text, reading.evaluator.dialect)
            if made.sql is None:
                raise NotCarriedError(made.why, 1)  # noqa: TRY301 - one way to be left out
        except NotCarriedError as error:
            reading.leave("test", Path(path).stem, Place(path, error.line), error.why)
            continue
        severity = (
            "warning" if str(rendered.config.get("severity", reading.evaluator.severity)).lower() == "warn" else "error"
        )
        reading.loose.append(LooseCheck(snake_case(Path(path).stem), Place(path, 1), made.sql, severity))


def _read_unit_tests(reading: _Reading, world: World) -> None:
    for described in reading.properties.unit_tests:
        reading.found["unit test"] += 1
        try:
            reading.unit_tests.append(test_of(described, world.refs, reading.evaluator))
        except NotCarriedError as error:
            reading.leave("unit test", described.name, described.place, error.why)


def _read_exposures(reading: _Reading) -> None:
    for exposure in reading.properties.exposures:
        reading.found["exposure"] += 1
        use, owner, left_out = exposures.use_of(exposure, reading.evaluator)
        reading.left_out += left_out
        reading.people.setdefault(owner.id, owner)
        reading.uses.append(use)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
