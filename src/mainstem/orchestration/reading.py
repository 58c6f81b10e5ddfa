"""Reads a release through the access gate: what is on offer, bound when a query names it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from mainstem.core.clock import Clock
from mainstem.core.dataset import QUARANTINE
from mainstem.core.evidence import Evidence
from mainstem.core.ports import Engine, Ledger
from mainstem.core.problem import MainstemError, Problem, ProjectError, WorldError
from mainstem.core.project import Project
from mainstem.core.release import Field, Release, Version
from mainstem.core.tags import ColumnTags
from mainstem.governance.tags import effective_tags
from mainstem.lifecycle.serving.gate import read_each
from mainstem.lifecycle.serving.request import Answer, Offer, Request, Rules
from mainstem.lifecycle.storage.quarantine import FIELDS
from mainstem.orchestration.bind import Bound
from mainstem.orchestration.ground import files_of
from mainstem.orchestration.opening import bind_project, open_engine
from mainstem.orchestration.shelf import Shelf
from mainstem.security.redact import Key
from mainstem.security.secret import own_secret
from mainstem.sql.quote import qualified

Tags = Mapping[str, ColumnTags]
"""Effective tags by dataset and column."""

WRONG_TEXT = ("E001", "E002")
"""What an engine says of a query whose text is to blame: syntax, names, types."""


def current_release(ledger: Ledger, env: str, id: str | None = None) -> Release:
    """The release that readers of the environment see, or the one named. ProjectError C007, C008 without one."""
    release = ledger.current(env) if id is None else ledger.release(id)
    if id is not None and (release is None or release.env != env):
        what = f'"{id}" is no release of "{env}"' + (f', but of "{release.env}"' if release else "")
        mend = f"ask with --env {release.env}, or list" if release else "list"
        raise ProjectError(Problem("C007", what, f"{mend} those of {env} with `mainstem rollback --list`"))
    if release is None:
        raise ProjectError(Problem("C008", f'nothing is published in "{env}"', "publish with `mainstem run`"))
    if release.cleaned_at is not None:
        mend = f"list those that are there with `mainstem rollback --list --env {env}`"
        raise ProjectError(Problem("O045", f'the files of "{release.id}" were cleaned away', mend))
    return release


def ask(project: Project, ledger: Ledger, clock: Clock, release: Release, request: Request) -> Answer:
    """The gate's answer from a release, recorded as a request.

    ProjectError for a query that may not run, WorldError when reading fails.
    """
    started_s, at = clock.elapsed(), clock.now()
    outcome = "refused"
    try:
        answer = _ask(project, ledger, clock, release, request)
        outcome = "ok"
    except WorldError:
        outcome = "errored"
        raise
    else:
        return answer
    finally:
        milliseconds = Decimal(round((clock.elapsed() - started_s) * 1000))
        facts = _asker(request)
        row = Evidence("request", request.exit, at, release.env, release.id, value=milliseconds, unit="ms", facts=facts)
        ledger.record([replace(row, outcome=outcome)], at)


def ask_each(
    project: Project, ledger: Ledger, clock: Clock, release: Release, requests: Sequence[Request], tags: Tags
) -> list[Answer | MainstemError]:
    """Several answers of the gate from one release, by one engine; what `ask` would raise stands in its place.

    `tags` are those of `tags_of`. Each is recorded as a request, without the time that it took: most of it is shared.
    """
    found = _ask_each(project, ledger, clock, release, requests, tags)
    rows = [
        Evidence(
            "request", each.exit, clock.now(), release.env, release.id, outcome=_outcome(answer), facts=_asker(each)
        )
        for each, answer in zip(requests, found, strict=True)
    ]
    ledger.record(rows, clock.now())
    return found


def _ask(project: Project, ledger: Ledger, clock: Clock, release: Release, request: Request) -> Answer:
    found = _ask_each(project, ledger, clock, release, [request], tags_of(project, release))[0]
    if isinstance(found, MainstemError):
        raise found
    return found


def _ask_each(
    project: Project, ledger: Ledger, clock: Clock, release: Release, requests: Sequence[Request], tags: Tags
) -> list[Answer | MainstemError]:
    engine = open_engine(project)
    try:
        offers = Offers(engine, project, release, tags)
        found = read_each(engine, offers, requests, ledger, clock, rules_of(project))
    finally:
        engine.close()
    return [_blamed(each) if isinstance(each, MainstemError) else each for each in found]


def tags_of(project: Project, release: Release) -> Tags:
    """The effective tags of the datasets of a release."""
    return effective_tags(project, bound_to(project, release).facts)


def _blamed(error: MainstemError) -> MainstemError:
    """The engine's complaint about a query is one about a text."""
    if isinstance(error, WorldError) and all(problem.code in WRONG_TEXT for problem in error.problems):
        blamed = ProjectError(*error.problems)
        blamed.__cause__ = error
        return blamed
    return error


