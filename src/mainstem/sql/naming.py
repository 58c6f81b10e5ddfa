"""What the engine calls a column that the author did not name."""

from __future__ import annotations

from sqlglot import expressions as exp

from mainstem.sql.scope import Column, Walk
from mainstem.sql.tables import function_name
from mainstem.sql.words import CLOCK_WORDS, SESSION_WORDS


def shown_name(node: exp.Expr, value: Column, walk: Walk) -> str:
    """The name of an unnamed item of a SELECT list: exact for columns, fields, literals and plain calls.

    For longer expressions it is a text like the engine's own: it holds blanks or parentheses, as that does.
    """
    match node:
        case exp.Paren():
            return shown_name(node.this, value, walk)
        case exp.Column() | exp.Dot() | exp.PositionalColumn() if value.name:
            return value.name
        case exp.Literal():
            return f"'{node.name}'" if node.is_string else node.name
        case exp.Boolean():
            return f"CAST('{'t' if node.this else 'f'}' AS BOOLEAN)"
        case exp.Count() if isinstance(node.this, exp.Star) or node.this is None:
            return "count_star()" if node.this else "count()"
    return _call(node, walk) or _written(node)


def _call(node: exp.Expr, walk: Walk) -> str:
    """`sum(a)`, `now()`: a call with plain columns as arguments; "" for anything else."""
    name = function_name(node, walk.text)
    arguments = [part for part in node.iter_expressions() if not isinstance(part, exp.Var)]
    if not name:
        return "" if arguments else _bare_word(node, walk)
    if any(not isinstance(part, exp.Column) or isinstance(part.this, exp.Star) for part in arguments):
        return ""
    return f"{name}({', '.join(_written(part) for part in arguments)})"


def _bare_word(node: exp.Expr, walk: Walk) -> str:
    """`current_date`, `current_user`: in the case in which it is written, but the parser does not keep where."""
    word = _BARE_WORDS.get(node.key, "")
    start = walk.text.sql.lower().find(word)
    return walk.text.sql[start : start + len(word)] if start >= 0 else word


_BARE_WORDS = {word.replace("_", ""): word for word in CLOCK_WORDS | SESSION_WORDS}


def _written(node: exp.Expr) -> str:
    return node.sql(dialect="duckdb")
