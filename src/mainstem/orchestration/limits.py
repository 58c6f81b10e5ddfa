"""Whether the limits of contracts fit their columns: asked of the engine once, and again where the texts change."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mainstem.core.canonical import canonical_json
from mainstem.core.dataset import Column
from mainstem.core.ports import Session
from mainstem.core.problem import Problem
from mainstem.core.project import Project
from mainstem.core.release import Field

if TYPE_CHECKING:
    from mainstem.lifecycle.ingestion.target import Target


def limit_problems(
    project: Project, fields: Mapping[str, Sequence[Field] | None], texts: Any, session: Callable[[], Session]
) -> list[Problem]:
    """I004 for each `min`, `max`, `accepted` and `matches` of a load that cannot be held against the column's type.

    The type is the contract's, else the one that `fields` has of it; of a column without either, only `matches` is
    looked at. `texts` remembers limits that fit, so that `session` is not called while they stay as they are.
    """
    wanted: list[tuple[Column, str]] = []
    for dataset in project.datasets.values():
        if not dataset.is_load or project.is_lost(dataset.name):
            continue
        known = {field.name: field.type for field in fields.get(dataset.name) or ()}
        wanted += [
            (each, each.type or known.get(each.name, "VARCHAR")) for each in dataset.columns if _is_limited(each)
        ]
    if not wanted:
        return []
    written = [(column.min, column.max, column.accepted, column.matches, type_) for column, type_ in wanted]
    key = hashlib.sha256(canonical_json(["limits", *written]).encode()).hexdigest()
    if texts.fields(key) is not None:
        return []
    from mainstem.lifecycle.ingestion.rules import impossible

    problems = impossible(session(), [_target(column, type_) for column, type_ in wanted])
    if not problems:
        texts.remember_fields(key, [])
    return problems


def _is_limited(column: Column) -> bool:
    return any(each is not None for each in (column.min, column.max, column.accepted, column.matches))


def _target(column: Column, type_: str) -> Target:
    from mainstem.lifecycle.ingestion.target import Target
    from mainstem.sql.types import parse_type

    parsed = parse_type(type_)
    return Target(column.name, parsed, parsed, column=column)
