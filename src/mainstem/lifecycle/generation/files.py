"""Sources of kind `files`: CSV, JSON Lines and Parquet files in a folder."""

from __future__ import annotations

import csv
import itertools
from codecs import lookup
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from glob import has_magic
from pathlib import Path
from typing import Any, Literal

from mainstem.core.dataset import Dataset, Load, Source
from mainstem.core.ports import Reading, Session
from mainstem.core.problem import Problem, ProjectError, WorldError, nearest
from mainstem.core.release import Field
from mainstem.core.run import Look
from mainstem.core.secret import shown
from mainstem.lifecycle.generation import csv_files, json_lines
from mainstem.lifecycle.generation.file_ledger import Differences, File, differences, digest, entry, find, has_changed
from mainstem.lifecycle.generation.nulls import with_nulls
from mainstem.lifecycle.generation.sniff import suggested
from mainstem.project.pairing import at_source
from mainstem.sql.quote import literal, quote

EXTENSIONS = ()

_TABLES = itertools.count(1)
_FORMATS = {"csv": "csv", "tsv": "csv", "jsonl": "jsonl", "ndjson": "jsonl", "parquet": "parquet"}


@dataclass(frozen=True, slots=True)
class Options:
    """A folder: `path`, relative to the project's."""

    path: str = "."


@dataclass(frozen=True, slots=True)
class TableOptions:
    """`path` is a glob below the source's folder (`orders/*.csv`, `**/*.parquet`). `format` None: by the ending.

    For CSV: `delimiter` None is found in the first line; `header` says whether that names the columns. `encoding` is
    that of the texts. `null` are the texts that mean NULL; not said, that is the empty text of a CSV and nothing else.
    """

    path: str
    format: Literal["csv", "jsonl", "parquet"] | None = None
    delimiter: str | None = None
    header: bool = True
    encoding: str = "utf-8"
    null: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.path.startswith("/") or ".." in Path(self.path).parts:
            what = f'path "{shown(self.path)}" leads out of the source\'s folder'
            raise ProjectError(Problem("G017", what, "give the source a `path` higher up, and the table one below it"))
        if self.format is None and _format(self.path) is None:
            what = f'the format of "{shown(self.path)}" does not follow from its ending'
            raise ProjectError(Problem("G011", what, "add `format: csv`, `jsonl` or `parquet`"))
        if self.delimiter is not None and len(self.delimiter) != 1:
            what = f'delimiter "{self.delimiter}" is not one character'
            raise ProjectError(Problem("G016", what, 'write one such as `delimiter: ";"`'))
        try:
            lookup(self.encoding)
        except LookupError:
            mend = nearest(self.encoding, ["utf-8", "utf-16", "latin-1", "cp1252"], kind="common encodings")
            raise ProjectError(Problem("G016", f'encoding "{self.encoding}" is unknown', mend)) from None

    @property
    def kind(self) -> str:
        """csv, jsonl or parquet."""
        return self.format or _format(self.path) or ""


@dataclass(frozen=True, slots=True)
class _Task:
    """Files to read for a dataset, in order."""

    dataset: Dataset
    options: TableOptions
    files: tuple[File, ...]
    session: Session
    rows: str

    @property
    def broken(self) -> str:
        return f"{self.rows}_broken"

    @property
    def origin(self) -> str:
        """SQL that says where the row of a file (f, counted from 0) and line (n) comes from."""
        return f"[{', '.join(literal(file.name) for file in self.files)}][f + 1] || ':' || n"


def look(source: Source, dataset: Dataset, position: Any, root: Path) -> Look:
    """A glance at names, sizes and times of change; at content only where the time alone differs.

    WorldError G010, G012 and G018.
    """
    found = _differences(source, dataset, position, root)
    matters = found.new or found.changed or (found.gone and _load(dataset).load == "full")
    if matters:
        return Look(dataset.name, "new", found.words)
    return Look(dataset.name, "nothing", "no new files" if found.same or found.gone else "no file matches")


def read(source: Source, dataset: Dataset, position: Any, root: Path, session: Session) -> Reading:
    """New and changed files of an incremental load, all files of a full one.

    Text files are read here into temporary tables of the session, so that each row has its file and line and what
    is no row is set aside; Parquet files are read by the SELECT. WorldError G010 to G015 and G018.
    """
    load = _load(dataset)
    known = position["files"] if isinstance(position, dict) else {}
    found = _differences(source, dataset, position, root)
    is_complete = load.load == "full" or not known
    wanted = (*found.new, *found.changed, *(found.same if is_complete else ()))
    if found.changed and load.write == "append":
        raise _changed(found.changed, dataset)
    task = _Task(dataset, load.options, tuple(sorted(wanted, key=lambda file: file.name)), session, "")
    task = replace(task, rows=f"files_{next(_TABLES)}")
    made: dict[str, list[Any]] = {}
    for file in task.files:
        with _complaints(file, dataset):
            made[file.name] = entry(file, digest(file.path))
    ledger = made if load.load == "full" else {**known, **made, **_settled(found.same, known)}
    reading = _reading(task)
    notes = (_gone(len(found.gone)),) if found.gone and load.load != "full" else ()
    return replace(
        reading,
        position={"files": dict(sorted(ledger.items())), "set_aside": (position or {}).get("set_aside", [])},
        whole=reading.select if is_complete else None,
        is_complete=is_complete,
        notes=notes,
        finish=_finish(task),
    )


