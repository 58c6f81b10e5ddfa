"""A model that is kept when texts above it are edited holds the rows that a full rebuild would give."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import duckdb
import pytest

from mainstem.core.dataset import Dataset, Model, SqlFacts
from mainstem.core.place import Place
from mainstem.orchestration.makings import Makings, key_of, of_model
from mainstem.sql.facts import read_facts

PROJECTS = 25
EDITS = 8
WHEN = (datetime(2026, 1, 1, tzinfo=UTC), "UTC", ())
NAMES = ("a", "b", "c", "d", "k")


@dataclass(frozen=True)
class Text:
    """A SELECT in pieces. `items` are expressions with names; `form` is what stands around them."""

    form: str
    left: str
    right: str = ""
    join: str = "join"
    items: tuple[tuple[str, str], ...] = ()
    where: str = ""
    group: str = ""
    tail: str = ""
    is_distinct: bool = False
    values: tuple[tuple[int, ...], ...] = ()
    comment: str = ""

    def sql(self) -> str:
        if self.form == "values":
            rows = ", ".join(str(row) for row in self.values)
            names = ", ".join(NAMES[: len(self.values[0])])
            return f"{self.comment}select {self._list()} from (values {rows}) as t({names})"
        body = f"select {'distinct ' if self.is_distinct else ''}{self._list()} from {self._from()}"
        body += f" where {self.where}" if self.where else ""
        body += f" group by {self.group}" if self.group else ""
        body += f" {self.tail}" if self.tail else ""
        around = {
            "plain": "{}",
            "last": "with last as ({}) select * from last",
            "nested": "select * from ({}) as n",
            "union": f"({{}}) union all select {', '.join(name for _, name in self.items)} from ({body}) as u",
        }
        return self.comment + around[self.form].format(body)

    def _list(self) -> str:
        return ", ".join(
            expression if expression == "*" else f"{expression} as {name}" for expression, name in self.items
        )

    def _from(self) -> str:
        left = self.left
        return f"{left} as l {self.join} {self.right} as r using (k)" if self.right else f"{left} as l"


def expression(chance: random.Random, columns: list[str], others: list[str], *, grouped: bool) -> str:
    one, two = chance.choice(columns), chance.choice(columns)
    plain = [one, f"{one} + 1", f"{one} - {two}", f"coalesce({one}, 0)", f"case when {one} > {two} then {one} end", "7"]
    if grouped:
        return chance.choice(
            [f"sum({one})", f"max({one})", "count(*)", f"count(distinct {one})", f"min({one} - {two})"]
        )
    other = chance.choice(others) if others else ""
    rich = [
        f"sum({one}) over (partition by {two})",
        f"rank() over (order by {one})",
        f"row_number() over (order by {one})",
    ]
    if other:
        rich += [
            f"(select max(o.k) from {other} as o)",
            f"exists (select 1 from {other} as o where o.k = {one})::integer",
        ]
    return chance.choice(plain * 3 + rich)


def condition(chance: random.Random, columns: list[str], others: list[str]) -> str:
    one = chance.choice(columns)
    found = [f"{one} > 1", f"{one} is not null", f"{one} % 2 = 0"]
    return chance.choice([*found, *(f"{one} in (select o.k from {other} as o)" for other in others[:1])])


Texts = Mapping[str, Text]
"""By name, in an order in which they can be made."""


def first(chance: random.Random) -> Texts:
    texts: dict[str, Text] = {}
    for number in range(2):
        rows = tuple(tuple(chance.randint(0, 3) for _ in range(3)) for _ in range(chance.randint(2, 5)))
        items = tuple((name, name) for name in NAMES[:3])
        texts[f"main.s{number}"] = Text("values", "", items=(*items, ("a", "k")), values=rows)
    while len(texts) < 6:
        more = {**texts, f"main.m{len(texts)}": text(chance, list(texts), texts)}
        texts = more if build(more, 0, None) else texts
    return texts


def text(chance: random.Random, names: list[str], texts: Texts) -> Text:
    left = chance.choice([*names, names[-1], names[-1]])
    right = chance.choice([*names, "", "", "", ""])
    columns = [f"l.{name}" for _, name in texts[left].items if name != "*"] or ["l.k"]
    join = chance.choice(["join", "left join", "full join", "semi join"]) if right else "join"
    if right and join != "semi join":
        columns += [f"r.{name}" for _, name in texts[right].items if name != "*"]
    elif not right:
        columns += [column.removeprefix("l.") for column in columns]
    columns = [column for column in columns if not column.endswith(".k")] + ["k"]
    grouped = chance.random() < 0.3
    form = chance.choice(["plain", "plain", "plain", "last", "nested", "union"])
    made = chance.sample(NAMES[:4], chance.randint(1, 3))
    items = [("k", "k"), *((expression(chance, columns, names, grouped=grouped), name) for name in made)]
    if not grouped and not right and chance.random() < 0.2:
        items = [("*", "*")]
    chance.shuffle(items)
    at = [n + 1 for n, item in enumerate(items) if item[1] == "k"]
    return Text(
        form if items[0][0] != "*" else "plain",
        left,
        right,
        join,
        tuple(items),
        condition(chance, columns, names) if chance.random() < 0.4 else "",
        chance.choice(["k", "all", str(at[0]) if at else "k"]) if grouped else "",
        chance.choice(["", "", "", "order by k", "order by k limit 2", "having count(*) > 1" if grouped else ""]),
        chance.random() < 0.15,
    )


def edited(chance: random.Random, texts: Texts) -> Texts:
    """One text is another: a column more, less, elsewhere, made otherwise, or other rows."""
    name = chance.choice(list(texts))
    old = texts[name]
    if chance.random() < 0.5:
        return {**texts, name: replace(old, items=tuple(_items(chance, old, texts)))}
    if old.form == "values":
        return {**texts, name: replace(old, values=(*old.values[1:], tuple(chance.randint(0, 3) for _ in range(3))))}
    before = list(texts)[: list(texts).index(name)]
    new = chance.choice(
        [
            replace(old, where="" if old.where else "k > 0"),
            replace(old, is_distinct=not old.is_distinct),
            replace(old, comment="-- said anew\n"),
            replace(old, group=chance.choice(["k", "all", "1", "k, 1"]) if old.group else ""),
            text(chance, before, texts),
        ]
    )
    return {**texts, name: new}


def _items(chance: random.Random, old: Text, texts: Texts) -> list[tuple[str, str]]:
    items, at = list(old.items), chance.randrange(len(old.items))
    way = chance.choice(["add", "drop", "swap", "other", "other"])
    free = [each for each in NAMES if each not in {item[1] for item in items}]
    simple = chance.choice(["a", "b + 1", "a * b", "k", "3"])
    made = simple if old.form == "values" else chance.choice([text(chance, [old.left], texts).items[0][0], simple])
    if way == "add" and free:
        items.insert(at, (made, free[0]))
    elif way == "drop" and len(items) > 1:
        items.pop(at)
    elif way == "swap":
        chance.shuffle(items)
    elif items[at][1] != "*":
        items[at] = (made, items[at][1])
    return items


@dataclass
class Built:
    """What a world comes to: keys, versions and rows by model."""

    facts: dict[str, SqlFacts] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    rows: dict[str, Any] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)


def build(texts: Texts, round_: int, before: Built | None) -> Built | None:
    """Every model computed in full; None where a text is wrong. What `before` lets stand keeps its version."""
    built, makings = Built(), dict[str, Makings]()
    engine = duckdb.connect(config={"threads": 1})
    columns: dict[str, tuple[str, ...]] = {}
    for name, each in texts.items():
        sql = each.sql()
        facts = read_facts(sql, Place("a.sql"), columns)
        if facts.problems:
            return None
        try:
            engine.execute(f"create table {name} as {sql}")
        except duckdb.Error:
            return None
        found = engine.execute(f"select * from {name}")
        columns[name] = tuple(column[0] for column in found.description)
        assert facts.columns == columns[name]
        inputs: Mapping[str, Makings] = {parent: makings[parent] for parent in facts.inputs}
        dataset = Dataset(name, Place("a.sql"), Model("table", sql, Place("a.sql")))
        key = key_of(dataset, facts, inputs, WHEN)
        assert key is not None
        is_kept = before is not None and before.keys.get(name) == key
        built.keys[name], built.facts[name] = key, facts
        built.ids[name] = before.ids[name] if is_kept and before else f"{name}@{round_}"
        built.rows[name] = (columns[name], sorted(map(repr, found.fetchall())))
        built.kept |= {name} if is_kept else set()
        makings[name] = of_model(dataset, facts, inputs, WHEN, built.ids[name])
    return built


@pytest.mark.parametrize("part", range(2))
def test_what_is_kept_is_what_a_rebuild_gives(part: int) -> None:
    kept = sum(kept_below(seed) for seed in range(part * PROJECTS, (part + 1) * PROJECTS))
    assert kept > PROJECTS / 5, "what reads a dataset that was built again is often kept"


def kept_below(seed: int) -> int:
    """How often a model was kept although something that it reads was built again."""
    chance, found = random.Random(seed), 0
    texts = first(chance)
    built = build(texts, 0, None)
    for round_ in range(1, EDITS + 1):
        other = edited(chance, texts)
        again = build(other, round_, built)
        if again is None or built is None:
            continue
        for name in again.kept:
            said = "\n".join(f"{each}: {t.sql()}\n{' ' * len(each)}  {other[each].sql()}" for each, t in texts.items())
            assert again.rows[name] == built.rows[name], f"seed {seed}, round {round_}: {name}\n{said}"
            found += any(again.ids[parent] != built.ids.get(parent) for parent in again.facts[name].inputs)
        texts, built = other, again
    return found
