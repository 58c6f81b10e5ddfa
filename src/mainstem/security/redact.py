"""Treatments of tagged columns, as SQL.

A redacted column is a constant, the same for every row, NULL or not: `[redacted]` for text, NULL of the column's own
type for everything else, nested values as a whole. So nothing of it can be shown, filtered, joined, counted or
compared, and every query keeps its columns and types.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mainstem.core.release import Field
from mainstem.core.tags import ColumnTags, column_tags
from mainstem.sql.quote import literal, quote

REDACTED = "[redacted]"
"""What stands in the place of a redacted text."""


def treatments(fields: Sequence[Field], tags: ColumnTags, *, clear: bool = False) -> Mapping[str, str]:
    """How each tagged column is treated: `clear` or `redact`, by name in the order of the columns.

    Columns without a tag are not in it: they are shown as they are.
    """
    treatment = "clear" if clear else "redact"
    return {field.name: treatment for field in fields if column_tags(tags, field.name)}


def masked_select(relation: str, fields: Sequence[Field], tags: ColumnTags, *, clear: bool = False) -> str:
    """The SELECT of exactly `fields` from `relation` (SQL usable in FROM), tagged columns redacted unless `clear`.

    >>> print(masked_select('"raw"."people"', [Field("id", "BIGINT"), Field("mail", "VARCHAR")],
    ...                     {"mail": frozenset({"pii"})}))
    select "id", cast('[redacted]' as VARCHAR) as "mail" from "raw"."people" as source
    """
    treated = treatments(fields, tags, clear=clear)
    columns = ", ".join(
        _redacted(field) if treated.get(field.name) == "redact" else quote(field.name) for field in fields
    )
    return f"select {columns} from {relation} as source"


def _redacted(field: Field) -> str:
    value = literal(REDACTED) if field.type.upper() == "VARCHAR" else "null"
    return f"cast({value} as {field.type}) as {quote(field.name)}"
