"""One release as it is served: what is on offer, what of it may be seen, and where it is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mainstem.core.canonical import digest
from mainstem.core.dataset import QUARANTINE
from mainstem.core.output import Output
from mainstem.core.ports import Engine
from mainstem.core.problem import ProjectError
from mainstem.core.project import Project
from mainstem.core.release import Field, Release
from mainstem.governance.tags import Tags, effective_tags
from mainstem.lifecycle.serving.request import Allowed, Offer, Rules
from mainstem.lifecycle.serving.task import Bound as Binding
from mainstem.lifecycle.storage.quarantine import FIELDS
from mainstem.orchestration.bind import Bound
from mainstem.orchestration.ground import files_of
from mainstem.orchestration.opening import open_engine
from mainstem.orchestration.reading import bound_to, rules_of
from mainstem.orchestration.shelf import Shelf
from mainstem.security.decide import Access, Reader, decide
from mainstem.security.redact import masked_select
from mainstem.sql.quote import qualified, quote

COPIED = ("api", "dashboard", "metric")
"""Kinds of outputs that are read from the serving copy."""

KEPT = 3
"""Copies that are kept for readers who still hold an earlier one."""

_HIDDEN = ("redact", "null", "drop")


@dataclass(frozen=True, slots=True)
class Served:
    """A release, read under one text of the project.

    `offers` are all of its datasets, each over its own files; `copied` those in the serving copy at `copy`, a file in
    the engine's own format. `copy` is None where no output reads anything. `allowed` gathers what runs for a query
    of an output, by their names, `tags_of_answers` what `tag` has found out.
    """

    project: Project
    release: Release
    bound: Bound
    tags: Tags
    rules: Rules
    offers: Mapping[str, Offer]
    copied: Mapping[str, Offer]
    copy: Path | None
    allowed: dict[tuple[str, str], Allowed] = field(default_factory=dict)
    tags_of_answers: dict[str, str] = field(default_factory=dict)

    def bindings(self, names: Iterable[str]) -> tuple[Binding, ...]:
        """What a worker binds, in order, so that these datasets can be read from their files."""
        recorder = _Recorder()
        shelf = _shelf(recorder, self.project, self.release)  # type: ignore[arg-type]
        shelf.ready(names)
        return tuple(recorder.bound)

    def tag(self, output: Output) -> str:
        """What an answer of an output depends on besides its parameters: the release, and the text it is read under."""
        if output.name not in self.tags_of_answers:
            self.tags_of_answers[output.name] = self._tag(output)
        return self.tags_of_answers[output.name]

    def _tag(self, output: Output) -> str:
        said = [query.sql for query in output.queries], output.options, output.role, output.purpose
        rules = self.project.policy
        return f"{self.release.id}-{digest([said, repr(rules), self.project.macros]).removeprefix('sha256:')[:10]}"


class _Recorder:
    """Stands where an engine is bound to, and notes what it was told."""

    def __init__(self) -> None:
        self.bound: list[Binding] = []

    def bind(self, name: str, files: Sequence[Path], fields: Sequence[Field]) -> None:
        self.bound.append(Binding(name, tuple(map(str, files)), tuple((f.name, f.type) for f in fields)))

    def bind_view(self, name: str, select: str) -> None:
        self.bound.append(Binding(name, sql=select))

    def session(self) -> _Recorder:
        return self

    def execute(self, statement: str) -> None:
        self.bound.append(Binding("", sql=statement))

    def close(self) -> None:
        """Nothing was opened."""


def _shelf(engine: Engine, project: Project, release: Release) -> Shelf:
    return Shelf(engine, project.lake, release.versions, files_of(project.lake), project.macros)


def serve(project: Project, release: Release, folder: Path) -> Served:
    """The release ready to be read; makes its serving copy in `folder` unless it is there.

    WorldError when the copy cannot be made; ProjectError when the text no longer fits the release.
    """
    bound = bound_to(project, release)
    tags = effective_tags(project, bound.facts)
    offers = _Pinned(project, release, tags)
    rules = rules_of(project)
    wanted = _wanted(project, bound, offers, rules)
    copy = _copy(project, release, wanted, offers, folder) if wanted else None
    copied = {name: Offer(qualified(name), offers[name].fields, (), tags.get(name, {})) for name in wanted}
    return Served(project, release, bound, tags, rules, offers, copied, copy)


class _Pinned(Mapping[str, Offer]):
    """The datasets of a release and the quarantines of its loads, by name; nothing is bound or opened for it."""

    def __init__(self, project: Project, release: Release, tags: Tags) -> None:
        self._versions = release.versions
        self._tags = tags
        loads = (name for name, dataset in project.datasets.items() if dataset.is_load and name in release.versions)
        set_aside = (name for name, version in release.versions.items() if version.quarantine is not None)
        self._quarantines = {name + QUARANTINE for names in (loads, set_aside) for name in names}

    def __getitem__(self, name: str) -> Offer:
        is_quarantine = name in self._quarantines
        fields: tuple[Field, ...] = FIELDS if is_quarantine else self._versions[name].fields
        return Offer(qualified(name), fields, (), self._tags.get(name, {}))

    def __iter__(self) -> Iterator[str]:
        yield from self._versions
        yield from self._quarantines

    def __len__(self) -> int:
        return len(self._versions) + len(self._quarantines)


def _wanted(project: Project, bound: Bound, offers: Mapping[str, Offer], rules: Rules) -> dict[str, Access]:
    """The datasets that outputs read, and what of each any of them may see."""
    shown: dict[str, set[str]] = {}
    for name, output in project.outputs.items():
        reader = Reader(output.role, output.purpose)
        for dataset in bound.outputs.get(name, ()) if output.kind in COPIED else ():
            if dataset in offers:
                shown.setdefault(dataset, set()).update(_seen(rules, reader, dataset, offers[dataset]))
    return {name: _without(offers[name], seen) for name, seen in shown.items()}


def _seen(rules: Rules, reader: Reader, dataset: str, offer: Offer) -> set[str]:
    """The columns of which a reader sees anything."""
    try:
        treated = decide(rules.policy, reader, dataset, offer.fields, offer.tags).treated
    except ProjectError:
        return set()
    return {field.name for field in offer.fields if treated.get(field.name) not in _HIDDEN}


def _without(offer: Offer, seen: set[str]) -> Access:
    return Access({field.name: "redact" for field in offer.fields if field.name not in seen})


def _copy(
    project: Project, release: Release, wanted: Mapping[str, Access], offers: Mapping[str, Offer], folder: Path
) -> Path:
    """The file of the serving copy; made under another name first, so that nobody ever reads a part of one."""
    content = [[name, dict(access.treated), release.versions[name].id] for name, access in sorted(wanted.items())]
    target = folder / f"{release.id}-{digest(content).removeprefix('sha256:')[:10]}.duckdb"
    if target.exists():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    draft = target.with_suffix(".making")
    draft.unlink(missing_ok=True)
    engine = open_engine(project)
    try:
        _shelf(engine, project, release).ready(wanted)
        selects = {
            name: masked_select(qualified(name), offers[name].fields, access) + _sorted(project, name)
            for name, access in wanted.items()
        }
        engine.write_copy(draft, selects)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    finally:
        engine.close()
    draft.replace(target)
    _sweep(folder, target)
    return target


def _sorted(project: Project, name: str) -> str:
    """Rows that are asked for together lie together: by key."""
    dataset = project.datasets.get(name)
    key = dataset.key if dataset else ()
    return f" order by {', '.join(map(quote, key))}" if key else ""


def _sweep(folder: Path, newest: Path) -> None:
    """Remove all copies but the newest few. Who holds one open goes on reading it."""
    copies = sorted((path for path in folder.glob("*.duckdb") if path != newest), key=lambda path: path.stat().st_mtime)
    for path in copies[: max(0, len(copies) - KEPT + 1)]:
        path.unlink(missing_ok=True)
