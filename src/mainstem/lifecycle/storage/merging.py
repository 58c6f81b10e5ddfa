"""Which files of a table a merge must rewrite."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from mainstem.core.ports import Session
from mainstem.core.release import DataFile, Snapshot
from mainstem.sql.quote import literal, quote
from mainstem.sql.types import INSTANT

_AS_TEXT: Mapping[str, str] = {
    "DATE": "cast({} as varchar)",
    "TIMESTAMP": "strftime({}, '%Y-%m-%dT%H:%M:%S.%f')",
    INSTANT: "strftime(cast({} as timestamp), '%Y-%m-%dT%H:%M:%S.%fZ')",
}
"""Bounds of a batch in the form that statistics have, in which text order is the order of the values."""

_AS_IS = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "VARCHAR"})


def files_touched(session: Session, lake: Path, base: Snapshot, key: Sequence[str], batch: str) -> tuple[DataFile, ...]:
    """The files of `base` that hold a row whose key is in `batch` (SQL usable in FROM), in the table's order.

    First those whose statistics allow it, then, of these, those that a semi-join finds. A NULL in a key matches
    nothing.
    """
    candidates = (
        tuple(file for file in base.files if _may_hold(file, bounds))
        if (bounds := _bounds(session, base, key, batch))
        else base.files
    )
    if not candidates:
        return ()
    paths = {str(lake / base.table / file.path): file for file in candidates}
    names = ", ".join(quote(name) for name in key)
    listed = ", ".join(literal(path) for path in paths)
    scan = f"select {names}, filename from read_parquet([{listed}], union_by_name = true, filename = true)"
    found = session.rows(
        f"select distinct filename from ({scan}) semi join (select {names} from {batch}) using ({names})"
    )
    hit = {paths[row[0]].path for row in found}
    return tuple(file for file in candidates if file.path in hit)


def _bounds(session: Session, base: Snapshot, key: Sequence[str], batch: str) -> dict[str, tuple[Any, Any]]:
    """Least and greatest value of the batch for each key column whose statistics can be compared."""
    types = {field.name: field.type for field in base.fields}
    shown = {name: _comparable(types.get(name, "")) for name in key}
    columns = [(name, text.format(quote(name))) for name, text in shown.items() if text]
    if not columns:
        return {}
    asked = ", ".join(f"min({text}), max({text})" for _, text in columns)
    row = session.rows(f"select {asked} from {batch}")[0]
    return {
        name: (row[2 * index], row[2 * index + 1])
        for index, (name, _) in enumerate(columns)
        if row[2 * index] is not None
    }


def _comparable(kind: str) -> str | None:
    if kind in _AS_IS or kind.startswith("DECIMAL("):
        return "{}"
    return _AS_TEXT.get(kind)


def _may_hold(file: DataFile, bounds: Mapping[str, tuple[Any, Any]]) -> bool:
    """False only where the statistics prove that no key of the batch is in the file."""
    stats = json.loads(file.stats, parse_float=Decimal) if file.stats else {}
    lows, highs = stats.get("minValues", {}), stats.get("maxValues", {})
    return all(_overlap(bounds[name], lows.get(name), highs.get(name)) for name in bounds)


def _overlap(batch: tuple[Any, Any], low: Any, high: Any) -> bool:
    if low is None or high is None or isinstance(low, str) != isinstance(batch[0], str):
        return True
    return bool(low <= batch[1] and batch[0] <= high)
