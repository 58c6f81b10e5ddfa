"""What every kind of source asks of the dataset that it loads, and of where the last read ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mainstem.core.dataset import Condition, Dataset, Load
from mainstem.core.problem import Problem, WorldError
from mainstem.core.secret import shown


def load_of(dataset: Dataset) -> Load:
    """How a dataset of a source is loaded."""
    assert isinstance(dataset.made_by, Load)
    return dataset.made_by


def name_at_source(dataset: Dataset) -> str:
    """The table's name at the source."""
    load = load_of(dataset)
    return str(getattr(load.options, "query", None) or load.options.table or load.table)


def filter_of(dataset: Dataset, dialect: str | None) -> Condition | None:
    """The table's `where`; `dialect` is the SQL that it is written in, None for an unknown one."""
    options = load_of(dataset).options
    if options.where is None:
        return None
    return Condition(options.where, options.places.get("where", dataset.place), dialect)


def refused_filter(dataset: Dataset, said: str) -> WorldError:
    """WorldError G087 for a filter of which the database said that."""
    options = load_of(dataset).options
    what = f'`where` of "{dataset.name}" is refused by the database: {said}'
    mend = f"correct the condition: {shown(options.where)}"
    return WorldError(Problem("G087", what, mend, options.places.get("where", dataset.place)))


def continued(dataset: Dataset, position: Any, of: str | None = None) -> Mapping[str, Any] | None:
    """The position, if the same table (`of`, not said: its name at the source) and cursor left it; None: everything is
    read anew. WorldError G008."""
    load, of = load_of(dataset), of or name_at_source(dataset)
    cursor = load.cursor if load.load == "incremental" else None
    if not isinstance(position, dict):
        return None
    if position.get("of") == of and position.get("by") == cursor:
        return position
    if load.write == "append" and not dataset.key:
        by = f'by cursor "{position["by"]}"' if position.get("by") else "as a whole"
        what = f'"{dataset.name}" was read {by} from "{position.get("of")}" so far'
        mend = "put `table`, `load` and `cursor` back as they were, or write `write: merge` with a `key`"
        raise WorldError(Problem("G008", what, mend, dataset.place))
    return None
