"""Runs tests of models: in the engine's memory, each with the rows that it is given, far from the lake."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from mainstem.core.model_test import ModelTest
from mainstem.core.ports import Engine, Session
from mainstem.core.problem import Problem, ProjectError, WorldError, nearest, raise_all
from mainstem.core.project import Project
from mainstem.core.release import Field
from mainstem.dataops.bound_tests import BoundTest, bind_test, result_problems, unknown_inputs
from mainstem.dataops.comparing import Difference, Row, differences
from mainstem.dataops.typed_rows import TypedRows, typed_rows
from mainstem.lifecycle.storage.types import cast_select, stored_fields
from mainstem.orchestration.bind import Bound
from mainstem.orchestration.blame import in_file, without
from mainstem.orchestration.macros import used_macros
from mainstem.orchestration.making import program_select
from mainstem.orchestration.opening import open_engine
from mainstem.sql.quote import quote
from mainstem.sql.types import parse_type
from mainstem.sql.variables import as_written

_TESTS_A_WORKER = 8
"""Fewer tests than these are not worth the opening of another engine."""


@dataclass(frozen=True, slots=True)
class Tested:
    """What became of a test. `columns` are those compared, `rows` how many came.

    `problem` is why it could not be run, None where it was.
    """

    test: ModelTest
    columns: tuple[Field, ...] = ()
    rows: int = 0
    differences: tuple[Difference, ...] = ()
    problem: Problem | None = None

    @property
    def status(self) -> str:
        """passed | failed | errored."""
        if self.problem is not None:
            return "errored"
        return "failed" if self.differences else "passed"

    @property
    def counts(self) -> dict[str, int]:
        """How many rows are missing, unexpected, different, where there are any."""
        return dict(Counter(each.kind for each in self.differences))


def chosen(project: Project, names: Sequence[str]) -> tuple[ModelTest, ...]:
    """The tests that are named, by their own name or that of their model, or by globs; all where nothing is named.

    ProjectError D008 for a name that matches nothing.
    """
    found: dict[str, ModelTest] = {}
    for name in names or ("*",):
        matching = [test for test in project.tests.values() if _is_named(test, name)]
        if not matching and names:
            mend = nearest(name, list(project.tests), kind="tests")
            raise ProjectError(Problem("D008", f'no test is named "{name}", and none is of a model "{name}"', mend))
        found.update({test.name: test for test in matching})
    return tuple(test for name, test in project.tests.items() if name in found)


def _is_named(test: ModelTest, name: str) -> bool:
    return fnmatchcase(test.name, name) or fnmatchcase(test.model, name if "." in name else f"main.{name}")


def problems(project: Project, bound: Bound) -> list[Problem]:
    """What is wrong with the tests of a bound project: names, columns, values."""
    return [
        problem for _, found in _each(project, bound, tuple(project.tests.values()), run=False) for problem in found
    ]


def run_tests(project: Project, bound: Bound, tests: Sequence[ModelTest]) -> list[Tested]:
    """What becomes of each test, in their order, several at once. ProjectError with all that is wrong in their text."""
    done = _each(project, bound, tests, run=True)
    raise_all(problem for _, found in done for problem in found)
    return [tested for tested, _ in done if tested is not None]


_Done = tuple[Tested | None, Sequence[Problem]]


def _each(project: Project, bound: Bound, tests: Sequence[ModelTest], *, run: bool) -> list[_Done]:
    """Of each test what became of it, and what is wrong with its text."""
    count = max(1, min(os.cpu_count() or 1, len(tests) // _TESTS_A_WORKER))
    parts = [tests[number::count] for number in range(count)]
    with ThreadPoolExecutor(count) as pool:
        done = list(pool.map(lambda part: _some(project, bound, part, run=run), parts))
    found = {
        test.name: each for part, made in zip(parts, done, strict=True) for test, each in zip(part, made, strict=True)
    }
    return [found[test.name] for test in tests]


def _some(project: Project, bound: Bound, tests: Sequence[ModelTest], *, run: bool) -> list[_Done]:
    """One after the other, in one engine."""
    if not tests:
        return []
    engine = open_engine(replace(project, settings=replace(project.settings, threads=1)))
    try:
        made: set[str] = set()
        done = []
        for test in tests:
            with closing(engine.session()) as session:  # temporary tables of a program end with it
                done.append(_one(_Room(project, engine, session, made), bound, test, run=run))
        return done
    finally:
        engine.close()


@dataclass(frozen=True, slots=True)
class _Room:
    """A worker's engine and its session. `made` are the macros that are there."""

    project: Project
    engine: Engine
    session: Session
    made: set[str]

    def lay(self, found: BoundTest, given: Mapping[str, TypedRows]) -> None:
        """Put what a model reads in its place: the rows given, empty tables for the rest, macros."""
        for name, fields in found.reads.items():
            if name in given:
                self.engine.bind_view(name, given[name].select)
            else:
                self.engine.bind(name, (), fields)
        for macro in used_macros(found.select, self.project.macros):
            if macro.name not in self.made:
                self.session.execute(macro.sql)
                self.made.add(macro.name)

    def misfits(self, rows: TypedRows) -> list[Problem]:
        """What is wrong with the values of rows."""
        return rows.problems(self.session.rows(rows.misfits)) if rows.misfits else []

    def rows(self, select: str, fields: Sequence[Field], written: str = "") -> list[Row]:
        """The rows of a SELECT, in these of its columns; problems are placed in what is `written` of it."""
        shown = ", ".join(quote(field.name) for field in fields)
        text = f"select {shown} from ({select.rstrip().removesuffix(';')}\n) as result"
        try:
            return self.session.rows(text)
        except WorldError as error:
            raise without(error, max(text.find(written.rstrip().removesuffix(";")), 0)) from error


