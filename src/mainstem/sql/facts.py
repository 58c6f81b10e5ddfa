"""What the text of one SELECT says: datasets read, output columns, lineage, influences. SQLGlot is loaded on use."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from mainstem.core.dataset import SqlFacts
from mainstem.core.place import Place
from mainstem.core.problem import Problem

if TYPE_CHECKING:
    from mainstem.sql.making import Making
    from mainstem.sql.scope import Column, Query

EVERYTHING = "*"
"""Stands in `SqlFacts.unresolved` for output columns that cannot be listed."""

_FORBIDDEN = re.compile(r"[ ,;{}()\n\t=]")
_KEPT_TREES = 20_000


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a text says before any column is known.

    `inputs`: datasets read ("schema.table", lower case), in order of first mention, each with the place of it.
    `fingerprint`, `reads_clock` and `volatile` are those of `SqlFacts`; the fingerprint is "" where the text is no SQL.
    """

    inputs: Mapping[str, Place] = field(default_factory=dict)
    fingerprint: str = ""
    reads_clock: bool = False
    volatile: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class _Read:
    """A text that was parsed; `tree` is None for what is no SELECT. `words` and `kinds` are its tokens."""

    tree: Any
    inputs: Inputs
    words: Sequence[str] = ()
    kinds: Sequence[str] = ()


_trees: dict[tuple[str, str, frozenset[str]], _Read] = {}
"""Trees of texts whose inputs were read and whose facts were not: one parse serves both."""


def read_inputs(sql: str, place: Place, macros: frozenset[str] = frozenset()) -> Inputs:
    """The datasets that a text reads, and whether a rerun would repeat it.

    `place` is that of the file; line and column in `sql` are those of the file. A table without a schema is in "main".
    `macros` are names that may be called where a table stands.
    Wrong text is told in `problems`: Q001 no SQL, Q002 not one SELECT, Q003 a file or a function read directly.
    """
    read = _read(sql, place, macros)
    if read.tree is not None and len(_trees) < _KEPT_TREES:
        _trees[sql, place.file, macros] = read
    return read.inputs


def _read(sql: str, place: Place, macros: frozenset[str]) -> _Read:
    from mainstem.sql.clock import clock_calls, volatile_calls
    from mainstem.sql.fingerprint import fingerprint, words_of
    from mainstem.sql.making import kinds_of
    from mainstem.sql.parse import parse_select
    from mainstem.sql.tables import tables_read
    from mainstem.sql.text import Text

    parsed = parse_select(sql, place)
    if parsed.tree is None:
        return _Read(None, Inputs(problems=parsed.problems))
    text = Text(sql, place.file)
    found = tables_read(parsed.tree, text, macros)
    volatile = volatile_calls(sql, parsed.tokens, found.names)
    words = words_of(sql, parsed.tokens, found.names)
    inputs = Inputs(
        {name: text.place(start) for name, start in found.datasets.items()},
        fingerprint(words),
        bool(clock_calls(sql, parsed.tokens, found.names)),
        (*volatile, "tablesample") if found.samples else volatile,
        tuple(found.problems),
    )
    return _Read(parsed.tree, inputs, words, kinds_of(parsed.tokens))


