"""Models: SELECTs whose path is their name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mainstem.core.dataset import Dataset, Model
from mainstem.core.place import Place
from mainstem.core.problem import Problem
from mainstem.project.checks import read_checks
from mainstem.project.columns import read_notes
from mainstem.project.files import Written, kept, list_files, read_file
from mainstem.project.heads import Headed, split_select
from mainstem.project.names import RESERVED_SCHEMAS, dataset_problem, identifier_problem
from mainstem.project.nodes import Keys
from mainstem.project.shape import Form, shape


@dataclass(frozen=True, slots=True)
class ModelKeys:
    """What a model's head says of it, apart from columns and checks."""

    kind: Literal["table", "view", "incremental"] = "table"
    description: str = ""
    key: tuple[str, ...] = ()
    time_column: str | None = None
    owner: str | None = None
    tags: frozenset[str] = frozenset()
    refresh: Literal["auto", "incremental", "full"] = "auto"


MODEL = Form(
    ModelKeys,
    also={"columns": Any, "checks": Any},
    hints={
        "name": "remove it: the path of the file is the name (`models/marts/x.sql` is `marts.x`)",
        "materialized": "write `kind: table`, `view` or `incremental`",
        "depends_on": "remove it: what the SELECT reads is what it depends on",
        "tests": "write `checks:`",
    },
)
"""The head of a model."""

_OTHER_LANGUAGES = (
    "write a model as a SELECT in a .sql file, its columns and checks in the head; "
    "models in Python and CSV are not in this version"
)


@dataclass(frozen=True, slots=True)
class ReadModel:
    """A model, and the keys of its head for the places of what they name. `dataset` is None after a problem."""

    dataset: Dataset | None
    keys: Keys


def read_models(root: Path, problems: list[Problem]) -> tuple[list[ReadModel], frozenset[str]]:
    """Every model below `models/`, and the names of those that cannot be read."""
    models: list[ReadModel] = []
    lost: set[str] = set()
    for path in kept(list_files(root, "models", problems), ".sql", _OTHER_LANGUAGES, problems):
        name = _name(path, problems)
        written = read_file(root, path, problems)
        model = read_model(name or "main.unnamed", written, problems) if written else None
        if model:
            models.append(model if name else ReadModel(None, model.keys))
        if name and (model is None or model.dataset is None):
            lost.add(name)
    return models, frozenset(lost)


def _name(path: str, problems: list[Problem]) -> str | None:
    """The dataset's name for a path below `models/`."""
    parts = path.removesuffix(".sql").split("/")[1:]
    place = Place(path)
    if len(parts) > 2:
        mend = f'move it to "models/{parts[0]}/{parts[-1]}.sql": the folder is the schema'
        problems.append(Problem("P014", "a model lies deeper than one folder below models/", mend, place))
        return None
    if len(parts) == 2 and parts[0] in RESERVED_SCHEMAS:
        where = f'"models/{parts[1]}.sql"' if parts[0] == "main" else "a folder of another name"
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
    keys: ModelKeys | None = shape(MODEL, headed.keys, problems)
    time_column = keys.time_column if keys else None
    columns = read_notes(headed.keys.get("columns"), problems)
    checks = read_checks(headed.keys.get("checks"), time_column, problems)
    if keys is None:
        return ReadModel(None, headed.keys)
    dataset = Dataset(
        name,
        place,
        Model(keys.kind, headed.body, headed.place, keys.refresh),
        columns=columns,
        key=keys.key,
        time_column=keys.time_column,
        checks=checks,
        owner=keys.owner,
        description=keys.description,
        tags=keys.tags,
    )
    return ReadModel(dataset, headed.keys)
