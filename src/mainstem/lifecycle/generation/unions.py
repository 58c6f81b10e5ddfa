"""Typed files of one table as one relation, whose values are those of the files."""

from __future__ import annotations

from collections.abc import Sequence

from mainstem.core.release import Field
from mainstem.sql.quote import quote
from mainstem.sql.types import SIGNED


def unified(files: Sequence[Sequence[Field]]) -> tuple[Field, ...]:
    """The columns of all files, by name whatever its case, in the order in which they appear.

    Where files differ in a column's type, it is the widest of whole numbers, else VARCHAR: the type that a union would
    choose may hold other values (9007199254740993 in one file, 0.5 in another).

    >>> one, other = [Field("a", "INTEGER"), Field("b", "BIGINT")], [Field("A", "BIGINT"), Field("b", "DOUBLE")]
    >>> [(field.name, field.type) for field in unified([one, other])]
    [('a', 'BIGINT'), ('b', 'VARCHAR')]
    """
    found: dict[str, Field] = {}
    for fields in files:
        for field in fields:
            known = found.get(field.name.lower())
            type_ = field.type if known is None or known.type == field.type else _common(known.type, field.type)
            found[field.name.lower()] = Field(known.name if known else field.name, type_)
    return tuple(found.values())


def _common(one: str, other: str) -> str:
    if one in SIGNED and other in SIGNED:
        return max(one, other, key=SIGNED.index)
    return "VARCHAR"


def shaped(relation: str, fields: Sequence[Field], wanted: Sequence[Field], more: str) -> str:
    """A SELECT of `more` and the wanted columns from a relation that has `fields`; what it lacks is NULL."""
    here = {field.name.lower(): field for field in fields}
    values = []
    for field in wanted:
        own = here.get(field.name.lower())
        if own is not None and own.type == field.type:
            value = quote(own.name)
        elif own is not None:
            value = f"cast({_text(own)} as {field.type})"
        else:
            value = f"cast(null as {field.type})"
        values.append(f"{value} as {quote(field.name)}")
    return f"select {', '.join([more, *values])} from {relation}"


def _text(field: Field) -> str:
    """A nested value has the form of JSON as a text, as everywhere."""
    is_nested = field.type.endswith("]") or field.type.startswith(("STRUCT", "MAP"))
    return f"to_json({quote(field.name)})" if is_nested else quote(field.name)
