"""An incremental model's step: what its inputs' changes reach is computed anew, all else stays in its files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from mainstem.core.dataset import Dataset, Model
from mainstem.core.ports import Session
from mainstem.core.problem import WorldError
from mainstem.core.release import Change, DataFile, Lease, Snapshot, Version
from mainstem.lifecycle.storage import tables
from mainstem.lifecycle.storage.types import cast_select
from mainstem.lifecycle.transformation import refresh
from mainstem.lifecycle.transformation.refresh import Input, Touched, Wanted, find_touched, in_touched
from mainstem.orchestration.ground import Ground
from mainstem.orchestration.measure import label_expression
from mainstem.orchestration.state import means_the_same
from mainstem.sql.quote import quote
from mainstem.sql.reach import TOUCHED

_STOPS = frozenset({"E005", "E008"})
"""An interruption and a full disk are no reason to try another way."""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh would commit, and in words what it was."""

    change: Change
    words: str


class _WholeError(Exception):
    """Why all rows have to be computed."""


def refreshed(
    ground: Ground, session: Session, dataset: Dataset, lease: Lease, base: Snapshot | None, select: str
) -> Refreshed | str:
    """The change that brings an incremental model up to date, its files written; a text says why all of it has to be
    computed instead, and nothing is left then.

    `select` is the model's SELECT with the run's clock put in. WorldError E005 when interrupted, E008 for a full disk.
    """
    model = dataset.made_by
    assert isinstance(model, Model)
    made: list[str] = []
    try:
        known = _known(ground, dataset, model, lease, base)
        assert base is not None
        views: dict[str, str] = {}
        inputs = {each.name: each for name, old in known.inputs.items() for each in _moved(ground, name, old, views)}
        names = tuple(field.name for field in base.fields)
        wanted = Wanted(select, names, dataset.key, views, is_free=model.refresh == "auto")
        touched = find_touched(session, wanted, tuple(inputs.values()), made)
        if isinstance(touched, str):
            return touched
        change = _written(ground, session, dataset, lease, base, touched, is_free=wanted.is_free)
    except _WholeError as error:
        return str(error)
    except WorldError as error:
        if error.problems[0].code in _STOPS or not error.problems[0].code.startswith("E"):
            raise
        return f"the engine refuses the short way: {error.problems[0].what}"
    finally:
        with suppress(WorldError):
            refresh.forget(session, made)
    return Refreshed(change, touched.words)


def _known(ground: Ground, dataset: Dataset, model: Model, lease: Lease, base: Snapshot | None) -> Version:
    """The version that the refresh builds on."""
    known = ground.base(dataset.name)
    if model.refresh == "full":
        raise _WholeError("its head says so")
    if known is None or base is None:
        raise _WholeError("it is new")
    if known.table != lease.table or base.number != known.number:
        raise _WholeError("its table has gone on from another version")
    facts = ground.bound.facts[dataset.name]
    if not means_the_same(known, dataset, facts, ground.when):
        raise _WholeError("what it means has changed")
    if facts.volatile:
        raise _WholeError(f"{facts.volatile[0]}() is another at each run")
    if known.inputs.keys() != ground.shelf.versions(ground.bound.inputs[dataset.name]).keys():
        raise _WholeError("it reads other datasets than before")
    return known


def _moved(ground: Ground, name: str, old: str, views: dict[str, str]) -> list[Input]:
    """The tables behind an input that differ from those of its old version; views on the way are noted in `views`."""
    new = ground.shelf.version(name)
    assert new is not None
    if new.id == old or name in views:
        return []
    if new.sql is None:
        return [_table(ground, name, old, new)]
    before = ground.base(name)
    if before is None or before.id != old or before.sql != new.sql or before.inputs.keys() != new.inputs.keys():
        raise _WholeError(f'the view "{name}" is another one')
    views[name] = new.sql
    return [each for source, id_ in before.inputs.items() for each in _moved(ground, source, id_, views)]


