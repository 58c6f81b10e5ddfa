"""Models that add to the rows that are there: what their SELECT yields is written as a load's rows would be."""

from __future__ import annotations

from dataclasses import replace

from mainstem.core.dataset import QUARANTINE, Dataset, Model
from mainstem.core.ports import Reading, Session
from mainstem.core.problem import Problem, WorldError
from mainstem.core.release import Change, Snapshot
from mainstem.core.words import counted
from mainstem.lifecycle.ingestion.ingest import ingest
from mainstem.lifecycle.storage.quarantine import FIELDS
from mainstem.lifecycle.storage.types import cast_select
from mainstem.orchestration import attempt
from mainstem.orchestration.blame import may_quote
from mainstem.orchestration.ground import Ground
from mainstem.orchestration.loading import destination_of
from mainstem.sql.quote import quote

_MOST_REASONS = 3


def kept(ground: Ground, session: Session, dataset: Dataset, base: Snapshot | None, select: str) -> Change:
    """The change that brings a model up to date by its kind: append, merge or scd2.

    Rows of a table that the run does not continue from give way. WorldError T029 where rows contradict one another or
    the table.
    """
    model = dataset.made_by
    assert isinstance(model, Model)
    assert model.as_load is not None
    lease, known = ground.leases[dataset.name], ground.base(dataset.name)
    start = base if known is not None and known.table else None
    stored = cast_select(select, session.describe(select))
    fields = session.describe(stored)
    rows = f"select *, cast(null as varchar) as _origin from ({stored}\n)"
    if model.kind == "append" and start is not None:
        rows += _after(ground, dataset, start)
    reading = Reading(rows, fields, None, is_complete=model.kind != "append")
    change = ingest(
        session,
        replace(dataset, columns=(), made_by=model.as_load),
        reading,
        base=start,
        destination=destination_of(ground, session, lease, start),
        run=ground.run,
        at=ground.started_at,
    )
    if change.rejected:
        refused = _refused(ground, session, dataset, change)
        attempt.discard(ground.lake, lease, change)
        raise refused
    is_anew = base is not None and start is None
    return replace(change, replace=True) if is_anew else change


def _after(ground: Ground, dataset: Dataset, base: Snapshot) -> str:
    """A condition: rows later than all that the table holds; none without a time column."""
    column = dataset.time_column
    if column is None or column.lower() not in {field.name.lower() for field in base.fields} or not base.files:
        return ""
    held = ground.engine.relation([ground.lake / base.table / file.path for file in base.files], base.fields)
    newest = f"(select max({quote(column)}) from {held})"
    return f" where coalesce({quote(column)} > {newest}, {newest} is null)"


def _refused(ground: Ground, session: Session, dataset: Dataset, change: Change) -> WorldError:
    table = ground.leases[dataset.name].table + QUARANTINE
    files = ground.engine.relation([ground.lake / table / file.path for file in change.rejects], FIELDS)
    what = f'{counted(change.rejected, "row")} of "{dataset.name}" cannot be added to its table'
    if not may_quote(ground.tags, (dataset.name, *ground.bound.inputs[dataset.name])):
        reasons = session.rows(f"select distinct reason from {files} order by reason limit {_MOST_REASONS}")
        what += ": " + "; ".join(reason for (reason,) in reasons)
    return WorldError(Problem("T029", what, "make the SELECT yield one row a key, without NULL in it", dataset.place))
