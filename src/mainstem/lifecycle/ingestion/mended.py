"""Mended rows that somebody gives back, beside what was set aside: which of them belong to a row, and to which."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from mainstem.core.ports import Session

_TABLE = "mended_names"


@dataclass(frozen=True, slots=True)
class Matched:
    """Names (ids or origins) of mended rows: those that were settled `before`, the `unknown` ones that never were set
    aside, and in `twice` two at a time that mean the same row."""

    before: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    twice: tuple[tuple[str, str], ...] = ()


def match(session: Session, held: str, past: str, names: Collection[str]) -> Matched:
    """Look names up in a quarantine, `held`, and in all that it ever held, `past` (both as of `with_ids`)."""
    from arro3.core import Array, DataType
    from arro3.core import Table as Arrow

    session.take(_TABLE, Arrow.from_pydict({"name": Array(list(names), DataType.string())}))
    try:
        found = session.rows(
            f"select h.id, list(distinct n.name order by n.name) from {held} as h "
            f"join {_TABLE} as n on n.name = h.id or n.name = h.origin group by h.id"
        )
        here = {name for _, each in found for name in each}
        twice = dict.fromkeys((each[0], each[1]) for _, each in found if len(each) > 1)
        gone = [name for name in names if name not in here]
        known = set[str]()
        if gone:
            rows = session.rows(f"select n.name from {_TABLE} as n semi join {past} as p on n.name in (p.id, p.origin)")
            known = {name for (name,) in rows}
        return Matched(
            tuple(name for name in gone if name in known), tuple(name for name in gone if name not in known), (*twice,)
        )
    finally:
        session.execute(f"drop table if exists {_TABLE}")
