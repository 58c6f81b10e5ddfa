"""Types that the values of text columns show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mainstem.core.ports import Session
from mainstem.sql.quote import literal, quote

_NUMBER = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?"
_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = _DAY + r"[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
_SAMPLE_ROWS = 2000


def _all(pattern: str, type_: str, more: str = "") -> str:
    return f"regexp_full_match(v, {literal(pattern)}) and try_cast(v as {type_}) is not null{more}"


_SIGNS: Mapping[str, str] = {
    "BOOLEAN": "lower(v) in ('true', 'false')",
    "BIGINT": _all("-?(0|[1-9][0-9]*)", "bigint"),
    "DOUBLE": _all(_NUMBER, "double", " and length(regexp_replace(v, '[^0-9]', '', 'g')) <= 15"),
    "DATE": _all(_DAY, "date"),
    "TIMESTAMP": _all(_TIME, "timestamp"),
    "TIMESTAMP WITH TIME ZONE": _all(_TIME + "(Z|[+-][0-9]{2}(:?[0-9]{2})?)", "timestamptz"),
}
"""Per type, what every value must look like, the narrowest type first. Nothing may be lost by the cast: a number
with leading zeros or more digits than a DOUBLE holds stays a text."""


def suggested(session: Session, select: str, columns: Sequence[str]) -> tuple[str, ...]:
    """A type for each column of a SELECT of texts: one that every value fits, else VARCHAR.

    A few rows decide which types are asked of all.
    """
    wanted = {name: tuple(_SIGNS) for name in columns}
    for rows in (f"(select * from ({select}) limit {_SAMPLE_ROWS})", f"({select})"):
        wanted = _fitting(session, rows, wanted)
    return tuple(wanted[name][0] if wanted[name] else "VARCHAR" for name in columns)


def _fitting(session: Session, relation: str, wanted: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """The types of `wanted` that every value of a column fits; none for a column without values."""
    asked = [(name, type_) for name, types in wanted.items() for type_ in types]
    if not asked:
        return dict(wanted)
    texts = [
        f"bool_and({_SIGNS[type_].replace('(v', f'({quote(name)}')}) filter (where {quote(name)} is not null)"
        for name, type_ in asked
    ]
    (found,) = session.rows(f"select {', '.join(texts)} from {relation}")
    fits = {each for each, is_true in zip(asked, found, strict=True) if is_true}
    return {name: tuple(type_ for type_ in types if (name, type_) in fits) for name, types in wanted.items()}
