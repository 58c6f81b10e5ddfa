"""What differs between two releases: datasets, their columns, their rows; rows leave through the access gate."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from mainstem.core.clock import Clock
from mainstem.core.ports import Engine, Ledger, Session
from mainstem.core.problem import MainstemError, Problem, ProjectError, nearest
from mainstem.core.project import Project
from mainstem.core.release import Field, Release, Version
from mainstem.core.tags import REST, ColumnTags, column_tags
from mainstem.lifecycle.serving.gate import read_each
from mainstem.lifecycle.serving.request import Answer, Offer, Request
from mainstem.orchestration.ground import files_of
from mainstem.orchestration.opening import open_engine
from mainstem.orchestration.reading import current_release, rules_of, tags_of
from mainstem.orchestration.shelf import Shelf
from mainstem.sql.differing import CHANGE, PLACE, Differing
from mainstem.sql.quote import qualified, quote

MOST = 10_000
"""Rows of one answer: of a sample there are few, of statistics two a column."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column that one side has, or that has another type there: its type before and after, None where it is not."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Compared:
    """One dataset in two releases. `state`: equal | differs | added | removed. Rows are None for a view."""

    dataset: str
    state: str
    rows_before: int | None
    rows_after: int | None
    columns: tuple[Column, ...] = ()


@dataclass(frozen=True, slots=True)
class Rows:
    """How the rows of one dataset differ. `changed` counts rows of a key that is on both sides, None without a key by
    which rows can be told apart; `columns` how many of those differ in a column. `sample` has a few of each sort, and
    `statistics` are those of each column before and after."""

    key: tuple[str, ...]
    before: int
    after: int
    added: int
    removed: int
    changed: int | None
    columns: dict[str, int]
    sample: Answer
    statistics: Answer


def release_of(ledger: Ledger, project: Project, name: str) -> Release:
    """The release of an environment, or the one named. ProjectError O048, O045, C008 without one."""
    names = list(dict.fromkeys([*project.environments, *(each.env for each in ledger.outlines())]))
    if name in names:
        return current_release(ledger, name)
    found = ledger.release(name)
    if found is None:
        mend = nearest(name, names, kind="environments")
        raise ProjectError(Problem("O048", f'"{name}" is neither an environment nor a release', mend))
    return current_release(ledger, found.env, found.id)


def compare(before: Release, after: Release) -> list[Compared]:
    """Every dataset of two releases, in order of name; nothing is read."""
    names = sorted(before.versions.keys() | after.versions.keys())
    return [_compared(name, before.versions.get(name), after.versions.get(name)) for name in names]


def _compared(name: str, old: Version | None, new: Version | None) -> Compared:
    rows = (old.rows if old else None, new.rows if new else None)
    if old is None or new is None:
        return Compared(name, "added" if old is None else "removed", *rows)
    is_equal = old.id == new.id or old.skip_key == new.skip_key
    return Compared(name, "equal" if is_equal else "differs", *rows, _columns(old.fields, new.fields))


def _columns(old: Sequence[Field], new: Sequence[Field]) -> tuple[Column, ...]:
    before, after = ({field.name.lower(): field for field in each} for each in (old, new))
    found = []
    for name in dict.fromkeys((*before, *after)):
        was, becomes = before.get(name), after.get(name)
        types = (was.type if was else None, becomes.type if becomes else None)
        if types[0] != types[1]:
            found.append(Column((becomes or was).name if (becomes or was) else name, *types))  # type: ignore[union-attr]
    return tuple(found)


