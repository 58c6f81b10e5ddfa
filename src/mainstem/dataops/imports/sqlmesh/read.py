"""A SQLMesh project as a draft of one of this tool."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mainstem.core.place import Place
from mainstem.core.problem import Problem
from mainstem.dataops.imports.dbt.evaluator import Evaluator, World
from mainstem.dataops.imports.dbt.macros import find_macros
from mainstem.dataops.imports.draft import Draft, DraftCheck, DraftModel, DraftTable, DraftTest, LeftOut, Person
from mainstem.dataops.imports.folder import csv_of, files_below, text_of
from mainstem.dataops.imports.naming import person, sensitive
from mainstem.dataops.imports.pruning import reads
from mainstem.dataops.imports.refusal import NotCarriedError
from mainstem.dataops.imports.sqlmesh.audits import checks_of
from mainstem.dataops.imports.sqlmesh.header import Block, called, entries, items, plain, read_blocks
from mainstem.dataops.imports.sqlmesh.macros import BOUNDS, resolved, shown, with_bounds
from mainstem.dataops.imports.sqlmesh.project import (
    Settings,
    dataset_of,
    external_tables,
    full_name,
    read_settings,
)
from mainstem.dataops.imports.sqlmesh.unit_tests import tests_of
from mainstem.project.nodes import Keys, read_keys
from mainstem.sql.transpile import Change, divides_whole, to_engine, type_to_engine

_KINDS = {
    "full": "table",
    "view": "view",
    "embedded": "view",
    "incremental_by_time_range": "incremental",
    "incremental_by_unique_key": "incremental",
    "scd_type_2": "scd2",
    "scd_type_2_by_time": "scd2",
    "scd_type_2_by_column": "scd2",
}
_QUERY = re.compile(r"\s*(?:(?:--[^\n]*\n|/\*.*?\*/)\s*)*(?:select|with|from|\()\b|\s*\(", re.IGNORECASE | re.DOTALL)


_JINJA = re.compile(r"\bJINJA_(QUERY_BEGIN|STATEMENT_BEGIN|END)\b[ \t]*;?")


@dataclass(frozen=True, slots=True)
class _Model:
    """A model's file: its header, and what it is called here."""

    block: Block
    path: str
    foreign: str
    name: str


@dataclass(slots=True)
class _Reading:
    """What has come together so far."""

    settings: Settings
    audits: Mapping[str, Block]
    change: Change
    evaluator: Evaluator
    models: list[DraftModel] = field(default_factory=list)
    tables: list[DraftTable] = field(default_factory=list)
    people: dict[str, Person] = field(default_factory=dict)
    tests: list[DraftTest] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    remarks: list[LeftOut] = field(default_factory=list)
    found: Counter[str] = field(default_factory=Counter)
    lost: set[str] = field(default_factory=set)


def read_sqlmesh(root: Path, dialect: str | None = None) -> Draft:
    """The SQLMesh project in a folder, carried over as far as its text alone tells. ProjectError C040, C043, C044.
    Nothing is run: neither a configuration nor a macro nor a model in Python."""
    settings = read_settings(root, dialect)
    left_out: list[LeftOut] = []
    models = list(_models(settings, left_out))
    external = dict(external_tables(settings))
    tables = {each.foreign: each.name for each in models} | {name: each.name for name, each in external.items()}
    short = {".".join(name.split(".")[-2:]): here for name, here in tables.items()}
    change = Change(tables={**short, **tables}, bounds=BOUNDS)
    reading = _Reading(settings, dict(_audits(settings)), change, _evaluator(settings), left_out=left_out)
    reading.found.update(each.noun for each in left_out)
    reading.tables += external.values()
    reading.found["source"] += len(external)
    for each in models:
        _read(reading, each)
    _add_unnamed(reading)
    _read_tests(reading, {**short, **tables})
    return _draft(reading)


def _draft(reading: _Reading) -> Draft:
    order = ("model", "seed", "source", "test", "unit test")
    found = {noun: reading.found[noun] for noun in order if reading.found[noun]}
    return Draft(
        reading.settings.name,
        reading.settings.dialect,
        tuple(reading.models),
        tuple(reading.tables),
        people=tuple(reading.people.values()),
        tests=tuple(reading.tests),
        left_out=tuple(reading.left_out),
        remarks=tuple(reading.remarks),
        found=found,
    )


def _evaluator(settings: Settings) -> Evaluator:
    """What renders Jinja, with the macros of the project that are written in it."""
    macros = [
        macro
        for path in files_below(settings.root, "macros", ".sql")
        for macro in find_macros(settings.name, path, text_of(settings.root, path))
    ]
    return Evaluator(
        World(settings.name, settings.dialect, settings.dialect, {}, {}, settings.variables, tuple(macros))
    )


