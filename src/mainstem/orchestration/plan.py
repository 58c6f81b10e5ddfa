"""What would be done, and why: pure, nothing is touched."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from mainstem.core.dataset import QUARANTINE, Dataset, Load, Model
from mainstem.core.errand import Errand
from mainstem.core.problem import Problem, ProjectError
from mainstem.core.project import Project
from mainstem.core.promotion import Promotion
from mainstem.core.release import Version
from mainstem.core.run import Look, Plan, Review, Step
from mainstem.core.span import Again
from mainstem.governance.reach import Reached, reached
from mainstem.orchestration.asked import in_words, listed, unheld
from mainstem.orchestration.bind import Bound
from mainstem.orchestration.looks import load_fingerprint
from mainstem.orchestration.makings import Makings, key_of, planned
from mainstem.orchestration.state import State

OF_TEXT = ("added", "changed", "affected")
"""Changes that come of what people wrote, not of newer rows."""

PERHAPS = "perhaps"
"""The change of a step that commits only if there is something new."""


def plan(
    project: Project,
    bound: Bound,
    state: State,
    looks: Mapping[str, Look],
    now: datetime,
    chosen: Collection[str] | None = None,
    errand: Errand | None = None,
) -> Plan:
    """Every dataset as a step with its reason, in an order in which they can run.

    `looks` has one look a load. `chosen` are the datasets that are selected, None means all. What is not selected
    keeps its version, except views of what moves: they show it. `errand` is what the run is for, where that is not to
    bring everything up to date: then nothing else is loaded. ProjectError O002 for a selection that reads what was
    never made.
    """
    chosen = set(project.datasets if chosen is None else chosen)
    steps: dict[str, Step] = {}
    makings: dict[str, Makings] = {}
    when = (now, project.timezone, project.macros)
    for name in bound.order:
        dataset, facts = project.datasets[name], bound.facts.get(name)
        made_by = dataset.made_by
        inputs = {parent: makings[parent] for parent in bound.inputs[name]}
        key = key_of(dataset, facts, inputs, when) if facts and name in state.bases else None
        if name not in chosen and _shows_moved(name, made_by, bound, state, steps):
            chosen.add(name)
        if name not in chosen:
            steps[name] = Step(name, "skip", "not selected", bound.inputs[name], commits=False)
        elif isinstance(errand, Again) and name == errand.dataset:
            steps[name] = Step(name, "load", f"{errand}, committed only if rows differ", commits=None, change=PERHAPS)
        elif isinstance(errand, Review) and isinstance(made_by, Load):
            steps[name] = Step(name, errand.action, "rows that were set aside", commits=None, change=PERHAPS)
        elif isinstance(made_by, Load):
            steps[name] = _load_step(dataset, made_by, looks[name], bound, state, steps)
        else:
            steps[name] = _model_step(dataset, bound, state, steps, inputs, key)
        stays = steps[name].commits is False
        makings[name] = planned(dataset, facts, inputs, state.bases.get(name), key, stays=stays, when=when)
    adopted = errand.adopted if isinstance(errand, Promotion) else frozenset()
    if isinstance(errand, Promotion):
        steps = {name: _promoted(step, errand, project.datasets[name]) for name, step in steps.items()}
    _require_inputs(bound, state, chosen)
    removed = tuple(sorted(set(state.release.versions if state.release else ()) - set(project.datasets)))
    changing = [name for name, step in steps.items() if step.commits is not False or name in adopted]
    reach = _reached(project, bound, changing)
    moving = frozenset(reach.datasets)
    return Plan(
        state.env,
        state.release,
        tuple(steps.values()),
        removed,
        touched(project, bound, moving, reach.requirements),
        _notes(project, state, looks, removed, steps),
        reach.outputs,
        reach.people,
    )


def _promoted(step: Step, promotion: Promotion, dataset: Dataset) -> Step:
    """What is skipped, in the words of a promotion."""
    if step.action != "skip":
        return step
    if step.dataset in promotion.adopted:
        return replace(step, action="adopt", why=f'adopted from "{promotion.branch}"')
    return replace(step, why="loaded as it is") if dataset.is_load else step


def _shows_moved(name: str, made_by: Load | Model, bound: Bound, state: State, steps: Mapping[str, Step]) -> bool:
    """A view whose inputs move or have moved: readers would see through it what its checks never saw."""
    base = state.bases.get(name)
    if base is None or isinstance(made_by, Load) or made_by.kind != "view":
        return False
    bases = {parent: state.bases[parent].id for parent in bound.inputs[name] if parent in state.bases}
    return bases != base.inputs or any(steps[parent].commits is not False for parent in bound.inputs[name])


def _require_inputs(bound: Bound, state: State, chosen: Collection[str]) -> None:
    """What is not selected must exist already where a selected model reads it."""
    problems = [
        Problem(
            "O002",
            f'"{name}" reads "{parent}", which was never made and is not selected',
            f"select it too: `mainstem run +{name}`, or run all with `mainstem run`",
        )
        for name in bound.order
        if name in chosen
        for parent in bound.inputs[name]
        if parent not in chosen and parent not in state.bases
    ]
    if problems:
        raise ProjectError(*problems)


def _stay(dataset: Dataset, bound: Bound, state: State, steps: Mapping[str, Step], unchanged: str) -> Step:
    """No rows are computed: the version stays, measured first where it was never held to what is asked today."""
    name = dataset.name
    moving = [other for other in bound.waits[name] if steps[other].commits is not False]
    ids = {o: v.id for o, v in state.bases.items() if o in bound.waits[name] and o not in moving}
    asked = unheld(dataset, bound, state, ids)
    if asked:
        return Step(name, "check", in_words(asked), bound.inputs[name], commits=False)
    kept = "finished by an earlier run, not published yet; " if name in state.pending else ""
    return Step(name, "skip", f"{kept}{unchanged}", bound.inputs[name], commits=False)


def _load_step(dataset: Dataset, load: Load, look: Look, bound: Bound, state: State, steps: Mapping[str, Step]) -> Step:
    name = dataset.name
    if name not in state.bases:
        missed = "; the source was not reached" if look.state == "unknown" else ""
        return Step(name, "load", f"first load{missed}: {look.detail}", change="added")
    if look.state == "nothing":
        return _stay(dataset, bound, state, steps, f"nothing new at the source: {look.detail}")
    if look.state == "unknown":
        return Step(name, "load", f"the source was not reached: {look.detail}", commits=None, change=PERHAPS)
    if look.state == "unsure":
        return Step(name, "load", f"cannot tell: read to see ({look.detail})", commits=None, change=PERHAPS)
    if load.load == "full":
        return Step(
            name, "load", f"{look.detail}; read again, committed only if rows differ", commits=None, change="data"
        )
    return Step(name, "load", look.detail, change="data")


_REFRESHED = {
    "auto": "; incrementally where that is known and pays",
    "incremental": "; incrementally where that is known",
    "full": "; in full, as its head says",
}


_ADDS = {
    "append": "; rows are added",
    "merge": "; rows take the place of those of their key",
    "scd2": "; rows are added to the history of their key",
}
"""What a step of a kind does with the rows that are there."""


def _model_step(
    dataset: Dataset,
    bound: Bound,
    state: State,
    steps: Mapping[str, Step],
    makings: Mapping[str, Makings],
    key: str | None,
) -> Step:
    name, model = dataset.name, dataset.made_by
    assert isinstance(model, Model)
    inputs = bound.inputs[name]
    action = "view" if model.kind == "view" else "build"
    base = state.bases.get(name)
    full = _REFRESHED[model.refresh] if model.kind == "incremental" else _ADDS.get(model.kind, "")
    if base is None:
        return Step(name, action, f"new model{full}", inputs, change="added")
    facts = bound.facts[name]
    if base.skip_key == key:
        is_same = all(makings[parent].whole == base.inputs.get(parent) for parent in inputs)
        unchanged = "text and inputs unchanged" if is_same else "nothing that it reads is made in another way"
        return _stay(dataset, bound, state, steps, unchanged)
    if base.fingerprint != facts.fingerprint:
        why, change = f"its {model.noun} changed", "changed" if model.noun != "rows" else "data"
    else:
        why, change = _moved_by(base, inputs, state, steps, reads_clock=facts.reads_clock)
    return Step(name, action, why + full, inputs, commits=None if change == PERHAPS else True, change=change)


def _moved_by(
    base: Version, inputs: Sequence[str], state: State, steps: Mapping[str, Step], *, reads_clock: bool
) -> tuple[str, str]:
    """Why a model is built whose text is as it was, and the kind of its change."""
    certain = [parent for parent in inputs if steps[parent].commits]
    perhaps = [parent for parent in inputs if steps[parent].commits is None]
    remade = [each for each in certain if steps[each].change in OF_TEXT and steps[each].action != "load"]
    if remade:
        return f"what it reads of {listed(remade)} is made in another way", "affected"
    if certain:
        return f"new data in {listed(certain)}", "data"
    if perhaps:
        return f"only if {listed(perhaps)} brings something new", PERHAPS
    moved = [parent for parent in inputs if parent in state.bases and base.inputs.get(parent) != state.bases[parent].id]
    if moved:
        return f"{listed(moved)} differs from what it was built on", "data"
    if reads_clock:
        return "its SQL reads the clock, and that has moved", "data"
    return "its kind, its `time_column`, or a macro or variable that it uses changed", "changed"


def _notes(
    project: Project, state: State, looks: Mapping[str, Look], removed: Sequence[str], steps: Mapping[str, Step]
) -> tuple[str, ...]:
    unseen = {name for name, look in looks.items() if look.state == "unknown"}
    notes = [
        _not_held(name, state.bases[name])
        for name in steps
        if name not in unseen and _is_not_held(project, project.datasets[name], state, steps)
    ]
    if removed:
        notes.append(f"no longer in the project, left out of the next release: {', '.join(removed)}")
    forked = sorted(name for name in state.forks if name in project.datasets and project.datasets[name].is_kept)
    if forked:
        why = "continue from the released version in a new table (what was made since is of no release)"
        notes.append(f"{why}: {', '.join(forked)}")
    return tuple(notes)


def _is_not_held(project: Project, dataset: Dataset, state: State, steps: Mapping[str, Step]) -> bool:
    """Whether a load goes on with rows that came in under another contract."""
    load, base = dataset.made_by, state.bases.get(dataset.name)
    if not isinstance(load, Load) or load.load == "full" or base is None or steps[dataset.name].action != "load":
        return False
    return base.fingerprint != load_fingerprint(project, dataset)


def _not_held(name: str, base: Version) -> str:
    rows = "rows" if base.rows is None else f"{base.rows:,} {'row' if base.rows == 1 else 'rows'}"
    return (
        f"{name}: how it is loaded has changed; that holds for rows to come, not for {rows} loaded before "
        f"(mainstem backfill {name} --all)"
    )


def _reached(project: Project, bound: Bound, moving: Collection[str]) -> Reached:
    """Whom changed rows reach. Rows count as a whole: a count of them reads no column, and yet it changes."""
    quarantines = [name + QUARANTINE for name in moving if project.datasets[name].is_load]
    return reached(project, bound.facts, *moving, *quarantines)


def touched(
    project: Project, bound: Bound, moving: Collection[str], requirements: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """These requirements in the order of the files, each with the datasets of its own that change."""
    found: dict[str, tuple[str, ...]] = {}
    for id, requirement in project.requirements.items():
        if id not in requirements:
            continue
        targets = [*requirement.binds, *(proof.of for proof in requirement.proofs)]
        targets += [requirement.objective.of] if requirement.objective else []
        datasets = [name for each in targets for name in bound.outputs.get(each, (each, each.rpartition(".")[0]))]
        found[id] = tuple(dict.fromkeys(name for name in datasets if name in moving))
    return found
