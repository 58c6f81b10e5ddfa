"""Made-up values in the place of tagged ones: of the same type, and equal where the values are equal."""

from __future__ import annotations

from mainstem.core.release import Field
from mainstem.sql.types import INSTANT, parse_type

_WIDEST = {"SMALLINT": 10**4, "INTEGER": 10**9, "BIGINT": 10**15, "HUGEINT": 10**15, "FLOAT": 10**6, "DOUBLE": 10**9}
_DAYS = 9000
_SECONDS = 9000 * 24 * 3600


def stand_in(field: Field, digest: str) -> str | None:
    """SQL of a value that is made up of `digest`, a keyed digest of the true one as hexadecimal text; NULL stays NULL.

    None for a type with so few values that one of them would often be the true one, or be told by how often it comes,
    and for nested types.
    """
    kind = parse_type(field.type)
    number = f"md5_number_lower({digest})"
    if kind.name == "VARCHAR":
        return f"'made up ' || left({digest}, 8)"
    if kind.name in _WIDEST:
        return f"cast({number} % {_WIDEST[kind.name]} as {field.type})"
    if kind.name == "DECIMAL" and kind.digits and kind.digits[0] - kind.digits[1] >= 4:
        return f"cast({number} % {10 ** min(kind.digits[0] - kind.digits[1], 15)} as {field.type})"
    if kind.name == "DATE":
        return f"date '2000-01-01' + cast({number} % {_DAYS} as integer)"
    if kind.name in ("TIMESTAMP", INSTANT):
        return f"cast('2000-01-01' as {field.type}) + to_seconds(cast({number} % {_SECONDS} as bigint))"
    return None
