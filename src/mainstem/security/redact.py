"""Treatments of tagged columns, as SQL.

A redacted column is a constant, the same for every row, NULL or not: `[redacted]` for text, NULL of the column's own
type for everything else, nested values as a whole. So nothing of it can be shown, filtered, joined, counted or
compared, and every query keeps its columns and types.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mainstem.core.release import Field
from mainstem.core.tags import ColumnTags, column_tags
from mainstem.security.decide import STAND_IN, Access
from mainstem.security.stand_ins import stand_in
from mainstem.sql.quote import literal, quote

REDACTED = "[redacted]"
"""What stands in the place of a redacted text."""

_BLOCK_BYTES: Final = 64
_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL")


@dataclass(frozen=True, slots=True)
class Key:
    """The secret of the treatment `hash`: without it nobody can try all telephone numbers."""

    secret: bytes

    def __repr__(self) -> str:
        return "Key(...)"


def redacted(fields: Sequence[Field], tags: ColumnTags) -> Access:
    """The access of whoever is granted nothing: every tagged column is redacted."""
    return Access({each.name: "redact" for each in fields if column_tags(tags, each.name)})


def masked_select(relation: str, fields: Sequence[Field], access: Access, key: Key | None = None) -> str:
    """The SELECT of `fields` from `relation` (SQL usable in FROM) as far as `access` goes.

    Columns of treatment `drop` are left out. Without a `key`, `hash` and `stand in` redact.

    >>> people = [Field("id", "BIGINT"), Field("mail", "VARCHAR")]
    >>> print(masked_select('"raw"."people"', people, redacted(people, {"mail": frozenset({"pii"})})))
    select "id", cast('[redacted]' as VARCHAR) as "mail" from "raw"."people" as source
    """
    shown = [each for each in fields if access.treated.get(each.name) != "drop"]
    columns = ", ".join(_column(each, access.treated, key) for each in shown) or "null as nothing"
    where = " where " + " and ".join(f"({condition}\n)" for condition in access.where) if access.where else ""
    return f"select {columns} from {relation} as source{where}"


def _column(field: Field, treated: Mapping[str, str], key: Key | None) -> str:
    treatment = treated.get(field.name, "clear")
    if treatment == "clear":
        return quote(field.name)
    return f"{_treated(field, treatment, key)} as {quote(field.name)}"


def _treated(field: Field, treatment: str, key: Key | None) -> str:
    name, type_ = quote(field.name), field.type.upper()
    if treatment == "null":
        return f"cast(null as {field.type})"
    if treatment == "hash" and key is not None:
        return _hmac(name, key)
    if treatment == STAND_IN and key is not None and (made_up := stand_in(field, _hmac(name, key))):
        return made_up
    if treatment == "partial" and type_ == "VARCHAR":
        return f"left({name}, 1) || '***'"
    if treatment == "bucket" and type_.startswith(_NUMBERS):
        return f"cast(floor({name} / 10) * 10 as {field.type})"
    if treatment == "bucket" and type_.startswith(("DATE", "TIMESTAMP")):
        return f"cast(date_trunc('month', {name}) as {field.type})"
    value = literal(REDACTED) if type_ == "VARCHAR" else "null"
    return f"cast({value} as {field.type})"


def _hmac(name: str, key: Key) -> str:
    """HMAC-SHA-256 (RFC 2104) of the value's text, in hexadecimal digits; NULL stays NULL."""
    block = key.secret.ljust(_BLOCK_BYTES, b"\0")
    inner, outer = (bytes(byte ^ pad for byte in block).hex() for pad in (0x36, 0x5C))
    within = f"sha256(unhex('{inner}') || encode(cast({name} as varchar)))"
    return f"sha256(unhex('{outer}') || unhex({within}))"
