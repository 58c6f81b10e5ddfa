"""What names can mean at one point of a query: columns, relations, scopes, and the reading that gathers findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mainstem.core.problem import Problem
from mainstem.sql.text import Text

if TYPE_CHECKING:
    from sqlglot.expressions import Expr

Bases = frozenset[str]
NOTHING: Bases = frozenset()


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a relation, or the value of an expression.

    `bases` are the base columns ("schema.table.column") whose values reach it. `is_traced` is False where others may
    reach it too. `node` is the syntax that names it in the innermost SELECT, None where there is none.
    """

    name: str
    bases: Bases = NOTHING
    is_traced: bool = True
    node: Any = field(default=None, compare=False, repr=False)

    def called(self, name: str) -> Column:
        """The same values under another name."""
        return self if name == self.name else Column(name, self.bases, self.is_traced, self.node)

    def named_by(self, node: Expr) -> Column:
        """The same column, named by that piece of syntax."""
        return Column(self.name, self.bases, self.is_traced, node)


@dataclass(frozen=True, slots=True)
class Query:
    """The columns that a query yields, in order; names may repeat.

    `rest` is None if these are all. Otherwise there may be more that cannot be listed, which `rest` may reach.
    """

    columns: tuple[Column, ...]
    rest: Bases | None = None

    @property
    def everything(self) -> Column:
        """All of it as one value."""
        return union("", self.columns, is_traced=self.rest is None, more=self.rest or NOTHING)


@dataclass(frozen=True, slots=True)
class Relation:
    """Something that FROM names.

    `name` is what columns are qualified with, in lower case, "" where there is nothing. `label` is for messages.
    `columns` are keyed by lower case, in order. `rest` is as in Query. `dataset` is the dataset itself where its
    columns are not known, else "".
    """

    name: str
    label: str
    columns: Mapping[str, Column]
    rest: Bases | None = None
    schema: str = ""
    dataset: str = ""

    def further(self, name: str) -> Column:
        """A column that is not listed."""
        if self.dataset:
            return Column(name, frozenset((f"{self.dataset}.{name.lower()}",)))
        return Column(name, self.rest or NOTHING, is_traced=False)

    def row(self, name: str) -> Column:
        """The whole row as one value."""
        return union(name, self.columns.values(), is_traced=self.rest is None, more=self.rest or NOTHING)


@dataclass(frozen=True, slots=True, eq=False)
class Cte:
    """A common table expression where it was written; it is read when something first refers to it.

    `is_recursive` tells that its WITH says so: then it may refer to itself.
    """

    node: Any
    scope: Scope
    is_recursive: bool


@dataclass(frozen=True, slots=True)
class Scope:
    """What is visible at one level of a query; `parent` is the level around it.

    `merged` holds the columns that USING made of two, by index of the relation that shows them and name; `hidden` those
    that it took away. `aliases` are names of the SELECT list; `prefer` says whether an unqualified name means a
    "column" or an "alias" first, or "both" where either is possible. `locals` are parameters of lambdas. `star` is the
    column that COLUMNS(...) stands for, None outside of it. `is_vague` where a natural join could not be worked out.
    """

    relations: tuple[Relation, ...] = ()
    merged: Mapping[tuple[int, str], Column] = field(default_factory=dict)
    hidden: frozenset[tuple[int, str]] = frozenset()
    aliases: Mapping[str, Column] = field(default_factory=dict)
    prefer: str = "column"
    ctes: Mapping[str, Cte | Query] = field(default_factory=dict)
    locals: frozenset[str] = frozenset()
    star: Column | None = None
    is_vague: bool = False
    parent: Scope | None = None

    def levels(self) -> Iterator[Scope]:
        """This level and those around it, innermost first."""
        level: Scope | None = self
        while level is not None:
            yield level
            level = level.parent

    def inner(self) -> Scope:
        """An empty level inside this one."""
        return Scope(ctes=self.ctes, parent=self)

    def listed(self, key: str) -> list[Column]:
        """The columns of that name that an unqualified name can mean at this level."""
        merged = [column for (_, name), column in self.merged.items() if name == key]
        if merged:
            return merged
        return [
            relation.columns[key]
            for index, relation in enumerate(self.relations)
            if key in relation.columns and (index, key) not in self.hidden
        ]

    def shown(self) -> Query:
        """What `*` stands for."""
        columns = [
            self.merged.get((index, key), column)
            for index, relation in enumerate(self.relations)
            for key, column in relation.columns.items()
            if (index, key) not in self.hidden
        ]
        rests = [relation.rest for relation in self.relations if relation.rest is not None]
        if not rests and not self.is_vague:
            return Query(tuple(columns))
        return Query(tuple(columns), NOTHING.union(*rests))


def union(name: str, columns: Iterable[Column], *, is_traced: bool = True, more: Bases = NOTHING) -> Column:
    """One column that all of `columns` reach."""
    bases = set(more)
    for column in columns:
        bases |= column.bases
        is_traced = is_traced and column.is_traced
    return Column(name, frozenset(bases), is_traced)


@dataclass(slots=True)
class Walk:
    """One reading of one text: what is known beforehand, and what was found so far.

    `known` maps datasets (lower case) to their name as known and their columns, None for columns not known yet.
    `query` resolves a query within a scope. `influences`, `problems`, `unbound` (clock words that cannot be bound)
    grow; `relations` and `ctes` remember what was worked out.
    """

    text: Text
    known: Mapping[str, Sequence[str] | None]
    query: Callable[[Expr, Scope], Query]
    influences: set[str] = field(default_factory=set)
    problems: dict[tuple[str, int], Problem] = field(default_factory=dict)
    unbound: set[str] = field(default_factory=set)
    relations: dict[str, Mapping[str, Column]] = field(default_factory=dict)
    ctes: dict[Cte, Query] = field(default_factory=dict)

    def report(self, code: str, what: str, mend: str, start: int) -> None:
        """One problem a code and place: the first."""
        self.problems.setdefault((code, start), Problem(code, what, mend, self.text.place(start)))
