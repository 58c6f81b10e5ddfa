"""Tries what a draft says as a project, and leaves out what is wrong, until nothing is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mainstem.core.problem import MainstemError, Problem, ProjectError
from mainstem.dataops.imports.draft import Draft, DraftCheck, DraftModel, LeftOut
from mainstem.dataops.imports.pruning import Dataset, completed, distinct, placed, pruned, with_checks, without_models
from mainstem.dataops.imports.writing import File, Part, files_of

_ROUNDS = 200
_NO_COLUMN = "T005"
_NO_VALUE = "T020"


def settle(draft: Draft) -> Draft:
    """The draft without what `mainstem validate` would refuse; what is left out says so, and so does what reads it.

    The project is written into a folder of its own and read as any project is; no data is touched. ProjectError where
    something is wrong that no part of the draft is to blame for.
    """
    draft = completed(placed(pruned(distinct(draft))))
    problems: tuple[Problem, ...] = ()
    for _ in range(_ROUNDS):
        files = files_of(draft)
        problems = problems_of(files)
        if not problems:
            return draft
        mended = pruned(_without(draft, files, problems))
        if mended == draft:
            break
        draft = mended
    raise ProjectError(*problems)


def problems_of(files: Sequence[File]) -> tuple[Problem, ...]:
    """What is wrong with a project of these files."""
    from mainstem.dataops.model_tests import problems as test_problems
    from mainstem.lifecycle.requirements.lint import lint
    from mainstem.orchestration.opening import bind_project
    from mainstem.orchestration.text import read_text

    with TemporaryDirectory() as folder:
        root = Path(folder)
        write(root, files)
        try:
            project = read_text(root)
            bound = bind_project(project, {})
        except MainstemError as error:
            return error.problems
        return (*lint(project)[0], *test_problems(project, bound))


def write(root: Path, files: Iterable[File]) -> None:
    """Write the files below a folder."""
    for file in files:
        path = root / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)


def _without(draft: Draft, files: Sequence[File], problems: Sequence[Problem]) -> Draft:
    """Without what the problems are about: a check, a note on a column, else the model or table itself."""
    by_path = {file.path: file for file in files}
    models: dict[str, str] = {}
    for problem in problems:
        file = by_path.get(problem.place.file) if problem.place else None
        if file is None or problem.place is None:
            continue
        part = next((part for part in file.parts if problem.place.line in part.lines), None)
        if part is not None:
            draft = _without_part(draft, part, problem)
        elif file.test is not None:
            draft = _without_test(draft, file.test, problem)
        elif file.path.startswith("sources/"):
            draft = _without_promises(draft, file.datasets, problem)
        elif problem.code == _NO_VALUE:
            draft = _without_types(draft, file.datasets, problem)
        elif problem.code == _NO_COLUMN and any(
            each.name in file.datasets and _is_keyed(each) for each in draft.models
        ):
            draft = _without_key(draft, file.datasets, problem)
        else:
            models |= {name: f"{problem.what} ({problem.code})" for name in file.datasets if name not in models}
    return without_models(draft, models)


def _without_promises(draft: Draft, datasets: Sequence[str], problem: Problem) -> Draft:
    """Without the contracts and checks of a source's tables, where something is wrong that no line of them says."""
    of_it = [each for each in draft.tables if each.name in datasets and (each.columns or each.checks)]
    said = [LeftOut("contract", each.foreign, each.place, f"{problem.what} ({problem.code})") for each in of_it]
    tables = tuple(replace(each, columns={}, checks=()) if each in of_it else each for each in draft.tables)
    return replace(draft, tables=tables, left_out=(*draft.left_out, *said))


def _without_test(draft: Draft, name: str, problem: Problem) -> Draft:
    why = f"{problem.what} ({problem.code})"
    said = [LeftOut("unit test", each.foreign, each.place, why) for each in draft.tests if each.name == name]
    tests = tuple(each for each in draft.tests if each.name != name)
    return replace(draft, tests=tests, left_out=(*draft.left_out, *said))


