"""What an environment adopts from a branch: versions that it would otherwise make itself, of the text of today."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from mainstem.core.dataset import Model
from mainstem.core.ports import Ledger
from mainstem.core.problem import Problem, ProjectError, WorldError
from mainstem.core.project import Project
from mainstem.core.promotion import Promotion
from mainstem.core.release import Release, Version
from mainstem.core.run import Look
from mainstem.orchestration.asked import listed
from mainstem.orchestration.bind import Bound
from mainstem.orchestration.elsewhere import reads_another
from mainstem.orchestration.looks import Seen, load_fingerprint, look_at_sources
from mainstem.orchestration.makings import Makings, When, key_of, of_model, of_version
from mainstem.orchestration.opening import bind_project
from mainstem.orchestration.state import State, means_the_same


def adopt(
    project: Project, ledger: Ledger, state: State, promotion: Promotion, now: datetime
) -> tuple[State, Promotion]:
    """The state from which the environment's next release is made, and the promotion with what it adopts.

    A load is adopted where the branch went on from the version that the environment has; a model where its skip key is
    that of today's text over the versions chosen so far. ProjectError O044 for a branch promoted to itself, C008 for
    one that holds nothing; WorldError O043 for one that was not built of the text of today.
    """
    release = _release(ledger, state, promotion)
    known = state.fields() | {name: version.fields for name, version in release.versions.items()}
    bound = bind_project(project, known)
    work = _Choice(project, bound, state, release, (now, project.timezone, project.macros))
    _refuse_other_text(work)
    gone_on = _gone_on_from(ledger, work)
    bases = dict(state.bases)
    makings: dict[str, Makings] = {}
    for name in bound.order:
        chosen = _load(work, name, gone_on) if project.datasets[name].is_load else _model(work, name, makings)
        makings[name] = _makings(work, name, chosen, makings)
        if chosen is not None:
            bases[name] = chosen
    adopted = {n for n, v in bases.items() if n in project.datasets and v is not state.bases.get(n)}
    new = {(name, bases[name].id) for name in adopted}
    return replace(
        state,
        bases=bases,
        pending=state.pending - adopted,
        forks=state.forks - adopted,
        held={**state.held, **ledger.held(new)},
        looked={**state.looked, **ledger.looked({(n, id) for n, id in new if bases[n].position is not None})},
    ), replace(promotion, adopted=frozenset(adopted))


def look_at_rest(project: Project, state: State, now: datetime, seen: Seen) -> dict[str, Look]:
    """Looks at the sources of what nobody has loaded yet, or not as the text of today says; no other is read."""
    loads = {name: dataset for name, dataset in project.datasets.items() if dataset.is_load}
    rest = {
        name: dataset
        for name, dataset in loads.items()
        if name not in state.bases or state.bases[name].fingerprint != load_fingerprint(project, dataset)
    }
    still = {name: Look(name, "nothing", "a promotion reads no source") for name in loads}
    return still | look_at_sources(replace(project, datasets=rest), state, now, seen)


@dataclass(frozen=True, slots=True)
class _Choice:
    """What is chosen from. `when` is what a model's text means beside its words."""

    project: Project
    bound: Bound
    state: State
    release: Release
    when: When

    def theirs(self, name: str) -> Version | None:
        return self.release.versions.get(name)

    def is_foreign(self, name: str) -> bool:
        """Whether a load reads another system in the branch: the settings of the two environments say so."""
        return reads_another(self.project, self.project.datasets[name], self.state.env, self.release.env)


def _release(ledger: Ledger, state: State, promotion: Promotion) -> Release:
    if promotion.branch == state.env:
        what = f'"{state.env}" is not promoted to itself'
        raise ProjectError(Problem("O044", what, "name a branch: `mainstem branch list` shows them"))
    release = ledger.current(promotion.branch)
    if release is None:
        mend = f"publish with `mainstem run --env {promotion.branch}`"
        raise ProjectError(Problem("C008", f'nothing is published in "{promotion.branch}"', mend))
    return release


def _refuse_other_text(work: _Choice) -> None:
    """What readers would get must be what somebody could look at in the branch, or follow from it alone."""
    other = [name for name in work.bound.order if _is_of_other_text(work, name)]
    other += [name for name in work.release.versions if name not in work.project.datasets]
    if other:
        env = work.release.env
        what = f'"{env}" was not built of the text of today: {listed(other)}'
        look = f"look at it with `mainstem diff {work.state.env} {env}`"
        mend = f"bring it up to date with `mainstem run --env {env}`, {look}, then promote"
        raise WorldError(Problem("O043", what, mend))


def _is_of_other_text(work: _Choice, name: str) -> bool:
    """Whether the branch has no version of these words; what the clock and variables put into them may differ."""
    theirs, dataset = work.theirs(name), work.project.datasets[name]
    if dataset.is_load:
        is_other = theirs is None or theirs.fingerprint != load_fingerprint(work.project, dataset)
        return is_other and not work.is_foreign(name)
    facts = work.bound.facts[name]
    if theirs is None or theirs.fingerprint != facts.fingerprint:
        return True
    depends = facts.reads_clock or (isinstance(dataset.made_by, Model) and bool(dataset.made_by.variables))
    return not depends and not means_the_same(theirs, dataset, facts, work.when)


def _gone_on_from(ledger: Ledger, work: _Choice) -> frozenset[str]:
    """Loads whose version in the environment is one that the branch went on from, or that it does not have."""
    found = set()
    left = {name for name in work.release.versions if name in work.project.datasets}
    for release in _line(ledger, work.release):
        for name in list(left):
            here, there = work.state.bases.get(name), release.versions.get(name)
            if here is None or (there is not None and there.id == here.id):
                found.add(name)
        left -= found
        if not left:
            break
    return frozenset(found)


def _line(ledger: Ledger, release: Release) -> Iterator[Release]:
    """A branch's release and those that it came from, down to the one that the branch began with."""
    found: Release | None = release
    while found is not None and found.env == release.env:
        yield found
        found = ledger.release(found.parent) if found.parent else None


def _load(work: _Choice, name: str, gone_on: frozenset[str]) -> Version | None:
    """The version to keep or to adopt; None where the environment has to load by itself."""
    here, theirs = work.state.bases.get(name), work.theirs(name)
    wanted = load_fingerprint(work.project, work.project.datasets[name])
    if theirs is not None and theirs.fingerprint == wanted and name in gone_on and not work.is_foreign(name):
        return here if here is not None and here.id == theirs.id else theirs
    return here if here is not None and here.fingerprint == wanted else None


def _model(work: _Choice, name: str, makings: Mapping[str, Makings]) -> Version | None:
    """The version that has the skip key of today's text over what was chosen; None where there is none."""
    dataset, inputs = work.project.datasets[name], {each: makings[each] for each in work.bound.inputs[name]}
    key = key_of(dataset, work.bound.facts[name], inputs, work.when)
    here, theirs = work.state.bases.get(name), work.theirs(name)
    for version in (here,) if dataset.is_kept else (here, theirs):  # theirs has other rows before
        if version is not None and version.skip_key == key:
            return version
    return None


def _makings(work: _Choice, name: str, chosen: Version | None, makings: Mapping[str, Makings]) -> Makings:
    """What a dataset follows from: a model that is built follows from its text over what was chosen."""
    dataset = work.project.datasets[name]
    if dataset.is_load:
        return of_version(chosen)
    inputs = {parent: makings[parent] for parent in work.bound.inputs[name]}
    return of_model(dataset, work.bound.facts[name], inputs, work.when, chosen.id if chosen else None)
