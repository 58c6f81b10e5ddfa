"""History (slowly changing dimension, type 2): each row with the time in which it held, in whatever order it came.

A key's history is a function of its events: since this instant these values, or since then none. Events are read back
from the rows that are there: every row begins one, and where a row ends and no other begins, the key was deleted. A
deletion that ends no row, because it came before the row did, is kept as a row that ends when it begins. So late and
early events fall into their places, and any order of arrival ends in the same history.
"""

from __future__ import annotations

from mainstem.core.dataset import VALID_FROM, VALID_TO
from mainstem.core.problem import Problem, WorldError
from mainstem.lifecycle.ingestion.merging import drop_older
from mainstem.lifecycle.ingestion.vanished import find_vanished
from mainstem.lifecycle.ingestion.writing import GONE, ID, Outcome, Writing, on, put, remove
from mainstem.sql.quote import quote
from mainstem.sql.types import SECOND_DIGITS


def keep_history(writing: Writing) -> Outcome:
    """Put each row of the batch into the history of its key. WorldError I020, I024.

    Without a column that says since when, rows hold since the read, and one that is equal to the key's current row is
    nothing new. With one, a row is known by key and instant; it is equal if all its columns are.
    """
    effective_type = next(field.type for field in writing.fields if field.name == VALID_FROM)
    _refuse_no_instant(writing, effective_type)
    key = writing.batch.dataset.key
    old = _past(writing)
    identity = (*key, VALID_FROM) if writing.batch.load.effective else key
    before = old if writing.batch.load.effective else f"(select * from {old} where {VALID_TO} is null)"
    deduplicated = drop_older(writing, before, identity)
    again = _come_again(writing, old, effective_type)
    unchanged = remove(writing, _known(writing, old))
    vanished, gone = find_vanished(writing)
    if gone:
        writing.batch.session.execute(f"insert into {old} {_rows_of(writing, vanished)}")
    count = writing.count
    counts = Outcome(
        writing.kept_fields,
        loaded=count,
        unchanged=unchanged,
        deduplicated=deduplicated,
        gone=gone + int(writing.batch.one(f"select count(*) from {writing.stored} where {GONE}")),
    )
    is_new = writing.base is None or writing.refitted is not None
    if not count and not gone and not is_new and not writing.batch.one(f"select count(*) from {again}"):
        return counts
    events = _events(writing, old, again, vanished, effective_type)
    return put(writing, _keys(writing, events), _intervals(writing, events), (*key, VALID_FROM), counts)


def _refuse_no_instant(writing: Writing, type_: str) -> None:
    if type_ != "DATE" and type_ not in SECOND_DIGITS:
        what = f'column "{writing.batch.load.effective}" says since when a row holds, and is of type {type_}'
        mend = "name a column that is a date or an instant, or declare it as one in `columns:`"
        raise WorldError(Problem("I024", what, mend, writing.batch.dataset.place))


def _past(writing: Writing) -> str:
    """Make a table of the history of the batch's keys as it was before."""
    table = f"{writing.batch.rows}_past"
    writing.batch.session.execute(f"create temp table {table} as {_rows_of(writing, writing.stored)}")
    return table


def _rows_of(writing: Writing, relation: str) -> str:
    """A SELECT of the table's rows of the keys in a relation."""
    key = writing.batch.dataset.key
    old = writing.old(writing.touched(key, relation))
    return f"select {writing.names} from {old} as o semi join {relation} as n on {on(key, 'o', 'n')}"


def _values(writing: Writing) -> list[str]:
    return [quote(field.name) for field in writing.fields if field.name not in (VALID_FROM, VALID_TO)]


def _equal(writing: Writing, left: str, right: str) -> str:
    return " and ".join(f"{left}.{name} is not distinct from {right}.{name}" for name in _values(writing))


def _dead(row: str) -> str:
    """SQL that is true for a row that only says that its key was deleted at that instant."""
    return f"coalesce({row}.{VALID_TO} <= {row}.{VALID_FROM}, false)"


def _known(writing: Writing, old: str) -> str:
    """A SELECT of the numbers of rows that say nothing new."""
    match = on(writing.batch.dataset.key, "n", "o")
    if not writing.batch.load.effective:
        same = f"{match} and o.{VALID_TO} is null"
        return (
            f"select n.{ID} from {writing.stored} as n semi join {old} as o on {same} and "
            f"{_equal(writing, 'n', 'o')} and not n.{GONE} "
            f"union all select n.{ID} from {writing.stored} as n anti join {old} as o on {same} where n.{GONE}"
        )
    begins = f"{match} and o.{VALID_FROM} = n.{VALID_FROM}"
    begun = f"{on(writing.batch.dataset.key, 'n', 'p')} and p.{VALID_FROM} = n.{VALID_FROM} and not {_dead('p')}"
    return (
        f"select n.{ID} from {writing.stored} as n semi join {old} as o on {begins} and not n.{GONE} and "
        f"not {_dead('o')} and {_equal(writing, 'n', 'o')} union all "
        f"select n.{ID} from {writing.stored} as n semi join {old} as o on {match} and o.{VALID_TO} = n.{VALID_FROM} "
        f"anti join {old} as p on {begun} where n.{GONE}"
    )


