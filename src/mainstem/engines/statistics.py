"""Delta's statistics of a file, from what COPY returns: only bounds that every reader may trust."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence

from mainstem.core.release import Field

_COLUMNS_AT_MOST = 32
_TEXT_BYTES_AT_MOST = 128
_INTEGERS = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT"})
_FLOATS = frozenset({"FLOAT", "DOUBLE"})
_SCALARS = _INTEGERS | _FLOATS | {"BOOLEAN", "DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "VARCHAR", "BLOB"}
_WHOLE = re.compile(r"-?\d+")
_EXACT = re.compile(r"-?\d+(\.\d+)?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(\+00)?")

ColumnStatistics = Mapping[str, Mapping[str, str]]
"""By quoted column name: min, max, null_count, has_nan, as COPY's RETURN_STATS gives them."""


def delta_statistics(rows: int, fields: Sequence[Field], columns: ColumnStatistics) -> str:
    """The `stats` text of an add action (Delta protocol, "Per-file Statistics").

    Only top-level scalars, the first 32. Bounds are given only as a pair, and only where they are exact or wider than
    the data: not for floats with a NaN or an infinity (the engine leaves NaN out of its bounds), not for long
    texts (the engine cuts them), not for dates outside the years 1 to 9999. Decimals keep every digit. What is missing
    costs a reader time; what is wrong would cost it rows.
    """
    bounds: list[tuple[str, str, str]] = []
    nulls: list[str] = []
    for field in [field for field in fields if _is_scalar(field.type)][:_COLUMNS_AT_MOST]:
        found = columns.get('"' + field.name.replace('"', '""') + '"', {})
        name = json.dumps(field.name)
        if "null_count" in found:
            nulls.append(f"{name}:{int(found['null_count'])}")
        low, high = _literal(field.type, found.get("min"), found), _literal(field.type, found.get("max"), found)
        if field.type in _FLOATS:
            low, high = _with_both_zeros(low, high)
        if low is not None and high is not None:
            bounds.append((name, low, high))
    lows = ",".join(f"{name}:{low}" for name, low, _ in bounds)
    highs = ",".join(f"{name}:{high}" for name, _, high in bounds)
    return f'{{"numRecords":{rows},"minValues":{{{lows}}},"maxValues":{{{highs}}},"nullCount":{{{",".join(nulls)}}}}}'


def _is_scalar(type: str) -> bool:
    return type in _SCALARS or (type.startswith("DECIMAL(") and type.endswith(")"))


def _literal(type: str, value: str | None, found: Mapping[str, str]) -> str | None:
    """`value` as JSON text, or None where it cannot be trusted."""
    if value is None:
        return None
    if type in _INTEGERS:
        return value if _WHOLE.fullmatch(value) else None
    if type in _FLOATS:
        is_safe = found.get("has_nan") == "false" and math.isfinite(float(value))
        return repr(float(value)) if is_safe else None
    if type.startswith("DECIMAL("):
        return value if _EXACT.fullmatch(value) else None
    if type == "VARCHAR":
        return json.dumps(value, ensure_ascii=False) if len(value.encode()) <= _TEXT_BYTES_AT_MOST else None
    if type == "DATE":
        return f'"{value}"' if _DATE.fullmatch(value) else None
    return _instant(type, value)


def _with_both_zeros(low: str | None, high: str | None) -> tuple[str | None, str | None]:
    """Readers differ on whether -0.0 lies below 0.0: bounds at zero include both (as Parquet's own rule says)."""
    return "-0.0" if low == "0.0" else low, "0.0" if high == "-0.0" else high


def _instant(type: str, value: str) -> str | None:
    """Timestamps at full microseconds, with `T`, and `Z` where they are instants."""
    parts = _INSTANT.fullmatch(value)
    if parts is None or not type.startswith("TIMESTAMP"):
        return None
    has_zone = type == "TIMESTAMP WITH TIME ZONE"
    if has_zone != bool(parts[4]):
        return None
    return f'"{parts[1]}T{parts[2]}.{(parts[3] or "").ljust(6, "0")}{"Z" if has_zone else ""}"'
