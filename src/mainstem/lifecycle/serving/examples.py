"""The SELECT of a training set: examples, each with what was known before its event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mainstem.lifecycle.serving.training import AsOf, Options
from mainstem.sql.quote import literal, qualified, quote

_AT = quote("mainstem at")
_HOUR = "interval 1 hour"


def examples_sql(options: Options, spine: str, zone: str, keys: Mapping[str, Sequence[str]]) -> str:
    """One SELECT of the set's columns (`Options.columns`), in no order.

    For each row of `spine` (a SELECT) and each `as_of`, the newest row of that dataset with equal keys whose time,
    `known_after` added, is strictly before the event, if it is not older than `at_most`; else NULLs. Of several rows
    at the same instant the greatest counts, by the dataset's key (`keys`, by dataset), then by the features in their
    order. Rows without a time were known at no time.

    Instants are compared. Timestamps without zone, and dates, are read in `zone`; a local time that comes twice, in
    the night when clocks are set back, is the earlier one for an event and the later one for what is known, so that
    doubt never lets a row in.
    """
    own = [*options.entity, options.event_time, options.label, *options.features]
    shown = [f"s.{quote(name)}" for name in own]
    joins = ""
    for number, each in enumerate(options.as_of, 1):
        alias = f"a{number}"
        shown += [_taken(each, alias, theirs, name) for theirs, name in each.taken.items()]
        equal = "".join(f"s.{quote(ours)} = {alias}.{quote(_key(theirs))} and " for theirs, ours in each.pairs.items())
        source = _known(each, zone, keys.get(each.from_, ()))
        joins += f"\nasof left join ({source}) as {alias} on {equal}s.{_AT} > {alias}.{_AT}"
    event = earliest(f"spine.{quote(options.event_time)}", zone)
    columns = _columns("spine", options.needed)
    from_ = f"(select {columns}, {event} as {_AT} from ({spine}\n) as spine) as s"
    return f"select {', '.join(shown)}\nfrom {from_}{joins}"


def earliest(column: str, zone: str) -> str:
    """The instant of an event: of a local time that comes twice the earlier one."""
    local = f"cast({column} as timestamp)"
    instant = f"timezone({literal(zone)}, {local})"
    before = f"timezone({literal(zone)}, {local} - {_HOUR}) + {_HOUR}"
    return _by_type(column, f"least({instant}, {before})")


def _latest(column: str, zone: str) -> str:
    """The instant at which something was known: of a local time that comes twice the later one."""
    local = f"cast({column} as timestamp)"
    instant = f"timezone({literal(zone)}, {local})"
    after = f"timezone({literal(zone)}, {local} + {_HOUR}) - {_HOUR}"
    return _by_type(column, f"greatest({instant}, {after})")


def _by_type(column: str, local: str) -> str:
    """An instant from a column of either type; the engine chooses once, not for each row."""
    is_instant = f"typeof({column}) = 'TIMESTAMP WITH TIME ZONE'"
    return f"case when {is_instant} then cast({column} as timestamptz) else {local} end"


def _known(each: AsOf, zone: str, key: Sequence[str]) -> str:
    """The rows of the dataset by keys and instant, one for each instant, under names that clash with nothing."""
    time = f"r.{quote(each.time)}"
    at = f"{_latest(time, zone)} + to_seconds({each.known_after_s})"
    needed = _columns("r", (*each.pairs, *each.taken, *key))
    timed = f"(select {needed}, {at} as {_AT} from {qualified(each.from_)} as r where {time} is not null) as r"
    columns = [f"r.{quote(theirs)} as {quote(_key(theirs))}" for theirs in each.pairs]
    columns += [f"r.{quote(theirs)} as {quote(_feature(theirs))}" for theirs in each.taken]
    same = ", ".join((*(f"r.{quote(theirs)}" for theirs in each.pairs), f"r.{_AT}"))
    order = ", ".join(f"r.{quote(name)} desc nulls last" for name in (*key, *each.taken))
    return (
        f"select {', '.join(columns)}, r.{_AT} from {timed} "
        f"qualify row_number() over (partition by {same} order by {order}) = 1"
    )


def _columns(alias: str, names: Iterable[str]) -> str:
    """Columns of a table, each once, however it is written."""
    return ", ".join(f"{alias}.{quote(name)}" for name in {name.lower(): name for name in names}.values())


def _taken(each: AsOf, alias: str, theirs: str, name: str) -> str:
    column = f"{alias}.{quote(_feature(theirs))}"
    if each.at_most_s is not None:
        column = f"case when {alias}.{_AT} >= s.{_AT} - to_seconds({each.at_most_s}) then {column} end"
    return f"{column} as {quote(name)}"


def _key(theirs: str) -> str:
    return f"key {theirs}"


def _feature(theirs: str) -> str:
    return f"feature {theirs}"
