"""Names that point elsewhere: every one leads to something that exists, and aliases lead to the present id."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mainstem.core.dataset import Dataset
from mainstem.core.kinds import find
from mainstem.core.model_test import ModelTest
from mainstem.core.output import Output
from mainstem.core.place import Place
from mainstem.core.problem import Problem, nearest
from mainstem.core.requirement import Objective, Proof
from mainstem.project.items import ReadItem
from mainstem.project.nodes import Items, Keys, Node, Text, texts

_POINTERS: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "goal": (("owner", "owner", "stakeholder"),),
    "stakeholder": (("goals", "goals", "goal"),),
    "need": (("stakeholder", "stakeholder", "stakeholder"), ("goal", "goal", "goal")),
    "requirement": (
        ("needs", "needs", "need"),
        ("for", "for_", "stakeholder"),
        ("owed_by", "owed_by", "stakeholder"),
        ("uses", "uses", "definition"),
    ),
    "definition": (("owner", "owner", "stakeholder"),),
    "decision": (("requirements", "requirements", "requirement"),),
}
"""By kind of item: key, field, and the kind of item that the key names."""


@dataclass(frozen=True, slots=True)
class Known:
    """Everything that can be named. `ids` maps, by kind of item, ids and aliases to the present id.

    `lost` are names of what is written but could not be read: ids, datasets, outputs, schemas of sources. To miss them
    would be a second message about one mistake.
    """

    ids: Mapping[str, Mapping[str, str]]
    sides: Mapping[str, str]
    datasets: Mapping[str, Dataset]
    outputs: Mapping[str, Output]
    tests: Mapping[str, ModelTest]
    lost: frozenset[str]

    def has(self, name: str) -> bool:
        """Whether a dataset or output of that name is written."""
        return bool({name, name.partition(".")[0]} & self.lost) or name in self.outputs or name in self.datasets


def known(
    items: Iterable[ReadItem],
    datasets: Mapping[str, Dataset],
    outputs: Mapping[str, Output],
    tests: Mapping[str, ModelTest],
    lost: frozenset[str] = frozenset(),
) -> Known:
    """What there is to be named."""
    ids: dict[str, dict[str, str]] = {kind: {} for kind in _POINTERS}
    sides: dict[str, str] = {}
    for each in items:
        id = next(iter(each.names("id")), "")
        ids[each.kind].update(dict.fromkeys((*each.names("aliases"), id), id))
        if each.kind == "stakeholder":
            sides[id] = next(iter(each.names("side")), "downstream")
    return Known(ids, sides, datasets, outputs, tests, lost)


def resolved(name: str, kind: str, there: Known, place: Place, problems: list[Problem]) -> str:
    """The present id behind a name; the name itself after a problem."""
    found = there.ids[kind].get(name)
    if found is not None:
        return found
    if name in there.lost:
        return name
    other = next((kind for kind, ids in there.ids.items() if name in ids), None)
    what = f'"{name}" is a {other}, not a {kind}' if other else f'{kind} "{name}" does not exist'
    mend = nearest(name, list(there.ids[kind]), kind=f"{kind}s")
    if not there.ids[kind]:
        mend = f"write it: a .md file below requirements/ with `kind: {kind}` and `id: {name}`"
    problems.append(Problem("P042", what, mend, place))
    return name


def resolve_items(items: Sequence[ReadItem], there: Known, problems: list[Problem]) -> list[ReadItem]:
    """The items with every alias replaced by the present id; what names nothing is a problem."""
    return [_resolve_item(each, there, problems) for each in items]


def _resolve_item(each: ReadItem, there: Known, problems: list[Problem]) -> ReadItem:
    item: Any = each.item
    changes: dict[str, Any] = {}
    for key, field, kind in _POINTERS[each.kind]:
        nodes = list(texts(each.keys.get(key)))
        names = tuple(resolved(node.value, kind, there, node.place, problems) for node in nodes)
        if names:
            changes[field] = names if isinstance(getattr(item, field, None), tuple) else names[0]
    check = _CHECKS.get(each.kind)
    if check:
        check(each, there, problems)
    return replace(each, item=replace(item, **changes)) if item is not None and changes else each


def _check_questions(each: ReadItem, there: Known, problems: list[Problem]) -> None:
    node = each.keys.get("open_questions")
    for question in node.items if isinstance(node, Items) else (node,):
        for owner in texts(question.get("owner")) if isinstance(question, Keys) else ():
            resolved(owner.value, "stakeholder", there, owner.place, problems)


def _check_metric(each: ReadItem, there: Known, problems: list[Problem]) -> None:
    metrics = [name.removeprefix("metrics/") for name, output in there.outputs.items() if output.kind == "metric"]
    for node in texts(each.keys.get("metric")):
        name = node.value.removeprefix("metrics/")
        if name not in metrics and f"metrics/{name}" not in there.lost:
            what = f'metric "{node.value}" does not exist'
            problems.append(Problem("P042", what, nearest(node.value, metrics, kind="metrics"), node.place))


def _check_chosen(each: ReadItem, there: Known, problems: list[Problem]) -> None:
    del there
    node = each.keys.get("options")
    written = [option for option in (node.items if isinstance(node, Items) else ()) if isinstance(option, Keys)]
    options = [name.value for option in written for name in texts(option.get("id"))]
    for chosen in texts(each.keys.get("chosen")):
        if chosen.value not in options:
            what = f'"{chosen.value}" is no option of this decision'
            problems.append(Problem("P042", what, nearest(chosen.value, options, kind="options"), chosen.place))


def _check_requirement(each: ReadItem, there: Known, problems: list[Problem]) -> None:
    asked_by = ", ".join(each.names("for") or each.names("needs"))
    whose = " ".join(f'"{id}"' for id in each.names("id")) + (f" (for {asked_by})" if asked_by else "")
    for bound in texts(each.keys.get("binds")):
        if there.has(bound.value) or there.has(bound.value.rpartition(".")[0]):
            continue
        problems.append(_gone(bound.value, whose, there, bound.place))
    if each.objective is not None:
        keys = each.keys.get("objective")
        measure = keys.get("measure") if isinstance(keys, Keys) else None
        _check_objective(each.objective, measure, whose, there, problems)
    for proof in each.proofs:
        _check_proof(proof, there, problems)


_CHECKS: Mapping[str, Callable[[ReadItem, Known, list[Problem]], None]] = {
    "need": _check_questions,
    "requirement": _check_requirement,
    "definition": _check_metric,
    "decision": _check_chosen,
}


def _gone(name: str, whose: str, there: Known, place: Place) -> Problem:
    what = f'"{name}", which requirement {whose} rests on, does not exist'
    existing = [*there.datasets, *there.outputs]
    return Problem("P042", what, nearest(name, existing, kind="datasets and outputs"), place)


def _check_objective(
    objective: Objective, measure: Node | None, whose: str, there: Known, problems: list[Problem]
) -> None:
    """The subject of the measure exists, so do the datasets and checks that its options name."""
    keys = measure if isinstance(measure, Keys) else Keys({}, objective.place)
    place = next((node.place for node in texts(keys.get(objective.kind))), objective.place)
    if not there.has(objective.of):
        problems.append(_gone(objective.of, whose, there, place))
    implementation = find("measures", objective.kind)
    for option in getattr(implementation, "DATASETS", ()):
        missing = [node for node in texts(keys.get(option)) if not there.has(node.value)]
        problems += [_gone(node.value, whose, there, node.place) for node in missing]
    dataset = there.datasets.get(objective.of)
    for option in getattr(implementation, "CHECKS", ()):
        for named in texts(keys.get(option)):
            if dataset is not None:
                _check_named_check(named.value, option, dataset, named.place, problems)


def _check_named_check(name: str, option: str, dataset: Dataset, place: Place, problems: list[Problem]) -> None:
    check = next((check for check in dataset.checks if check.id == name), None)
    if check is None:
        what = f'"{dataset.name}" has no check "{name}"'
        mend = nearest(name, [check.id for check in dataset.checks], kind=f"checks of {dataset.name}")
        problems.append(Problem("P042", what, mend, place))
    elif option == "passing" and check.per != "partition":
        what = f'check "{name}" of "{dataset.name}" is not counted by partition'
        if dataset.time_column is None:
            mend = f'give "{dataset.name}" a `time_column`'
        else:
            mend = f"remove `per: table` in line {check.place.line} of {check.place.file}, or name another check"
        problems.append(Problem("P046", what, mend, place))


def _check_proof(proof: Proof, there: Known, problems: list[Problem]) -> None:
    if proof.kind == "accepted_by":
        resolved(proof.of, "stakeholder", there, proof.place, problems)
    if isinstance(proof.options.get("as"), str):
        resolved(proof.options["as"], "stakeholder", there, proof.place, problems)
    if proof.kind == "test" and proof.of not in {*there.tests, *there.lost} and "tests/" not in there.lost:
        mend = nearest(proof.of, list(there.tests), kind="tests")
        problems.append(Problem("P042", f'test "{proof.of}" does not exist', mend, proof.place))
    if proof.kind not in ("answers", "returns"):
        return
    name, hash_, block = proof.of.partition("#")
    output = there.outputs.get(name)
    if name in there.lost:
        return
    if output is None:
        what, mend = f'output "{name}" does not exist', nearest(name, list(there.outputs), kind="outputs")
        problems.append(Problem("P042", what, mend, proof.place))
    elif hash_ and block not in (blocks := [query.name for query in output.queries]):
        what, mend = f'output "{name}" has no block "{block}"', nearest(block, blocks, kind="blocks")
        problems.append(Problem("P042", what, mend, proof.place))


def check_owner(keys: Keys, there: Known, problems: list[Problem], *, upstream: bool = False) -> None:
    """The `owner:` of a mapping is a stakeholder; of a source one whose side is upstream."""
    node = keys.get("owner")
    if isinstance(node, Text):
        before = len(problems)
        id = resolved(node.value, "stakeholder", there, node.place, problems)
        if upstream and len(problems) == before and there.sides.get(id, "upstream") != "upstream":
            what = f'the side of "{id}" is "{there.sides[id]}", and a source is owned from upstream'
            mend = "name the stakeholder who answers for the system, or write `side: upstream` there"
            problems.append(Problem("P043", what, mend, node.place))


def owner_id(owner: str | None, there: Known) -> str | None:
    """The present id of an owner that `check_owner` has looked at."""
    return there.ids["stakeholder"].get(owner, owner) if owner is not None else None
