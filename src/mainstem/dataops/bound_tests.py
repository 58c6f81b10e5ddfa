"""Tests held against the project: which model they mean, what it reads, which columns there are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mainstem.core.dataset import QUARANTINE, Dataset, Model
from mainstem.core.model_test import ModelTest, Rows
from mainstem.core.place import Place
from mainstem.core.problem import Problem, nearest
from mainstem.core.project import Project
from mainstem.core.release import Field
from mainstem.orchestration.bind import Bound
from mainstem.orchestration.bound_columns import quarantine_fields
from mainstem.sql.clock import bind_clock
from mainstem.sql.variables import put_in
from mainstem.sql.with_clause import cte_names, cte_select


@dataclass(frozen=True, slots=True)
class BoundTest:
    """A test whose names are resolved.

    `reads` has the columns of every dataset that the model reads, `given` the rows of those that the test speaks of.
    `select` is the text to run: of the model or of its CTE, under the test's clock; "" where a program makes the rows.
    `key` is the model's where all of it is tested, in lower case.
    """

    test: ModelTest
    dataset: Dataset
    model: Model
    reads: Mapping[str, tuple[Field, ...]]
    given: Mapping[str, Rows]
    select: str
    key: frozenset[str]

    def expected_fields(self, columns: Sequence[Field]) -> tuple[Field, ...]:
        """Those of the result's columns that are compared, as the test names them; all where it names none."""
        by_name = {field.name.lower(): field for field in columns}
        return tuple(by_name[name.lower()] for name in self.test.expect.columns) or tuple(columns)


def bind_test(project: Project, bound: Bound, test: ModelTest) -> BoundTest | list[Problem]:
    """The test with its names resolved, or everything that is wrong with them: D001, D002, D003, D005, D007."""
    name = test.model
    dataset = project.datasets.get(name)
    if dataset is None or not _has_text(dataset):
        return [no_model(project, test.model, dataset, test.model_place)]
    assert isinstance(dataset.made_by, Model)
    model, facts = dataset.made_by, bound.facts[name]
    reads = {each: _fields(bound, each) for each in facts.inputs}
    given = {each.name: each.rows for each in test.given}
    known = {each: fields for each, fields in reads.items() if fields is not None}
    problems = [*_not_read(test, reads), *_unknown_columns(test, known)]
    if facts.reads_clock and test.now is None:
        what = f'"{name}" reads the clock, and the test does not say what it shows'
        problems.append(Problem("D007", what, "add `now: 2026-01-31T09:00:00+00:00`, or another instant", test.place))
    if test.cte is not None and test.cte.lower() not in (
        names := [each.lower() for each in cte_names(model.sql)] if model.sql else []
    ):
        what = f'"{name}" has no CTE "{test.cte}" in the WITH at its top'
        problems.append(Problem("D005", what, nearest(test.cte, names, kind="CTEs"), test.cte_place))
    if problems:
        return problems
    sql = put_in(model.sql if test.cte is None else cte_select(model.sql, test.cte), model.variables)
    if test.now is not None:
        sql = bind_clock(sql, test.now, project.timezone)
    key = frozenset(column.lower() for column in dataset.key) if test.cte is None else frozenset()
    return BoundTest(test, dataset, model, known, given, sql, key)


def unknown_inputs(bound: Bound, test: ModelTest) -> Problem | None:
    """D006 where a dataset that the model reads has no columns that anybody knows: no row can be made for it."""
    facts = bound.facts.get(test.model)
    for name in facts.inputs if facts else ():
        if _fields(bound, name) is None:
            what = f'the columns of "{name}" are not known yet'
            mend = "list them under `columns:` at its source, or load it once with `mainstem run`"
            return Problem("D006", what, mend, test.place)
    return None


def result_problems(test: ModelTest, columns: Sequence[Field]) -> Iterator[Problem]:
    """D003 for each expected column that the result does not have."""
    known = [field.name for field in columns]
    of = f'CTE "{test.cte}"' if test.cte else f'"{test.model}"'
    for name, place in test.expect.columns.items():
        if name.lower() not in {each.lower() for each in known}:
            what = f'column "{name}" is not in {of}'
            yield Problem("D003", what, nearest(name, known, kind="columns"), place)


def _fields(bound: Bound, name: str) -> tuple[Field, ...] | None:
    return quarantine_fields() if name.endswith(QUARANTINE) else bound.fields.get(name)


def no_model(project: Project, name: str, dataset: Dataset | None, place: Place | None) -> Problem:
    """The problem of a name that is no model with a text to run."""
    models = [each for each, found in project.datasets.items() if _has_text(found)]
    but = "" if dataset is None else f", but {_made_of(dataset)}"
    return Problem("D001", f'"{name}" is no model{but}', nearest(name, models, kind="models"), place)


def _has_text(dataset: Dataset) -> bool:
    return isinstance(dataset.made_by, Model) and dataset.made_by.rows is None


def _made_of(dataset: Dataset) -> str:
    return "a file of rows" if isinstance(dataset.made_by, Model) else "a table of a source"


def _not_read(test: ModelTest, reads: Mapping[str, object]) -> Iterator[Problem]:
    for each in test.given:
        if each.name not in reads:
            what = f'"{test.model}" does not read "{each.name}"'
            yield Problem("D002", what, nearest(each.name, list(reads), kind="its inputs"), each.place)


def _unknown_columns(test: ModelTest, reads: Mapping[str, tuple[Field, ...]]) -> Iterator[Problem]:
    for each in test.given:
        fields = reads.get(each.name)
        names = [field.name for field in fields or ()]
        for column, place in each.rows.columns.items():
            if fields is not None and column.lower() not in {name.lower() for name in names}:
                what = f'column "{column}" is not in "{each.name}"'
                yield Problem("D003", what, nearest(column, names, kind="columns"), place)
