"""SQL of other databases as SQL of the engine, or the reason why not."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass

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


def to_engine(sql: str, dialect: str, renamed: Mapping[str, str] | None = None) -> Transpiled:
    """One SELECT of a dialect of SQLGlot as the engine takes it.

    A text that means the same in both dialects stays as its author wrote it; any other is written anew. `renamed` gives
    columns other names (lower case to new name).
    """
    from sqlglot.errors import SqlglotError

    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)
    text = _BLANK.sub(lambda found: found[1] or found[2] or "", sql).strip().rstrip(";").rstrip()
    try:
        return _transpiled(text, dialect, renamed or {})
    except SqlglotError as error:
        return Transpiled(None, _reason(error, dialect))
    except RecursionError:
        return Transpiled(None, "the SQL is nested too deeply to be read")


def _transpiled(text: str, dialect: str, renamed: Mapping[str, str]) -> Transpiled:
    from sqlglot import parse, parse_one
    from sqlglot.errors import ErrorLevel, SqlglotError
    from sqlglot.expressions import Query

    trees = [tree for tree in parse(text, read=dialect) if tree is not None]
    if len(trees) != 1 or not isinstance(trees[0], Query):
        return Transpiled(None, f"it is {len(trees)} statements and not one SELECT" if trees else "it has no SELECT")
    is_renamed = _rename(trees[0], renamed)
    if dialect == ENGINE and not is_renamed:
        return Transpiled(text)
    written = trees[0].sql(ENGINE, comments=False, unsupported_level=ErrorLevel.RAISE)
    try:
        same = not is_renamed and parse_one(text, read=ENGINE).sql(ENGINE, comments=False) == written
    except SqlglotError:
        same = False
    return Transpiled(text if same else trees[0].sql(ENGINE, pretty=True, unsupported_level=ErrorLevel.RAISE))


def _rename(tree: object, renamed: Mapping[str, str]) -> bool:
    from sqlglot.expressions import Expression, Identifier

    assert isinstance(tree, Expression)
    found = [node for node in tree.find_all(Identifier) if node.this.lower() in renamed] if renamed else []
    for node in found:
        node.set("this", renamed[node.this.lower()])
    return bool(found)


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
    from sqlglot.expressions import Div, Literal

    if not Dialect.get_or_raise(dialect).TYPED_DIVISION:
        return False
    found = (node for tree in parse(sql, read=dialect) if tree is not None for node in tree.find_all(Div))
    return any(not any(isinstance(side, Literal) and not side.is_int for side in (n.this, n.expression)) for n in found)


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
