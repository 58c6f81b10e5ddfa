"""One text for one meaning: canonical JSON, and digests over it (requirements-evaluation, section 8)."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from mainstem.core.place import Place, Places
from mainstem.core.secret import shown

_WHITESPACE = re.compile(r"\s+")


def canonical(value: Any) -> Any:
    """`value` as plain JSON data with one form for one meaning.

    Keys sorted; text NFC with runs of blanks folded; numbers as normalised decimals; sets sorted; None and
    Places dropped; a Secret as it was written; dataclasses as mappings; dates, times, instants as ISO text; durations
    as seconds.
    """
    if isinstance(value, str):
        value = shown(value)
        return _WHITESPACE.sub(" ", unicodedata.normalize("NFC", value)).strip()
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float | Decimal):
        return _number(value)
    if isinstance(value, timedelta):
        return _number(Decimal(str(value.total_seconds())))
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Mapping):
        kept = {str(k): v for k, v in value.items() if v is not None and not isinstance(v, Place | Places)}
        return {key: canonical(kept[key]) for key in sorted(kept)}
    if isinstance(value, AbstractSet):
        return sorted((canonical(v) for v in value), key=lambda v: json.dumps(v, sort_keys=True))
    return [canonical(v) for v in value]


def _number(value: float | Decimal) -> str:
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    return format(exact.normalize(), "f") if exact else "0"


def canonical_json(value: Any) -> str:
    """`canonical(value)` as JSON text without blanks."""
    return json.dumps(canonical(value), ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def digest(value: Any) -> str:
    """`sha256:` and the hex SHA-256 of the canonical JSON of `value`."""
    return "sha256:" + hashlib.sha256(canonical_json(value).encode()).hexdigest()
