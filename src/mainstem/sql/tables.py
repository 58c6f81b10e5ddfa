"""Which datasets a text reads, without knowing any column: names resolved against the CTEs that are visible there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlglot import expressions as exp

from mainstem.core.problem import Problem
from mainstem.sql.text import Text, names_in, start_of
from mainstem.sql.words import TABLE_FUNCTIONS

_MEND = "make a source of it (sources/<name>.yml) and read the dataset that it loads"
_TO_SOURCE = ("read_", "parquet_", "sniff_", "glob")


@dataclass(slots=True)
class Tables:
    """What the syntax tree of one text says before any column is known.

    `datasets` maps names to the index of their first mention. `names` are the indices at which identifiers begin.
    `samples` tells that rows are drawn by chance. `macros` are names that may be called where a table stands.
    """

    datasets: dict[str, int] = field(default_factory=dict)
    names: set[int] = field(default_factory=set)
    samples: bool = False
    macros: frozenset[str] = frozenset()
    problems: list[Problem] = field(default_factory=list)


def tables_read(tree: exp.Expr, text: Text, macros: frozenset[str] = frozenset()) -> Tables:
    """Every dataset that the text names, in order of first mention; Q003 for what is neither dataset nor macro."""
    found = Tables(macros=macros)
    mentions: list[tuple[int, exp.Table]] = []
    nodes = list(tree.walk())
    found.names = names_in(nodes)
    for node in nodes:
        kind = type(node)
        if kind is exp.Table:
            assert isinstance(node, exp.Table)
            mentions.append((start_of(node.this), node))
        elif kind is exp.Lateral and not isinstance(node.this, exp.Query | exp.Unnest):
            _function(found, text, start_of(node.this), node)
        elif kind is exp.TableSample and node.args.get("seed") is None:
            found.samples = True
    for start, table in sorted(mentions, key=lambda mention: mention[0]):
        _mention(found, text, start, table)
    return found


def dataset_name(table: exp.Table) -> str:
    """ "schema.table" in lower case; an unqualified table is in "main"."""
    return f"{table.db or 'main'}.{table.name}".lower()


def is_file(table: exp.Table, text: Text) -> bool:
    """Whether FROM names a file instead of a table."""
    name = table.this
    start = name.meta_get("start", 0)
    return bool(text.sql[start : start + 1] == "'" or (name.args.get("quoted") and set(name.name) & set("./*")))


def _mention(found: Tables, text: Text, start: int, table: exp.Table) -> None:
    if not isinstance(table.this, exp.Identifier):
        _function(found, text, start, table)
    elif not (table.args.get("db") or table.args.get("catalog")) and is_file(table, text):
        found.problems.append(Problem("Q003", f'the file "{table.name}" is read directly', _MEND, text.place(start)))
    elif table.args.get("catalog"):
        parts = f"{table.catalog}.{table.db}.{table.name}"
        what = f'"{parts}" has three parts and is no dataset'
        begin = start_of(table.args["catalog"])
        found.problems.append(Problem("Q003", what, 'name a dataset as "schema.table"', text.place(begin)))
    elif not refers_to_cte(table):
        begin = start_of(table.args["db"]) if table.args.get("db") else start
        found.datasets.setdefault(dataset_name(table), begin)


def _function(found: Tables, text: Text, start: int, table: exp.Expr) -> None:
    name = function_name(table.this, text)
    if name in TABLE_FUNCTIONS or name in found.macros or not name:
        return
    mend = _MEND if name.startswith(_TO_SOURCE) or name.endswith("_scan") else f"use a dataset, or one of {_ALLOWED}"
    found.problems.append(Problem("Q003", f'the table function "{name}" is no dataset', mend, text.place(start)))


_ALLOWED = ", ".join(sorted(TABLE_FUNCTIONS))


def function_name(function: exp.Expr, text: Text) -> str:
    """The name of a function as the text has it, in lower case; "" where the parser kept no place of it."""
    start, end = function.meta_get("start"), function.meta_get("end")
    return "" if start is None or end is None else text.sql[start : end + 1].strip('"').lower()


def refers_to_cte(table: exp.Table) -> bool:
    """Whether a table without a schema is a CTE that is visible where the table stands."""
    name = table.name.lower()
    recurring = table.db.lower() == "recurring"
    if table.args.get("db") and not recurring:
        return False
    return any(cte.alias.lower() == name for cte in _visible(table))


def _visible(node: exp.Expr) -> Iterator[exp.Expr]:
    """CTEs that a table at `node` can refer to: earlier ones of each WITH around it, and itself where recursive."""
    inside: exp.Expr = node
    around = node.parent
    while around is not None:
        if isinstance(around, exp.With):
            yield from _before(around, inside)
        else:
            with_ = around.args.get("with_")
            if with_ is not None and with_ is not inside:
                yield from with_.expressions
        inside, around = around, around.parent


def _before(with_: exp.With, inside: exp.Expr) -> Iterator[exp.Expr]:
    for cte in with_.expressions:
        if cte is inside:
            if with_.recursive and is_recursive_body(cte.this):
                yield cte
            return
        yield cte


def is_recursive_body(body: exp.Expr) -> bool:
    """Only a UNION can refer to itself."""
    return isinstance(body.unnest() if isinstance(body, exp.Subquery) else body, exp.SetOperation)
