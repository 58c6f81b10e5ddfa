"""SELECTs and changes of tables, made by chance: small values with NULLs and repeats, so that rows meet."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

TABLES = {"t": ("a", "b", "v"), "u": ("a", "k", "w"), "z": ("k", "v")}
AGGREGATES = ("count(*)", "sum({0})", "min({0})", "max({0})", "count({0})", "count(distinct {0})", "median({0})")
AGGREGATES += ("avg({0})", "sum({0}) filter (where {1} > 1)", "bool_or({0} > 1)")
OVER = ("sum({0})", "count(*)", "max({0})", "rank()", "dense_rank()", "avg({0})")
JOINS = ("join", "join", "left join", "left outer join", "semi join", "anti join", ",", "cross join")


@dataclass(frozen=True)
class Made:
    """A SELECT and the names of its columns, all of which are numbers."""

    sql: str
    columns: tuple[str, ...]


class Maker:
    """Makes SELECTs; the same seed makes the same ones."""

    def __init__(self, seed: int) -> None:
        self.by = Random(seed)
        self._aliases = 0

    def query(self, depth: int = 2) -> Made:
        """A SELECT over tables and, down to a depth, over SELECTs."""
        sort = self.by.choice(("plain", "plain", "group", "group", "group", "window", "distinct", "set", "with"))
        if sort == "set" and depth:
            return self._set(depth)
        if sort == "with" and depth:
            return self._with(depth)
        sources, columns, where = self._from(depth)
        return self._select(sort, sources, columns, where)

    def _set(self, depth: int) -> Made:
        left, right = self.query(depth - 1), self.query(depth - 1)
        width = min(len(left.columns), len(right.columns))
        word = self.by.choice(("union all", "union", "except", "intersect", "except all"))
        sides = [f"select {', '.join(each.columns[:width])} from ({each.sql}) as s" for each in (left, right)]
        return Made(f"{sides[0]} {word} {sides[1]}", left.columns[:width])

    def _with(self, depth: int) -> Made:
        inner = self.query(depth - 1)
        name = self._alias()
        other = self._alias()
        columns = [f"{name}.{column}" for column in inner.columns]
        if self.by.random() < 0.4:
            text = f"{name} join {name} as {other} on {name}.{inner.columns[0]} = {other}.{inner.columns[-1]}"
            columns += [f"{other}.{inner.columns[0]}"]
        else:
            text = name
        made = self._select(self.by.choice(("plain", "group", "window")), text, columns, "")
        return Made(f"with {name} as ({inner.sql}) {made.sql}", made.columns)

    def _alias(self) -> str:
        self._aliases += 1
        return f"s{self._aliases}"

    def _source(self, depth: int) -> tuple[str, list[str]]:
        alias = self._alias()
        if depth and self.by.random() < 0.3:
            inner = self.query(depth - 1)
            return f"({inner.sql}) as {alias}", [f"{alias}.{column}" for column in inner.columns]
        table = self.by.choice(tuple(TABLES))
        return f"main.{table} as {alias}", [f"{alias}.{column}" for column in TABLES[table]]

    def _from(self, depth: int) -> tuple[str, list[str], str]:
        text, columns = self._source(depth)
        where = ""
        for _ in range(self.by.choice((0, 0, 1, 1, 2))):
            right, theirs = self._source(depth)
            join = self.by.choice(JOINS)
            condition = f"{self.by.choice(columns)} = {self.by.choice(theirs)}"
            if self.by.random() < 0.15:
                condition += f" and {self.by.choice(theirs)} > 0"
            if join == ",":
                text, where = f"{text}, {right}", f"{where} and {condition}" if where else condition
            elif join == "cross join":
                text = f"{text} cross join {right}"
                where = f"{where} and {condition}" if where else condition
            else:
                text = f"{text} {join} {right} on {condition}"
            if join not in ("semi join", "anti join"):
                columns = columns + theirs
            if "," in text and join != ",":
                text = text.replace(", ", " cross join ") if self.by.random() < 0.5 else text
        return text, columns, where

    def _value(self, columns: list[str]) -> str:
        column = self.by.choice(columns)
        return self.by.choice((column, column, column, f"{column} + 1", f"coalesce({column}, 0)", f"{column} % 2"))

    def _condition(self, columns: list[str]) -> str:
        column = self.by.choice(columns)
        number = self.by.randrange(4)
        return self.by.choice((f"{column} > {number}", f"{column} is null", f"{column} <> {number}", f"{column} < 3"))

    def _where(self, columns: list[str], given: str) -> str:
        conditions = [given] if given else []
        if self.by.random() < 0.4:
            conditions.append(self._condition(columns))
        if self.by.random() < 0.25:
            conditions.append(self._asking(columns))
        return f" where {' and '.join(conditions)}" if conditions else ""

    def _asking(self, columns: list[str]) -> str:
        """A condition that asks another SELECT."""
        text, theirs = self._source(int(self.by.random() < 0.3))
        mine, own, other = self.by.choice(columns), self.by.choice(theirs), self.by.choice(theirs)
        met = f"{other} = {self.by.choice(columns)}"
        extra = f" where {self._condition(theirs)}" if self.by.random() < 0.5 else ""
        asked = self.by.choice(
            (
                f"exists (select 1 from {text} where {met})",
                f"not exists (select 1 from {text} where {met})",
                f"{mine} in (select {own} from {text}{extra})",
                f"{mine} not in (select {own} from {text}{extra})",
                f"{mine} in (select {own} from {text} group by {own} having count(*) > 1)",
                f"{mine} >= (select min({own}) from {text} where {met})",
                f"{mine} = (select max({own}) from {text}{extra})",
            )
        )
        return f"({self._condition(columns)} or {asked})" if self.by.random() < 0.2 else asked

    def _aggregate(self, columns: list[str]) -> str:
        return self.by.choice(AGGREGATES).format(self._value(columns), self.by.choice(columns))

    def _select(self, sort: str, sources: str, columns: list[str], given: str) -> Made:
        where = self._where(columns, given)
        if sort == "group":
            return self._grouped(sources, columns, where)
        if sort == "window":
            return self._windowed(sources, columns, where)
        values = [self._value(columns) for _ in range(self.by.choice((1, 2, 3)))]
        names = tuple(f"c{i}" for i in range(len(values)))
        shown = ", ".join(f"{value} as {name}" for value, name in zip(values, names, strict=True))
        return Made(f"select {'distinct ' if sort == 'distinct' else ''}{shown} from {sources}{where}", names)

    def _grouped(self, sources: str, columns: list[str], where: str) -> Made:
        keys = [self._value(columns) for _ in range(self.by.choice((0, 1, 1, 1, 2)))]
        values = [self._aggregate(columns) for _ in range(self.by.choice((1, 2)))]
        items = [*keys, *values]
        shown = ", ".join(f"{item} as c{i}" for i, item in enumerate(items))
        group = f" group by {self.by.choice(('all', ', '.join(map(str, range(1, len(keys) + 1)))))}" if keys else ""
        having = f" having {self._aggregate(columns)} is not null" if self.by.random() < 0.2 else ""
        if keys and self.by.random() < 0.2:
            having = " having count(*) > 1"
        return Made(f"select {shown} from {sources}{where}{group}{having}", tuple(f"c{i}" for i in range(len(items))))

    def _windowed(self, sources: str, columns: list[str], where: str) -> Made:
        parts = [self.by.choice(columns) for _ in range(self.by.choice((0, 1, 1, 2)))]
        plain = [*dict.fromkeys([*parts, self.by.choice(columns)])]
        over = f"partition by {', '.join(parts)} " if parts else ""
        over += f"order by {self.by.choice(columns)}" if self.by.random() < 0.5 else ""
        function = self.by.choice(OVER).format(self.by.choice(columns))
        shown = ", ".join(f"{item} as c{i}" for i, item in enumerate(plain))
        qualify = f" qualify count(*) over ({over}) > 1" if self.by.random() < 0.2 else ""
        names = (*(f"c{i}" for i in range(len(plain))), "w")
        return Made(f"select {shown}, {function} over ({over}) as w from {sources}{where}{qualify}", names)

    def rows(self, table: str, most: int = 9) -> list[tuple[int | None, ...]]:
        """Rows of a table."""
        return [self._row(table) for _ in range(self.by.randrange(most))]

    def _row(self, table: str) -> tuple[int | None, ...]:
        return tuple(self.by.choice((None, 0, 1, 1, 2, 3)) for _ in TABLES[table])

    def changed(self, table: str, rows: list[tuple[int | None, ...]]) -> list[tuple[int | None, ...]]:
        """Rows after some were added, taken away or changed; often the same."""
        if self.by.random() < 0.35:
            return rows
        kept = [row for row in rows if self.by.random() > self.by.choice((0.0, 0.2, 0.9))]
        kept = [self._row(table) if self.by.random() < 0.15 else row for row in kept]
        return kept + self.rows(table, self.by.choice((1, 3, 6)))
