"""What may be read again on purpose, and by which column."""

from __future__ import annotations

from collections.abc import Mapping

from mainstem.core.dataset import Dataset, Load
from mainstem.core.problem import Problem, ProjectError, nearest
from mainstem.core.project import Project
from mainstem.core.release import Version
from mainstem.core.span import Again, Span
from mainstem.orchestration.state import State


def to_read_again(
    project: Project,
    name: str,
    *,
    start: str | None = None,
    end: str | None = None,
    by: str | None = None,
    everything: bool = False,
    allow_deletes: bool = False,
) -> Again:
    """What somebody wants to be read again, by the time column, else the cursor, if no other column is named.

    ProjectError I027 for a dataset that is no load, or a range that has no column or no bound.
    """
    dataset = project.datasets.get(name)
    if dataset is None:
        loads = [each.name for each in project.datasets.values() if each.is_load]
        raise ProjectError(Problem("I027", f'no dataset is called "{name}"', nearest(name, loads, kind="loads")))
    if not isinstance(dataset.made_by, Load):
        what = f'"{name}" is a model: it follows from what it reads'
        raise ProjectError(Problem("I027", what, "backfill a load that it is made of; it is built again then"))
    if everything == (start is not None or end is not None):
        what = "a backfill is of a range or of everything" if everything else "the backfill has no range"
        raise ProjectError(Problem("I027", what, "write `--from` and `--to`, or `--all`"))
    if everything:
        return Again(name, None, allow_deletes)
    span = Span(_column(dataset, dataset.made_by, by), start, end)
    if span.is_backwards:
        what = f'the range ends before it begins: "{end}" is before "{start}"'
        raise ProjectError(Problem("I027", what, "write the earlier one behind `--from`"))
    return Again(name, span, allow_deletes)


def _column(dataset: Dataset, load: Load, by: str | None) -> str:
    if load.write == "replace":
        what = f'"{dataset.name}" is replaced as a whole, never in part'
        raise ProjectError(Problem("I027", what, "write `--all`", dataset.place))
    column = by or dataset.time_column or load.cursor
    if column is None:
        what = f'"{dataset.name}" has neither a time column nor a cursor'
        raise ProjectError(Problem("I027", what, "name a column with `--by`, or write `--all`", dataset.place))
    return column


def refuse_again(project: Project, state: State, again: Again) -> None:
    """ProjectError I027 where reading again would lose or double rows, or the table has no such column."""
    dataset, base = project.datasets[again.dataset], state.bases.get(again.dataset)
    if base is None:
        what = f'"{again.dataset}" was never loaded'
        raise ProjectError(Problem("I027", what, f"load it first: `mainstem run {again.dataset}`", dataset.place))
    if again.span is None:
        return
    _refuse_column(dataset, base, again.span.column)
    has_cursor = isinstance(base.position, Mapping) and "cursor" in base.position
    if not has_cursor and not dataset.key:
        what = f'rows of "{again.dataset}" cannot be told from those that the next load brings'
        raise ProjectError(Problem("I027", what, "write `--all`, which knows what is loaded then", dataset.place))


def _refuse_column(dataset: Dataset, base: Version, column: str) -> None:
    """A range is of what the source has: the contract's columns and the table's, but none that writing adds."""
    assert isinstance(dataset.made_by, Load)
    names = [*(each.name for each in dataset.columns), *(each.name for each in base.fields)]
    known = [name for name in dict.fromkeys(names) if name not in dataset.made_by.added]
    if column not in known:
        what = f'"{column}" is no column of "{dataset.name}"'
        raise ProjectError(Problem("I027", what, nearest(column, known, kind="columns"), dataset.place))
