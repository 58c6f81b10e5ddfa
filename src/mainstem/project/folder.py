"""Reads a project's folder: every file once, every problem at once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mainstem.core.dataset import Dataset, Source
from mainstem.core.model_test import ModelTest
from mainstem.core.output import Output
from mainstem.core.problem import Problem, ProjectError, raise_all
from mainstem.core.project import Macro, Project
from mainstem.core.requirement import Agreement, Item
from mainstem.project.agreements import check_agreements, read_agreements
from mainstem.project.files import misnamed_folders
from mainstem.project.items import ReadItem, read_items
from mainstem.project.macros import read_macros
from mainstem.project.model_heads import ReadModel
from mainstem.project.model_tests import read_model_tests
from mainstem.project.models import read_models
from mainstem.project.nodes import texts
from mainstem.project.outputs import ReadOutput, check_target, read_outputs
from mainstem.project.policy import ReadPolicy, check_reader, check_subjects, read_policy
from mainstem.project.references import Known, check_owner, known, owner_id, resolve_items, resolved
from mainstem.project.settings import FILE, Settings, check_overridden, read_settings
from mainstem.project.sources import ReadSource, read_sources
from mainstem.project.sql_variables import given_variables
from mainstem.project.variables import read_secrets


@dataclass(frozen=True, slots=True)
class _Written:
    """What the files say, before names are followed. `lost` are names of what is written but could not be read."""

    settings: Settings
    sources: list[ReadSource]
    models: list[ReadModel]
    items: list[ReadItem]
    outputs: list[ReadOutput]
    agreements: Mapping[str, tuple[Agreement, ...]]
    policy: ReadPolicy
    macros: tuple[Macro, ...]
    tests: Mapping[str, ModelTest]
    datasets: dict[str, Dataset]
    lost: frozenset[str]

    def outputs_by_name(self) -> dict[str, Output]:
        """The outputs that could be read."""
        return {each.output.name: each.output for each in self.outputs if each.output}

    def sources_by_name(self) -> dict[str, Source]:
        """The sources that could be read."""
        return {each.source.name: each.source for each in self.sources if each.source}


def load(
    root: Path,
    env: str | None = None,
    secrets: Mapping[str, str] | None = None,
    variables: Mapping[str, str] | None = None,
) -> Project:
    """`read`, or one ProjectError with all problems, sorted by place."""
    project, problems = read(root, env, secrets, variables)
    raise_all(problems)
    return project


def read(
    root: Path,
    env: str | None = None,
    secrets: Mapping[str, str] | None = None,
    variables: Mapping[str, str] | None = None,
) -> tuple[Project, Sequence[Problem]]:
    """The project in a folder, as it is in an environment (None: `prod`), and what is wrong with its text.

    Nothing but its files is read. With problems the project is what could be read; its `lost` names the rest.
    `secrets` are the values of `${NAME}`; None takes them from the environment of the process and, where they are
    not there, from `.mainstem/secrets.env` or `secrets.env`. `variables` are values of variables that win over those of
    the environment. ProjectError P002 where the folder has no mainstem.yml.
    """
    root = Path(os.path.abspath(root))  # noqa: PTH100 - Path.absolute keeps `..`
    if not (root / FILE).is_file():
        mend = "make a project with `mainstem init`, or name the folder of one"
        raise ProjectError(Problem("P002", f'there is no {FILE} in "{root}"', mend))
    problems: list[Problem] = misnamed_folders(root)
    values = read_secrets(root, problems).under(os.environ) if secrets is None else secrets
    written = _read(root, env or "prod", values, variables or {}, problems)
    there = known(written.items, written.datasets, written.outputs_by_name(), written.tests, written.lost)
    _check_owners(written, there, problems)
    check_subjects(written.policy.rules, there, problems)
    check_overridden(written.settings, {*written.lost, *written.sources_by_name()}, problems)
    items = resolve_items(written.items, there, problems)
    agreeable = {**dict.fromkeys(written.lost, ""), **there.ids["requirement"], **there.ids["definition"]}
    agreements = check_agreements(written.agreements, agreeable, problems)
    return _project(root, written, there, items, agreements), tuple(dict.fromkeys(problems))


def _project(
    root: Path,
    written: _Written,
    there: Known,
    items: Iterable[ReadItem],
    agreements: Mapping[str, tuple[Agreement, ...]],
) -> Project:
    settings, said = written.settings, written.settings.plain
    sources, outputs = written.sources_by_name(), written.outputs_by_name()
    return Project(
        name=said.name or root.name,
        root=root,
        lake=settings.lake,
        ledger=settings.ledger,
        timezone=said.timezone,
        engine=said.engine,
        settings=settings.engine,
        owner=owner_id(said.owner, there),
        clock=said.clock,
        publish=said.publish,
        branches=said.branches,
        prices=settings.prices,
        environments=settings.environments,
        sources={name: replace(each, owner=owner_id(each.owner, there)) for name, each in sources.items()},
        datasets=_owned(written.datasets, there),
        outputs={name: _resolved_output(each, there) for name, each in outputs.items()},
        agreements=agreements,
        policy=written.policy.policy,
        macros=written.macros,
        variables=settings.variables.by_name,
        alerts=settings.alerts,
        tests=written.tests,
        lost=written.lost,
        **_by_kind(items),
    )


def _read(
    root: Path, env: str, values: Mapping[str, str], variables: Mapping[str, str], problems: list[Problem]
) -> _Written:
    before = len(problems)
    settings = read_settings(root, env, values, variables, problems)
    lost_settings = frozenset({FILE} if len(problems) > before else ())
    sources, lost_sources = read_sources(root, settings.overrides, values, problems)
    models, lost_models = read_models(root, problems)
    items, lost_items = read_items(root, settings.plain.timezone, problems)
    outputs, lost_outputs = read_outputs(root, problems)
    datasets: dict[str, Dataset] = {}
    tables = (dataset for source in sources for dataset in source.datasets)
    for dataset in (*tables, *(model.dataset for model in models if model.dataset)):
        first = datasets.setdefault(dataset.name, dataset)
        if first is not dataset:
            what = f'dataset "{dataset.name}" is written twice, here and in {first.place}'
            problems.append(Problem("P016", what, "rename one of them", dataset.place))
    agreements, policy = read_agreements(root, problems), read_policy(root, problems)
    macros, lost_macros = read_macros(root, problems)
    tests, lost_tests = read_model_tests(root, problems)
    lost = lost_sources | lost_models | lost_items | lost_outputs | lost_macros | lost_tests | lost_settings
    datasets, macros = given_variables(datasets, macros, settings.variables, problems, is_whole=not lost)
    return _Written(settings, sources, models, items, outputs, agreements, policy, macros, tests, datasets, lost)


def _check_owners(written: _Written, there: Known, problems: list[Problem]) -> None:
    check_owner(written.settings.keys, there, problems)
    for source in written.sources:
        check_owner(source.keys, there, problems, upstream=True)
        for keys in source.tables:
            check_owner(keys, there, problems)
    for model in written.models:
        if model.keys.entries:
            check_owner(model.keys, there, problems)
    for output in written.outputs:
        check_owner(output.keys, there, problems)
        for node in texts(output.keys.get("needs")):
            resolved(node.value, "need", there, node.place, problems)
        check_reader(output.keys, written.policy.policy, problems)
        if output.output and output.output.kind == "sync":
            check_target(output.keys, written.sources_by_name(), written.lost, problems)


def _owned(datasets: Mapping[str, Dataset], there: Known) -> dict[str, Dataset]:
    """The datasets with owners by their present ids."""
    found = dict(datasets)
    for name, dataset in datasets.items():
        owner = owner_id(dataset.owner, there)
        if owner != dataset.owner:
            found[name] = replace(dataset, owner=owner)
    return found


def _resolved_output(output: Output, there: Known) -> Output:
    needs = tuple(there.ids["need"].get(name, name) for name in output.needs)
    return replace(output, owner=owner_id(output.owner, there), needs=needs)


_FIELDS = {
    "goal": "goals",
    "stakeholder": "stakeholders",
    "need": "needs",
    "requirement": "requirements",
    "definition": "definitions",
    "decision": "decisions",
}


def _by_kind(items: Iterable[ReadItem]) -> dict[str, Any]:
    found: dict[str, dict[str, Item]] = {name: {} for name in _FIELDS.values()}
    for each in items:
        if each.item is not None:
            found[_FIELDS[each.kind]][each.item.id] = each.item
    return found