def _models(settings: Settings, left_out: list[LeftOut]) -> Iterator[_Model]:
    taken: dict[str, str] = {}
    for path in files_below(settings.root, "models", ".sql", ".py"):
        try:
            block = None if path.endswith(".py") else next(_of_kind("model", text_of(settings.root, path)), None)
        except NotCarriedError as error:
            left_out.append(LeftOut("model", Path(path).stem, Place(path, error.line), error.why))
            continue
        if block is None:
            why = "it is written in Python: write it anew" if path.endswith(".py") else "it has no header MODEL (...)"
            if not path.endswith("__init__.py"):
                left_out.append(LeftOut("model", Path(path).stem, Place(path), why))
            continue
        name = plain(block.keys.get("name", Path(path).stem))
        if "@" in name or "blueprints" in block.keys:
            left_out.append(LeftOut("model", Path(path).stem, Place(path, block.line), "it is a blueprint of several"))
            continue
        here = dataset_of(name)
        if here in taken:
            why = f'it would be called "{here}", as {taken[here]} is'
            left_out.append(LeftOut("model", name, Place(path, block.line), why))
            continue
        taken[here] = path
        yield _Model(block, path, full_name(name), here)


def _of_kind(kind: str, text: str) -> Iterator[Block]:
    """The headers of a kind; the signs around Jinja only end what is before them."""
    return (block for block in read_blocks(_JINJA.sub(";", text)) if block.kind == kind)


def _audits(settings: Settings) -> Iterator[tuple[str, Block]]:
    for path in (*files_below(settings.root, "audits", ".sql"), *files_below(settings.root, "models", ".sql")):
        try:
            for block in _of_kind("audit", text_of(settings.root, path)):
                yield plain(block.keys.get("name", "")).lower(), block
        except NotCarriedError:
            continue


def _read(reading: _Reading, model: _Model) -> None:
    block = model.block
    kind, options = called(block.keys.get("kind", "view"))
    if block.keys.get("enabled", "true").lower() == "false":
        reading.remarks.append(LeftOut("model", model.foreign, Place(model.path, block.line), "it is switched off"))
        reading.lost.add(model.name)
        return
    if kind == "external":
        return
    reading.found["seed" if kind == "seed" else "model"] += 1
    try:
        made = _seed(reading, model, options) if kind == "seed" else _model(reading, model, kind, entries(options))
    except NotCarriedError as error:
        place, noun = Place(model.path, error.line or block.line), "seed" if kind == "seed" else "model"
        audits = len(items(block.keys.get("audits", "")))
        reading.found["test"] += audits
        reading.left_out.append(LeftOut(noun, model.foreign, place, error.why, audits))
        reading.lost.add(model.name)
        return
    reading.models.append(replace(made, checks=tuple(_checks(reading, model))))


def _checks(reading: _Reading, model: _Model) -> Iterator[DraftCheck]:
    """The audits of a model; its grain, which nothing holds it to there, is a check that only warns."""
    place, audits = Place(model.path, model.block.line), model.block.keys.get("audits", "")
    for each in checks_of(audits, model.name, place, _dialect(reading, model), reading.audits, reading.change):
        reading.found["test"] += 1
        if isinstance(each, NotCarriedError):
            reading.left_out.append(LeftOut("test", f"of {model.foreign}", place, each.why))
        else:
            yield each
    grain = _names(model.block.keys.get("grain", ""))
    if grain:
        reading.found["test"] += 1
        yield DraftCheck("unique", list(grain), "grain", place, "warning")


def _dialect(reading: _Reading, model: _Model) -> str:
    return plain(model.block.keys.get("dialect", reading.settings.dialect)) or reading.settings.dialect


def _seed(reading: _Reading, model: _Model, options: str) -> DraftModel:
    said = plain(entries(options).get("path", ""))
    root, block = reading.settings.root, model.block
    file = root / said.removeprefix("$root/") if said.startswith("$root/") else (root / model.path).parent / said
    if not said or not file.is_file() or not file.resolve().is_relative_to(root.resolve()):
        raise NotCarriedError(f'its file "{said}" is not in the project')
    columns = _notes(block)
    for name, text in entries(block.keys.get("columns", "")).items():
        kind = type_to_engine(text, _dialect(reading, model))
        columns[name] = {**({"type": kind} if kind else {}), **columns.get(name, {})}
    settings = entries(entries(options).get("csv_settings", ""))
    return DraftModel(
        model.name,
        model.foreign,
        Place(model.path, block.line),
        noun="seed",
        description=_description(block),
        owner=_owner(reading, block),
        columns=columns,
        content=csv_of(file, plain(settings.get("delimiter", ","))),
    )