def _outcome(answer: Answer | MainstemError) -> str:
    if isinstance(answer, MainstemError):
        return "errored" if isinstance(answer, WorldError) else "refused"
    return "ok"


def _asker(request: Request) -> dict[str, str]:
    return {"principal": request.principal, "by": "probe" if request.exit == "probe" else "user"}


def rules_of(project: Project) -> Rules:
    """The project's policy, with the key of its hashes where one of its rules asks for it."""
    if not any(rule.as_ == "hash" for rule in project.policy.treat):
        return Rules(project.policy)
    return Rules(project.policy, Key(own_secret(project.root / ".mainstem" / "hash.key")))


def bound_to(project: Project, release: Release | None) -> Bound:
    """The project bound to the columns of a release."""
    return bind_project(project, {n: v.fields for n, v in release.versions.items()} if release else {})


class Offers(Mapping[str, Offer]):
    """The datasets of a release, and their quarantines, as the gate wants them; bound when they are looked up."""

    def __init__(self, engine: Engine, project: Project, release: Release, tags: Mapping[str, ColumnTags]) -> None:
        self._project = project
        self._lake = project.lake
        self._versions = release.versions
        self._tags = tags
        self._files = files_of(project.lake)
        self._shelf = Shelf(engine, project.lake, release.versions, self._files, project.macros)

    def __getitem__(self, name: str) -> Offer:
        version = self._versions[name.removesuffix(QUARANTINE)]
        is_quarantine = name not in self._versions
        if is_quarantine and not self._has_quarantine(version):
            raise KeyError(name)
        self._shelf.ready([name])
        fields: tuple[Field, ...] = FIELDS if is_quarantine else version.fields
        return Offer(
            qualified(name), fields, self._paths(version, is_quarantine=is_quarantine), self._tags.get(name, {})
        )

    def _paths(self, version: Version, *, is_quarantine: bool) -> tuple[Path, ...]:
        """Every file that reading it opens; those of its inputs for a view."""
        if version.sql is not None:
            inputs = [self._versions[name] for name in version.inputs]
            return tuple(path for each in inputs for path in self._paths(each, is_quarantine=False))
        table, number = version.table, version.number
        if is_quarantine and version.quarantine is None:
            return ()
        if is_quarantine:
            table, number = table + QUARANTINE, version.quarantine or 0
        own = tuple(self._lake / table / file.path for file in self._files(table, number))
        return own if is_quarantine or version.quarantine is None else own + self._paths(version, is_quarantine=True)

    def __iter__(self) -> Iterator[str]:
        yield from self._versions
        yield from (n + QUARANTINE for n, version in self._versions.items() if self._has_quarantine(version))

    def _has_quarantine(self, version: Version) -> bool:
        """Every load has one, be it empty; so has what was a load when rows were set aside."""
        dataset = self._project.datasets.get(version.dataset)
        return version.quarantine is not None or (dataset is not None and dataset.is_load)

    def __len__(self) -> int:
        return sum(1 for _ in self)
