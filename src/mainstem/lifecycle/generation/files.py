"""Sources of kind `files`: texts, Parquet, Arrow and workbooks, in a folder, a bucket or on a web server."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from glob import has_magic
from pathlib import Path
from shutil import rmtree
from typing import Any

from mainstem.core.dataset import Dataset, Load, Source
from mainstem.core.ports import Reading, Session
from mainstem.core.problem import Problem, WorldError
from mainstem.core.run import Look
from mainstem.core.secret import shown
from mainstem.lifecycle.generation.file_ledger import Differences, File, differences, digest, entry
from mainstem.lifecycle.generation.file_options import Options, TableOptions
from mainstem.lifecycle.generation.file_parts import WINDOWS, Part, parts
from mainstem.lifecycle.generation.file_readers import READERS
from mainstem.lifecycle.generation.file_stores import Store, store_of
from mainstem.lifecycle.generation.file_task import Task, complaints, unreadable
from mainstem.lifecycle.generation.text_files import spill_folder

__all__ = ["EXTENSIONS", "Options", "Seen", "TableOptions", "look", "look_with", "read", "read_with", "seen_before"]

EXTENSIONS = ()

_TABLES = itertools.count(1)

Seen = MutableMapping[str, frozenset[str]]
"""Names of the files of a source, by pattern, as the first look of a run found them: what comes later is left to the
next run, so that tables made of the same files are of the same ones."""


def look(source: Source, dataset: Dataset, position: Any, root: Path) -> Look:
    """A look of its own; see `look_with`."""
    return look_with(source, dataset, position, root, {})


def look_with(source: Source, dataset: Dataset, position: Any, root: Path, seen: Seen) -> Look:
    """A glance at names, sizes and stamps; at content only where the time of a local file alone differs.

    WorldError G010, G012, G018, G030, G031 and G039.
    """
    with _placed(source, dataset):
        found = _differences(store_of(source, root), dataset, position, seen)
    matters = found.new or found.changed or (found.gone and _load(dataset).load == "full")
    if matters:
        return Look(dataset.name, "new", found.words)
    if found.unsure:
        return Look(dataset.name, "unsure", "the server does not say whether it has changed")
    return Look(dataset.name, "nothing", "no new files" if found.same or found.gone else "no file matches")


def read(source: Source, dataset: Dataset, position: Any, root: Path, session: Session) -> Reading:
    """A read of its own; see `read_with`."""
    return read_with(source, dataset, position, root, session, {})


def read_with(source: Source, dataset: Dataset, position: Any, root: Path, session: Session, seen: Seen) -> Reading:
    """New and changed files of an incremental load, all files of a full one.

    What does not lie here is brought first, so that all of one state is read. Texts and workbooks are read into
    temporary tables of the session, so that each row has its file and line and what is no row is set aside; Parquet
    files are read by the SELECT. WorldError G009 to G018 and G030 to G039.
    """
    work = _Work(session)
    try:
        with _placed(source, dataset):
            store = store_of(source, root)
            reading = _read(store, dataset, position, _differences(store, dataset, position, seen), work)
    except BaseException:
        work.close()
        raise
    return reading


def seen_before(dataset: Dataset, position: Any) -> Seen:
    """What a read sees that brings no file that a run has not loaded yet; of a full load, all that is there."""
    load = _load(dataset)
    known = position["files"] if isinstance(position, dict) and load.load != "full" else None
    return {} if known is None else {load.options.path: frozenset(known)}


@dataclass
class _Work:
    """What is made on the way: a folder, if one is needed."""

    session: Session
    made: list[Path] = field(default_factory=list)

    def folder(self) -> Path:
        if not self.made:
            self.made.append(spill_folder(self.session))
        return self.made[0]

    def close(self) -> None:
        for folder in self.made:
            rmtree(folder, ignore_errors=True)


def _read(store: Store, dataset: Dataset, position: Any, found: Differences, work: _Work) -> Reading:
    load = _load(dataset)
    known = position["files"] if isinstance(position, dict) else {}
    asked = (*found.changed, *found.unsure)
    is_complete = load.load == "full" or not known
    wanted = (*found.new, *asked, *(found.same if is_complete else ()))
    brought = _brought(store, sorted(wanted, key=lambda file: file.name), dataset, work)
    made = {file.name: entry(file, content) for file, _, content in brought}
    same = {file.name for file in asked if made[file.name][2] == known[file.name][2]}
    changed = [file for file in asked if file.name not in same]
    if changed and load.write == "append":
        raise _changed(changed, dataset)
    needed = [(file, path) for file, path, _ in brought if is_complete or file.name not in same]
    ledger = made if load.load == "full" else {**known, **_settled(found.same, known), **made}
    reading = _reading(needed, dataset, work)
    gone = (_gone(len(found.gone)),) if found.gone and load.load != "full" else ()
    return replace(
        reading,
        position={"files": dict(sorted(ledger.items())), "set_aside": (position or {}).get("set_aside", [])},
        whole=reading.select if is_complete else None,
        is_complete=is_complete,
        notes=(*gone, *reading.notes),
        finish=_finish(store, [file for file, _ in needed], dataset, work),
    )


def _brought(store: Store, files: Iterable[File], dataset: Dataset, work: _Work) -> list[tuple[File, Path, str]]:
    """The files on this machine, each with the digest of its content."""
    found = []
    for file in files:
        with complaints(file.name, dataset):
            path = file.path or store.fetch(file, work.folder())
            found.append((file, path, digest(path)))
    return found


def _reading(files: Sequence[tuple[File, Path]], dataset: Dataset, work: _Work) -> Reading:
    options, found = _load(dataset).options, list[Part]()
    for file, path in files:
        with complaints(file.name, dataset):
            found += parts(file.name, path, options, work.folder)
    task = Task(dataset, options, tuple(found), work.session, f"files_{next(_TABLES)}")
    if not found:
        return task.nothing()
    try:
        reading = READERS[options.kind](task)
    except BaseException:
        for statement in task.teardown:
            work.session.execute(statement)
        raise
    return replace(reading, notes=(*reading.notes, *_guessed(found, options)))


def _guessed(found: Sequence[Part], options: TableOptions) -> Iterator[str]:
    names = [part.name for part in found if part.written_in == WINDOWS and options.encoding is None]
    if names:
        are = "is not UTF-8 and was" if len(names) == 1 else "are not UTF-8 and were"
        shown_names = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        yield f"{shown_names} {are} read as windows-1252; `encoding:` says otherwise"


def _load(dataset: Dataset) -> Load:
    assert isinstance(dataset.made_by, Load)
    return dataset.made_by


def _differences(store: Store, dataset: Dataset, position: Any, seen: Seen) -> Differences:
    load = _load(dataset)
    known = position["files"] if isinstance(position, dict) else {}
    try:
        found = store.find(load.options.path)
        names = seen.setdefault(load.options.path, frozenset(file.name for file in found))
        files = [file for file in found if file.name in names]
        if not files:
            _refuse_gone(dataset, is_glob=store.has_globs and has_magic(load.options.path), known=len(known))
        return differences(files, known)
    except OSError as error:
        raise unreadable(str(error.filename), (error.strerror or type(error).__name__).lower(), dataset) from error


def _refuse_gone(dataset: Dataset, *, is_glob: bool, known: int) -> None:
    """No file is there: WorldError G018 where one is named, or where a full load would empty the table."""
    load = _load(dataset)
    path = shown(load.options.path)
    if is_glob and known and load.load == "full":
        what = f'no file matches "{path}" any more; {known} did'
        mend = "bring the files back; if the table is to be empty, an empty one, with `allow_deletes: true`"
        raise WorldError(Problem("G018", what, mend, dataset.place))
    if not is_glob and (load.load == "full" or not known):
        what, mend = f'file "{path}" does not exist', "correct the table's `path`, or bring the file back"
        raise WorldError(Problem("G018", what, mend, dataset.place))


@contextmanager
def _placed(source: Source, dataset: Dataset) -> Iterator[None]:
    """What a store says without a place belongs to the source, or to the table if it is about one file."""
    try:
        yield
    except WorldError as error:
        places = [source.place if each.code in {"G010", "G030", "G031"} else dataset.place for each in error.problems]
        problems = zip(error.problems, places, strict=True)
        raise WorldError(*(each if each.place else replace(each, place=at) for each, at in problems)) from error


def _gone(count: int) -> str:
    return "1 file is gone; its rows stay" if count == 1 else f"{count} files are gone; their rows stay"


def _settled(files: Sequence[File], known: dict[str, list[Any]]) -> dict[str, list[Any]]:
    return {file.name: entry(file, known[file.name][2]) for file in files}


def _finish(store: Store, files: Sequence[File], dataset: Dataset, work: _Work) -> Callable[[], None]:
    def finish() -> None:
        work.close()
        for file in files:
            if store.has_changed(file):
                mend = "let the writer finish under another name and rename the file; then run again"
                raise WorldError(Problem("G014", f'file "{file.name}" changes while it is read', mend, dataset.place))

    return finish


def _changed(files: Sequence[File], dataset: Dataset) -> WorldError:
    mend = "restore it; or write `write: merge` with a `key`; or load all files anew with `load: full`"
    return WorldError(
        *(Problem("G013", f'file "{file.name}" has changed since it was loaded', mend, dataset.place) for file in files)
    )
