"""How far a change of its inputs reaches into the rows of a SELECT: as SELECTs that the engine runs.

The rule has no algebra of aggregates in it. What comes out of the changed rows names the groups, partitions or keys
that may differ. These are computed anew from full inputs, and all others stay.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import expressions as exp

from mainstem.core.place import Place
from mainstem.sql.changed_rows import (
    Making,
    Moved,
    WholeError,
    bare,
    cores,
    differing,
    keys_shown,
    named_items,
    own_keys,
    restricted,
    sort_of,
    text_of,
)
from mainstem.sql.inline import inlined
from mainstem.sql.parse import parse_select
from mainstem.sql.quote import quote
from mainstem.sql.steady import unsteady

__all__ = ["TOUCHED", "Moved", "Reach", "reach"]

TOUCHED = "mainstem_touched"
"""The table of all keys that may differ, once each, in the columns mainstem_k0, mainstem_k1 ..."""


@dataclass(frozen=True, slots=True)
class Reach:
    """`keys` are output columns; rows that differ in none of them belong together. `made` are temporary tables to make
    in this order, each with its SELECT. `touched` is a SELECT of the keys (as in TOUCHED) whose rows
    may differ, `again` one of all rows of these keys as they are now, reading TOUCHED. `by` says what the keys name:
    group | partition | key | row."""

    keys: tuple[str, ...]
    made: tuple[tuple[str, str], ...]
    touched: str
    again: str
    by: str


def reach(
    sql: str,
    moved: Mapping[str, Moved],
    columns: Sequence[str],
    key: Sequence[str] = (),
    views: Mapping[str, str] | None = None,
    scalars: Callable[[], Collection[str]] = tuple,
) -> Reach | str:
    """How far the change of inputs (`moved`, by dataset) reaches into the rows of a SELECT; a text says why that is
    not known, and all of it has to be computed.

    `columns` are the output columns, `key` those that name a row, () where nobody says. `views` are the texts of the
    views it reads. `scalars` tells the functions that depend on their arguments alone.
    """
    tree = _tree(sql)
    if tree is None:
        return "its SQL cannot be written anew"
    bodies = {name: _tree(text) for name, text in (views or {}).items()}
    if any(body is None for body in bodies.values()):
        return "a view that it reads cannot be written anew"
    try:
        whole = inlined(tree, {name: body for name, body in bodies.items() if body is not None})
        reason = unsteady(whole, scalars)
        if reason:
            return reason
        return _reach(sql, tree, whole, Making(moved), columns, key)
    except WholeError as error:
        return str(error)


def _tree(sql: str) -> exp.Expr | None:
    """The tree of a text, if the text that is made of it means the same to the parser."""
    parsed = parse_select(sql, Place("model"))
    if parsed.tree is None:
        return None
    again = parse_select(text_of(parsed.tree), Place("model"))
    return parsed.tree if again.tree is not None and text_of(again.tree) == text_of(parsed.tree) else None


def _reach(
    sql: str, tree: exp.Expr, whole: exp.Expr, making: Making, columns: Sequence[str], key: Sequence[str]
) -> Reach:
    query = bare(whole)
    names = {name.lower() for name in columns}
    keys, by = [name for name in key if name.lower() in names], "key"
    if isinstance(query, exp.Select) and sort_of(query) != "plain":
        own, by = own_keys(query), sort_of(query)
        if not own:
            raise WholeError("all rows make one result" if by == "group" else "a window goes over all rows")
        keys = keys if keys and {name.lower() for name in keys} <= {name.lower() for name in own} else own
    elif not keys:
        keys, by = list(columns), "row"
    found = cores(query, making) if isinstance(query, exp.Select) else differing(query, making)
    rows = [text_of(row) for row in found]
    if not rows:
        raise WholeError("it reads nothing of what has changed")
    if isinstance(query, exp.SetOperation):  # its columns are named by its first SELECT
        listed = ", ".join(map(quote, columns))
        rows = [f"select * from ({row}) as mainstem_rows({listed})" for row in rows]
    touched = " union ".join(keys_shown(keys, row) for row in rows)
    return Reach(tuple(keys), tuple(making.made), touched, _again(sql, tree, keys), by)


def _again(sql: str, tree: exp.Expr, keys: Sequence[str]) -> str:
    """All rows whose keys are in TOUCHED; the condition stands as deep as it can, where the engine makes use of it."""
    query = bare(tree.copy())
    if isinstance(query, exp.Select):
        items = named_items(query)
        if all(name.lower() in items for name in keys) and query.args.get("from_") is not None:
            return text_of(restricted(query, TOUCHED, [items[name.lower()] for name in keys]))
    same = " and ".join(f"q.{quote(name)} is not distinct from t.mainstem_k{i}" for i, name in enumerate(keys))
    return f"select q.* from ({sql.rstrip().removesuffix(';')}\n) as q semi join {TOUCHED} as t on {same}"
