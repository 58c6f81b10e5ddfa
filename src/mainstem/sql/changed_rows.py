"""Rows of a SELECT that a change of its inputs may reach: the SELECT itself over just the rows that changed.

A row of the result differs only if a row differs that it is made of, so each input that changed is put in place of
itself as just its changed rows, once among the other inputs as they are and once as they were. What a condition asks of
a subquery differs only where a changed row of the subquery meets the row outside.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlglot import expressions as exp

from mainstem.sql.quote import quote
from mainstem.sql.steady import is_aggregate
from mainstem.sql.tables import dataset_name

_JOINS = frozenset({"", "INNER", "CROSS", "OUTER", "SEMI", "ANTI"})


@dataclass(frozen=True, slots=True)
class Moved:
    """An input that differs from what was read last, as relations of the engine: `before` has all rows of then,
    `changed` those that came or went since, with the columns of now."""

    before: str
    changed: str


class WholeError(Exception):
    """Why a SELECT can only be computed as a whole."""


@dataclass(slots=True)
class Making:
    """Tables made on the way."""

    moved: Mapping[str, Moved]
    made: list[tuple[str, str]] = field(default_factory=list)

    def rows(self, selects: Sequence[exp.Expr]) -> str:
        """A table of the rows of all of them."""
        return self._table(" union all ".join(text_of(select) for select in selects))

    def keys(self, names: Sequence[str], selects: Sequence[exp.Expr]) -> str:
        """A table of the values that they show in some columns, once each."""
        return self._table(" union ".join(keys_shown(names, text_of(select)) for select in selects))

    def _table(self, select: str) -> str:
        name = f"mainstem_part_{len(self.made)}"
        self.made.append((name, select))
        return name


def keys_shown(names: Sequence[str], rows: str) -> str:
    shown = ", ".join(f"{quote(name)} as mainstem_k{i}" for i, name in enumerate(names))
    return f"select distinct {shown} from ({rows}) as mainstem_rows"


def text_of(tree: exp.Expr) -> str:
    return tree.sql("duckdb", comments=False)


def bare(query: exp.Expr) -> exp.Expr:
    """Without the brackets around it, and without an order, which a table does not have."""
    while isinstance(query, exp.Subquery) and not query.alias:
        query = query.this
    query.set("order", None)
    return query


def sort_of(select: exp.Select) -> str:
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


def named_items(select: exp.Select) -> dict[str, exp.Expr]:
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


def own_keys(select: exp.Select) -> list[str]:
    """The columns of a grouping SELECT that are one value a group, of one with windows those that name the partitions
    of all of them."""
    items = named_items(select)
    kept = {name: item for name, item in items.items() if not _is_computed(item)}
    partitions = [{text_of(each) for each in window.args.get("partition_by") or ()} for window in _windows(select)]
    spelled = {item.alias_or_name.lower(): item.alias_or_name for item in select.expressions}
    return [spelled[name] for name, item in kept.items() if all(text_of(item) in each for each in partitions)]


def _is_computed(item: exp.Expr) -> bool:
    return any(is_aggregate(node) or isinstance(node, exp.Window | exp.Query) for node in item.walk())


def _reads_moved(node: exp.Expr, making: Making) -> bool:
    return any(dataset_name(table) in making.moved for table in node.find_all(exp.Table))


def differing(query: exp.Expr, making: Making) -> list[exp.Expr]:
    """SELECTs whose rows are among others all that a query shows now and did not before, or the other way round."""
    query = bare(query)
    if not _reads_moved(query, making):
        return []
    if isinstance(query, exp.SetOperation):
        return _either(query, making)
    if not isinstance(query, exp.Select):
        raise WholeError("it reads something that is neither a table nor a SELECT")
    if sort_of(query) == "plain":
        return cores(query, making)
    keys = own_keys(query)
    if not keys:
        return [query.copy(), _before(query, making)]
    all_keys = making.keys(keys, cores(query, making))
    items = named_items(query)
    values = [items[name.lower()] for name in keys]
    return [restricted(state, all_keys, values) for state in (query.copy(), _before(query, making))]


def _either(query: exp.SetOperation, making: Making) -> list[exp.Expr]:
    """What differs on one of two sides; the first one names the columns of both."""
    if query.args.get("by_name"):
        raise WholeError("a UNION goes by names")
    left, right = differing(query.this, making), differing(query.expression, making)
    if left or not right:
        return [*left, *right]
    names = query.named_selects
    if not all(names) or "*" in names:
        raise WholeError("the columns of a UNION are not named")
    alias = exp.TableAlias(
        this=exp.to_identifier("mainstem_rows"), columns=[exp.to_identifier(name, quoted=True) for name in names]
    )
    return [exp.select("*").from_(exp.Subquery(this=row, alias=alias.copy())) for row in right]


def _before(node: exp.Expr, making: Making) -> exp.Expr:
    """A copy that reads what was there when it was read last."""
    made = node.copy()
    for table in list(made.find_all(exp.Table)):
        if dataset_name(table) in making.moved:
            _rename(table, making.moved[dataset_name(table)].before)
    return made


def _rename(table: exp.Table, name: str) -> exp.Expr:
    """Another relation in place of a table; its columns are called as before."""
    alias = table.args.get("alias") or exp.TableAlias(this=exp.to_identifier(table.name, quoted=True))
    made = exp.Table(this=exp.to_identifier(name, quoted=True), alias=alias.copy())
    table.replace(made)
    return made


def restricted(select: exp.Expr, table: str, values: Sequence[exp.Expr]) -> exp.Expr:
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


def cores(select: exp.Select, making: Making) -> list[exp.Expr]:
    """The SELECT over just the changed rows of one of its inputs, for each of them, with the others as they are and as
    they were; without the conditions on its results."""
    _refuse(select, making)
    sources = {n: _delta(each, making) for n, each in enumerate(_sources(select)) if _reads_moved(each, making)}
    conditions = {n: _flips(each, making) for n, each in enumerate(_conjuncts(select)) if _reads_moved(each, making)}
    is_one = len(sources) + len(conditions) == 1
    made: list[exp.Expr] = []
    for state in [select.copy()] if is_one else [select.copy(), _before(select, making)]:
        for name in ("having", "qualify", "order"):
            state.set(name, None)
        for number, delta in sources.items():
            made += _with_delta(state.copy(), number, delta)
        for number, flips in conditions.items():
            made.append(_with_condition(state.copy(), number, flips))
    return made


def _with_condition(state: exp.Expr, number: int, condition: exp.Expr) -> exp.Expr:
    """The state with one of the parts of its WHERE replaced."""
    parts = [exp.paren(each.copy()) for each in _conjuncts(state)]
    parts[number] = exp.paren(condition.copy())
    state.set("where", exp.Where(this=exp.and_(*parts)))
    return state


def _conjuncts(select: exp.Expr) -> list[exp.Expr]:
    """The conditions of WHERE, all of which a row has to keep."""
    where = select.args.get("where")
    left, found = ([where.this] if where is not None else []), list[exp.Expr]()
    while left:
        node = left.pop(0)
        if isinstance(node, exp.And):
            left = [node.left, node.right, *left]
        else:
            found.append(node)
    return found


def _flips(condition: exp.Expr, making: Making) -> exp.Expr:
    """True for all rows, and perhaps for more, for which a condition is another one since its subqueries' inputs have
    changed: only what a changed row of theirs meets can flip."""
    found: list[exp.Expr] = []
    for query in condition.walk(prune=lambda node: isinstance(node, exp.Query)):
        if isinstance(query, exp.Query) and _reads_moved(query, making):
            inner = bare(query.copy())
            if not isinstance(inner, exp.Select):
                raise WholeError("a subquery of WHERE is not one SELECT")
            found += [_met(query, core) for core in cores(inner, making)]
    return exp.or_(*found)


def _met(query: exp.Expr, core: exp.Expr) -> exp.Expr:
    """Whether changed rows of a subquery meet the row outside."""
    core = core.copy()
    for name in ("group", "distinct"):
        core.set(name, None)
    around = query.parent
    value = core.expressions[0]
    is_in = isinstance(around, exp.In) and around.args.get("query") is query
    if not is_in or _is_computed(value) or value.is_star:
        core.set("expressions", [exp.Literal.number(1)])
        return exp.Exists(this=core)
    assert around is not None
    inside = exp.In(this=around.this.copy(), query=exp.Subquery(this=core))
    missing = core.copy()
    missing = _with_extra(missing, exp.Is(this=exp.paren(value.unalias().copy()), expression=exp.Null()))
    missing.set("expressions", [exp.Literal.number(1)])
    null = exp.Is(this=exp.paren(around.this.copy()), expression=exp.Null())
    return exp.or_(inside, null, exp.Exists(this=missing))


def _with_extra(select: exp.Expr, condition: exp.Expr) -> exp.Expr:
    parts = [exp.paren(each.copy()) for each in _conjuncts(select)]
    select.set("where", exp.Where(this=exp.and_(*parts, condition)))
    return select


def _sources(select: exp.Expr) -> list[exp.Expr]:
    from_ = select.args.get("from_")
    return [from_.this, *(join.this for join in select.args.get("joins") or ())] if from_ is not None else []


def _refuse(select: exp.Select, making: Making) -> None:
    """Only FROM, JOIN and WHERE may read what changed, and in ways that are followed."""
    where = select.args.get("where")
    followed = [*_sources(select), *([where] if where is not None else [])]
    inside = {id(table) for part in followed for table in part.find_all(exp.Table)}
    for table in select.find_all(exp.Table):
        if id(table) not in inside and dataset_name(table) in making.moved:
            raise WholeError(f'a subquery outside of FROM and WHERE reads "{dataset_name(table)}"')
    for join in select.args.get("joins") or ():
        if join.side not in ("", "LEFT") or join.method or join.kind not in _JOINS:
            raise WholeError(f"it has a {' '.join(filter(None, (join.method, join.side, join.kind)))} JOIN")
    for source in _sources(select):
        if source.args.get("joins") or (isinstance(source, exp.Lateral) and _reads_moved(source, making)):
            raise WholeError("its FROM is nested in a way that is not followed")


def _delta(source: exp.Expr, making: Making) -> exp.Expr:
    """What stands in place of a source: its changed rows, under the same name."""
    if isinstance(source, exp.Table):
        copied = exp.Subquery(this=source.copy())  # a parent, so that it can be replaced
        _rename(copied.this, making.moved[dataset_name(source)].changed)
        found: exp.Expr = copied.this
        return found
    if isinstance(source, exp.Subquery):
        name = making.rows(differing(source.this.copy(), making))
        return exp.Table(this=exp.to_identifier(name), alias=source.args["alias"].copy() if source.alias else None)
    raise WholeError("it reads something that is neither a table nor a SELECT")


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
    join.set("kind", None)
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
        raise WholeError("a LEFT JOIN goes by USING")
    right = join.this.alias_or_name
    return exp.and_(*(_equal(each.name, left, right) for each in using))


def _equal(name: str, left: str, right: str) -> exp.Expr:
    return exp.EQ(
        this=exp.column(name, left, quoted=True),
        expression=exp.column(name, right, quoted=True),
    )