def result_of(
    project: Project, bound: Bound, test: ModelTest
) -> tuple[tuple[Field, ...], list[tuple[str | None, ...]]]:
    """The columns and rows that come of what a test gives, whatever it expects; each value as a text, NULL as None.

    Rows come in the order of their columns. ProjectError where the test is wrong, WorldError where the engine cannot
    run the model.
    """
    found = bind_test(project, bound, test)
    if isinstance(found, list):
        raise ProjectError(*found)
    engine = open_engine(replace(project, settings=replace(project.settings, threads=1)))
    try:
        room = _Room(project, engine, engine.session(), set())
        room.lay(found, {name: typed_rows(rows, found.reads[name]) for name, rows in found.given.items()})
        select, columns = _stored(room, found)
        text = f"select {as_texts(columns)} from ({select.rstrip().removesuffix(';')}\n) as result order by all"
        return tuple(columns), room.session.rows(text)
    finally:
        engine.close()


def as_texts(columns: Sequence[Field]) -> str:
    """A SELECT list that gives each column as a text which `typed_rows` reads as the same value."""
    return ", ".join(_as_text(column) for column in columns)


def _as_text(column: Field) -> str:
    name = quote(column.name)
    text = f"to_json({name})" if parse_type(column.type).is_nested else name
    return f"cast({text} as varchar) as {name}"


def _stored(room: _Room, found: BoundTest) -> tuple[str, Sequence[Field]]:
    """The SELECT of a test and its columns, in the types in which the model is kept."""
    select, model = found.select, found.model
    if model.program is not None:
        root = room.project.root
        select = program_select(
            room.engine, room.session, found.dataset, model.program, model.variables, root, quotes=True
        )
    columns = room.session.describe(select)
    if found.test.cte is not None or model.kind == "view":
        return select, columns
    return cast_select(select, columns), stored_fields(columns)


def _one(room: _Room, bound: Bound, test: ModelTest, *, run: bool) -> _Done:
    found = bind_test(room.project, bound, test)
    if isinstance(found, list):
        return None, found
    unknown = unknown_inputs(bound, test)
    if unknown is not None:
        return Tested(test, problem=unknown), ()
    try:
        return _held(room, found, run=run)
    except WorldError as error:
        problem = as_written(error.problems[0], found.model.sql, found.model.variables)
        return Tested(test, problem=in_file(WorldError(problem), found.model.place.file).problems[0]), ()


def _held(room: _Room, found: BoundTest, *, run: bool) -> _Done:
    """The model's rows held against those expected, once all values turned out to be of their types."""
    test = found.test
    given = {name: typed_rows(rows, found.reads[name]) for name, rows in found.given.items()}
    wrong = [problem for rows in given.values() for problem in room.misfits(rows)]
    if wrong:
        return None, wrong
    if found.model.program is not None and not run:
        return None, ()  # to look at the text of a project runs no program of it
    room.lay(found, given)
    select, columns = _stored(room, found)
    wrong = list(result_problems(test, columns))
    if wrong:
        return None, wrong
    compared = found.expected_fields(columns)
    expected = typed_rows(test.expect, compared)
    wrong = room.misfits(expected)
    if wrong or not run:
        return None, wrong
    actual = room.rows(select, compared, found.select)
    names = [field.name.lower() for field in compared]
    key = [names.index(name) for name in found.key] if found.key <= set(names) else []
    different = differences(room.rows(expected.select, compared), actual, key, ordered=test.ordered)
    return Tested(test, compared, len(actual), tuple(different)), ()
