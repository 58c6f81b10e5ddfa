"""What is wrong with an installation and a project: one finding a question, nothing is changed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mainstem.core.dataset import QUARANTINE
from mainstem.core.kinds import GROUPS, find, names
from mainstem.core.ports import Ledger
from mainstem.core.problem import MainstemError, Problem, WorldError
from mainstem.core.project import Project
from mainstem.core.release import Release
from mainstem.lifecycle.storage import tables
from mainstem.orchestration.opening import bind_project, open_engine
from mainstem.orchestration.rebuild import require_ledger
from mainstem.orchestration.state import read_state

_RESTORE = "bring back a backup of the ledger, or rebuild it: `mainstem doctor --rebuild-ledger`"


@dataclass(frozen=True, slots=True)
class Finding:
    """An answer. `mend` is "" where all is well."""

    what: str
    detail: str
    mend: str = ""

    @property
    def is_fine(self) -> bool:
        return not self.mend


def checkup(root: Path | None) -> list[Finding]:
    """Findings about this installation, and about the project in `root` if there is one."""
    version = ".".join(map(str, sys.version_info[:3]))
    found = [Finding("Python", version), _try("kinds", _kinds)]
    if root is None:
        return [*found, Finding("project", "none here or above")]
    from mainstem.orchestration.text import read_text

    try:
        project = read_text(root)
    except MainstemError as error:
        return [*found, Finding("project", *_wrong_text(error))]
    found += [Finding("project", project.name), _try("engine", lambda: _engine(project))]
    return [*found, *_kept(project)]


def _try(what: str, answer: Callable[[], str]) -> Finding:
    try:
        return Finding(what, answer())
    except MainstemError as error:
        return Finding(what, error.problems[0].what, error.problems[0].mend)


def _kinds() -> str:
    for group in GROUPS:
        for name in names(group):
            try:
                find(group, name)
            except ImportError as error:
                mend = "install what it needs, or remove the package that brings it"
                raise WorldError(Problem("O006", f'{group[:-1]} "{name}" cannot be loaded: {error}', mend)) from error
    return ", ".join(_counted(len(names(group)), group[:-1]) for group in GROUPS)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _engine(project: Project) -> str:
    engine = open_engine(project)
    try:
        session = engine.session()
        version = session.rows("select version()")[0][0]
        session.close()
        if any(source.kind == "sqlite" for source in project.sources.values()):
            engine.load_extension("sqlite_scanner")
        return f"DuckDB {version}"
    finally:
        engine.close()


def _kept(project: Project) -> Iterator[Finding]:
    """Findings about ledger and lake; a project that never ran has neither."""
    try:
        require_ledger(project)
    except MainstemError as error:
        yield Finding("ledger", error.problems[0].what, error.problems[0].mend)
        return
    from mainstem.ledger.sqlite import is_made, open_ledger

    if not is_made(project.ledger):
        yield Finding("ledger", "none yet; the first run makes it")
        return
    try:
        ledger = open_ledger(project.ledger)
    except MainstemError as error:
        yield Finding("ledger", error.problems[0].what, error.problems[0].mend)
        return
    try:
        yield from _ledger(ledger)
        yield _try("lake", lambda: _lake(project, ledger))
        for env in dict.fromkeys([*project.environments, *(branch.name for branch in ledger.branches())]):
            yield from _environment(project, ledger, env)
    finally:
        ledger.close()


def _ledger(ledger: Ledger) -> Iterator[Finding]:
    problems = ledger.check()
    if problems:
        yield Finding("ledger", "; ".join(problems), _RESTORE)
    else:
        yield Finding("ledger", f"sound, {ledger.id[:8]}")


def _lake(project: Project, ledger: Ledger) -> str:
    is_new = not ledger.runs(limit=1)
    if is_new and not project.lake.is_dir():
        return f"{project.lake} is not there; the next run makes it"
    tables.claim(project.lake, ledger.id, is_new=is_new)
    return str(project.lake)


def _environment(project: Project, ledger: Ledger, env: str) -> Iterator[Finding]:
    release = ledger.current(env)
    if release is None:
        yield Finding(f"environment {env}", "nothing published yet")
        return
    missing = _missing_files(project, release)
    if missing:
        mend = "restore the lake from a copy, or move to a release that is whole: `mainstem rollback --list`"
        said = f"{release.id} misses {_counted(len(missing), 'file')}, the first is {missing[0]}"
        yield Finding(f"environment {env}", said, mend)
    else:
        count = _counted(len(release.versions), "dataset")
        yield Finding(f"environment {env}", f"{release.id}, {count}, every file is there")
        yield from _foreign(project, ledger, env)
    orphans = ledger.unfinished(env)
    if orphans:
        said = f"{_counted(len(orphans), 'attempt')} of an earlier run without an end"
        yield Finding("attempts", said, "`mainstem run` settles what can be settled")
    try:
        bound = bind_project(project, read_state(ledger, env).fields())
        yield Finding("names", f"{_counted(len(bound.order), 'dataset')} bound")
    except MainstemError as error:
        yield Finding("names", *_wrong_text(error))


def _wrong_text(error: MainstemError) -> tuple[str, str]:
    return _counted(len(error.problems), "problem"), "see them with `mainstem validate`"


def _missing_files(project: Project, release: Release) -> list[Path]:
    """Files of a release that are not there; the folder of a table of which nothing is."""
    missing: list[Path] = []
    for version in release.versions.values():
        if version.table:
            missing += _missing_of(project.lake, version.table, version.number)
        if version.quarantine is not None:
            missing += _missing_of(project.lake, version.table + QUARANTINE, version.quarantine)
    return missing


def _missing_of(lake: Path, table: str, number: int) -> list[Path]:
    try:
        found = tables.snapshot(lake, table, number)
    except WorldError:
        found = None
    if found is None:
        return [lake / table]
    return [path for path in tables.paths(lake, found) if not path.exists()]


def _foreign(project: Project, ledger: Ledger, env: str) -> Iterator[Finding]:
    """Tables whose log has gone on past what the ledger knows, with other rows."""
    for name, head in ledger.heads(env).items():
        known = head.version
        if ledger.table_owner(known.table) not in (None, env):
            continue  # promoted: another environment writes it now
        try:
            newest = tables.snapshot(project.lake, known.table) if known.table else None
            if newest is None or newest.number <= known.number:
                continue
            old = tables.snapshot(project.lake, known.table, known.number)
        except WorldError as error:
            yield Finding(f"table {known.table}", error.problems[0].what, error.problems[0].mend)
            continue
        if old is not None and {file.path for file in old.files} != {file.path for file in newest.files}:
            yield Finding(
                f"table {known.table}",
                f"version {newest.number} of {name} was written by somebody else",
                "roll back with `mainstem rollback`, then run: the load goes on in a table of its own",
            )
