"""Whether limits of contracts and filters of loads are what they should be: asked again only where a text changes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mainstem.core.canonical import canonical_json
from mainstem.core.dataset import Column, Condition, Load
from mainstem.core.kinds import find
from mainstem.core.ports import Session
from mainstem.core.problem import Problem
from mainstem.core.project import Project
from mainstem.core.release import Field
from mainstem.core.secret import shown

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


def filter_problems(project: Project, texts: Any) -> list[Problem]:
    """G087 for each filter of a load that is not one condition. `texts` remembers those that are."""
    problems = []
    for dataset in project.datasets.values():
        load = dataset.made_by
        if not isinstance(load, Load) or load.source not in project.sources:
            continue
        source = project.sources[load.source]
        told = getattr(find("sources", source.kind), "condition", None)
        condition: Condition | None = told(source, dataset) if told is not None else None
        if condition is None:
            continue
        key = hashlib.sha256(f"condition {condition.dialect} {condition.text}".encode()).hexdigest()
        if texts.fields(key) is not None:
            continue
        from mainstem.sql.condition import condition_problem

        wrong = condition_problem(condition.text, condition.dialect)
        if wrong is None:
            texts.remember_fields(key, [])
        else:
            what = f'`where` of "{dataset.name}" {wrong[0]}: {shown(condition.text)}'
            problems.append(Problem("G087", what, wrong[1], condition.place))
    return problems
