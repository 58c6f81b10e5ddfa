"""Sources of kind `dlt`: any resource written for dlt, as it is; its state is committed with its rows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mainstem.core.dataset import Dataset, Source
from mainstem.core.place import Places
from mainstem.core.ports import Reading, Session
from mainstem.core.problem import Problem, ProjectError, WorldError, nearest
from mainstem.core.run import Look
from mainstem.lifecycle.generation.batches import Batches
from mainstem.lifecycle.generation.hiding import secrets_of
from mainstem.lifecycle.generation.loads import continued, load_of
from mainstem.lifecycle.generation.user_code import called, complaint, function_of, opened, text_of, unwritten, watched
from mainstem.project.shape import Data

EXTENSIONS = ()

_ROWS = 5_000
"""Single rows that are handed on together."""


@dataclass(frozen=True, slots=True)
class Options:
    """`source` is `module:function`, a function that gives a source or a resource of dlt; the module is one that is
    installed (`dlt.sources.rest_api:rest_api_source`) or a file of the project (`sources/shop.py:orders`). `config`
    are its arguments by name.
    """

    source: str
    config: Mapping[str, Data] = field(default_factory=dict)
    places: Places = field(default_factory=Places, repr=False)

    def __post_init__(self) -> None:
        module, sign, function = self.source.rpartition(":")
        if not sign or not module or not function.isidentifier():
            what = f'`source` is "{self.source}", which names no function'
            mend = "write one such as sources/shop.py:orders or dlt.sources.rest_api:rest_api_source"
            raise ProjectError(Problem("G064", what, mend))

    @property
    def module(self) -> str:
        return self.source.rpartition(":")[0]

    @property
    def function(self) -> str:
        return self.source.rpartition(":")[2]


@dataclass(frozen=True, slots=True)
class TableOptions:
    """`resource` is the name of the resource in the source, where it differs from the table's."""

    resource: str | None = None


def problems(source: Source, tables: Mapping[str, Dataset], root: Path) -> list[Problem]:
    """G060 and G061 where a file of the project is named that is missing, is no Python, or has no such function."""
    del tables
    options: Options = source.options
    if not options.module.endswith(".py"):
        return []
    place = options.places.get("source", source.place)
    return unwritten(root, options.module, options.function, place, place)


def told(source: Source, dataset: Dataset, root: Path) -> str:
    """What decides the rows, but for the source's file: the text of a file of the project. WorldError G060."""
    options: Options = source.options
    return text_of(root, options.module, dataset.place) if options.module.endswith(".py") else ""


def look(source: Source, dataset: Dataset, position: Any, root: Path) -> Look:
    """Nothing is run: what is new is seen when it is read. WorldError G008 and G060."""
    told(source, dataset, root)
    before = continued(dataset, position, _of(source, dataset))
    return Look(dataset.name, "new", "all of it" if before is None else "what is new is seen when it is read")


def read(source: Source, dataset: Dataset, position: Any, root: Path, session: Session) -> Reading:
    """All that the resource yields under the state of the position, or under none for a full load.

    WorldError G008, G009, G060 to G063, G065, G080.
    """
    load = load_of(dataset)
    before = continued(dataset, position, _of(source, dataset)) if load.load == "incremental" else None
    batches = Batches(session, dataset, f"{source.options.function}.{_name(dataset)}")
    known = (before or {}).get("state")
    try:
        state = _run(source, dataset, root, batches, known)
        if load.load == "incremental" and load.write == "append" and not dataset.key and batches.count:
            _refuse_forgetful(dataset, known, state)
        kept = position.get("set_aside", []) if isinstance(position, dict) else []
        after: dict[str, Any] = {"of": _of(source, dataset), "by": None, "set_aside": kept}
        if load.load == "incremental":
            after |= {"by": load.cursor, "state": state}
        return batches.reading(after, is_complete=known is None)
    except BaseException:
        batches.drop()
        raise


def _of(source: Source, dataset: Dataset) -> str:
    return f"{source.options.source}:{_name(dataset)}"


def _name(dataset: Dataset) -> str:
    load = load_of(dataset)
    return str(load.options.resource or load.table)


def _refuse_forgetful(dataset: Dataset, before: Any, after: Any) -> None:
    """WorldError G063 for rows without a state that would keep them from coming again."""
    if after == (before or _NOTHING):
        what = f'resource "{_name(dataset)}" keeps no state: the next read would bring its rows again'
        mend = "give it dlt's `incremental`; or add a `key`, or write `load: full`"
        raise WorldError(Problem("G063", what, mend, dataset.place))


_NOTHING: Mapping[str, Any] = {"sources": {}}


def _run(source: Source, dataset: Dataset, root: Path, batches: Batches, known: Any) -> Any:
    """Take what the resource yields; its state afterwards, as JSON data."""
    options: Options = source.options
    secrets = secrets_of(options)

    def blamed(error: BaseException) -> WorldError:
        words = f'resource "{_name(dataset)}" fails'
        return complaint(error, root, options.module, words, dataset.place, secrets)

    with _state(known, source) as state:
        function = function_of(root, options.module, options.function, dataset.place)
        made = called(function, (), {key: opened(value) for key, value in options.config.items()}, blamed)
        rows: list[Any] = []
        for item in watched(_resource(made, source, dataset), blamed):
            if isinstance(item, Mapping):
                rows.append(item)
            else:
                batches.add(rows)
                batches.add(item)
                rows = []
            if len(rows) >= _ROWS:
                batches.add(rows)
                rows = []
        batches.add(rows)
        return written(state)


@contextmanager
def _state(known: Any, source: Source) -> Iterator[dict[str, Any]]:
    """The state that resources of this thread see, and change. WorldError G080."""
    try:
        from dlt.common.configuration.container import Container
        from dlt.common.pipeline import StateInjectableContext
    except ImportError:
        mend = "install it: pip install 'mainstem[dlt]'"
        raise WorldError(Problem("G080", "dlt is not installed", mend, source.place)) from None
    state: Any = {"sources": {}} if known is None else revived(known)
    with Container().injectable_context(StateInjectableContext(state=state)):
        yield state


def written(state: Mapping[str, Any]) -> Any:
    """A state of dlt as JSON data, by dlt's own codec of typed values."""
    from dlt.common import json as typed

    return json.loads(typed.typed_dumps(state))


def revived(data: Any) -> dict[str, Any]:
    """The state that `written` made into JSON data."""
    from dlt.common import json as typed

    return dict(typed.typed_loads(json.dumps(data)))


def _resource(made: Any, source: Source, dataset: Dataset) -> Any:
    """The resource of the table. WorldError G065."""
    from dlt.extract import DltResource, DltSource

    name = _name(dataset)
    if isinstance(made, DltResource):
        return made
    if not isinstance(made, DltSource):
        what = f'"{source.options.source}" gives {type(made).__name__}, neither a source nor a resource of dlt'
        raise WorldError(Problem("G065", what, "name a function with `@dlt.source` or `@dlt.resource`", source.place))
    if name not in made.resources:
        what = f'"{source.options.source}" has no resource "{name}"'
        mend = nearest(name, list(made.resources), kind="resources")
        raise WorldError(Problem("G065", what, mend, dataset.place))
    return made.resources[name]
