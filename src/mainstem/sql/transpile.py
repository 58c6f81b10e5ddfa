"""SQL of other databases as SQL of the engine, or the reason why not."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlglot.expressions import Expression

ENGINE = "duckdb"
"""The dialect that models are written in."""

_BLANK = re.compile(
    r"""('(?:[^']|'')*' | "[^"]*" | --[^\n]* | /\*.*?\*/) | (\n)[ \t]*(?:\n[ \t]*)+(?=\n) | [ \t]+(?=\n)""",
    re.VERBOSE | re.DOTALL,
)
"""Blank lines beyond one, and blanks at the ends of lines; what is quoted, and comments, are passed over."""


@dataclass(frozen=True, slots=True)
class Transpiled:
    """`sql` in the dialect of the engine; None where there is none, and `why` says the reason."""

    sql: str | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What is otherwise here: names of columns and of tables (lower case to new name), and `bounds`, names whose
    comparisons with a column are dropped: they cut what is read into pieces of time."""

    columns: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, str] = field(default_factory=dict)
    bounds: frozenset[str] = frozenset()


def to_engine(sql: str, dialect: str, change: Change | None = None) -> Transpiled:
    """One SELECT of a dialect of SQLGlot as the engine takes it.

    A text that means the same in both dialects stays as its author wrote it; any other is written anew.
    """
    from sqlglot.errors import SqlglotError

    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)
    text = _BLANK.sub(lambda found: found[1] or found[2] or "", sql).strip().rstrip(";").rstrip()
    try:
        return _transpiled(text, dialect, change or Change())
    except SqlglotError as error:
        return Transpiled(None, _reason(error, dialect))
    except RecursionError:
        return Transpiled(None, "the SQL is nested too deeply to be read")


def _transpiled(text: str, dialect: str, change: Change) -> Transpiled:
    from sqlglot import parse, parse_one
    from sqlglot.errors import ErrorLevel, SqlglotError
    from sqlglot.expressions import Column, Query

    trees = [tree for tree in parse(text, read=dialect) if tree is not None]
    if len(trees) != 1 or not isinstance(trees[0], Query):
        return Transpiled(None, f"it is {len(trees)} statements and not one SELECT" if trees else "it has no SELECT")
    tree, is_changed = trees[0], _is_changed(trees[0], change)
    left = [node.name for node in tree.find_all(Column) if node.name.lower() in change.bounds]
    if left:
        return Transpiled(None, f'it uses "{left[0]}" for more than to say from when to when a column is')
    if dialect == ENGINE and not is_changed:
        return Transpiled(text)
    written = tree.sql(ENGINE, comments=False, unsupported_level=ErrorLevel.RAISE)
    try:
        same = not is_changed and parse_one(text, read=ENGINE).sql(ENGINE, comments=False) == written
    except SqlglotError:
        same = False
    return Transpiled(text if same else tree.sql(ENGINE, pretty=True, unsupported_level=ErrorLevel.RAISE))


def _is_changed(tree: Any, change: Change) -> bool:
    """Carry the changes out; whether there was anything to change."""
    from sqlglot.expressions import Identifier, Table, to_identifier

    columns = [node for node in tree.find_all(Identifier) if change.columns and node.this.lower() in change.columns]
    for node in columns:
        node.set("this", change.columns[node.this.lower()])
    tables = [(node, here) for node in tree.find_all(Table) if (here := _here(node, change.tables))]
    for table, here in tables:
        schema, _, name = here.partition(".")
        for part, value in (("this", to_identifier(name)), ("db", to_identifier(schema)), ("catalog", None)):
            table.set(part, value)
    return bool(columns or tables) | (bool(change.bounds) and _drop_bounds(tree, change.bounds))


def _here(table: Any, tables: Mapping[str, str]) -> str | None:
    """What a table is called here, with or without its database; None where that is what stands there."""
    parts = [part.name.lower() for part in table.parts]
    here = tables.get(".".join(parts)) or tables.get(".".join(parts[-2:]))
    return None if here == ".".join(parts) else here


def _drop_bounds(tree: Any, bounds: frozenset[str]) -> bool:
    """Drop the parts of WHERE that hold a column between bounds; whatever else uses a bound stays."""
    from sqlglot.expressions import GT, GTE, LT, LTE, And, Between, Column, Paren, Where

    found = [
        node
        for node in tree.find_all(Between, GT, GTE, LT, LTE)
        if any(column.name.lower() in bounds for column in node.find_all(Column))
    ]
    dropped = False
    for node in found:
        above = node
        while isinstance(above.parent, And | Paren):
            above = above.parent
        if not isinstance(above.parent, Where):
            continue
        part = node
        while isinstance(part.parent, Paren):
            part = part.parent
        if isinstance(part.parent, And):
            part.parent.replace(part.parent.expression if part is part.parent.this else part.parent.this)
        else:
            part.parent.pop()
        dropped = True
    return dropped


def _reason(error: Exception, dialect: str) -> str:
    details = getattr(error, "errors", None)
    if details:
        first = details[0]
        near = first.get("highlight") or "the end"
        return f'it is no SQL of {dialect} that can be read: {_plain(first.get("description") or "")} near "{near}"'
    return f"{dialect} SQL that the engine has nothing for: {_plain(str(error))}"


def _plain(message: str) -> str:
    return " ".join(re.sub(r" but got <Token.*|<Token.*", "", message, flags=re.DOTALL).split()).rstrip(".")


def expression_to_engine(expression: str, dialect: str) -> str | None:
    """One expression of another dialect as the engine takes it; None where it cannot be read."""
    made = to_engine(f"select {expression}", dialect)
    if made.sql is None:
        return None
    return " ".join(made.sql.removeprefix("select").removeprefix("SELECT").split())


def without_comments(sql: str) -> str:
    """A SELECT of the engine without its comments; the text as it is where it cannot be read."""
    from sqlglot import parse_one
    from sqlglot.errors import SqlglotError

    try:
        return str(parse_one(sql, read=ENGINE).sql(ENGINE, pretty=True, comments=False))
    except SqlglotError:
        return sql


def divides_whole(sql: str, dialect: str) -> bool:
    """Whether a text divides by `/` in a dialect that drops the fraction where both sides are whole numbers."""
    from sqlglot import parse
    from sqlglot.dialects.dialect import Dialect
    from sqlglot.expressions import Cast, DataType, Div, Literal

    def may_be_whole(side: Expression) -> bool:
        inner = side.unnest()
        if isinstance(inner, Cast):
            return inner.to.this in DataType.INTEGER_TYPES
        return not isinstance(inner, Literal) or inner.is_int

    if not Dialect.get_or_raise(dialect).TYPED_DIVISION:
        return False
    found = (node for tree in parse(sql, read=dialect) if tree is not None for node in tree.find_all(Div))
    return any(may_be_whole(node.this) and may_be_whole(node.expression) for node in found)


def from_engine(expression: str, dialect: str, **pieces: str) -> str:
    """An expression of the engine in another dialect; its columns named as `pieces` are replaced by these texts.

    >>> from_engine("cast(a as varchar)", "bigquery", a="x + 1")
    'CAST((x + 1) AS STRING)'
    """
    from sqlglot import parse_one

    written = parse_one(expression, read=ENGINE).sql(dialect)
    if not pieces:
        return str(written)
    pattern = rf"\b({'|'.join(map(re.escape, pieces))})\b"
    return re.sub(pattern, lambda found: _enclosed(pieces[found[1]]), written)


def _enclosed(piece: str) -> str:
    return piece if re.fullmatch(r"[\w.]+|'[^']*'", piece.strip()) else f"({piece})"


def is_dialect(name: str) -> bool:
    """Whether SQLGlot knows a dialect of this name."""
    from sqlglot.dialects.dialect import Dialect

    return Dialect.get(name.partition(",")[0].strip()) is not None


def type_from_engine(name: str, dialect: str) -> str:
    """A type of the engine as another dialect calls it."""
    from sqlglot.expressions import DataType

    return str(DataType.build(name, dialect=ENGINE).sql(dialect))


def type_to_engine(name: str, dialect: str) -> str | None:
    """A type of another dialect as the engine calls it, in small letters; None where it is no type."""
    from sqlglot.errors import SqlglotError
    from sqlglot.expressions import DataType

    try:
        written = str(DataType.build(name, dialect=dialect).sql(ENGINE)).lower()
    except SqlglotError:
        return None
    return "varchar" if written == "text" else written
