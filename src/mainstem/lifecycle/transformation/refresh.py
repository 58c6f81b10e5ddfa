"""Brings the rows of a SELECT up to date by what changed in its inputs, or says why all of them have to be computed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from mainstem.core.ports import Session
from mainstem.core.words import counted
from mainstem.sql.quote import quote
from mainstem.sql.reach import TOUCHED, Moved, reach

MOST_CHANGED = 0.2
"""The share of an input's rows beyond which computing all is taken to be cheaper."""

MOST_TOUCHED = 0.3
"""The share of a model's rows beyond which computing all is taken to be cheaper."""


@dataclass(frozen=True, slots=True)
class Input:
    """A table that differs from what was read last, in columns of now. `rows` SQL usable in FROM of all rows of then,
    `added` and `removed` of the rows in files that came and went since: these may have rows in common. `count` is
    the number of rows now, `most` that of rows that may differ."""

    name: str
    rows: str
    added: str
    removed: str
    count: int
    most: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """A model to be brought up to date: its SELECT, the columns and key of its rows, the views among its inputs, and
    whether it is computed as a whole where that is thought to be cheaper."""

    select: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    views: Mapping[str, str]
    is_free: bool = True


@dataclass(frozen=True, slots=True)
class Touched:
    """What has to be computed anew: rows of the table whose `keys` are in TOUCHED give way to those of `again`.
    `count` is the number of keys, `changed` that of input rows that differ."""

    keys: tuple[str, ...]
    again: str
    by: str
    count: int
    changed: int

    @property
    def words(self) -> str:
        """`3 groups of origin, dest computed anew, for 12 rows that changed`."""
        what = {"group": "group", "partition": "partition", "key": "key", "row": "row"}[self.by]
        of = "" if self.by == "row" else f" of {', '.join(self.keys)}"
        changed = f"{counted(self.changed, 'row')} of its inputs that changed"
        return f"{counted(self.count, what)}{of} computed anew, for {changed}"


def find_touched(session: Session, wanted: Wanted, inputs: Sequence[Input], made: list[str]) -> Touched | str:
    """Make TOUCHED, a temporary table of the keys whose rows may differ; a text says why all has to be computed.

    What is made on the way is noted in `made`, for `forget`. WorldError as the engine says it.
    """
    for each in inputs:
        if wanted.is_free and each.most > MOST_CHANGED * max(each.count, 1):
            return f"{each.most} of the {counted(each.count, 'row')} of {each.name} may differ"
    moved = {each.name: Moved(f"mainstem_before_{i}", f"mainstem_changed_{i}") for i, each in enumerate(inputs)}
    found = reach(wanted.select, moved, wanted.columns, wanted.key, wanted.views, lambda: _scalars(session))
    if isinstance(found, str):
        return found
    changed = 0
    for each in inputs:
        names = moved[each.name]
        _make(session, made, "view", names.before, f"select * from {each.rows}")
        _make(session, made, "table", names.changed, _difference(each))
        changed += session.rows(f"select count(*) from {names.changed}")[0][0]
    for name, select in (*found.made, (TOUCHED, found.touched)):
        _make(session, made, "table", name, select)
    count = session.rows(f"select count(*) from {TOUCHED}")[0][0]
    return Touched(found.keys, found.again, found.by, count, changed)


def _make(session: Session, made: list[str], sort: str, name: str, select: str) -> None:
    session.execute(f"create temp {sort} {name} as {select}")
    made.append(f"{sort} {name}")


def _difference(each: Input) -> str:
    return (
        f"(select * from {each.added} except all select * from {each.removed}) union all "
        f"(select * from {each.removed} except all select * from {each.added})"
    )


def _scalars(session: Session) -> Collection[str]:
    asked = "select distinct lower(function_name) from duckdb_functions() "
    asked += "where function_type = 'scalar' and stability = 'CONSISTENT'"
    return {name for (name,) in session.rows(asked)}


def in_touched(keys: Sequence[str], rows: str, joined: str) -> str:
    """SQL usable in FROM: rows (SQL usable in FROM) whose keys are in TOUCHED (`semi`) or are not (`anti`)."""
    same = " and ".join(f"o.{quote(name)} is not distinct from t.mainstem_k{i}" for i, name in enumerate(keys))
    return f"{rows} as o {joined} join {TOUCHED} as t on {same}"


def touches_nulls(session: Session, keys: Sequence[str]) -> bool:
    """Whether a part of a key that is touched is NULL."""
    null = " or ".join(f"mainstem_k{i} is null" for i in range(len(keys)))
    return bool(session.rows(f"select count(*) > 0 from {TOUCHED} where {null}")[0][0])


def forget(session: Session, made: Sequence[str]) -> None:
    """Remove the temporary tables and views of a refresh, the last first."""
    for each in reversed(made):
        session.execute(f"drop {each}")
