"""How files of each format are read: one function a format, from a task to a reading."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from mainstem.core.ports import Reading
from mainstem.core.problem import Problem, WorldError
from mainstem.core.release import Field
from mainstem.lifecycle.generation import csv_files, json_documents, json_lines
from mainstem.lifecycle.generation.arrow_files import arrow_stream
from mainstem.lifecycle.generation.exploding import explode, refuse_missing
from mainstem.lifecycle.generation.file_options import POSITION, TableOptions
from mainstem.lifecycle.generation.file_parts import Part
from mainstem.lifecycle.generation.file_task import Task, complaints
from mainstem.lifecycle.generation.nulls import with_nulls
from mainstem.lifecycle.generation.spelling import Numbers, Spelling, Times, set_aside, spellings
from mainstem.lifecycle.generation.text_files import Record, Spool
from mainstem.lifecycle.generation.unions import shaped, unified
from mainstem.project.pairing import at_source
from mainstem.sql.quote import literal, quote

_FILE, _LINE = "_mainstem_file", "_mainstem_line"
"""Columns beside those of typed files: which part a row is of, and where it stands there."""


def _read_csv(task: Task) -> Reading:
    surveyed: list[tuple[int, csv_files.CsvFile]] = []
    columns: dict[str, str] = {}
    for number, part in enumerate(task.parts):
        with complaints(part.name, task.dataset):
            found = csv_files.survey(part, task.options)
        if found is not None:
            surveyed.append((number, replace(found, columns=_named(task, part, found.columns))))
            task.refuse_keyless(part.name, surveyed[-1][1].columns)
            for name in surveyed[-1][1].columns:
                columns.setdefault(name.lower(), name)
    if not columns:
        return task.nothing()
    places = {name: i for i, name in enumerate(columns)}
    task.make_tables(", ".join(["f integer", "n bigint", *(f"c{i} varchar" for i in places.values())]))
    for number, file in surveyed:
        with complaints(file.part.name, task.dataset):
            into = [places[name.lower()] for name in file.columns]
            csv_files.pour(task.session, file, number, into, task.rows, task.broken)
    nulls = ("",) if task.options.null is None else task.options.null
    values = {name: with_nulls(f"c{places[key]}", nulls) for key, name in columns.items()}
    known = _spellings(task.options)
    return _spelled(task, values, known) if known else task.text_reading(values)


def _spellings(options: TableOptions) -> list[Spelling]:
    numbers = [Numbers()] if options.decimal == "," else []
    return [*numbers, *([Times(options.dates)] if options.dates else [])]


def _spelled(task: Task, values: dict[str, str], known: Sequence[Spelling]) -> Reading:
    """A reading with the columns that are written in another spelling translated; rows that it does not fit are set
    aside, and no other column is taken for what it would mean in the plain one."""
    columns = task.dataset.columns
    here = at_source([column.name for column in columns], list(values), columns)
    types = {name: column.type for name, column in zip(here, columns, strict=True) if name is not None}
    found = spellings(task.session, task.rows, values, types, known)
    set_aside(task.session, task.rows, task.broken, task.origin, values, found)
    plain = {name: found[name].plain(value) if name in found else value for name, value in values.items()}
    reading = task.text_reading(plain)
    taken = {type_ for spelling in known for type_ in spelling.takes}
    mistaken = {name for name in values if name not in found}
    fields = (
        replace(field, type="VARCHAR") if field.type in taken and field.name in mistaken else field
        for field in reading.columns
    )
    return replace(reading, columns=tuple(fields))


def _named(task: Task, part: Part, columns: tuple[str, ...]) -> tuple[str, ...]:
    """Without a header the names are the contract's, if they are as many. WorldError G015 for two of one name."""
    names = task.contract_names
    if not task.options.header and len(names) == len(columns):
        return tuple(names)
    seen: set[str] = set()
    for name in columns:
        if name.lower() in seen:
            what, mend = f'file "{part.name}" has two columns "{name}"', "give each column a name of its own"
            raise WorldError(Problem("G015", what, mend, task.dataset.place))
        seen.add(name.lower())
    return columns