def _description(block: Block) -> str:
    return plain(block.keys.get("description", "")) or block.before


def _model(reading: _Reading, model: _Model, kind: str, options: Mapping[str, str]) -> DraftModel:
    if kind not in _KINDS:
        raise NotCarriedError(f'its kind "{kind.upper()}" has no counterpart')
    block = model.block
    query, line = _query(reading, model)
    dialect = _dialect(reading, model)
    try:
        text = resolved(query, {**reading.settings.variables})
    except NotCarriedError as error:
        raise NotCarriedError(error.why, line + error.line - 1, model.path) from None
    made = to_engine(text, dialect, reading.change)
    if made.sql is None:
        raise NotCarriedError(shown(made.why), line, model.path)
    if divides_whole(text, dialect):
        why = 'its "/" drops the fraction of whole numbers there, and not here: write "//" where that is meant'
        reading.remarks.append(LeftOut("model", model.foreign, Place(model.path, line), why))
    time = items(options.get("time_column", ""))
    return DraftModel(
        model.name,
        model.foreign,
        Place(model.path, line),
        made.sql,
        kind=_KINDS[kind],
        key=_names(options.get("unique_key", "")),
        time_column=plain(time[0]) if len(time) == 1 else None,
        description=_description(block),
        owner=_owner(reading, block),
        tags=sensitive(plain(tag) for tag in items(block.keys.get("tags", ""))),
        columns=_notes(block),
    )


def _query(reading: _Reading, model: _Model) -> tuple[str, int]:
    """The SELECT among the statements, and its line; the others are only told."""
    parts = zip(model.block.statements, model.block.lines, strict=True)
    found = [(with_bounds(text), line) for text, line in parts]
    queries = [(text, line) for text, line in found if _QUERY.match(_without_jinja(text))]
    if not queries:
        raise NotCarriedError("it has no SELECT", model.block.line, model.path)
    for text, line in found:
        if (text, line) != queries[0]:
            why = f'a statement beside its SELECT is not carried over: "{" ".join(text.split())[:60]}"'
            reading.remarks.append(LeftOut("model", model.foreign, Place(model.path, line), why))
    text, line = queries[0]
    if _without_jinja(text) != text:
        text = reading.evaluator.render(text, model.path, line).text
    return text, line


def _without_jinja(text: str) -> str:
    return re.sub(r"\{%.*?%\}|\{#.*?#\}|\{\{.*?\}\}", "", text, flags=re.DOTALL)


def _names(text: str) -> tuple[str, ...]:
    """The columns of a key; none where one of them is an expression."""
    names = tuple(plain(each) for each in items(text))
    return names if all(re.fullmatch(r"[A-Za-z_]\w*", name) for name in names) else ()


def _notes(block: Block) -> dict[str, dict[str, Any]]:
    said = entries(block.keys.get("column_descriptions", ""))
    return {name: {"description": plain(text)} for name, text in said.items()}


def _owner(reading: _Reading, block: Block) -> str | None:
    name = plain(block.keys.get("owner", ""))
    if not name:
        return None
    found = person(name, None)
    reading.people.setdefault(found.id, found)
    return found.id


def _add_unnamed(reading: _Reading) -> None:
    """Tables that are read and that no file speaks of, as drafts of sources."""
    there = {each.name for each in reading.models} | {each.name for each in reading.tables} | reading.lost
    lost_files = {each.name for each in reading.left_out if each.noun == "model"}
    for model in reading.models:
        for name in reads(model):
            schema, _, table = name.partition(".")
            if name not in there and table not in lost_files and schema != "main":
                there.add(name)
                reading.found["source"] += 1
                reading.tables.append(DraftTable(name, name, model.place))


def _read_tests(reading: _Reading, names: Mapping[str, str]) -> None:
    for path in files_below(reading.settings.root, "tests", ".yaml", ".yml"):
        problems: list[Problem] = []
        keys = read_keys(text_of(reading.settings.root, path), path, problems)
        reading.left_out += [LeftOut("file", path, each.place or Place(path), each.what) for each in problems[:1]]
        for name, entry in keys.entries.items() if keys else ():
            place = entry.key.place
            try:
                if not isinstance(entry.value, Keys):
                    raise NotCarriedError("it is no mapping")  # noqa: TRY301 - one way to be left out
                made = list(tests_of(name, entry.value, place, names))
            except NotCarriedError as error:
                reading.found["unit test"] += 1
                reading.left_out.append(LeftOut("unit test", name, place, error.why))
                continue
            reading.found["unit test"] += len(made)
            reading.tests += made
