"""Rows that are read again on purpose: which of a reading belong to the span, and what takes their place."""

from __future__ import annotations

from mainstem.core.dataset import Dataset
from mainstem.core.problem import Problem, ProjectError, WorldError
from mainstem.core.span import Span
from mainstem.lifecycle.ingestion.batch import Batch
from mainstem.lifecycle.ingestion.target import Destination
from mainstem.lifecycle.ingestion.writing import Outcome, Writing, in_order
from mainstem.sql.quote import literal, quote
from mainstem.sql.types import INSTANT


def keep_within(batch: Batch, destination: Destination, span: Span) -> int:
    """Remove from the batch what is not in the span, and what cannot be told to be; returns how many rows are left.

    ProjectError I027 for a column that is not there or a bound that is no value of it.
    """
    inside = _inside(batch, destination, span)
    rows = f"select mainstem_id from ({batch.select('rowid as mainstem_id, ')}) where coalesce({inside}, false)"
    batch.session.execute(f"delete from {batch.rows} where rowid not in ({rows})")
    batch.session.execute(f"delete from {batch.out}")
    return int(batch.one(f"select count(*) from {batch.rows}"))


def _inside(batch: Batch, destination: Destination, span: Span) -> str:
    """SQL that is true for a row of the load, by its names, in the span."""
    types = {target.name: target.type.text for target in batch.targets}
    type_ = types.get(span.column)
    bounds = [bound for bound in (span.start, span.end) if bound is not None]
    if type_ is None:
        what = f'"{span.column}" is no column of "{batch.dataset.name}"'
        raise ProjectError(Problem("I027", what, f"columns are: {', '.join(types)}"))
    by_day = span.are_days and (type_ in (INSTANT, "DATE") or type_.startswith("TIMESTAMP"))
    for bound in bounds:
        if batch.one(f"select try_cast({literal(bound)} as {'DATE' if by_day else type_}) is null"):
            what = f'"{bound}" is no value of column "{span.column}", which is {type_}'
            raise ProjectError(Problem("I027", what, "write one such as 2013-12-01, or a number where it is one"))
    value = destination.label(span.column, type_) if by_day else quote(span.column)
    limit = [f"{literal(bound)}" if by_day else f"cast({literal(bound)} as {type_})" for bound in bounds]
    parts = [f"{value} >= {limit[0]}"] if span.start is not None else []
    parts += [f"{value} <= {limit[-1]}"] if span.end is not None else []
    return " and ".join(parts) or "true"


def fewer(dataset: Dataset, where: str, before: int, came: int) -> WorldError:
    """What to say where reading again would lose rows."""
    what = f'"{dataset.name}" has {before} {"row" if before == 1 else "rows"}{where}, and {came} came'
    mend = "look at the source; if the others are to go, add `--allow-deletes`"
    return WorldError(Problem("I026", what, mend, dataset.place))


def replace_span(writing: Writing, span: Span) -> Outcome:
    """The rows of the batch take the place of the table's in the span, in one change.

    WorldError I026 where fewer come than are there.
    """
    assert writing.base is not None
    batch, column, names = writing.batch, quote(span.column), writing.names
    inside = f"coalesce({_inside(batch, writing.destination, span)}, false)"
    everything = writing.old(writing.base.files)
    old = f"(select {names} from {everything} where {inside})"
    new = f"(select {names} from {writing.stored})"
    count, before = writing.count, int(batch.one(f"select count(*) from {old}"))
    rows = f"select *, count(*) from {old} group by all"
    is_same = count == before and not batch.one(
        f"select count(*) from ({rows} except select *, count(*) from {new} group by all)"
    )
    if is_same and not writing.refitted:
        return Outcome(writing.base.fields, unchanged=count)
    if count < before and not batch.load.allow_deletes:
        raise fewer(batch.dataset, f" in the range ({span})", before, count)
    touched = writing.touched([span.column], f"(select distinct {column} from {old})")
    kept = f"select {names} from {writing.old(touched)} where not {inside}"
    select = f"{kept} union all select {names} from {writing.stored}" if touched else f"select {names} from {new}"
    labels = writing.labels_of(f"({old[1:-1]} union all {new[1:-1]})")
    files = writing.written(select)
    is_whole = len(touched) == len(writing.base.files)
    return Outcome(
        writing.fields,
        files,
        () if is_whole else tuple(file.path for file in touched),
        is_whole,
        count,
        labels=None if writing.refitted or labels is None else in_order(labels),
    )
