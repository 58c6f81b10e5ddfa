"""The text of one SELECT and the places in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mainstem.core.place import Place

if TYPE_CHECKING:
    from sqlglot.expressions import Expr


@dataclass(frozen=True, slots=True)
class Text:
    """`sql` as it stands in `file`: line and column in it are line and column of the file."""

    sql: str
    file: str

    def place(self, start: int) -> Place:
        """The place of the character with that index."""
        return Place(self.file, self.sql.count("\n", 0, start) + 1, start - self.sql.rfind("\n", 0, start))

    def first(self) -> int:
        """The index of the first character that is not blank, 0 if there is none."""
        return len(self.sql) - len(self.sql.lstrip()) if self.sql.strip() else 0


def start_of(node: Expr) -> int:
    """The index of the first character of a piece of syntax, as far as its parts tell; 0 if none does."""
    return min((part.meta_get("start") for part in node.walk() if part.meta_get("start") is not None), default=0)


def names_in(nodes: Iterable[Expr]) -> set[int]:
    """The indices at which identifiers begin; the quoted name of a function that is called is none."""
    return {
        node.meta_get("start")
        for node in nodes
        if node.key == "identifier" and not (node.args.get("quoted") and node.parent and node.parent.key == "anonymous")
    } - {None}
