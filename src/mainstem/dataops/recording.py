"""Records a test from rows of a release: a few of what a model reads, and what the model makes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mainstem.core.clock import Clock
from mainstem.core.dataset import Model
from mainstem.core.model_test import Cell, Given, ModelTest, Rows
from mainstem.core.place import Place
from mainstem.core.ports import Ledger
from mainstem.core.problem import MainstemError, Problem, ProjectError
from mainstem.core.project import Project
from mainstem.core.release import Field, Release
from mainstem.core.tags import column_tags
from mainstem.dataops.bound_tests import no_model
from mainstem.dataops.model_tests import as_texts, result_of
from mainstem.dataops.row_choice import chosen_rows, needed_columns
from mainstem.lifecycle.serving.gate import read_each
from mainstem.lifecycle.serving.request import Answer, Request, Rules
from mainstem.orchestration.bind import Bound
from mainstem.orchestration.bound_columns import quarantine_fields
from mainstem.orchestration.opening import open_engine
from mainstem.orchestration.reading import Offers, bound_to, tags_of
from mainstem.security.redact import Key
from mainstem.security.secret import own_secret
from mainstem.sql.types import parse_type

KEY = ".mainstem/record.key"
"""The secret of made-up values: with it equal values stay equal in all that is recorded, and nobody tells them back."""

_NOWHERE = Place("")


@dataclass(frozen=True, slots=True)
class Recorded:
    """A test made of a release. `made_up` are the columns, as `schema.table.column`, that hold no true value."""

    test: ModelTest
    made_up: tuple[str, ...]


def record(
    project: Project, ledger: Ledger, clock: Clock, release: Release, model: str, name: str, rows: int
) -> Recorded:
    """A test of a model by the name of `name`: about `rows` rows of its inputs, and what it makes of them.

    Rows leave through the gate, tagged columns as made-up values. ProjectError D001 where it is no model, D009 where
    what it reads is not in the release. WorldError where reading fails.
    """
    bound = bound_to(project, release)
    dataset = project.datasets.get(model)
    if dataset is None or not isinstance(dataset.made_by, Model) or dataset.made_by.rows is not None:
        raise ProjectError(no_model(project, model, dataset, None))
    facts = bound.facts[model]
    fields = {each: _fields(bound, release, each) for each in facts.inputs}
    read = {each: needed_columns(facts, each, columns) for each, columns in fields.items()}
    given = _given(project, ledger, clock, release, bound, model, read, rows)
    now = clock.now() if facts.reads_clock else None
    test = ModelTest(name, _NOWHERE, model, _NOWHERE, Rows({}, ()), given, now=now)
    columns, came = result_of(project, bound, test)
    tags = tags_of(project, release)
    made_up = [
        f"{each}.{column.name}"
        for each, columns_read in read.items()
        for column in columns_read
        if column_tags(tags.get(each, {}), column.name)
    ]
    return Recorded(replace(test, expect=_rows(columns, came)), tuple(made_up))


def _fields(bound: Bound, release: Release, name: str) -> tuple[Field, ...]:
    """The columns of an input; ProjectError D009 where it is not in the release."""
    known = bound.fields.get(name)
    if name not in release.versions and not name.endswith("__quarantine"):
        what = f'"{name}" is not in {release.id}, so there are no rows of it to record'
        raise ProjectError(Problem("D009", what, "publish it with `mainstem run`, then record"))
    return known or quarantine_fields()


def _given(
    project: Project,
    ledger: Ledger,
    clock: Clock,
    release: Release,
    bound: Bound,
    model: str,
    read: Mapping[str, Sequence[Field]],
    rows: int,
) -> tuple[Given, ...]:
    output = bound.fields.get(model) if model in release.versions else None
    selects = chosen_rows(project.datasets[model], bound.facts[model], output or (), read, rows)
    requests = [
        Request(
            "test",
            f"select {as_texts(read[name])} from ({select}) as chosen",
            limit,
            release=release.id,
            action="record",
        )
        for name, (select, limit) in selects.items()
    ]
    engine = open_engine(project)
    try:
        offers = Offers(engine, project, release, tags_of(project, release))
        rules = Rules(project.policy, Key(own_secret(project.root / KEY)))
        answers = read_each(engine, offers, requests, ledger, clock, rules)
    finally:
        engine.close()
    return tuple(
        Given(name, _NOWHERE, _rows(read[name], _answered(answer)))
        for name, answer in zip(selects, answers, strict=True)
    )


def _answered(answer: Answer | MainstemError) -> Sequence[Sequence[str | None]]:
    if isinstance(answer, MainstemError):
        raise answer
    return answer.rows


def _rows(fields: Sequence[Field], rows: Sequence[Sequence[str | None]]) -> Rows:
    nested = [parse_type(field.type).is_nested for field in fields]
    cells = tuple(
        {
            field.name: Cell(text, _NOWHERE, is_nested=is_nested)
            for field, text, is_nested in zip(fields, row, nested, strict=True)
        }
        for row in rows
    )
    return Rows({field.name: _NOWHERE for field in fields}, cells)