def _read_json_lines(task: Task) -> Reading:
    task.make_tables("f integer, n bigint, t varchar")
    for number, part in enumerate(task.parts):
        with complaints(part.name, task.dataset):
            json_lines.pour(task.session, part, number, task.rows, task.broken)
    return _json_reading(task)


def _read_json(task: Task) -> Reading:
    task.make_tables("f integer, n bigint, t varchar")
    path = task.options.rows.split(".") if task.options.rows else []
    for number, part in enumerate(task.parts):
        with complaints(part.name, task.dataset):
            found = json_documents.documents(part, path)
            json_lines.pour_records(task.session, part.name, number, found, task.rows, task.broken)
    return _json_reading(task)


def _json_reading(task: Task) -> Reading:
    names = list(json_lines.keys(task.session, task.rows, task.broken, task.origin))
    if json_lines.needs_exact(task.dataset.columns):
        json_lines.mend_decimals(task.session, task.rows)
    origin = task.origin
    if task.options.explode:
        names = _exploded(task, task.options.explode)
        origin = f"{task.origin} || '/' || p"
    _refuse_keyless_objects(task)
    here = at_source([column.name for column in task.dataset.columns], names, task.dataset.columns)
    missing = [name for name, found in zip(task.contract_names, here, strict=True) if found is None]
    missing = [name for name in missing if name not in task.path_columns()]
    nulls = task.options.null or ()
    values = {name: with_nulls(json_lines.value(name), nulls) for name in [*names, *missing]}
    types = None if task.dataset.columns else json_lines.types(task.session, task.rows, names)
    relation = json_lines.select(task.rows, [*names, *missing], "p, " if task.options.explode else "")
    return task.text_reading(values, types or ["VARCHAR"] * len(values), origin, f"({relation})")


def _refuse_keyless_objects(task: Task) -> None:
    """WorldError I009 for a file in which no object has a column of the key, where no contract says which there are:
    with one each object is held to it by itself."""
    if not task.dataset.key or task.dataset.columns:
        return
    around = (*task.options.parent, POSITION) if task.options.explode else ()
    keys = f"select f, unnest(json_keys(t)) as k from {task.rows}"
    for number, names in task.session.rows(
        f"select f, list(distinct k order by k) from ({keys}) group by f order by f"
    ):
        task.refuse_keyless(task.parts[number].name, [*around, *names])


def _exploded(task: Task, path: str) -> list[str]:
    """Replace the rows by the elements of a list in each; the names of their columns, those from around first."""
    parents = task.options.parent
    refuse_missing(task.session, task.rows, path, task.dataset)
    taken = explode(task.session, task.rows, task.broken, task.origin, path, parents)
    if taken:
        mend = "give the column from around another name in `parent`"
        if POSITION in taken:
            mend = "read the list as a column, without `explode`"
        what = f'the elements of "{path}" have a key "{taken[0]}" already'
        raise WorldError(Problem("G038", what, mend, task.dataset.place))
    names = json_lines.keys(task.session, task.rows, task.broken, task.origin)
    return list(dict.fromkeys([*parents, POSITION, *names]))


