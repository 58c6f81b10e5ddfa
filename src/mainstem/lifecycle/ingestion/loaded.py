"""Rows that were loaded under another contract, beside the one of today."""

from __future__ import annotations

from collections.abc import Sequence

from mainstem.core.dataset import Column
from mainstem.core.ports import Session
from mainstem.core.release import Field
from mainstem.lifecycle.ingestion.rules import faults
from mainstem.lifecycle.ingestion.target import Target
from mainstem.sql.quote import quote
from mainstem.sql.types import parse_type


def breaking(session: Session, relation: str, fields: Sequence[Field], columns: Sequence[Column]) -> dict[str, int]:
    """How many rows of a table (SQL usable in FROM) break the contract, by column; columns that none breaks are left
    out. What columns refer to is not looked at."""
    types = {field.name: parse_type(field.type) for field in fields}
    asked = {column.name: _count(column, types[column.name].text) for column in columns if column.name in types}
    counted = {name: sql for name, sql in asked.items() if sql is not None}
    if not counted:
        return {}
    (found,) = session.rows(f"select {', '.join(counted.values())} from {relation}")
    return {name: int(count) for name, count in zip(counted, found, strict=True) if count}


def _count(column: Column, type_: str) -> str | None:
    name = quote(column.name)
    target = Target(column.name, parse_type(type_), parse_type(type_), None, column)
    wrong = [fault.condition for fault in faults(target, None, name, name, is_needed=False)]
    parts = [f"count(*) filter (where {' or '.join(wrong)})"] if wrong else []
    if column.unique:
        parts.append(f"count({name}) - count(distinct {name})")
    return " + ".join(parts) or None