def compare_rows(
    project: Project, ledger: Ledger, clock: Clock, releases: tuple[Release, Release], name: str, *, clear: bool = False
) -> Rows:
    """How the rows of one dataset differ.

    Rows of one key are compared where the dataset has a `key` that is unique on both sides; else whole rows are, as
    often as they occur. Counts are of the real values; what leaves of the values themselves goes through the gate, with
    the tags of either side. ProjectError O048 where one side does not have the dataset.
    """
    sides = []
    for release in releases:
        if name not in release.versions:
            mend = "see which datasets both sides have: the same command without a dataset"
            raise ProjectError(Problem("O048", f'"{name}" is not in {release.id} of "{release.env}"', mend))
        sides.append(release.versions[name])
    dataset = project.datasets.get(name)
    (own := project.root / ".mainstem").mkdir(exist_ok=True)  # rows of views lie where those of the serving copy do
    with tempfile.TemporaryDirectory(prefix="diff-", dir=own) as folder, _opened(project) as engine:
        relations = [
            _relation(project, engine, release, name, Path(folder) / str(side)) for side, release in enumerate(releases)
        ]
        (old, new), files = [text for text, _, _ in relations], [path for _, paths, _ in relations for path in paths]
        fields = relations[0][2], relations[1][2]
        differing = Differing(name, old, new, fields, dataset.key if dataset else ())
        tags = _tags(project, releases, name)
        session = engine.session()
        try:
            differing, counts = _counted(session, differing)
            offers = _offers(session, differing, files, tags)
        finally:
            session.close()
        shown = [quote(field.name) for field in offers[name].fields if field.name not in (CHANGE, PLACE)]
        sample = f'select {CHANGE} as "±", {", ".join(shown)} from {qualified(name)} order by {PLACE}'
        hidden = {f.name for each in fields for f in each if column_tags(tags, f.name) and not clear}
        texts = (sample, differing.statistics(hidden))
        requests = [Request("diff", text, MOST, clear=clear, release=releases[1].id) for text in texts]
        answers = [_whole(each) for each in read_each(engine, offers, requests, ledger, clock, rules_of(project))]
    return Rows(differing.key, *counts, answers[0], answers[1])


@contextmanager
def _opened(project: Project) -> Iterator[Engine]:
    engine = open_engine(project)
    try:
        yield engine
    finally:
        engine.close()


def _whole(answer: Answer | MainstemError) -> Answer:
    if isinstance(answer, MainstemError):
        raise answer
    return answer


def _relation(
    project: Project, engine: Engine, release: Release, name: str, folder: Path
) -> tuple[str, tuple[Path, ...], tuple[Field, ...]]:
    """A dataset as SQL for FROM, the files that this reads, its columns; the rows of a view are written down first."""
    version, files = release.versions[name], files_of(project.lake)
    if version.sql is None:
        paths = [project.lake / version.table / file.path for file in files(version.table, version.number)]
        return engine.relation(paths, version.fields), tuple(paths), version.fields
    with _opened(project) as own:
        shelf = Shelf(own, project.lake, release.versions, files, project.macros)
        shelf.ready([name])
        folder.mkdir()
        session = own.session()
        try:
            written = session.write(f"select * from {qualified(name)}", folder, "rows-")
        finally:
            session.close()
    paths = [folder / file.path for file in written.files]
    return engine.relation(paths, written.fields), tuple(paths), written.fields


def _counted(
    session: Session, differing: Differing
) -> tuple[Differing, tuple[int, int, int, int, int | None, dict[str, int]]]:
    """Rows before and after, added, removed, changed, and changed by column."""
    before, after, keys_before, keys_after = session.rows(differing.sizes)[0]
    if (before, after) != (keys_before, keys_after):
        differing = replace(differing, key=())
    added, removed, changed, *columns = session.rows(differing.counts)[0]
    named = dict(zip(differing.compared, columns, strict=True)) if differing.key else {}
    by_column = {name: count for name, count in named.items() if count}
    return differing, (before, after, added, removed, changed if differing.key else None, by_column)


def _offers(session: Session, differing: Differing, files: Sequence[Path], tags: ColumnTags) -> dict[str, Offer]:
    """What the gate may be asked for. The columns of a sample are those of the dataset, and carry its tags."""
    own = {CHANGE: frozenset[str](), PLACE: frozenset[str]()}
    sample = f"({differing.sample})"
    offers = {differing.name: Offer(sample, session.describe(f"from {sample}"), tuple(files), {**tags, **own})}
    for name, relation, fields in zip(differing.sides, (differing.old, differing.new), differing.fields, strict=True):
        offers[name] = Offer(relation, tuple(fields), tuple(files), tags)
    return offers


def _tags(project: Project, releases: Sequence[Release], name: str) -> ColumnTags:
    """The tags that a column has on either side."""
    found = [tags_of(project, release).get(name, {}) for release in releases]
    names = {REST, *(column for tags in found for column in tags)}
    return {column: frozenset[str]().union(*(column_tags(tags, column) for tags in found)) for column in names}
