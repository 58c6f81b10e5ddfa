"""How the rows of two relations differ, as SQL."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from mainstem.core.release import Field
from mainstem.sql.quote import literal, qualified, quote

SHOWN = 5
"""Rows of each sort in a sample."""

CHANGE, PLACE = "__change", "__place"
"""Columns of a sample beside those of the dataset: what a row is, and where it stands."""

_HERE = "__here"
_ORDERED = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL", "DATE", "TIME")


@dataclass(frozen=True, slots=True)
class Differing:
    """Two relations (SQL usable in FROM) of the dataset `name`, with their columns. Rows are told apart by `key`, or
    are compared as a whole where it is empty."""

    name: str
    old: str
    new: str
    fields: tuple[Sequence[Field], Sequence[Field]]
    key: tuple[str, ...] = ()

    @property
    def sides(self) -> tuple[str, str]:
        """The names under which the relations are asked for; a sample of what differs has that of the dataset."""
        return f"{self.name}__before", f"{self.name}__after"

    @property
    def common(self) -> tuple[tuple[Field, Field], ...]:
        """Columns of both sides."""
        before = {field.name.lower(): field for field in self.fields[0]}
        return tuple((before[f.name.lower()], f) for f in self.fields[1] if f.name.lower() in before)

    @property
    def compared(self) -> tuple[str, ...]:
        """Columns of both sides that are not of the key, by their new names."""
        key = {name.lower() for name in self.key}
        return tuple(new.name for _, new in self.common if new.name.lower() not in key)

    @property
    def sizes(self) -> str:
        """Rows of both sides, and how many different keys they have; -1 without a key on both sides."""
        names = {new.name.lower() for old, new in self.common if old.type == new.type}
        has_key = bool(self.key) and all(name.lower() in names for name in self.key)
        key = ", ".join(quote(name) for name in self.key)
        counts = [f"(select count(*) from {side} as s)" for side in (self.old, self.new)]
        keys = [
            f"(select count(*) from (select distinct {key} from {side} as s))" if has_key else "-1"
            for side in (self.old, self.new)
        ]
        return f"select {', '.join([*counts, *keys])}"

    @property
    def counts(self) -> str:
        """Rows added, removed, changed; with a key also rows changed by each column of `compared`."""
        if not self.key:
            added, removed = self._only(self.new, self.old, 1), self._only(self.old, self.new, 0)
            return f"select (select count(*) from ({added})), (select count(*) from ({removed})), null"
        differs = [self._differs(old, new) for old, new in self._values()]
        both = f"o.{_HERE} and n.{_HERE}"
        counts = [f"count(*) filter ({both} and {each})" for each in differs]
        changed = f"count(*) filter ({both} and ({' or '.join(differs) or 'false'}))"
        added, removed = f"count(*) filter (o.{_HERE} is null)", f"count(*) filter (n.{_HERE} is null)"
        return f"select {', '.join([added, removed, changed, *counts])} from {self._joined('full')}"

    @property
    def sample(self) -> str:
        """A few rows of each sort: what it is (`CHANGE`), where it stands in the sample (`PLACE`), the columns."""
        if not self.key:
            sorts = [
                ("removed", "o", f"({self._only(self.old, self.new, 0)}) as o", 0),
                ("added", "n", f"({self._only(self.new, self.old, 1)}) as n", 1),
            ]
            return " union all by name ".join(
                f"(select {literal(word)} as {CHANGE}, {number}::bigint as {PLACE}, {self._shown(side, own)} "
                f"from {source} order by all limit {SHOWN})"
                for number, (word, side, source, own) in enumerate(sorts)
            )
        return " union all by name ".join(f"({each})" for each in self._keyed_sample())

    def _keyed_sample(self) -> Iterator[str]:
        order = ", ".join(f"{{}}.{quote(name)}" for name in self.key)
        differs = " or ".join(self._differs(old, new) for old, new in self._values()) or "false"
        sorts = (
            ("removed", "o", 0, "left", f"n.{_HERE} is null", 0),
            ("before", "o", 0, "inner", differs, 1_000_000),
            ("after", "n", 1, "inner", differs, 1_000_000),
            ("added", "n", 1, "right", f"o.{_HERE} is null", 3_000_000),
        )
        for word, side, own, how, where, first in sorts:
            by = order.replace("{}", side)
            place = f"{first} + 2 * row_number() over (order by {by}) + {int(word == 'after')}"
            yield (
                f"select {literal(word)} as {CHANGE}, {place} as {PLACE}, {self._shown(side, own)} "
                f"from {self._joined(how)} where {where} order by {by} limit {SHOWN}"
            )

    def statistics(self, hidden: Collection[str]) -> str:
        """For each side and column that is not hidden: rows without a value, how many values, least and greatest."""
        parts = [
            f'select {literal(word)} as side, {literal(field.name)} as "column", count(*) - count({quote(field.name)}) '
            f"as nulls, count(distinct {quote(field.name)}) as distinct_values, {self._bound('min', field)} as least, "
            f"{self._bound('max', field)} as greatest from {qualified(name)}"
            for word, name, fields in zip(("before", "after"), self.sides, self.fields, strict=True)
            for field in fields
            if field.name not in hidden
        ]
        return " union all ".join(parts) or f"select 1 from {qualified(self.sides[1])} where false"

    def _bound(self, function: str, field: Field) -> str:
        ordered = field.type.upper().startswith(_ORDERED) and not field.type.endswith("[]")
        return f"cast({function}({quote(field.name)}) as varchar)" if ordered else "cast(null as varchar)"

    def _values(self) -> list[tuple[str, str]]:
        """Both sides of each column of `compared`."""
        wanted = set(self.compared)
        return [self._pair(old, new) for old, new in self.common if new.name in wanted]

    def _pair(self, old: Field, new: Field) -> tuple[str, str]:
        values = f"o.{quote(old.name)}", f"n.{quote(new.name)}"
        if old.type == new.type:
            return values
        return f"cast({values[0]} as varchar)", f"cast({values[1]} as varchar)"

    def _differs(self, old: str, new: str) -> str:
        return f"({old} is distinct from {new})"

    def _joined(self, how: str) -> str:
        on = " and ".join(f"o.{quote(name)} is not distinct from n.{quote(name)}" for name in self.key)
        old, new = (f"(select *, true as {_HERE} from {side} as s)" for side in (self.old, self.new))
        return f"{old} as o {how} join {new} as n on {on}"

    def _only(self, side: str, other: str, own: int) -> str:
        """Rows of one side that the other does not have, as often, in the columns of both."""
        here = ", ".join(self._as_text(pair, own) for pair in self.common) or "1 as nothing"
        there = ", ".join(self._as_text(pair, 1 - own) for pair in self.common) or "1 as nothing"
        return f"select {here} from {side} as s except all select {there} from {other} as s"

    def _as_text(self, pair: tuple[Field, Field], own: int) -> str:
        """A column under its new name; as text where the sides have different types."""
        name = quote(pair[own].name)
        value = name if pair[0].type == pair[1].type else f"cast({name} as varchar)"
        return f"{value} as {quote(pair[1].name)}"

    def _shown(self, side: str, own: int) -> str:
        """The columns of a row in the sample, under the new names: those of a key all, else those of both sides."""
        if not self.key:
            return ", ".join(f"{side}.{quote(new.name)}" for _, new in self.common)
        shared = [f"{self._pair(old, new)[own]} as {quote(new.name)}" for old, new in self.common]
        known = {new.name.lower() for _, new in self.common}
        alone = [f"{side}.{quote(f.name)}" for f in self.fields[own] if f.name.lower() not in known]
        return ", ".join([*shared, *alone])
