"""How far a change of its inputs reaches into the rows of a SELECT: as SELECTs that the engine runs.

The rule has no algebra of aggregates in it. A row of the result differs only if a row differs that it is made of, so
each input that changed is put in place of itself as just its changed rows, once among the other inputs as they are and
once as they were; what comes out names the groups, partitions or keys that may differ. These are computed anew from
full inputs, and all others stay.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlglot import expressions as exp

from mainstem.core.place import Place
from mainstem.sql.inline import dataset_of, inlined
from mainstem.sql.parse import parse_select
from mainstem.sql.quote import quote
from mainstem.sql.steady import is_aggregate, unsteady

TOUCHED = "mainstem_touched"
"""The table of all keys that may differ, once each, in the columns mainstem_k0, mainstem_k1 ..."""

_JOINS = frozenset({"", "INNER", "CROSS", "OUTER", "SEMI", "ANTI"})


@dataclass(frozen=True, slots=True)
class Moved:
    """An input that differs from what was read last, as relations of the engine: `before` has all rows of then,
    `changed` those that came or went since, with the columns of now."""

    before: str
    changed: str


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


class _WholeError(Exception):
    """Why a SELECT can only be computed as a whole."""


@dataclass(slots=True)
class _Making:
    """Tables made on the way."""

    moved: Mapping[str, Moved]
    made: list[tuple[str, str]] = field(default_factory=list)

    def rows(self, selects: Sequence[exp.Expr]) -> str:
        """A table of the rows of all of them."""
        return self._table(" union all ".join(_text(select) for select in selects))

    def keys(self, names: Sequence[str], selects: Sequence[exp.Expr]) -> str:
        """A table of the values that they show in some columns, once each."""
        return self._table(" union ".join(_keys_of(names, _text(select)) for select in selects))

    def _table(self, select: str) -> str:
        name = f"mainstem_part_{len(self.made)}"
        self.made.append((name, select))
        return name


def _keys_of(names: Sequence[str], rows: str) -> str:
    shown = ", ".join(f"{quote(name)} as mainstem_k{i}" for i, name in enumerate(names))
    return f"select distinct {shown} from ({rows}) as mainstem_rows"


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
        return _reach(sql, tree, whole, _Making(moved), columns, key)
    except _WholeError as error:
        return str(error)


def _tree(sql: str) -> exp.Expr | None:
    """The tree of a text, if the text that is made of it means the same to the parser."""
    parsed = parse_select(sql, Place("model"))
    if parsed.tree is None:
        return None
    again = parse_select(_text(parsed.tree), Place("model"))
    return parsed.tree if again.tree is not None and _text(again.tree) == _text(parsed.tree) else None


def _text(tree: exp.Expr) -> str:
    return tree.sql("duckdb", comments=False)


def _reach(
    sql: str, tree: exp.Expr, whole: exp.Expr, making: _Making, columns: Sequence[str], key: Sequence[str]
) -> Reach:
    query = _bare(whole)
    names = {name.lower() for name in columns}
    keys, by = [name for name in key if name.lower() in names], "key"
    if isinstance(query, exp.Select) and _sort(query) != "plain":
        own, by = _keys(query), _sort(query)
        if not own:
            raise _WholeError("all rows make one result" if by == "group" else "a window goes over all rows")
        keys = keys if keys and {name.lower() for name in keys} <= {name.lower() for name in own} else own
    elif not keys:
        keys, by = list(columns), "row"
    found = _cores(query, making) if isinstance(query, exp.Select) else _differing(query, making)
    rows = [_text(row) for row in found]
    if not rows:
        raise _WholeError("it reads nothing of what has changed")
    if isinstance(query, exp.SetOperation):  # its columns are named by its first SELECT
        listed = ", ".join(map(quote, columns))
        rows = [f"select * from ({row}) as mainstem_rows({listed})" for row in rows]
    touched = " union ".join(_keys_of(keys, row) for row in rows)
    return Reach(tuple(keys), tuple(making.made), touched, _again(sql, tree, keys), by)


def _again(sql: str, tree: exp.Expr, keys: Sequence[str]) -> str:
    """All rows whose keys are in TOUCHED; the condition stands as deep as it can, where the engine makes use of it."""
    query = _bare(tree.copy())
    if isinstance(query, exp.Select):
        items = _named_items(query)
        if all(name.lower() in items for name in keys) and query.args.get("from_") is not None:
            return _text(_restricted(query, TOUCHED, [items[name.lower()] for name in keys]))
    same = " and ".join(f"q.{quote(name)} is not distinct from t.mainstem_k{i}" for i, name in enumerate(keys))
    return f"select q.* from ({sql.rstrip().removesuffix(';')}\n) as q semi join {TOUCHED} as t on {same}"


def _bare(query: exp.Expr) -> exp.Expr:
    """Without the brackets around it, and without an order, which a table does not have."""
    while isinstance(query, exp.Subquery) and not query.alias:
        query = query.this
    query.set("order", None)
    return query


def _sort(select: exp.Select) -> str:
    """group | partition | plain."""
    if select.args.get("group") or select.args.get("having"):
        return "group"
    windows = list(_windows(select))
    over = {id(node) for window in windows for node in window.walk()}
    found = (node for node in _own_nodes(select, "expressions") if is_aggregate(node) and id(node) not in over)
    if next(found, None) is not None:
        return "group"
    return "partition" if windows else "plain"


def _own_nodes(select: exp.Select, *names: str) -> Iterator[exp.Expr]:
    """Nodes of clauses of a SELECT, those of subqueries in them left out."""
    for name in names:
        clause = select.args.get(name)
        for item in clause if isinstance(clause, list) else [clause] if clause is not None else []:
            yield from item.walk(prune=lambda node: isinstance(node, exp.Query))


def _windows(select: exp.Select) -> Iterator[exp.Window]:
    for node in _own_nodes(select, "expressions", "qualify"):
        if isinstance(node, exp.Window):
            yield node


def _named_items(select: exp.Select) -> dict[str, exp.Expr]:
    """What the SELECT shows under names that can be relied on, in lower case."""
    items: dict[str, exp.Expr] = {}
    twice: set[str] = set()
    for item in select.expressions:
        name = item.alias_or_name.lower()
        is_named = isinstance(item, exp.Alias | exp.Column) and not item.is_star and name
        if not is_named:
            continue
        if name in items:
            twice.add(name)
        items[name] = item.this if isinstance(item, exp.Alias) else item
    return {name: item for name, item in items.items() if name not in twice}


def _keys(select: exp.Select) -> list[str]:
    """The columns of a grouping SELECT that are one value a group, of one with windows those that name the partitions
    of all of them."""
    items = _named_items(select)
    kept = {name: item for name, item in items.items() if not _is_computed(item)}
    partitions = [{_text(each) for each in window.args.get("partition_by") or ()} for window in _windows(select)]
    spelled = {item.alias_or_name.lower(): item.alias_or_name for item in select.expressions}
    return [spelled[name] for name, item in kept.items() if all(_text(item) in each for each in partitions)]


def _is_computed(item: exp.Expr) -> bool:
    return any(is_aggregate(node) or isinstance(node, exp.Window | exp.Query) for node in item.walk())


def _reads_moved(node: exp.Expr, making: _Making) -> bool:
    return any(dataset_of(table) in making.moved for table in node.find_all(exp.Table))


def _differing(query: exp.Expr, making: _Making) -> list[exp.Expr]:
    """SELECTs whose rows are among others all that a query shows now and did not before, or the other way round."""
    query = _bare(query)
    if not _reads_moved(query, making):
        return []
    if isinstance(query, exp.SetOperation):
        return _either(query, making)
    if not isinstance(query, exp.Select):
        raise _WholeError("it reads something that is neither a table nor a SELECT")
    if _sort(query) == "plain":
        return _cores(query, making)
    keys = _keys(query)
    if not keys:
        return [query.copy(), _before(query, making)]
    all_keys = making.keys(keys, _cores(query, making))
    items = _named_items(query)
    values = [items[name.lower()] for name in keys]
    return [_restricted(state, all_keys, values) for state in (query.copy(), _before(query, making))]


def _either(query: exp.SetOperation, making: _Making) -> list[exp.Expr]:
    """What differs on one of two sides; the first one names the columns of both."""
    if query.args.get("by_name"):
        raise _WholeError("a UNION goes by names")
    left, right = _differing(query.this, making), _differing(query.expression, making)
    if left or not right:
        return [*left, *right]
    names = query.named_selects
    if not all(names) or "*" in names:
        raise _WholeError("the columns of a UNION are not named")
    alias = exp.TableAlias(
        this=exp.to_identifier("mainstem_rows"), columns=[exp.to_identifier(name, quoted=True) for name in names]
    )
    return [exp.select("*").from_(exp.Subquery(this=row, alias=alias.copy())) for row in right]


def _before(node: exp.Expr, making: _Making) -> exp.Expr:
    """A copy that reads what was there when it was read last."""
    made = node.copy()
    for table in list(made.find_all(exp.Table)):
        if dataset_of(table) in making.moved:
            _rename(table, making.moved[dataset_of(table)].before)
    return made


def _rename(table: exp.Table, name: str) -> exp.Expr:
    """Another relation in place of a table; its columns are called as before."""
    alias = table.args.get("alias") or exp.TableAlias(this=exp.to_identifier(table.name, quoted=True))
    made = exp.Table(this=exp.to_identifier(name, quoted=True), alias=alias.copy())
    table.replace(made)
    return made


def _restricted(select: exp.Expr, table: str, values: Sequence[exp.Expr]) -> exp.Expr:
    """The SELECT with only those rows below it whose values are in the columns mainstem_k0 ... of a table."""
    alias = f"{table}_keys"
    same = [
        exp.NullSafeEQ(this=exp.paren(value.copy()), expression=exp.column(f"mainstem_k{i}", table=alias))
        for i, value in enumerate(values)
    ]
    joins = select.args.get("joins") or []
    for join in joins:
        if _is_comma(join):
            join.set("kind", "CROSS")
    named = exp.Table(this=exp.to_identifier(table), alias=exp.TableAlias(this=exp.to_identifier(alias)))
    select.set("joins", [*joins, exp.Join(this=named, kind="SEMI", on=exp.and_(*same))])
    return select


def _is_comma(join: exp.Expr) -> bool:
    return not any(join.args.get(name) for name in ("kind", "side", "on", "using", "method"))


def _cores(select: exp.Select, making: _Making) -> list[exp.Expr]:
    """The SELECT over just the changed rows of one of its inputs, for each of them, with the others as they are and as
    they were; without the conditions on its results."""
    _refuse_outside(select, making)
    places = [number for number, source in enumerate(_sources(select)) if _reads_moved(source, making)]
    made: list[exp.Expr] = []
    deltas = {number: _delta(_sources(select)[number], making) for number in places}
    for number in places:
        states = [select.copy()] if len(places) == 1 else [select.copy(), _before(select, making)]
        for state in states:
            for name in ("having", "qualify", "order"):
                state.set(name, None)
            made += _with_delta(state, number, deltas[number])
    return made


def _sources(select: exp.Expr) -> list[exp.Expr]:
    from_ = select.args.get("from_")
    return [from_.this, *(join.this for join in select.args.get("joins") or ())] if from_ is not None else []


def _refuse_outside(select: exp.Select, making: _Making) -> None:
    """Only FROM and JOIN may read what changed."""
    inside = {id(table) for source in _sources(select) for table in source.find_all(exp.Table)}
    for table in select.find_all(exp.Table):
        if id(table) not in inside and dataset_of(table) in making.moved:
            raise _WholeError(f'a subquery outside of FROM reads "{dataset_of(table)}"')
    for join in select.args.get("joins") or ():
        if join.side not in ("", "LEFT") or join.method or join.kind not in _JOINS:
            raise _WholeError(f"it has a {' '.join(filter(None, (join.method, join.side, join.kind)))} JOIN")
    for source in _sources(select):
        if source.args.get("joins") or (isinstance(source, exp.Lateral) and _reads_moved(source, making)):
            raise _WholeError("its FROM is nested in a way that is not followed")


def _delta(source: exp.Expr, making: _Making) -> exp.Expr:
    """What stands in place of a source: its changed rows, under the same name."""
    if isinstance(source, exp.Table):
        copied = exp.Subquery(this=source.copy())  # a parent, so that it can be replaced
        _rename(copied.this, making.moved[dataset_of(source)].changed)
        found: exp.Expr = copied.this
        return found
    if isinstance(source, exp.Subquery):
        name = making.rows(_differing(source.this.copy(), making))
        return exp.Table(this=exp.to_identifier(name), alias=source.args["alias"].copy() if source.alias else None)
    raise _WholeError("it reads something that is neither a table nor a SELECT")


def _with_delta(state: exp.Expr, number: int, delta: exp.Expr) -> list[exp.Expr]:
    """The state with a source replaced; of an outer join also the rows that have no partner any more, or none yet."""
    source = _sources(state)[number]
    if number == 0:
        source.replace(delta.copy())
        return [state]
    join = state.args["joins"][number - 1]
    if join.kind in ("SEMI", "ANTI"):
        join.set("kind", "SEMI")
        source.replace(delta.copy())
        return [state]
    if join.side != "LEFT":
        source.replace(delta.copy())
        return [state]
    alone = state.copy()
    join.set("side", None)
    source.replace(delta.copy())
    _leave_alone(alone, number, delta)
    return [state, alone]


def _leave_alone(state: exp.Expr, number: int, delta: exp.Expr) -> None:
    """Rows on the left of an outer join that a changed row on its right belongs to, as if it had none."""
    join = state.args["joins"][number - 1]
    source = join.this
    condition = join.args.get("on")
    if condition is None:
        condition = _used(state, number, join)
    met = exp.select("1").from_(delta.copy()).where(condition.copy())
    nothing = exp.select("*").from_(_unnamed(source)).where("false")
    alias = source.args.get("alias") or exp.TableAlias(this=exp.to_identifier(source.name, quoted=True))
    source.replace(exp.Subquery(this=nothing, alias=alias.copy()))
    where = state.args.get("where")
    both = [exp.Exists(this=met), *([exp.paren(where.this.copy())] if where is not None else [])]
    state.set("where", exp.Where(this=exp.and_(*both)))


def _unnamed(source: exp.Expr) -> exp.Expr:
    made = source.copy()
    if isinstance(made, exp.Subquery):
        made.set("alias", exp.TableAlias(this=exp.to_identifier("mainstem_none")))
    else:
        made.set("alias", None)
    return made


def _used(state: exp.Expr, number: int, join: exp.Expr) -> exp.Expr:
    """What JOIN ... USING compares, where there is one table on its left."""
    left, using = _sources(state)[0].alias_or_name, join.args.get("using")
    if number != 1 or not using or not left:
        raise _WholeError("a LEFT JOIN goes by USING")
    right = join.this.alias_or_name
    return exp.and_(*(_equal(each.name, left, right) for each in using))


def _equal(name: str, left: str, right: str) -> exp.Expr:
    return exp.EQ(
        this=exp.column(name, left, quoted=True),
        expression=exp.column(name, right, quoted=True),
    )