def _without_types(draft: Draft, datasets: Sequence[str], problem: Problem) -> Draft:
    """Without the types of a CSV file whose values do not fit them: they get one that all values fit."""
    of_it = [each for each in draft.models if each.name in datasets and any("type" in c for c in each.columns.values())]
    said = [LeftOut("types", f"of {each.foreign}", each.place, f"{problem.what} ({problem.code})") for each in of_it]
    models = tuple(replace(each, columns=_untyped(each)) if each in of_it else each for each in draft.models)
    return replace(draft, models=models, left_out=(*draft.left_out, *said))


def _untyped(model: DraftModel) -> Mapping[str, Mapping[str, Any]]:
    named = {name: {key: value for key, value in said.items() if key != "type"} for name, said in model.columns.items()}
    return {name: said for name, said in named.items() if said}


def _is_keyed(model: DraftModel) -> bool:
    return bool(model.key or model.time_column)


def _without_key(draft: Draft, datasets: Sequence[str], problem: Problem) -> Draft:
    """Without the key and the time column of a model, since one of them names no column of it."""
    of_it = [each for each in draft.models if each.name in datasets]
    said = [LeftOut("key", f"of {each.foreign}", each.place, f"{problem.what} ({problem.code})") for each in of_it]
    models = tuple(replace(each, key=(), time_column=None) if each in of_it else each for each in draft.models)
    return replace(draft, models=models, left_out=(*draft.left_out, *said))


def _without_part(draft: Draft, part: Part, problem: Problem) -> Draft:
    if part.column is None:
        return _without_checks(draft, part, problem)
    said = LeftOut("note", f"{part.column} of {part.dataset}", part.place, f"{problem.what} ({problem.code})")
    return replace(
        draft,
        models=tuple(replace(each, columns=_columns(each, part)) for each in draft.models),
        tables=tuple(replace(each, columns=_columns(each, part)) for each in draft.tables),
        left_out=(*draft.left_out, said),
    )


def _columns(dataset: Dataset, part: Part) -> Mapping[str, Mapping[str, Any]]:
    of_it = dataset.name == part.dataset
    return {name: said for name, said in dataset.columns.items() if not (of_it and name == part.column)}


def _without_checks(draft: Draft, part: Part, problem: Problem) -> Draft:
    """Without the checks of a part. Some that were joined are written apart first, so that only what is wrong goes."""
    said: list[LeftOut] = []
    moved: list[tuple[str, DraftCheck]] = []

    def checks(dataset: Dataset) -> tuple[DraftCheck, ...]:
        if dataset.name != part.dataset:
            return dataset.checks
        if len(part.checks) > 1:
            return tuple(replace(c, alone=n in part.checks or c.alone) for n, c in enumerate(dataset.checks))
        gone = dataset.checks[part.checks[0]]
        if problem.code == "T003" and gone.kind == "relationships":
            moved.append((gone.options["to"], _from_the_other_side(gone, dataset.name)))
        else:
            why = f"{problem.what} ({problem.code})"
            said.append(LeftOut("test", f"{gone.name} ({dataset.foreign})", gone.place, why))
        return tuple(check for check in dataset.checks if check is not gone)

    draft = with_checks(draft, checks)
    draft = with_checks(draft, lambda each: (*each.checks, *(check for name, check in moved if name == each.name)))
    return replace(draft, left_out=(*draft.left_out, *said))


def _from_the_other_side(check: DraftCheck, dataset: str) -> DraftCheck:
    """References held where both sides are made: at the dataset that is referred to, since it is made later."""
    column, to = check.options["column"], check.options["to"]
    field = check.options.get("field", column)
    query = (
        f"select referring.*\nfrom {dataset} as referring\n"
        f"left join {to} as referred on referred.{field} = referring.{column}\n"
        f"where referring.{column} is not null and referred.{field} is null"
    )
    return replace(check, kind="sql", options=query, name=f"{check.name} of {dataset}")
