"""Written rows as SQL: every value cast to the type of its column exactly, or found not to be of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mainstem.core.model_test import Cell, Rows
from mainstem.core.problem import Problem
from mainstem.core.release import Field
from mainstem.dataops.plain_texts import is_plainly
from mainstem.lifecycle.ingestion.casts import Cast, cast
from mainstem.sql.quote import literal, quote
from mainstem.sql.types import parse_type

_TEXT = parse_type("VARCHAR")


@dataclass(frozen=True, slots=True)
class TypedRows:
    """`select` gives the rows in their order, with all columns that were asked for; what a row leaves out is NULL.

    `misfits` is a SELECT of a row's number and, for each of `named`, whether its value is none of its type: one row a
    row that has such a value. None where there is nothing to look at.
    """

    rows: Rows
    named: tuple[tuple[str, Field], ...]
    select: str
    misfits: str | None

    def problems(self, found: Sequence[Sequence[object]]) -> list[Problem]:
        """D004 for each value that is none of its column's type, from the rows of `misfits`."""
        wrong = []
        for number, *flags in found:
            assert isinstance(number, int)
            for (column, field), is_misfit in zip(self.named, flags, strict=True):
                cell = self.rows.cells[number].get(column)
                if is_misfit and cell is not None:
                    wrong.append(_no_value(cell, column, field))
        return wrong


def typed_rows(rows: Rows, fields: Sequence[Field]) -> TypedRows:
    """The rows as SQL, in the columns `fields`. Columns are compared without case; others must not be named."""
    by_name = {field.name.lower(): field for field in fields}
    named = tuple((column, by_name[column.lower()]) for column in rows.columns)
    if not rows.cells:
        return TypedRows(rows, named, f"select {', '.join(map(_null, fields)) or 'null as nothing'} where false", None)
    casts = [_cast(number, rows, column, field) for number, (column, field) in enumerate(named)]
    texts = ", ".join(_row(number, cells, named) for number, cells in enumerate(rows.cells))
    raw = "".join(f", cast(r{each} as varchar) as r{each}" for each in range(len(named)))
    names = "".join(f", r{each}" for each in range(len(named)))
    prepared = "".join(f", {each.prepared} as p{number}" for number, each in enumerate(casts))
    values = "".join(f", {each.value} as v{number}" for number, each in enumerate(casts))
    given = f"(select n{raw} from (values {texts}) as written(n{names}))"
    valued = f"(select *{values} from (select *{prepared} from {given} as given) as prepared) as valued"
    numbers = {field.name: number for number, (_, field) in enumerate(named)}
    shown = ", ".join(
        f"v{numbers[field.name]} as {quote(field.name)}" if field.name in numbers else _null(field) for field in fields
    )
    flags = [each.misfit or "false" for each in casts]
    may_misfit = any(each.misfit for each in casts)
    return TypedRows(
        rows,
        named,
        f"select {shown or 'null as nothing'} from {valued} order by n",
        f"select n, {', '.join(flags)} from {valued} where {' or '.join(flags)} order by n" if may_misfit else None,
    )


def _cast(number: int, rows: Rows, column: str, field: Field) -> Cast:
    """The cast of a column; the engine's own one, which is ten times as cheap to prepare, where nothing is in doubt."""
    kind = parse_type(field.type)
    texts = (cells[column].text for cells in rows.cells if column in cells)
    if all(text is None or is_plainly(text, kind) for text in texts):
        return Cast(f"r{number}", f"cast(p{number} as {field.type})", None)
    return cast(_TEXT, kind, f"r{number}", f"p{number}", f"v{number}")


def _row(number: int, cells: Mapping[str, Cell], named: Sequence[tuple[str, Field]]) -> str:
    texts = (cells[column].text if column in cells else None for column, _ in named)
    return f"({', '.join([str(number), *map(literal, texts)])})"


def _null(field: Field) -> str:
    return f"cast(null as {field.type}) as {quote(field.name)}"


def _no_value(cell: Cell, column: str, field: Field) -> Problem:
    what = f'"{cell.text}" is no value of column "{column}", which is {field.type.lower()}'
    return Problem("D004", what, "write a value of that type, exactly as the column can hold it", cell.place)