def _come_again(writing: Writing, old: str, type_: str) -> str:
    """Make a table of rows that a full read shows as the present, and that the history holds to be past: a key that
    has come back, or that was set back to what it was. They hold since the read."""
    table, key = f"{writing.batch.rows}_again", writing.batch.dataset.key
    listed = ", ".join(map(quote, key))
    is_asked = writing.seen is not None and writing.batch.load.effective is not None
    match = on(key, "n", "o")
    newest = f"qualify row_number() over (partition by {listed} order by {VALID_FROM} desc) = 1"
    last = f"(select *, {_dead('x')} or {VALID_TO} is not null as mainstem_over from {old} as x {newest})"
    writing.batch.session.execute(f"drop table if exists {table}")
    writing.batch.session.execute(
        f"create temp table {table} as select n.* replace ({writing.instant(type_)} as {VALID_FROM}) "
        f"from (select * from {writing.stored} {newest}) as n semi join {last} as o on {match} and "
        f"coalesce(o.{VALID_TO}, o.{VALID_FROM}) > n.{VALID_FROM} and not n.{GONE} and "
        f"(o.mainstem_over or not ({_equal(writing, 'n', 'o')})) and {str(is_asked).lower()}"
    )
    return table


def _events(writing: Writing, old: str, again: str, vanished: str, type_: str) -> str:
    """Make a table of all events of the keys that change: values, `valid_from`, `mainstem_dead`."""
    table, key = f"{writing.batch.rows}_events", writing.batch.dataset.key
    values, match = ", ".join(_values(writing)), on(writing.batch.dataset.key, "n", "o")
    ended = (
        f"select {values}, {VALID_TO} as {VALID_FROM}, true as mainstem_dead from {old} as o "
        f"where not {_dead('o')} and {VALID_TO} is not null"
    )
    going = f"greatest({writing.instant(type_)}, {VALID_FROM})"
    new = (
        f"select {values}, {VALID_FROM}, {GONE} as mainstem_dead from {writing.stored} "
        f"union all select {values}, {VALID_FROM}, {GONE} from {again} "
        f"union all select {values}, {going}, true from {vanished}"
    )
    same = f"{match} and n.{VALID_FROM} = o.{VALID_FROM}"
    begun = f"select {values}, {VALID_FROM}, {_dead('o')} as mainstem_dead from {old} as o"
    starts = ", ".join(f"{quote(name)}" for name in key)
    writing.batch.session.execute(
        f"create temp table {table} as with new as ({new}), begun as (select o.* from ({begun}) as o "
        f"anti join new as n on {same}), ended as (select o.* from ({ended}) as o anti join new as n on {same} "
        f"anti join (select {starts}, {VALID_FROM} from begun) as b on {on(key, 'b', 'o')} and "
        f"b.{VALID_FROM} = o.{VALID_FROM}) "
        "select * from new union all select * from begun union all select distinct * from ended"
    )
    return table


def _keys(writing: Writing, events: str) -> str:
    names, table = ", ".join(map(quote, writing.batch.dataset.key)), f"{writing.batch.rows}_keys"
    writing.batch.session.execute(f"create temp table {table} as select distinct {names} from {events}")
    return table


def _intervals(writing: Writing, events: str) -> str:
    """A SELECT of the history that follows from events: each row holds until the next event of its key.

    A deletion that ends no row has the values of the row before it, or after it: its own may be lost already.
    """
    key = ", ".join(map(quote, writing.batch.dataset.key))
    order = f"partition by {key} order by {VALID_FROM}"
    row = "case when not mainstem_dead then mainstem_row end ignore nulls"
    values = _values(writing)
    packed = ", ".join(f"{name} := {name}" for name in values)
    shown = ", ".join(f"mainstem_shown.{name} as {name}" for name in values)
    over = (
        f"select *, coalesce(last_value({row}) over ({order}), first_value({row}) over ({order} rows between "
        f"current row and unbounded following), mainstem_row) as mainstem_shown, lead({VALID_FROM}) over ({order}) as "
        f"mainstem_next, lag(mainstem_dead) over ({order}) as mainstem_before "
        f"from (select {VALID_FROM}, mainstem_dead, {key}, struct_pack({packed}) as mainstem_row from {events})"
    )
    return (
        f"select {shown}, {VALID_FROM}, case when mainstem_dead then {VALID_FROM} else mainstem_next end as {VALID_TO} "
        f"from ({over}) where not mainstem_dead or coalesce(mainstem_before, true)"
    )
