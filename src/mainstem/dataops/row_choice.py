"""Which rows of a model's inputs make some of its rows: as far as keys and columns of a kind can tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mainstem.core.dataset import Dataset, SqlFacts
from mainstem.core.release import Field
from mainstem.sql.quote import qualified, quote

A_ROW = 4
"""So many rows of an input at most for each row of the model that is asked for."""


def needed_columns(facts: SqlFacts, name: str, fields: Sequence[Field]) -> tuple[Field, ...]:
    """The columns of an input that a model shows, or decides by; all of them where that is not known."""
    if facts.unresolved:
        return tuple(fields)
    bases = set(facts.influences).union(*facts.lineage.values())
    used = tuple(field for field in fields if f"{name}.{field.name}".lower() in {base.lower() for base in bases})
    return used or tuple(fields[:1])


def chosen_rows(
    dataset: Dataset,
    facts: SqlFacts,
    output: Sequence[Field],
    read: Mapping[str, Sequence[Field]],
    rows: int,
) -> dict[str, tuple[str, int]]:
    """By input a SELECT of the rows to record, and how many at most.

    `output` are the columns of the model, () where there are no rows of it; `read` the columns of each input that
    matter. An input gives the rows that share a few keys of the model, as far as these are columns of its own; or
    those that share with the rows of another input the columns of one name, or else a column and what refers to it
    (`customer_id` and `id`): whichever are more columns. Where nothing is shared the first rows are taken.
    """
    picked = _picked(dataset, output, rows)
    keys = {name: _key_pairs(facts, name, fields, output, dataset.key) for name, fields in read.items()}
    found: dict[str, str] = {}
    for name in sorted(read, key=lambda each: -len(keys[each])):
        mine = _deciding(facts, name, read[name])
        partners = [(f"({found[other]})", _pairs(mine, _deciding(facts, other, read[other]))) for other in found]
        most = max([(picked, keys[name]), *partners], key=lambda each: len(each[1]))
        found[name] = _sharing(name, read[name], *most, rows)
    return {name: (found[name], rows * A_ROW) for name in read}


def _picked(dataset: Dataset, output: Sequence[Field], rows: int) -> str:
    if not output:
        return ""
    order = ", ".join(quote(column) for column in dataset.key) or "all"
    return f"(select * from {qualified(dataset.name)} order by {order} limit {rows})"


def _key_pairs(
    facts: SqlFacts, name: str, fields: Sequence[Field], output: Sequence[Field], key: Sequence[str]
) -> list[tuple[str, str]]:
    """Columns of the input with the column of the model that each of them alone becomes, type and all; of its key,
    where it has one."""
    if not output:
        return []
    by_base = {f"{name}.{field.name}".lower(): field for field in fields}
    wanted = {column.lower() for column in key} or {field.name.lower() for field in output}
    return [
        (mine.name, shown.name)
        for shown in output
        if shown.name.lower() in wanted
        for base in facts.lineage.get(shown.name, ())
        if (mine := by_base.get(base.lower())) and mine.type == shown.type and len(facts.lineage[shown.name]) == 1
    ]


def _deciding(facts: SqlFacts, name: str, fields: Sequence[Field]) -> list[Field]:
    """The columns of an input by which rows are joined, filtered or grouped."""
    influences = {base.lower() for base in facts.influences}
    return [field for field in fields if f"{name}.{field.name}".lower() in influences]


def _pairs(fields: Sequence[Field], others: Sequence[Field]) -> list[tuple[str, str]]:
    """Columns of two inputs that are likely joined: those of one name, the first that refers to another, or the only
    two of one type. `id` is the name of something else in each table."""
    same = [(mine.name, mine.name) for mine in fields if mine in others]
    telling = [pair for pair in same if pair[0].lower() != "id"]
    alike = [(mine.name, other.name) for mine in fields for other in others if mine.type == other.type]
    return telling or list(_references(fields, others))[:1] or same or (alike if len(alike) == 1 else [])


def _references(fields: Sequence[Field], others: Sequence[Field]) -> Iterator[tuple[str, str]]:
    for mine in fields:
        for other in others:
            longer, shorter = sorted((mine.name.lower(), other.name.lower()), key=len, reverse=True)
            if mine.type == other.type and longer.endswith(f"_{shorter}"):
                yield mine.name, other.name


def _sharing(name: str, fields: Sequence[Field], other: str, pairs: Sequence[tuple[str, str]], rows: int) -> str:
    """The rows of an input that share columns with those of `other`; the first ones where there are none."""
    columns = ", ".join(f"mine.{quote(field.name)}" for field in fields)
    first = f"select {columns} from {qualified(name)} as mine limit {rows}"
    if not pairs:
        return first
    equal = " and ".join(f"mine.{quote(mine)} = other.{quote(theirs)}" for mine, theirs in pairs)
    shared = (
        f"select {columns} from {qualified(name)} as mine "
        f"where exists (select 1 from {other} as other where {equal}) limit {rows * A_ROW}"
    )
    return f"select * from ({shared}) as shared union all select * from ({first}) as first where not exists ({shared})"
