"""Lists inside JSON rows as rows of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mainstem.core.dataset import Dataset, Load
from mainstem.core.ports import Session
from mainstem.core.problem import Problem, WorldError
from mainstem.lifecycle.generation.file_options import POSITION
from mainstem.lifecycle.generation.json_lines import path_of
from mainstem.sql.quote import literal


def refuse_missing(session: Session, rows: str, path: str, dataset: Dataset) -> None:
    """WorldError G034 where a full load would empty its table, since no row has such a key: it is written otherwise."""
    load = dataset.made_by
    if not isinstance(load, Load) or load.load != "full":
        return
    is_there = f"bool_or(json_exists(t, {literal(json_path(path))}))"
    if session.rows(f"select coalesce(not {is_there}, false) from {rows}")[0][0]:
        mend = "correct `explode`, the path of the list in each row"
        raise WorldError(Problem("G034", f'no row has a list "{path}"', mend, dataset.place))


def explode(
    session: Session, rows: str, broken: str, origin: str, path: str, parents: Mapping[str, str]
) -> tuple[str, ...]:
    """Replace the rows of a table (f, n, t: JSON objects) by the elements of the list at `path` of each.

    An element is an object, or becomes one with the key `value`. To it come `position`, counted from 1, and the value
    at a path of the row around for each of `parents`. Column p of the table is the position, too. Rows whose list is
    none move into `broken`; those without one vanish. Returns the names among those of the new columns that elements
    have already: if there are some, the rows must not be used.
    """
    inside = literal(json_path(path))
    session.execute(
        f"insert into {broken} select {origin}, t, {literal(f'{path}: is not a list')} from {rows} "
        f"where json_type(t, {inside}) not in ('ARRAY', 'NULL')"
    )
    added = {POSITION: "p", **{name: _value(json_path(at)) for name, at in parents.items()}}
    pairs = ", ".join(f"{literal(name)}, {value}" for name, value in added.items())
    elements = (
        f"select f, n, t, unnest(json_extract(t, {literal(json_path(path) + '[*]')})) as e, "
        f"generate_subscripts(json_extract(t, {literal(json_path(path) + '[*]')}), 1) as p "
        f"from {rows} where json_type(t, {inside}) = 'ARRAY'"
    )
    shaped = "case when json_type(e) = 'OBJECT' then e else json_object('value', e) end"
    session.execute(f"create temp table {rows}_elements as select f, n, p, {shaped} as e, t from ({elements})")
    taken = _taken(session, f"{rows}_elements", list(added))
    session.execute(
        f"create or replace temp table {rows} as select f, n, p, "
        f"cast(json_merge_patch(e, json_object({pairs})) as varchar) as t from {rows}_elements"
    )
    session.execute(f"drop table {rows}_elements")
    return taken


def _value(path: str) -> str:
    """SQL of a value as JSON. A nested one is the string of its text, from which merging takes no nulls."""
    value = f"json_extract(t, {literal(path)})"
    nested = f"json_type(t, {literal(path)}) in ('OBJECT', 'ARRAY')"
    return f"case when {nested} then to_json(cast({value} as varchar)) else {value} end"


def _taken(session: Session, rows: str, names: Sequence[str]) -> tuple[str, ...]:
    found = ", ".join(f"coalesce(bool_or(json_exists(e, {path_of(name)})), false)" for name in names)
    (flags,) = session.rows(f"select {found} from {rows}")
    return tuple(name for name, is_there in zip(names, flags, strict=True) if is_there)


def json_path(path: str) -> str:
    """`a.b` as a JSON path."""
    quoted = (key.replace("\\", "\\\\").replace('"', '\\"') for key in path.split("."))
    return "$" + "".join(f'."{key}"' for key in quoted)
