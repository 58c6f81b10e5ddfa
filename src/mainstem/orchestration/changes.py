"""What a plan's steps change, column by column, whom that reaches, and what it breaks for those below."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from mainstem.core.change import Breaking, ColumnChange
from mainstem.core.dataset import QUARANTINE
from mainstem.core.ports import Ledger
from mainstem.core.project import Project
from mainstem.core.release import Field, Version
from mainstem.core.run import Plan, Step
from mainstem.governance.reach import Reached, reached
from mainstem.orchestration.bind import Bound
from mainstem.orchestration.estimates import added_up, estimated, last_seconds
from mainstem.orchestration.graph import below
from mainstem.orchestration.makings import Makings, When, key_of, planned
from mainstem.orchestration.plan import OF_TEXT, PERHAPS, touched
from mainstem.orchestration.state import State

EVERY = "*"
"""Stands for all columns where other rows are there."""

Made = Mapping[str, Any]
"""What evidence keeps of a version: `rows`, `columns` (as in `Makings`), `reads` (base columns)."""


def explained(plan: Plan, project: Project, bound: Bound, state: State, ledger: Ledger, now: datetime) -> Plan:
    """The plan with what each step changes, what breaks, whom that reaches by column, and what it may cost.

    Asks the ledger for as many versions as the plan moves, and for a few runs, however long the history is.
    """
    moving = [step.dataset for step in plan.steps if step.commits is not False or step.action == "adopt"]
    if not moving:
        return replace(plan, currency=(project.prices or {}).get("currency"))
    ids = {n: state.bases[n].id for n in below(bound.inputs, moving, bound.order) if n in state.bases}
    kept = ledger.made(set(ids.items()))
    old = {name: kept.get((name, id), {}) for name, id in ids.items()}
    new = _planned(plan, project, bound, state, (now, project.timezone, project.macros))
    steps = tuple(_refined(step, bound, state, old, new) for step in plan.steps)
    starts = [start for step in steps if step.dataset in moving for start in _starts(step, project, old, new)]
    reach = reached(project, bound.facts, *starts)
    seconds = last_seconds(ledger, plan.env)
    steps = tuple(
        replace(step, estimate=estimated(state.bases.get(step.dataset), seconds.get(step.dataset), project.prices))
        if step.commits is not False
        else step
        for step in steps
    )
    return replace(
        plan,
        steps=steps,
        touched=touched(project, bound, reach.datasets, reach.requirements),
        outputs=reach.outputs,
        people=reach.people,
        breaking=_breaking(steps, project, bound, old),
        estimate=added_up(step.estimate for step in steps if step.estimate is not None),
        currency=(project.prices or {}).get("currency"),
    )


def _planned(plan: Plan, project: Project, bound: Bound, state: State, when: When) -> dict[str, Makings]:
    found: dict[str, Makings] = {}
    for step in plan.steps:
        name, facts = step.dataset, bound.facts.get(step.dataset)
        dataset, base = project.datasets[name], state.bases.get(name)
        inputs = {parent: found[parent] for parent in bound.inputs[name]}
        key = key_of(dataset, facts, inputs, when) if facts and base else None
        found[name] = planned(dataset, facts, inputs, base, key, stays=step.commits is False, when=when)
    return found


def _refined(step: Step, bound: Bound, state: State, old: Mapping[str, Made], new: Mapping[str, Makings]) -> Step:
    """The step with the columns that it changes; a text whose columns are all made as before has only other words."""
    name, base = step.dataset, state.bases.get(step.dataset)
    if base is None or not step.change:
        return step
    columns = _columns(base, bound.fields.get(name), old.get(name, {}), new[name])
    if (
        step.change in OF_TEXT
        and old.get(name, {}).get("rows")
        and new[name].rows
        and not _is_known(old[name], new[name])
    ):
        columns = (ColumnChange(EVERY, "rows"), *columns)
    is_same = not columns and _is_known(old.get(name, {}), new[name])
    return replace(step, columns=columns, change="text" if is_same and step.change == "changed" else step.change)


def _is_known(old: Made, new: Makings) -> bool:
    """Whether there are the same rows as before, so that columns can be compared one by one."""
    return bool(new.rows) and old.get("rows") == new.rows


def _columns(base: Version, fields: Sequence[Field] | None, old: Made, new: Makings) -> tuple[ColumnChange, ...]:
    """The columns that differ; of what cannot be compared only those that come, go, or change their type."""
    if fields is None:
        return ()
    before = {field.name.lower(): field for field in base.fields}
    after = {field.name.lower(): field for field in fields}
    found = [ColumnChange(field.name, "removed", field.type) for name, field in before.items() if name not in after]
    is_known = _is_known(old, new)
    for name, field in after.items():
        was = before.get(name)
        if was is None:
            found.append(ColumnChange(field.name, "added", None, field.type))
        elif was.type != field.type:
            found.append(ColumnChange(field.name, "retyped", was.type, field.type))
        elif is_known and old["columns"].get(name) != new.columns.get(name):
            found.append(ColumnChange(field.name, "remade", was.type, field.type))
    return tuple(found)


def _starts(step: Step, project: Project, old: Mapping[str, Made], new: Mapping[str, Makings]) -> Iterable[str]:
    """Where what a step changes begins: its columns where they can be told apart, else all of it."""
    name = step.dataset
    if step.action == "adopt" or step.change in ("data", PERHAPS) or not _is_known(old.get(name, {}), new[name]):
        return (name, name + QUARANTINE) if project.datasets[name].is_load else (name,)
    return [f"{name}.{column.name}" for column in step.columns if column.what != "removed"]


def _breaking(steps: Iterable[Step], project: Project, bound: Bound, old: Mapping[str, Made]) -> tuple[Breaking, ...]:
    found = []
    for step in steps:
        for column in step.columns:
            if column.is_breaking:
                reach = _readers(step.dataset, column, project, bound, old)
                datasets = tuple(name for name in reach.datasets if name != step.dataset)
                found.append(Breaking(step.dataset, column, datasets, reach.outputs, reach.requirements, reach.people))
    return tuple(found)


def _readers(dataset: str, column: ColumnChange, project: Project, bound: Bound, old: Mapping[str, Made]) -> Reached:
    """Who reads a column now; of one that vanishes, who read it when they were made."""
    if column.what == "retyped":
        return reached(project, bound.facts, f"{dataset}.{column.name}")
    base = f"{dataset}.{column.name}".lower()
    readers = [name for name, made in old.items() if base in made.get("reads", ()) and name in project.datasets]
    return reached(project, bound.facts, *readers)