def _reading(task: _Task) -> Reading:
    if not task.files:
        return _nothing(task)
    try:
        return _READERS[task.options.kind](task)
    except BaseException:
        for table in (task.rows, task.broken):
            task.session.execute(f"drop table if exists {table}")
        raise


def _load(dataset: Dataset) -> Load:
    assert isinstance(dataset.made_by, Load)
    return dataset.made_by


def _format(path: str) -> str | None:
    return _FORMATS.get(path.removesuffix(".gz").rpartition(".")[2].lower())


def _differences(source: Source, dataset: Dataset, position: Any, root: Path) -> Differences:
    folder, options = root / source.options.path, _load(dataset).options
    if not folder.is_dir():
        what = f'folder "{shown(source.options.path)}" ' + ("is a file" if folder.is_file() else "does not exist")
        raise WorldError(Problem("G010", what, "correct `path` in the source's file, or make the folder", source.place))
    files = find(folder, options.path)
    known = position["files"] if isinstance(position, dict) else {}
    is_full = _load(dataset).load == "full"
    if not files and known and is_full and has_magic(options.path):
        what = f'no file matches "{shown(options.path)}" any more; {len(known)} did'
        mend = "bring the files back, or an empty one if the table is to be empty"
        raise WorldError(Problem("G018", what, mend, dataset.place))
    if not files and not has_magic(options.path) and (is_full or not known):
        what = f'file "{shown(options.path)}" ' + (
            "is a folder" if (folder / options.path).is_dir() else "does not exist"
        )
        mend = "correct the table's `path`, or bring the file back"
        raise WorldError(Problem("G018", what, mend, dataset.place))
    try:
        return differences(files, known)
    except OSError as error:
        raise _unreadable(str(error.filename), (error.strerror or type(error).__name__).lower(), dataset) from error


def _gone(count: int) -> str:
    return "1 file is gone; its rows stay" if count == 1 else f"{count} files are gone; their rows stay"


def _settled(files: Sequence[File], known: dict[str, list[Any]]) -> dict[str, list[Any]]:
    return {file.name: entry(file, known[file.name][2]) for file in files}


def _finish(task: _Task) -> Callable[[], None]:
    def finish() -> None:
        for file in task.files:
            if has_changed(file):
                mend = "let the writer finish under another name and rename the file; then run again"
                raise WorldError(
                    Problem("G014", f'file "{file.name}" changes while it is read', mend, task.dataset.place)
                )

    return finish