def read_facts(
    sql: str, place: Place, columns: Mapping[str, Sequence[str] | None], macros: frozenset[str] = frozenset()
) -> SqlFacts:
    """Everything that a text says, given the columns of the datasets it reads (None: not known yet).

    Names are compared without case; an output column is spelled as the engine spells it. A column both shown and
    filtered by is in `lineage` and in `influences`. Whatever cannot be traced is in `unresolved`; "*" there stands for
    columns that cannot be listed. Problems: those of `read_inputs`, Q010 a column that does not exist (told only where
    every column in scope is known), Q011 a column of two tables, Q012 two output columns of one name, Q013 an output
    column whose name a table cannot bear.
    """
    kept = _trees.pop((sql, place.file, macros), None)
    read = _read(sql, place, macros) if kept is None else kept
    tree, inputs = read.tree, read.inputs
    if tree is None:
        return _facts(inputs, (), {}, frozenset(), frozenset(), (), inputs.problems)
    from mainstem.sql.making import making
    from mainstem.sql.parse import too_deep
    from mainstem.sql.queries import resolve
    from mainstem.sql.scope import Scope, Walk
    from mainstem.sql.text import Text

    known = {name.lower(): names for name, names in columns.items()}
    walk = Walk(Text(sql, place.file), known, lambda node, scope: resolve(node, scope, walk))
    try:
        query = resolve(tree, Scope(), walk)
    except RecursionError:
        return _facts(inputs, (), {}, frozenset(), frozenset((EVERYTHING,)), (), (too_deep(walk.text),))
    for problem, start in _name_problems(query):
        walk.report(problem.code, problem.what, problem.mend, start)
    lineage: dict[str, frozenset[str]] = {}
    for column in query.columns:
        lineage[column.name] = column.bases | lineage.get(column.name, frozenset())
    unresolved = {column.name for column in query.columns if not column.is_traced}
    return _facts(
        inputs,
        tuple(column.name for column in query.columns),
        lineage,
        frozenset(walk.influences),
        frozenset(unresolved if query.rest is None else {*unresolved, EVERYTHING}),
        tuple(sorted(walk.unbound)),
        (*inputs.problems, *walk.problems.values()),
        making(tree, read.words, read.kinds, query, walk),
    )


def with_columns(facts: SqlFacts, names: tuple[str, ...]) -> SqlFacts:
    """Facts whose columns are those that the engine reports; what lineage does not explain is unresolved."""
    if names == facts.columns and not facts.unresolved and facts.lineage.keys() == set(names):
        return facts
    lineage = {name.lower(): base for name, base in facts.lineage.items()}
    unresolved = {name.lower() for name in facts.unresolved}
    return replace(
        facts,
        columns=names,
        lineage={name: lineage.get(name.lower(), frozenset()) for name in names},
        unresolved=frozenset(name for name in names if name.lower() in unresolved or name.lower() not in lineage),
    )


def _facts(
    inputs: Inputs,
    columns: tuple[str, ...],
    lineage: Mapping[str, frozenset[str]],
    influences: frozenset[str],
    unresolved: frozenset[str],
    unbound: tuple[str, ...],
    problems: tuple[Problem, ...],
    making: Making | None = None,
) -> SqlFacts:
    return SqlFacts(
        inputs=inputs.inputs,
        columns=columns,
        lineage=lineage,
        influences=influences,
        fingerprint=inputs.fingerprint,
        unresolved=unresolved,
        reads_clock=inputs.reads_clock,
        volatile=(*inputs.volatile, *unbound),
        problems=tuple(sorted(problems, key=lambda problem: (problem.place or Place(""), problem.code))),
        is_settled=making is not None and making.is_settled,
        frame=making.frame if making else "",
        made=(making.columns if making else None) or {},
    )


def _name_problems(query: Query) -> Iterator[tuple[Problem, int]]:
    """Output columns whose names a table cannot bear, each with the index where it begins."""
    from mainstem.sql.text import start_of

    seen: dict[str, Column] = {}
    told: set[str] = set()
    for number, column in enumerate(query.columns, start=1):
        start = start_of(column.node) if column.node is not None else 0
        key = column.name.lower()
        if key in seen and key not in told:
            told.add(key)
            yield Problem("Q012", f'two output columns are called "{column.name}"', _apart(column)), start
        seen[key] = column
        if not column.name.strip() or _FORBIDDEN.search(column.name):
            yield _unusable(number, column), start


def _apart(column: Column) -> str:
    is_star = column.node is not None and column.node.key in ("star", "column") and column.node.is_star
    return 'join with USING, or write "* exclude (...)"' if is_star else 'name one of them otherwise with "as"'


def _unusable(number: int, column: Column) -> Problem:
    if column.node is not None and column.node.key in ("alias", "star", "column"):
        what = f'"{column.name}" is no name for a column of a table'
        return Problem("Q013", what, "name it with letters, digits and underscores")
    return Problem("Q013", f'output column {number} ("{column.name}") has no name of its own', 'add "as name"')
