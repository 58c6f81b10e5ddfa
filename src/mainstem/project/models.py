"""Models: files below `models/` whose path is their name: SELECTs, functions of Python, rows as CSV."""

from __future__ import annotations

from pathlib import Path

from mainstem.core.dataset import Dataset, Model
from mainstem.core.place import Place
from mainstem.core.problem import Problem
from mainstem.project.csv_models import read_csv_model
from mainstem.project.files import Written, kept, list_files, read_file
from mainstem.project.heads import Headed, split_select
from mainstem.project.model_heads import MODEL, ReadModel, read_head
from mainstem.project.names import RESERVED_SCHEMAS, dataset_problem, identifier_problem
from mainstem.project.python_models import read_python_model

_OTHER_LANGUAGES = (
    "write a model as a SELECT in a .sql file, its columns and checks in the head, as a function in a .py file, "
    "or as rows in a .csv file"
)


def read_models(root: Path, problems: list[Problem]) -> tuple[list[ReadModel], frozenset[str]]:
    """Every model below `models/`, and the names of those that cannot be read."""
    models: list[ReadModel] = []
    lost: set[str] = set()
    paths = kept(list_files(root, "models", problems), (".sql", ".py", ".csv", ".yml"), _OTHER_LANGUAGES, problems)
    for path in paths:
        stem, _, ending = path.rpartition(".")
        if ending == "yml":
            if f"{stem}.csv" not in paths:
                problems.append(_alone(path))
            continue
        name = _name(path, problems)
        written = read_file(root, path, problems)
        beside = read_file(root, f"{stem}.yml", problems) if ending == "csv" and f"{stem}.yml" in paths else None
        model = _read(name or "main.unnamed", written, beside, problems) if written else None
        if model:
            models.append(model if name else ReadModel(None, model.keys))
        if name and (model is None or model.dataset is None):
            lost.add(name)
    return models, frozenset(lost)


def _read(name: str, written: Written, beside: Written | None, problems: list[Problem]) -> ReadModel | None:
    if written.path.endswith(".csv"):
        return read_csv_model(name, written, beside, problems)
    if written.path.endswith(".py"):
        return read_python_model(name, written, problems)
    return read_model(name, written, problems)


def _alone(path: str) -> Problem:
    stem = path.removesuffix(".yml")
    mend = f'write the rows into "{stem}.csv"; the keys of a SELECT stand at its head in "{stem}.sql"'
    return Problem("P051", f'there is no "{stem}.csv" that this file could be about', mend, Place(path, 1, 1))


def _name(path: str, problems: list[Problem]) -> str | None:
    """The dataset's name for a path below `models/`."""
    *folders, last = path.split("/")[1:]
    parts = [*folders, last.rpartition(".")[0]]
    ending = last.rpartition(".")[2]
    place = Place(path)
    if len(parts) > 2:
        mend = f'move it to "models/{parts[0]}/{parts[-1]}.{ending}": the folder is the schema'
        problems.append(Problem("P014", "a model lies deeper than one folder below models/", mend, place))
        return None
    if len(parts) == 2 and parts[0] in RESERVED_SCHEMAS:
        where = f'"models/{parts[1]}.{ending}"' if parts[0] == "main" else "a folder of another name"
        what = f'"{parts[0]}" is a schema that the engine keeps for itself'
        problems.append(Problem("P017", what, f"move the file to {where}", place))
        return None
    schema, table = parts if len(parts) == 2 else ("main", parts[0])
    wrong = identifier_problem(schema, "folder", place) or dataset_problem(table, "model", place)
    if wrong:
        problems.append(wrong)
        return None
    return f"{schema}.{table}"


def read_model(name: str, written: Written, problems: list[Problem]) -> ReadModel | None:
    """A model's text as a dataset; None where its head or SELECT cannot be told apart."""
    headed = split_select(written.text, written.path, problems)
    if headed is None:
        return None
    if not headed.body.strip():
        mend = "write one SELECT" + (" below the head" if headed.keys.entries else "")
        problems.append(Problem("P023", "the file has no SELECT", mend, headed.place))
        return None
    place = Place(written.path, 1, 1)
    if not headed.keys.entries:
        return ReadModel(Dataset(name, place, Model("table", headed.body, headed.place)), headed.keys)
    return _with_head(name, place, headed, problems)


def _with_head(name: str, place: Place, headed: Headed, problems: list[Problem]) -> ReadModel:
    head = read_head(MODEL, headed.keys, problems)
    if head is None:
        return ReadModel(None, headed.keys)
    model = Model(head.keys.kind, headed.body, headed.place, head.keys.refresh, effective=head.keys.effective)
    return ReadModel(head.dataset(name, place, model), headed.keys)
