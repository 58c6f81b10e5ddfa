"""Which datasets a selection means: by name, glob, tag, requirement or person, what changed, and what hangs on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from mainstem.core.dataset import Load
from mainstem.core.problem import Problem, ProjectError, nearest
from mainstem.core.project import Project
from mainstem.orchestration.bind import Bound
from mainstem.orchestration.graph import above, below
from mainstem.orchestration.looks import load_fingerprint
from mainstem.orchestration.state import State

CHANGED = "changed"
"""Selects what is new in the text, or means something else than the version that is there was made by."""

METHODS = ("tag", "requirement", "stakeholder")
"""What may stand before a colon."""


def selected(project: Project, bound: Bound, state: State, select: Sequence[str]) -> frozenset[str]:
    """The datasets that any of the words means, all for ().

    A word is a name, a glob, `changed`, `tag:NAME`, `requirement:ID` (what it is bound to, measured by or proved on),
    `stakeholder:ID` (what their requirements and outputs rest on). `+word` adds everything that it is made of,
    `word+` everything that is made of it. ProjectError O001 for a word that means nothing; nothing may have changed.
    """
    if not select:
        return frozenset(project.datasets)
    return frozenset().union(*(_meant(word, project, bound, state) for word in select))


def words(project: Project) -> dict[str, str]:
    """What may be selected, without names of datasets: each word with what it is."""
    found = {f"tag:{tag}": "tag" for tag in sorted(_tags(project))}
    found |= {f"requirement:{id}": each.title for id, each in project.requirements.items() if each.retired is None}
    found |= {f"stakeholder:{id}": each.title for id, each in project.stakeholders.items()}
    return {CHANGED: "what is new in the text, or changed", **found}


def _meant(word: str, project: Project, bound: Bound, state: State) -> frozenset[str]:
    bare = word.removeprefix("+").removesuffix("+")
    method, colon, name = bare.partition(":")
    if bare == CHANGED:
        found = _changed(project, bound, state)
    elif colon:
        found = _by_method(word, method, name, project, bound)
    else:
        found = _called(bare or word, project)
    more = frozenset(found)
    if word.startswith("+"):
        more |= above(bound.inputs, found, bound.order)
    if word.endswith("+") and len(word) > 1:
        more |= below(bound.inputs, found, bound.order)
    return more


def _called(pattern: str, project: Project) -> frozenset[str]:
    patterns = (pattern,) if "." in pattern else (pattern, f"main.{pattern}")
    found = frozenset(name for name in project.datasets if any(fnmatchcase(name, each) for each in patterns))
    if not found:
        raise _nothing(f'no dataset is called "{pattern}"', pattern, project.datasets, "datasets")
    return found


def _by_method(word: str, method: str, name: str, project: Project, bound: Bound) -> frozenset[str]:
    ways: Mapping[str, Callable[[str, Project, Bound], frozenset[str]]] = {
        "tag": _tagged,
        "requirement": _required,
        "stakeholder": _wanted,
    }
    if method not in ways:
        raise _nothing(f'"{word}" selects by "{method}"', method, ways, "words before a colon")
    return ways[method](name, project, bound)


def _tagged(tag: str, project: Project, bound: Bound) -> frozenset[str]:
    del bound
    found = frozenset(
        name
        for name, dataset in project.datasets.items()
        if tag in dataset.tags or any(tag in column.tags for column in dataset.columns)
    )
    if not found:
        raise _nothing(f'no dataset is tagged "{tag}"', tag, _tags(project), "tags")
    return found


def _tags(project: Project) -> set[str]:
    datasets = project.datasets.values()
    return {tag for each in datasets for tags in (each.tags, *(column.tags for column in each.columns)) for tag in tags}


def _required(id: str, project: Project, bound: Bound) -> frozenset[str]:
    if id not in project.requirements:
        raise _nothing(f'no requirement is called "{id}"', id, project.requirements, "requirements")
    found = _rests_on(id, project, bound)
    if not found:
        mend = f'bind "{id}" to data with `binds:` or `objective:`, or select datasets by name'
        raise ProjectError(Problem("O001", f'requirement "{id}" rests on no dataset', mend))
    return found


def _wanted(id: str, project: Project, bound: Bound) -> frozenset[str]:
    if id not in project.stakeholders:
        raise _nothing(f'no stakeholder is called "{id}"', id, project.stakeholders, "stakeholders")
    needs = {need.id for need in project.needs.values() if need.stakeholder == id}
    theirs = [
        each.id
        for each in project.requirements.values()
        if each.retired is None and (each.for_ == id or needs.intersection(each.needs))
    ]
    outputs = [name for name, output in project.outputs.items() if needs.intersection(output.needs)]
    found = frozenset(name for output in outputs for name in bound.outputs[output])
    found = found.union(*(_rests_on(each, project, bound) for each in theirs))
    if not found:
        mend = f'bind a requirement of "{id}" to data, or select datasets by name'
        raise ProjectError(Problem("O001", f'nothing that "{id}" needs rests on a dataset', mend))
    return found


def _rests_on(id: str, project: Project, bound: Bound) -> frozenset[str]:
    """The datasets that a requirement is bound to, itself or by an output or a column."""
    requirement = project.requirements[id]
    named = [*requirement.binds, *(proof.of for proof in requirement.proofs)]
    named += [requirement.objective.of] if requirement.objective else []
    meant = (name for each in named for name in bound.outputs.get(each, (each, each.rpartition(".")[0])))
    return frozenset(name for name in meant if name in project.datasets)


def _changed(project: Project, bound: Bound, state: State) -> frozenset[str]:
    return frozenset(name for name in project.datasets if _is_changed(name, project, bound, state))


def _is_changed(name: str, project: Project, bound: Bound, state: State) -> bool:
    dataset, base = project.datasets[name], state.bases.get(name)
    if base is None:
        return True
    if isinstance(dataset.made_by, Load):
        return base.fingerprint != load_fingerprint(project, dataset)
    is_view = dataset.made_by.kind == "view"
    return base.fingerprint != bound.facts[name].fingerprint or is_view != (base.sql is not None)


def _nothing(what: str, word: str, known: Iterable[str], kind: str) -> ProjectError:
    return ProjectError(Problem("O001", what, nearest(word, list(known), kind=kind)))