@contextmanager
def _complaints(file: File, dataset: Dataset) -> Iterator[None]:
    """What the operating system, a codec or the engine says of one file leaves as WorldError G012."""
    try:
        yield
    except (OSError, EOFError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or getattr(error, "reason", None) or str(error)
        raise _unreadable(file.name, str(reason).lower(), dataset) from error
    except csv.Error as error:
        raise _unreadable(file.name, str(error), dataset, "correct that line, or say the file's `encoding`") from error
    except WorldError as error:
        if not error.problems[0].code.startswith("E"):
            raise
        raise _unreadable(file.name, error.problems[0].what.lower(), dataset) from error


def _unreadable(
    name: str, reason: str, dataset: Dataset, first_mend: str = "restore the file or make it readable"
) -> WorldError:
    mend = f"{first_mend}, or move it out of the way for now"
    return WorldError(Problem("G012", f'file "{name}" cannot be read: {reason}', mend, dataset.place))


def _changed(files: Sequence[File], dataset: Dataset) -> WorldError:
    mend = "restore it; or write `write: merge` with a `key`; or load all files anew with `load: full`"
    return WorldError(
        *(Problem("G013", f'file "{file.name}" has changed since it was loaded', mend, dataset.place) for file in files)
    )


def _names_of_contract(task: _Task) -> list[str]:
    return [column.original or column.name for column in task.dataset.columns]


def _nothing(task: _Task) -> Reading:
    """No file to read: no rows, with the contract's columns."""
    fields = tuple(Field(name, "VARCHAR") for name in _names_of_contract(task))
    shown_columns = "".join(f"cast(null as varchar) as {quote(field.name)}, " for field in fields)
    return Reading(f"select {shown_columns}cast(null as varchar) as _origin where false", fields, None)


def _tables(task: _Task, columns: str) -> tuple[str, ...]:
    """Make the tables of rows and of what is no row; returns how to drop them."""
    task.session.execute(f"create temp table {task.rows} ({columns})")
    task.session.execute(f"create temp table {task.broken} (_origin varchar, raw varchar, reason varchar)")
    return (f"drop table if exists {task.rows}", f"drop table if exists {task.broken}")


def _read_csv(task: _Task) -> Reading:
    surveyed: list[tuple[File, int, csv_files.CsvFile]] = []
    columns: dict[str, str] = {}
    for number, file in enumerate(task.files):
        with _complaints(file, task.dataset):
            found = csv_files.survey(
                file.name, file.path, task.options.encoding, task.options.delimiter, has_header=task.options.header
            )
        if found is not None:
            surveyed.append((file, number, _named(task, found)))
            for name in surveyed[-1][2].columns:
                columns.setdefault(name.lower(), name)
    if not columns:
        return _nothing(task)
    places = {name: i for i, name in enumerate(columns)}
    teardown = _tables(task, ", ".join(["f integer", "n bigint", *(f"c{i} varchar" for i in places.values())]))
    for file, number, found in surveyed:
        with _complaints(file, task.dataset):
            into = [places[name.lower()] for name in found.columns]
            csv_files.pour(task.session, found, number, into, task.rows, task.broken)
    nulls = ("",) if task.options.null is None else task.options.null
    values = ", ".join(f"{with_nulls(f'c{places[key]}', nulls)} as {quote(name)}" for key, name in columns.items())
    select = f"select {task.origin} as _origin, {values} from {task.rows}"
    return _text_reading(task, select, list(columns.values()), teardown)


def _named(task: _Task, file: csv_files.CsvFile) -> csv_files.CsvFile:
    """Without a header the names are the contract's, if they are as many. WorldError G015 for two of one name."""
    names = _names_of_contract(task)
    if not file.has_header and len(names) == len(file.columns):
        return replace(file, columns=tuple(names))
    seen: set[str] = set()
    for name in file.columns:
        if name.lower() in seen:
            what, mend = f'file "{file.name}" has two columns "{name}"', "give each column a name of its own"
            raise WorldError(Problem("G015", what, mend, task.dataset.place))
        seen.add(name.lower())
    return file


def _read_json_lines(task: _Task) -> Reading:
    teardown = _tables(task, "f integer, n bigint, t varchar")
    for number, file in enumerate(task.files):
        with _complaints(file, task.dataset):
            json_lines.pour(task.session, file.name, file.path, number, task.options.encoding, task.rows, task.broken)
    names = list(json_lines.keys(task.session, task.rows, task.broken, task.origin))
    if json_lines.needs_exact(task.dataset.columns):
        json_lines.mend_decimals(task.session, task.rows)
    here = at_source([column.name for column in task.dataset.columns], names, task.dataset.columns)
    missing = [name for name, found in zip(_names_of_contract(task), here, strict=True) if found is None]
    nulls = task.options.null or ()
    values = "".join(f", {with_nulls(json_lines.value(name), nulls)} as {quote(name)}" for name in [*names, *missing])
    select = f"select {task.origin} as _origin{values} from ({json_lines.select(task.rows, [*names, *missing])})"
    reading = _text_reading(task, select, [*names, *missing], teardown)
    if task.dataset.columns:
        return reading
    types = json_lines.types(task.session, task.rows, names)
    return replace(reading, columns=tuple(map(Field, names, types)))


def _text_reading(task: _Task, select: str, names: Sequence[str], teardown: tuple[str, ...]) -> Reading:
    """A reading of a SELECT of origins and texts; without a contract their types are those that all values show."""
    _check_names(task, names)
    types = ["VARCHAR"] * len(names)
    if not task.dataset.columns and task.options.kind == "csv":
        types = list(suggested(task.session, select, names))
    shown_columns = "".join(f"{quote(name)}, " for name in names)
    return Reading(
        f"select {shown_columns}_origin from ({select})",
        tuple(map(Field, names, types)),
        None,
        teardown=teardown,
        broken=f"select _origin, raw, reason from {task.broken}",
    )


def _check_names(task: _Task, names: Sequence[str], taken: Sequence[str] = ("_origin",)) -> None:
    for name in taken:
        if name in names:
            mend = "give the column another name in the files"
            raise WorldError(Problem("G009", f'the files have a column "{name}"', mend, task.dataset.place))


def _read_parquet(task: _Task) -> Reading:
    options = "union_by_name = true, hive_partitioning = false"
    for file in task.files:
        with _complaints(file, task.dataset):
            task.session.describe(f"select * from read_parquet({literal(str(file.path))}, {options})")
    paths = f"[{', '.join(literal(str(file.path)) for file in task.files)}]"
    fields = task.session.describe(f"select * from read_parquet({paths}, {options})")
    _check_names(task, [field.name for field in fields], ("_origin", "file_index", "file_row_number"))
    shown_columns = "".join(f"{quote(field.name)}, " for field in fields)
    names = f"[{', '.join(literal(file.name) for file in task.files)}]"
    return Reading(
        f"select {shown_columns}{names}[cast(file_index as bigint) + 1] || ':' || (file_row_number + 1) as _origin "
        f"from read_parquet({paths}, {options})",
        fields,
        None,
    )


_READERS: dict[str, Callable[[_Task], Reading]] = {
    "csv": _read_csv,
    "jsonl": _read_json_lines,
    "parquet": _read_parquet,
}
