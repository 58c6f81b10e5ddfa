"""Sources of kind `python`: a function of the project's own that yields batches of rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mainstem.core.dataset import Dataset, Source
from mainstem.core.place import Places
from mainstem.core.ports import Reading, Session
from mainstem.core.problem import Problem, WorldError
from mainstem.core.run import Look
from mainstem.lifecycle.generation.batches import Batches
from mainstem.lifecycle.generation.hiding import secrets_of
from mainstem.lifecycle.generation.loads import continued, load_of
from mainstem.lifecycle.generation.user_code import called, complaint, function_of, opened, text_of, unwritten, watched
from mainstem.project.shape import Data

EXTENSIONS = ()


@dataclass(frozen=True, slots=True)
class Options:
    """`module` is a Python file of the project; not said, `sources/NAME.py` beside the source's own file. `arguments`
    are given to its functions by name: addresses, secrets.
    """

    module: str | None = None
    arguments: Mapping[str, Data] = field(default_factory=dict)
    places: Places = field(default_factory=Places, repr=False)


@dataclass(frozen=True, slots=True)
class TableOptions:
    """`function` is called as `function(position, table, **arguments)`, and yields batches: lists of dictionaries,
    Arrow tables, frames. A batch may come with a position, `yield rows, position`: JSON data from which the next
    incremental load goes on. The last one is committed with the rows. The first read gets None.
    """

    function: str = "read"
    places: Places = field(default_factory=Places, repr=False)


def problems(source: Source, tables: Mapping[str, Dataset], root: Path) -> list[Problem]:
    """G060 and G061 where the file is missing, is no Python, or has no such function; nothing is run."""
    found: dict[Problem, None] = {}
    at = source.options.places.get("module", source.place)
    for dataset in tables.values():
        options: TableOptions = load_of(dataset).options
        named_at = options.places.get("function", dataset.place)
        found |= dict.fromkeys(unwritten(root, _module(source), options.function, at, named_at))
    return list(found)


def told(source: Source, dataset: Dataset, root: Path) -> str:
    """What decides the rows, but for the source's file: the function's text. WorldError G060."""
    return text_of(root, _module(source), dataset.place)


def look(source: Source, dataset: Dataset, position: Any, root: Path) -> Look:
    """Nothing is run: what is new is seen when it is read. WorldError G008 and G060."""
    told(source, dataset, root)
    before = continued(dataset, position, _of(source, dataset))
    return Look(dataset.name, "new", "all of it" if before is None else "what is new is seen when it is read")


def read(source: Source, dataset: Dataset, position: Any, root: Path, session: Session) -> Reading:
    """All that the function yields, in this process. WorldError G008, G009, G060 to G063."""
    module, load = _module(source), load_of(dataset)
    before = continued(dataset, position, _of(source, dataset)) if load.load == "incremental" else None
    batches = Batches(session, dataset, module)
    try:
        state = _run(source, dataset, root, batches, (before or {}).get("state"))
        after: dict[str, Any] = {"of": _of(source, dataset), "by": None, "set_aside": _set_aside(position)}
        if load.load == "incremental":
            after |= {"by": load.cursor, "state": state}
        return batches.reading(after, is_complete=(before or {}).get("state") is None)
    except BaseException:
        batches.drop()
        raise


def _module(source: Source) -> str:
    options: Options = source.options
    return options.module or f"sources/{source.name}.py"


def _of(source: Source, dataset: Dataset) -> str:
    return f"{_module(source)}:{load_of(dataset).options.function}"


def _set_aside(position: Any) -> Any:
    return position.get("set_aside", []) if isinstance(position, dict) else []


def _run(source: Source, dataset: Dataset, root: Path, batches: Batches, state: Any) -> Any:
    """Call the function, take what it yields; the position after it."""
    module, load = _module(source), load_of(dataset)
    name = load.options.function
    arguments = {key: opened(value) for key, value in source.options.arguments.items()}
    secrets = secrets_of(source.options)

    def blamed(error: BaseException) -> WorldError:
        return complaint(error, root, module, f'"{name}" fails', dataset.place, secrets)

    function = function_of(root, module, name, dataset.place)
    is_behind = False
    made = called(function, (deepcopy(state), load.table), arguments, blamed)
    for item in watched(_several(made), blamed):
        batch, has_position, given = _taken_apart(item)
        count = batches.add(batch)
        if has_position:
            state = _checked(given, dataset, module)
        is_behind = (is_behind or count > 0) and not has_position
    if is_behind and load.load == "incremental" and load.write == "append" and not dataset.key:
        what = f'"{name}" yields rows after its last position: the next read would bring them again'
        mend = "yield a position with the last rows (`yield rows, position`), or add a `key`, or write `load: full`"
        raise WorldError(Problem("G063", what, mend, dataset.place))
    return state


def _several(made: Any) -> Iterable[Any]:
    """What the function gave, as batches: it may give one, or none, without yielding."""
    if made is None:
        return ()
    is_one = hasattr(made, "__arrow_c_stream__") or isinstance(made, Mapping) or not isinstance(made, Iterable)
    return [made] if is_one else made


def _taken_apart(item: Any) -> tuple[Any, bool, Any]:
    """What was yielded: a batch, whether a position came with it, and the position."""
    if isinstance(item, tuple) and len(item) == 2:
        return item[0], True, item[1]
    return item, False, None


def _checked(position: Any, dataset: Dataset, module: str) -> Any:
    """The position, if it comes back from JSON as it went in. WorldError G063."""
    try:
        made = json.loads(json.dumps(position, allow_nan=False))
        is_same = bool(made == position)
    except (TypeError, ValueError, RecursionError):
        is_same = False
    if not is_same:
        what = f"{module} yields a position of type {type(position).__name__} that is no JSON data"
        mend = "make it of texts, numbers, lists and dictionaries: an instant as text, such as at.isoformat()"
        raise WorldError(Problem("G063", what, mend, dataset.place))
    return made