def _table(ground: Ground, name: str, old: str, new: Version) -> Input:
    table, _, number = old.rpartition("@")
    then = tables.snapshot(ground.lake, table, int(number)) if table and number.isdigit() else None
    now = tables.snapshot(ground.lake, new.table, new.number)
    if then is None or now is None:
        raise _WholeError(f'what "{name}" held before is not in the lake any more')
    types = {field.name: field.type for field in then.fields}
    if any(types.get(field.name, field.type) != field.type for field in new.fields):
        raise _WholeError(f'a column of "{name}" has another type')
    paths = tuple({file.path for file in each.files} for each in (then, now))
    same = paths[0] & paths[1]  # names of files are given once, and a table of its own links the same ones
    added = [file for file in now.files if file.path not in same]
    removed = [file for file in then.files if file.path not in same]

    def relation(folder: str, files: Sequence[DataFile]) -> str:
        return ground.engine.relation([ground.lake / folder / file.path for file in files], new.fields)

    return Input(
        name,
        relation(table, then.files),
        relation(new.table, added),
        relation(table, removed),
        now.rows,
        sum(file.rows for file in (*added, *removed)),
    )


def _written(
    ground: Ground, session: Session, dataset: Dataset, lease: Lease, base: Snapshot, touched: Touched, *, is_free: bool
) -> Change:
    """Files of the new rows, and of the old ones beside those that give way."""
    again = cast_select(touched.again, session.describe(touched.again))
    if tuple(session.describe(again)) != base.fields:
        raise _WholeError("its columns are others than before")
    if not touched.count:
        return Change(base.fields, labels=())
    session.begin("writing")

    def relation(files: Sequence[DataFile]) -> str:
        return ground.engine.relation([ground.lake / lease.table / file.path for file in files], base.fields)

    files = _files(ground, session, base, touched)
    old = relation(files)
    gone = session.rows(f"select count(*) from {in_touched(touched.keys, old, 'semi')}")[0][0]
    if is_free and gone > refresh.MOST_TOUCHED * max(base.rows, 1):
        raise _WholeError(f"{gone} of its {base.rows} rows would be computed anew")
    names = ", ".join(quote(field.name) for field in base.fields)
    order = ", ".join(map(quote, touched.keys))
    kept = f"select {names} from {in_touched(touched.keys, old, 'anti')}"
    select = f"select * from ({kept} union all select {names} from ({again})) order by {order}"
    written = session.write(select, ground.lake / lease.table, lease.prefix)
    return replace(
        Change(base.fields, written.files, tuple(file.path for file in files), rows_in=written.rows),
        labels=_labels(ground, session, dataset, base, (in_touched(touched.keys, old, "semi"), f"({again})")),
    )


def _files(ground: Ground, session: Session, base: Snapshot, touched: Touched) -> tuple[DataFile, ...]:
    """The files that may hold a row that gives way; statistics and joins say nothing of NULL."""
    if refresh.touches_nulls(session, touched.keys):
        return base.files
    shown = ", ".join(f"mainstem_k{i} as {quote(name)}" for i, name in enumerate(touched.keys))
    return tables.files_touched(session, ground.lake, base, touched.keys, f"(select {shown} from {TOUCHED})")


def _labels(
    ground: Ground, session: Session, dataset: Dataset, base: Snapshot, relations: Sequence[str]
) -> tuple[str, ...] | None:
    """The partitions whose rows may differ; None without a time column."""
    column = dataset.time_column
    types: Mapping[str, str] = {field.name.lower(): field.type for field in base.fields}
    if column is None:
        return None
    label = label_expression(column, types.get(column.lower(), ""), ground.project.timezone)
    found = {name for rows in relations for (name,) in session.rows(f"select distinct try({label}) from {rows}")}
    return tuple(sorted(name for name in found if name is not None))