def _read_excel(task: Task) -> Reading:
    from mainstem.lifecycle.generation import excel_files  # with a reader of XML, that other formats need not

    sheets = []
    for part in task.parts:
        with complaints(part.name, task.dataset):
            sheet = excel_files.read_sheet(part.path, task.options.sheet, task.options.skip)
        names = sheet.header() if task.options.header else sheet.numbered()
        sheets.append((sheet, _named(task, part, names)))
        if names:
            task.refuse_keyless(part.name, sheets[-1][1])
    columns = {name.lower(): name for _, names in reversed(sheets) for name in names}
    columns = {name.lower(): columns[name.lower()] for _, names in sheets for name in names}
    if not columns:
        return task.nothing()
    parts = [
        replace(part, name=f"{part.name}/{sheet.name}") for part, (sheet, _) in zip(task.parts, sheets, strict=True)
    ]
    task = replace(task, parts=tuple(parts))
    places = {name: i for i, name in enumerate(columns)}
    task.make_tables(", ".join(["f integer", "n bigint", *(f"c{i} varchar" for i in places.values())]))
    for number, (sheet, names) in enumerate(sheets):
        with Spool(task.session) as spool:
            for line, values in islice(sheet.rows, int(task.options.header), None):
                spool.add(Record(line, "".join(values)), line, *values)
            into = ", ".join(f"c{places[name.lower()]}" for name in names)
            spool.pour(
                f"{task.rows} (f, n, {into})", (str(number), "v0::bigint", *(f"v{i + 1}" for i in range(len(names))))
            )
    nulls = ("",) if task.options.null is None else task.options.null
    return task.text_reading({name: with_nulls(f"c{places[key]}", nulls) for key, name in columns.items()})


def _read_parquet(task: Task) -> Reading:
    options = "hive_partitioning = false"
    files = []
    for part in task.parts:
        with complaints(part.name, task.dataset):
            one = f"read_parquet({literal(str(part.path))}, {options})"
            files.append((one, task.session.describe(f"select * from {one}")))
        task.refuse_keyless(part.name, [field.name for field in files[-1][1]])
    taken = ("_origin", "file_index", "file_row_number")
    if len({tuple(fields) for _, fields in files}) == 1:
        paths = f"[{', '.join(literal(str(part.path)) for part in task.parts)}]"
        number = f"cast(file_index as integer) as {_FILE}, file_row_number + 1 as {_LINE}"
        union = f"select {number}, * from read_parquet({paths}, {options})"
        return _typed_reading(task, files[0][1], union, taken)
    return _union_reading(task, files, "file_row_number + 1", taken)


def _read_arrow(task: Task) -> Reading:
    files = []
    for number, part in enumerate(task.parts):
        table = f"{task.rows}_{number}"
        with complaints(part.name, task.dataset):
            task.session.take(table, arrow_stream(part.path))
        files.append((table, task.session.describe(f"select * from {table}")))
        task.refuse_keyless(part.name, [field.name for field in files[-1][1]])
    reading = _union_reading(task, files, "rowid + 1", ("_origin", "rowid"))
    return replace(reading, teardown=task.teardown)


def _union_reading(
    task: Task, files: Sequence[tuple[str, Sequence[Field]]], line: str, taken: Sequence[str]
) -> Reading:
    """A reading of several relations, each with its own columns; `line` is SQL of the number of a row in its own."""
    fields = unified([own for _, own in files])
    union = " union all ".join(
        shaped(relation, own, fields, f"{number} as {_FILE}, {line} as {_LINE}")
        for number, (relation, own) in enumerate(files)
    )
    return _typed_reading(task, fields, union, taken)


def _typed_reading(task: Task, fields: Sequence[Field], union: str, taken: Sequence[str]) -> Reading:
    """A reading of rows that have types: `union` is a SELECT of file, line and the fields."""
    task.refuse_names([field.name for field in fields], (*taken, _FILE, _LINE))
    in_path = task.path_columns(_FILE)
    shown = "".join(f"{quote(field.name)}, " for field in fields)
    shown += "".join(f"{value} as {quote(name)}, " for name, value in in_path.items())
    return Reading(
        f"select {shown}{task.origin_of(_FILE, _LINE)} as _origin from ({union})",
        (*fields, *map(Field, in_path, task.path_types)),
        None,
    )


READERS: Mapping[str, Callable[[Task], Reading]] = {
    "csv": _read_csv,
    "json": _read_json,
    "jsonl": _read_json_lines,
    "parquet": _read_parquet,
    "arrow": _read_arrow,
    "excel": _read_excel,
}
