"""Random queries over `t(a, b, c)` and `u(a, d)`, all integers: a strategy that knows which names are visible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import strategies as st

BASE = {"t": ("a", "b", "c"), "u": ("a", "d")}
_NAMES = ("a", "b", "e", "f", "x1")


@dataclass
class Level:
    """Relations visible at one level of a query: alias to columns, and how often a bare name occurs."""

    relations: dict[str, list[str]] = field(default_factory=dict)
    merged: set[str] = field(default_factory=set)

    def references(self) -> list[str]:
        """Column references that are not ambiguous."""
        names = [name for columns in self.relations.values() for name in columns]
        bare = [name for name in dict.fromkeys(names) if names.count(name) == 1 or name in self.merged]
        return [f"{alias}.{name}" for alias, columns in self.relations.items() for name in columns] + bare


@dataclass(frozen=True)
class Text:
    sql: str
    columns: tuple[str, ...]


@st.composite
def queries(draw: st.DrawFn, depth: int = 3, outer: Sequence[str] = ()) -> Text:
    """A query; `outer` are references of the levels around it."""
    shape = draw(st.sampled_from(("select",) * 5 + ("set", "cte") if depth > 0 else ("select",)))
    if shape == "set":
        return draw(_set_operation(depth, outer))
    if shape == "cte":
        return draw(_with(depth))
    return draw(_select(depth, outer))


@st.composite
def _with(draw: st.DrawFn, depth: int) -> Text:
    inner = draw(queries(depth - 1))
    name = draw(st.sampled_from(("t", "u", "v")))
    head = f"with {name} as ({inner.sql})"
    rest = draw(_select(depth - 1, (), (name, numbered(inner.columns))))
    return Text(f"{head} {rest.sql}", rest.columns)


@st.composite
def _set_operation(draw: st.DrawFn, depth: int, outer: Sequence[str]) -> Text:
    operation = draw(st.sampled_from(("union", "union all", "except", "intersect", "union all by name")))
    count = draw(st.integers(1, 3))
    left, right = (draw(_narrow(depth - 1, outer, count)) for _ in range(2))
    columns = list(left.columns)
    if operation.endswith("by name"):
        columns += [name for name in right.columns if name not in columns]
    order = draw(st.sampled_from(("", f" order by {columns[0]}", " order by all")))
    return Text(f"{left.sql} {operation} {right.sql}{order}", tuple(columns))


@st.composite
def _narrow(draw: st.DrawFn, depth: int, outer: Sequence[str], count: int) -> Text:
    """A SELECT of `count` columns of different names."""
    level, sql = draw(_from(depth, outer, None))
    names = draw(st.lists(st.sampled_from(_NAMES), min_size=count, max_size=count, unique=True))
    items = [f"{draw(_expression(level, depth, outer))} as {name}" for name in names]
    return Text(f"select {', '.join(items)} {sql}", tuple(names))


@st.composite
def _from(
    draw: st.DrawFn, depth: int, outer: Sequence[str], given: tuple[str, tuple[str, ...]] | None
) -> tuple[Level, str]:
    level = Level()
    first = draw(_source(depth, outer, "r1", given))
    level.relations["r1"] = list(first.columns)
    sql = f"from {first.sql}"
    for number in range(draw(st.integers(0, 2 if depth > 0 else 0))):
        alias = f"r{number + 2}"
        right = draw(_source(depth - 1, [*outer, *level.references()], alias, None))
        sql += draw(_join(level, alias, right))
    return level, sql


@st.composite
def _source(
    draw: st.DrawFn, depth: int, outer: Sequence[str], alias: str, given: tuple[str, tuple[str, ...]] | None
) -> Text:
    if given is not None:
        return Text(f"{given[0]} {alias}", given[1])
    kind = draw(st.sampled_from(("table", "table", "table", "query", "range") if depth > 0 else ("table",)))
    if kind == "query":
        inner = draw(queries(depth - 1))
        return Text(f"({inner.sql}) {alias}", numbered(inner.columns))
    if kind == "range":
        name = draw(st.sampled_from(_NAMES))
        return Text(f"range(3) {alias}({name})", (name,))
    table = draw(st.sampled_from(("t", "u")))
    if draw(st.booleans()):
        return Text(f"main.{table} as {alias}", BASE[table])
    first = draw(st.sampled_from(("p", "b")))
    return Text(f"main.{table} as {alias}({first})", numbered((first, *BASE[table][1:])))


def numbered(columns: Sequence[str]) -> tuple[str, ...]:
    """Names as a subquery shows them: repeated ones numbered."""
    shown: list[str] = []
    for name in columns:
        unique, number = name, 0
        while unique in shown:
            number += 1
            unique = f"{name}_{number}"
        shown.append(unique)
    return tuple(shown)


@st.composite
def _join(draw: st.DrawFn, level: Level, alias: str, right: Text) -> str:
    """The text of a join; `level` grows."""
    left_names = [name for columns in level.relations.values() for name in columns]
    shared = [
        name
        for name in dict.fromkeys(right.columns)
        if name in left_names and (left_names.count(name) == 1 or name in level.merged)
    ]
    side = draw(st.sampled_from(("", "left ", "right ", "full ", "semi ", "anti ")))
    if shared and draw(st.booleans()):
        condition = f" using ({shared[0]})"
        if not side.startswith(("semi", "anti")):
            level.merged.add(shared[0])
    else:
        left = draw(st.sampled_from(level.references()))
        condition = f" on {left} = {alias}.{draw(st.sampled_from(right.columns))}"
    if not side.startswith(("semi", "anti")):
        level.relations[alias] = list(right.columns)
    return f" {side}join {right.sql}{condition}"


@st.composite
def _expression(draw: st.DrawFn, level: Level, depth: int, outer: Sequence[str]) -> str:
    references = [*level.references(), *outer]
    one, two = (draw(st.sampled_from(references)) for _ in range(2))
    form = draw(st.sampled_from(_PLAIN_FORMS if depth < 1 else _PLAIN_FORMS + _SUBQUERY_FORMS))
    inner = draw(queries(depth - 2, references)).sql if "{inner}" in form and depth > 1 else "select 1 as z"
    return form.replace("{one}", one).replace("{two}", two).replace("{inner}", inner)


_PLAIN_FORMS = (
    "{one}",
    "{one} + {two}",
    "case when {one} > 2 then {two} else 0 end",
    "coalesce({one}, {two})",
    "list_sum(list_transform([{one}, 1], x -> x + {two}))",
    "list_sum([y + {one} for y in [1, {two}]])",
    "({'k': {one}}).k",
)
_SUBQUERY_FORMS = (
    "(select count(*) from ({inner}) q)",
    "(select sum({one} + s.a) from main.t s where s.b = {two})",
    "case when exists (select 1 from main.u s where s.d = {one}) then 1 else 0 end",
    "case when {one} in (select s.d from main.u s) then 1 else 0 end",
)


@st.composite
def _select(
    draw: st.DrawFn, depth: int, outer: Sequence[str], given: tuple[str, tuple[str, ...]] | None = None
) -> Text:
    level, source = draw(_from(depth, outer, given))
    kind = draw(st.sampled_from(("rows", "rows", "star", "groups", "columns")))
    if kind == "groups":
        return draw(_groups(level, source, depth, outer))
    if kind == "star":
        items, columns = draw(_star(level))
    elif kind == "columns":
        items, columns = draw(_columns(level))
    else:
        items, columns = draw(_items(level, depth, outer))
    where = draw(_where(level, depth, outer))
    tail = draw(st.sampled_from(("", "", f" order by {draw(st.sampled_from(level.references()))}")))
    distinct = draw(st.sampled_from(("", "", "distinct ")))
    if distinct:
        tail = ""
    if draw(st.booleans()):
        return Text(f"{source} select {distinct}{items}{where}{tail}", columns)
    return Text(f"select {distinct}{items} {source}{where}{tail}", columns)


@st.composite
def _items(draw: st.DrawFn, level: Level, depth: int, outer: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    items = [draw(_item(level, depth, outer)) for _ in range(draw(st.integers(1, 3)))]
    return ", ".join(sql for sql, _ in items), tuple(name for _, name in items)


@st.composite
def _item(draw: st.DrawFn, level: Level, depth: int, outer: Sequence[str]) -> tuple[str, str]:
    reference = draw(st.sampled_from(level.references()))
    name = draw(st.sampled_from(_NAMES))
    form = draw(st.sampled_from(("column", "expression", "window", "prefix")))
    if form == "column":
        return reference, reference.rpartition(".")[2]
    if form == "expression":
        return f"{draw(_expression(level, depth, outer))} as {name}", name
    if form == "window":
        by = draw(st.sampled_from(level.references()))
        return f"sum({reference}) over (partition by {by}) as {name}", name
    return f"{name}: {reference}", name


@st.composite
def _star(draw: st.DrawFn, level: Level) -> tuple[str, tuple[str, ...]]:
    alias = draw(st.sampled_from(list(level.relations)))
    columns = level.relations[alias]
    if draw(st.booleans()) and not level.merged:
        shown = [name for names in level.relations.values() for name in names]
        return "*", tuple(shown)
    name = draw(st.sampled_from(columns))
    forms: dict[str, tuple[str, ...]] = {
        f"{alias}.*": tuple(columns),
        f"{alias}.* replace ({alias}.{name} + 1 as {name})": tuple(columns),
        f"{alias}.* rename ({name} as renamed)": tuple("renamed" if c == name else c for c in columns),
    }
    if len(columns) > 1:
        forms[f"{alias}.* exclude ({name})"] = tuple(c for c in columns if c != name)
    item = draw(st.sampled_from(list(forms)))
    return item, forms[item]


@st.composite
def _columns(draw: st.DrawFn, level: Level) -> tuple[str, tuple[str, ...]]:
    shown = [name for names in level.relations.values() for name in names]
    letter = draw(st.sampled_from([name[0] for name in shown]))
    alias = next(iter(level.relations))
    if len(level.relations) > 1 or level.merged:
        return f"columns({alias}.*) + 1", tuple(level.relations[alias])
    matching = tuple(name for name in shown if letter in name)
    forms: dict[str, tuple[str, ...]] = {
        f"columns('{letter}') + 1": matching,
        f"columns(k -> k like '%{letter}%')": matching,
        f"* like '%{letter}%'": matching,
        f"columns('{letter}') as \"q_\\0\"": tuple(f"q_{name}" for name in matching),
    }
    item = draw(st.sampled_from(list(forms)))
    return item, forms[item]


@st.composite
def _groups(draw: st.DrawFn, level: Level, source: str, depth: int, outer: Sequence[str]) -> Text:
    key, value, other = (draw(st.sampled_from(level.references())) for _ in range(3))
    by = draw(st.sampled_from(("group by all", "group by 1", "group by k1", f"group by {key}")))
    having = draw(st.sampled_from(("", f" having max({other}) > 1", " having n > 1")))
    value = draw(st.sampled_from((f"sum({value})", f"count(*) filter (where {value} > 1)", "count(*)")))
    where = draw(_where(level, depth, outer))
    qualify = draw(st.sampled_from(("", " qualify row_number() over (order by k1) < 3")))
    return Text(f"select {key} as k1, {value} as n {source}{where} {by}{having}{qualify}", ("k1", "n"))


@st.composite
def _where(draw: st.DrawFn, level: Level, depth: int, outer: Sequence[str]) -> str:
    if draw(st.booleans()):
        return ""
    return f" where {draw(_expression(level, depth - 1, outer))} > 1"
