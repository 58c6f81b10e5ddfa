"""Where an output column stands in the text of one SELECT."""

from __future__ import annotations

from sqlglot import expressions as exp

from mainstem.core.place import Place
from mainstem.sql.parse import parse_select
from mainstem.sql.text import Text, start_of


def written_at(sql: str, place: Place, column: str) -> Place | None:
    """The place of the first name or value in the expression that makes the column, or of its alias where it has none.

    None where a star brings the column, or the text is no SELECT. `place` is that of the file; line and column in `sql`
    are those of the file.

    >>> str(written_at("select id, row(id, 2) as pair from a", Place("a.sql"), "pair"))
    'a.sql:1:12'
    """
    tree = parse_select(sql, place).tree
    for part in tree.selects if isinstance(tree, exp.Query) else ():
        if part.alias_or_name.lower() == column.lower():
            return Text(sql, place.file).place(start_of(part))
    return None
